package heap_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gantry-mesos/gantry/pkg/heap"
)

type item struct {
	heap.Handle
	order, id int
}

func (i *item) Before(other *item) bool {
	return cmp.Or(cmp.Compare(i.order, other.order), cmp.Compare(i.id, other.id)) < 0
}

// TestAnyOrderOfChangesComesOutSorted compares a heap with a list that is sorted
// after each change.
func TestAnyOrderOfChangesComesOutSorted(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 1))
		all := make([]*item, 40)
		for n := range all {
			all[n] = &item{id: n}
		}
		var h heap.Heap[*item]
		var want []*item
		for range 400 {
			i := all[r.IntN(len(all))]
			if r.IntN(3) == 0 {
				h.Remove(i)
				want = slices.DeleteFunc(want, func(o *item) bool { return o == i })
			} else {
				i.order = r.IntN(20)
				h.Set(i)
				if !slices.Contains(want, i) {
					want = append(want, i)
				}
			}
			slices.SortFunc(want, func(a, b *item) int {
				return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.id, b.id))
			})
			var first *item
			if len(want) > 0 {
				first = want[0]
			}
			if h.Len() != len(want) || h.First() != first || i.In() != slices.Contains(want, i) {
				t.Fatalf("seed %d: got %d items with %v on top, %v in it: %v; want %d with %v", seed, h.Len(), h.First(), i, i.In(), len(want), first)
			}
		}
		var got []*item
		for h.Len() > 0 {
			i := h.First()
			got = append(got, i)
			h.Remove(i)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: got %v, want %v", seed, got, want)
		}
	}
}

func TestTheZeroHeapIsEmpty(t *testing.T) {
	t.Parallel()
	var h heap.Heap[*item]
	h.Remove(&item{})
	if h.Len() != 0 || h.First() != nil {
		t.Errorf("got %d items, %v on top, want none", h.Len(), h.First())
	}
}
