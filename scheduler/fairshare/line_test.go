package fairshare

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A line gives the first by priority and arrival of those not skipped since
// the last wake, whatever came, left and came back in between.
func TestLineKeepsTheOrderOfTurns(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var l line
		items := make([]*Item, 12)
		in, skipped := map[*Item]bool{}, map[*Item]bool{}
		for n := range items {
			items[n] = &Item{Request: Request{Priority: rapid.IntRange(-1, 1).Draw(t, "priority")}, seq: uint64(n)}
		}
		order := slices.Clone(items)
		slices.SortFunc(order, func(a, b *Item) int { return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.seq, b.seq)) })
		next := func() *Item {
			for _, it := range order {
				if in[it] && !skipped[it] {
					return it
				}
			}
			return nil
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			it := rapid.SampledFrom(items).Draw(t, "item")
			switch first := l.next(); rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				if in[it] {
					l.leave(it)
					delete(in, it)
					delete(skipped, it)
				} else {
					l.enter(it)
					in[it] = true
					// Those of its priority behind it get another turn.
					for _, other := range order {
						if other.Priority == it.Priority && other.seq > it.seq {
							delete(skipped, other)
						}
					}
				}
			case 1, 2:
				if first != nil {
					l.skip(first)
					skipped[first] = true
				}
			case 3:
				l.wake()
				clear(skipped)
			}
			if got, want := l.next(), next(); got != want {
				t.Fatalf("next: got %+v, want %+v", got, want)
			}
		}
	})
}
