package boltstore_test

import (
	"testing"

	"github.com/gantry-mesos/gantry/scheduler/store"
	"github.com/gantry-mesos/gantry/scheduler/store/boltstore"
	"github.com/gantry-mesos/gantry/scheduler/store/storetest"
)

func opener(dir func() string) func(b *testing.B) store.Store {
	return func(b *testing.B) store.Store {
		b.Helper()
		s, err := boltstore.Open(b.Context(), dir(), boltstore.Options{})
		if err != nil {
			b.Fatalf("Open: %v", err)
		}
		b.Cleanup(func() { _ = s.Close() })
		return s
	}
}

func BenchmarkAppend(b *testing.B) { storetest.BenchmarkAppend(b, opener(b.TempDir)) }

func BenchmarkLoad(b *testing.B) {
	dir := b.TempDir()
	storetest.BenchmarkLoad(b, 100_000, opener(func() string { return dir }))
}
