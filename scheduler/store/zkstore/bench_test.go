package zkstore_test

import (
	"testing"

	"github.com/gantry-mesos/gantry/scheduler/store"
	"github.com/gantry-mesos/gantry/scheduler/store/storetest"
	"github.com/gantry-mesos/gantry/scheduler/store/zkstore"
	"github.com/gantry-mesos/gantry/test/zktest"
)

func opener(state *backend) func(b *testing.B) store.Store {
	return func(b *testing.B) store.Store {
		b.Helper()
		s, err := state.Open(b.Context())
		if err != nil {
			b.Fatalf("Open: %v", err)
		}
		b.Cleanup(func() { _ = s.Close() })
		return s
	}
}

// BenchmarkAppend measures against a real server, which does not sync its disk
// in tests: add one sync per transaction for production.
func BenchmarkAppend(b *testing.B) {
	server := zktest.Start(b)
	storetest.BenchmarkAppend(b, func(b *testing.B) store.Store {
		b.Helper()
		return opener(newBackend(b, server.Addr(), zkstore.Open))(b)
	})
}

func BenchmarkLoad(b *testing.B) {
	server := zktest.Start(b)
	storetest.BenchmarkLoad(b, 100_000, opener(newBackend(b, server.Addr(), zkstore.Open)))
}
