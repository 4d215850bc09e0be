package zkstore_test

import (
	"context"
	"fmt"
	"maps"
	"testing"

	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/scheduler/store"
	"github.com/gantry-mesos/gantry/scheduler/store/storetest"
	"github.com/gantry-mesos/gantry/scheduler/store/zkstore"
	"github.com/gantry-mesos/gantry/test/zktest"
)

// crashNode is the size of a znode in these tests.
const crashNode = 2000

// testCrashBetweenAnyTwoWrites appends random transactions. Of each it takes
// away the last entries, as if the owner had died before it wrote them: the next
// owner must find the state before, and with all entries the state after.
func testCrashBetweenAnyTwoWrites(t *testing.T, server *zktest.Server) {
	t.Helper()
	rapid.Check(t, func(r *rapid.T) {
		b := newBackend(t, server.Addr(), func(ctx context.Context, cfg zkstore.Config) (*zkstore.Store, error) {
			return zkstore.OpenSmall(ctx, cfg, crashNode, 1<<20)
		})
		before := map[string]string{}
		for round := range rapid.IntRange(1, 3).Draw(r, "transactions") {
			after, changes := drawTransaction(r, before)
			s := b.openVia(t, server.Addr())
			had := s.LogEntries()
			mustAppend(t, s, changes...)
			wrote := s.LogEntries() - had
			lost := rapid.IntRange(0, wrote).Draw(r, "lost")
			for n := range lost {
				last := fmt.Sprintf("%s/%016x", b.url.Join("state", "log"), had+wrote-1-n)
				if err := s.cfg.Session.Delete(callContext(t), last, -1); err != nil {
					r.Fatalf("Delete: %v", err)
				}
			}
			b.Crash(s.Store)
			want := after
			if lost > 0 {
				want = before
			}
			next := b.openVia(t, server.Addr())
			if got := storetest.Contents(t, next); !maps.Equal(got, want) {
				r.Fatalf("transaction %d: with %d of %d entries there are %d records, want %d", round, wrote-lost, wrote, len(got), len(want))
			}
			b.Crash(next.Store)
			before = want
		}
	})
}

// drawTransaction returns changes of a size around the limit of one entry, or of
// many entries, and what they make of the records.
func drawTransaction(r *rapid.T, before map[string]string) (after map[string]string, changes []store.Change) {
	after = maps.Clone(before)
	random := rapid.Uint64().Draw(r, "noise")
	for i := range rapid.IntRange(1, 12).Draw(r, "changes") {
		key := fmt.Sprintf("k%02d", rapid.IntRange(0, 15).Draw(r, "key"))
		if i > 0 && rapid.IntRange(0, 3).Draw(r, "delete") == 0 {
			delete(after, key)
			changes = append(changes, store.Change{Key: key})
			continue
		}
		size := rapid.SampledFrom([]int{0, 1, crashNode/2 - 1, crashNode / 2, crashNode - 200, crashNode - 100}).Draw(r, "size")
		value := make([]byte, size)
		for n := range value { // noise, which does not shrink when it is compressed
			random = random*6364136223846793005 + 1442695040888963407
			value[n] = byte(random >> 56)
		}
		after[key] = string(value)
		changes = append(changes, store.Change{Key: key, Value: value})
	}
	return after, changes
}
