package resource_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/pkg/resource"
)

// TestPortSet compares a PortSet with a plain map of numbers.
func TestPortSet(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var rs resource.Ranges
		model := map[uint16]bool{}
		for range rapid.IntRange(0, 5).Draw(t, "ranges") {
			begin := rapid.Uint64Range(65500, 65545).Draw(t, "begin")
			end := begin + rapid.Uint64Range(0, 5).Draw(t, "length")
			rs = append(rs, resource.Range{Begin: begin, End: end})
			for n := begin; n <= min(end, 65535); n++ {
				model[uint16(n)] = true
			}
		}
		set := resource.NewPortSet(rs)
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			port := rapid.Uint16Range(65498, 65535).Draw(t, "port")
			if rapid.Bool().Draw(t, "insert") {
				if got, want := set.Insert(port), !model[port]; got != want {
					t.Fatalf("Insert(%d): got %v, want %v", port, got, want)
				}
				model[port] = true
			} else {
				if got, want := set.Remove(port), model[port]; got != want {
					t.Fatalf("Remove(%d): got %v, want %v", port, got, want)
				}
				delete(model, port)
			}
			compare(t, set, model)
		}
	})
}

func compare(t *rapid.T, set resource.PortSet, model map[uint16]bool) {
	t.Helper()
	var want []uint16
	for n := range model {
		want = append(want, n)
	}
	slices.Sort(want)
	if got := set.Len(); got != len(want) {
		t.Fatalf("Len of %v: got %d, want %d", set, got, len(want))
	}
	for i, n := range want {
		if got := set.At(i); got != n {
			t.Fatalf("At(%d) of %v: got %d, want %d", i, set, got, n)
		}
	}
	for i := 1; i < len(set); i++ {
		if int(set[i-1].Last)+1 >= int(set[i].First) {
			t.Fatalf("%v has touching ranges", set)
		}
	}
	for n := uint16(65490); n != 0; n++ {
		if got := set.Contains(n); got != model[n] {
			t.Fatalf("Contains(%d) of %v: got %v", n, set, got)
		}
		at := slices.IndexFunc(want, func(w uint16) bool { return w >= n })
		next, ok := set.After(n)
		if ok != (len(want) > 0) {
			t.Fatalf("After(%d) of the empty set: got %v", n, ok)
		}
		if ok && next != want[max(at, 0)] {
			t.Fatalf("After(%d) of %v: got %d, want %d", n, set, next, want[max(at, 0)])
		}
	}
}

func TestRangesAreCoalescedUpToTheLargestNumber(t *testing.T) {
	t.Parallel()
	const most = math.MaxUint64
	got := resource.NewRanges(resource.Range{Begin: 9, End: most}, resource.Range{Begin: 0, End: 2}, resource.Range{Begin: 12, End: 13}, resource.Range{Begin: 3, End: 4})
	if want := (resource.Ranges{{Begin: 0, End: 4}, {Begin: 9, End: most}}); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// FuzzPortSet checks that a set made of any ranges is sorted, disjoint and made
// of what the ranges hold.
func FuzzPortSet(f *testing.F) {
	f.Add(uint64(31000), uint64(32000), uint64(31500), uint64(40000), uint16(31200))
	f.Add(uint64(65535), uint64(70000), uint64(0), uint64(0), uint16(0))
	f.Fuzz(func(t *testing.T, a, b, c, d uint64, port uint16) {
		rs := resource.Ranges{{Begin: a, End: b}, {Begin: c, End: d}}
		set := resource.NewPortSet(rs)
		for i := 1; i < len(set); i++ {
			if int(set[i-1].Last)+1 >= int(set[i].First) {
				t.Fatalf("%v of %v has touching ranges", set, rs)
			}
		}
		n := uint64(port)
		want := a <= n && n <= b || c <= n && n <= d
		if got := set.Contains(port); got != want {
			t.Fatalf("%v of %v contains %d: got %v", set, rs, port, got)
		}
		before := set.Len()
		if set.Remove(port) != want || set.Contains(port) {
			t.Fatalf("%d was not removed from %v", port, set)
		}
		if want && (set.Len() != before-1 || !set.Insert(port) || set.Len() != before) {
			t.Fatalf("%d was not put back into %v", port, set)
		}
	})
}
