// Package storetest holds the contract of package store as a test suite, to be
// run on every implementation.
package storetest

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/scheduler/store"
)

// callTimeout bounds every call of the suite, so that a store that hangs fails.
const callTimeout = time.Minute

// Backend is one durable state on which stores are opened one after another.
type Backend interface {
	// Open returns a store on the state; the one before was closed or crashed.
	Open(ctx context.Context) (store.Store, error)
	// Crash ends s as the death of its process would: nothing is tidied up.
	Crash(s store.Store)
}

// Successor is a Backend on which another scheduler can take over while the
// store of the first is still open.
type Successor interface {
	// TakeOver returns the store of a new owner. The old owner's was not closed.
	TakeOver(ctx context.Context) (store.Store, error)
}

// Run checks the contract on backends made by newBackend, one per test.
func Run(t *testing.T, newBackend func(tb testing.TB) Backend) {
	t.Helper()
	for _, tt := range []struct {
		name string
		test func(*testing.T, Backend)
	}{
		{"a new store is empty", testEmpty},
		{"the last change of a key wins", testLastChangeWins},
		{"deletion", testDeletion},
		{"empty values are records", testEmptyValues},
		{"keys of all kinds stay apart", testKeys},
		{"invalid changes change nothing", testInvalid},
		{"load is in key order and ends with the callback's error", testLoadOrder},
		{"large transactions are whole", testLargeTransactions},
		{"largest values", testLargestValues},
		{"concurrent writers", testConcurrentWriters},
		{"readers see whole transactions", testReadersSeeWholeTransactions},
		{"an ended context writes nothing", testEndedContext},
		{"a closed store refuses", testClosed},
		{"a successor fences the old owner", testTakeOver},
		{"any history equals a map", testModel},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.test(t, newBackend(t))
		})
	}
}

func callContext(tb testing.TB) context.Context {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), callTimeout)
	tb.Cleanup(cancel)
	return ctx
}

// open returns a store that is closed when the test ends.
func open(tb testing.TB, b Backend) store.Store {
	tb.Helper()
	s, err := b.Open(callContext(tb))
	if err != nil {
		tb.Fatalf("Open: %v", err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("Close: %v", err)
		}
	})
	return s
}

func mustAppend(tb testing.TB, s store.Store, changes ...store.Change) {
	tb.Helper()
	if err := s.Append(callContext(tb), changes); err != nil {
		tb.Fatalf("Append: %v", err)
	}
}

func put(key, value string) store.Change {
	return store.Change{Key: key, Value: []byte(value)}
}

func del(key string) store.Change { return store.Change{Key: key} }

// Contents returns all records of s, and fails the test on an error or when
// Load does not give them in ascending order of their keys.
func Contents(tb testing.TB, s store.Store) map[string]string {
	tb.Helper()
	got, err := contents(callContext(tb), s)
	if err != nil {
		tb.Fatalf("Load: %v", err)
	}
	return got
}

func contents(ctx context.Context, s store.Store) (map[string]string, error) {
	got, last := map[string]string{}, ""
	err := s.Load(ctx, func(key string, value []byte) error {
		if key <= last {
			return errors.New("key " + key + " after " + last)
		}
		last = key
		got[key] = string(value)
		return nil
	})
	return got, err
}

func wantContents(tb testing.TB, s store.Store, want map[string]string) {
	tb.Helper()
	got := Contents(tb, s)
	if maps.Equal(got, want) {
		return
	}
	tb.Errorf("records differ (-want +got):\n%s", cmp.Diff(shorten(want), shorten(got)))
}

// shorten keeps a difference of large records readable.
func shorten(m map[string]string) map[string]string {
	short := make(map[string]string, len(m))
	for k, v := range m {
		if len(v) > 40 {
			v = v[:20] + "..." + v[len(v)-20:]
		}
		short[k] = v
	}
	return short
}
