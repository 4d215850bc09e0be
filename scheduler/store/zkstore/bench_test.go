package zkstore_test

import (
	"testing"

	"github.com/gantry-mesos/gantry/scheduler/store"
	"github.com/gantry-mesos/gantry/scheduler/store/storetest"
	"github.com/gantry-mesos/gantry/scheduler/store/zkstore"
	"github.com/gantry-mesos/gantry/test/zktest"
)

func (b *backend) opener(tb *testing.B) func(*testing.B) store.Store {
	tb.Helper()
	return func(tb *testing.B) store.Store {
		tb.Helper()
		s, err := b.Open(tb.Context())
		if err != nil {
			tb.Fatalf("Open: %v", err)
		}
		tb.Cleanup(func() { _ = s.Close() })
		return s
	}
}

// BenchmarkAppend measures against a real server, which does not sync its disk
// in tests: add one sync per transaction for production.
func BenchmarkAppend(b *testing.B) {
	server := zktest.Start(b)
	storetest.BenchmarkAppend(b, func(b *testing.B) store.Store {
		b.Helper()
		return newBackend(b, server.Addr(), zkstore.Open).opener(b)(b)
	})
}

func BenchmarkLoad(b *testing.B) {
	server := zktest.Start(b)
	storetest.BenchmarkLoad(b, 100_000, newBackend(b, server.Addr(), zkstore.Open).opener(b))
}
