package storetest

import (
	"fmt"
	"maps"
	"testing"

	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/scheduler/store"
)

// Interruptible is a Backend on which the owner's death in the middle of an Append
// can be staged.
type Interruptible interface {
	Backend
	// Interrupt calls act, which appends to s, and ends s as if its process had died
	// after the first of the durable writes that act took: as many as choose returns
	// for their number, from none to all.
	Interrupt(tb testing.TB, s store.Store, act func(), choose func(writes int) int)
	// Sizes are lengths of values around those at which the backend writes in another way.
	Sizes() []int
}

// RunInterrupted checks that a transaction is all or nothing wherever it is cut off:
// random transactions on backends made by newBackend, one per history.
func RunInterrupted(t *testing.T, newBackend func(tb testing.TB) Interruptible) {
	t.Helper()
	rapid.Check(t, func(r *rapid.T) {
		b := newBackend(t)
		before := map[string]string{}
		for round := range rapid.IntRange(1, 3).Draw(r, "transactions") {
			after, changes := drawTransaction(r, b.Sizes(), before)
			s, err := b.Open(callContext(t))
			if err != nil {
				r.Fatalf("Open: %v", err)
			}
			var made, of int
			b.Interrupt(t, s, func() { mustAppend(t, s, changes...) }, func(writes int) int {
				of = writes
				made = rapid.SampledFrom([]int{0, max(0, writes-1), writes, rapid.IntRange(0, writes).Draw(r, "any")}).Draw(r, "made")
				return made
			})
			want := after
			if made < of {
				want = before
			}
			next, err := b.Open(callContext(t))
			if err != nil {
				r.Fatalf("Open after %d of %d writes: %v", made, of, err)
			}
			if got := Contents(t, next); !maps.Equal(got, want) {
				r.Fatalf("transaction %d: after %d of %d writes there are %d records, want %d", round, made, of, len(got), len(want))
			}
			b.Crash(next)
			before = want
		}
	})
}

// drawTransaction returns changes and what they make of the records.
func drawTransaction(r *rapid.T, sizes []int, before map[string]string) (after map[string]string, changes []store.Change) {
	after = maps.Clone(before)
	random := rapid.Uint64().Draw(r, "noise")
	for i := range rapid.IntRange(1, 12).Draw(r, "changes") {
		key := fmt.Sprintf("k%02d", rapid.IntRange(0, 15).Draw(r, "key"))
		if i > 0 && rapid.IntRange(0, 3).Draw(r, "delete") == 0 {
			delete(after, key)
			changes = append(changes, store.Change{Key: key})
			continue
		}
		value := make([]byte, rapid.SampledFrom(sizes).Draw(r, "size"))
		for n := range value { // noise, which does not shrink when it is compressed
			random = random*6364136223846793005 + 1442695040888963407
			value[n] = byte(random >> 56)
		}
		after[key] = string(value)
		changes = append(changes, store.Change{Key: key, Value: value})
	}
	return after, changes
}
