package timer

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

type thing struct {
	Timer
	name int
}

// TestWhatIsDueComesInOrder compares the queue with a sorted list.
func TestWhatIsDueComesInOrder(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		type entry struct {
			at   time.Time
			name int
		}
		var q Queue
		var want []entry
		things := make([]*thing, 8)
		for n := range things {
			things[n] = &thing{name: n}
		}
		drop := func(name int) { want = slices.DeleteFunc(want, func(e entry) bool { return e.name == name }) }
		now := start
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				name := rapid.IntRange(0, len(things)-1).Draw(t, "name")
				at := now.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "in")) * time.Second)
				q.Set(things[name], at)
				drop(name)
				want = append(want, entry{at, name})
			},
			"cancel": func(t *rapid.T) {
				name := rapid.IntRange(0, len(things)-1).Draw(t, "name")
				if rapid.Bool().Draw(t, "by zero") {
					q.Set(things[name], time.Time{})
				} else {
					q.Cancel(things[name])
				}
				drop(name)
			},
			"pop": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "passed")) * time.Second)
				for got := q.Pop(now); got != nil; got = q.Pop(now) {
					first := slices.MinFunc(want, func(a, b entry) int { return a.at.Compare(b.at) })
					if is, ok := got.(*thing); !ok || is.name != first.name || first.at.After(now) {
						t.Fatalf("at %v came %v, want %v", now, got, first)
					}
					drop(first.name)
				}
			},
			"": func(t *rapid.T) {
				if q.Len() != len(want) {
					t.Fatalf("%d are due, want %d", q.Len(), len(want))
				}
				if len(want) == 0 {
					if !q.Next().IsZero() {
						t.Fatalf("nothing is due, but at %v", q.Next())
					}
					return
				}
				if first := slices.MinFunc(want, func(a, b entry) int { return a.at.Compare(b.at) }); !q.Next().Equal(first.at) {
					t.Fatalf("next is %v, want %v", q.Next(), first.at)
				}
			},
		})
	})
}
