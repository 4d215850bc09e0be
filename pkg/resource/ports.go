package resource

import "slices"

// Range is an inclusive range of numbers, Begin <= End.
type Range struct {
	Begin, End uint64
}

// Len is how many numbers the range holds.
func (r Range) Len() uint64 { return r.End - r.Begin + 1 }

// Ranges is a set of numbers (ports) as sorted, disjoint, non-adjacent ranges.
// The zero value is the empty set. Methods return new values and leave the
// receiver as it was.
type Ranges []Range

// NewRanges sorts and coalesces rs.
func NewRanges(rs ...Range) Ranges {
	sorted := slices.Clone(rs)
	slices.SortFunc(sorted, func(a, b Range) int {
		if a.Begin < b.Begin {
			return -1
		}
		if a.Begin > b.Begin {
			return 1
		}
		return 0
	})
	var out Ranges
	for _, r := range sorted {
		// The second comparison is one that the largest number does not overflow.
		if n := len(out); n > 0 && (r.Begin <= out[n-1].End || r.Begin-1 == out[n-1].End) {
			out[n-1].End = max(out[n-1].End, r.End)
			continue
		}
		out = append(out, r)
	}
	return out
}

// Len is how many numbers the set holds.
func (rs Ranges) Len() uint64 {
	var n uint64
	for _, r := range rs {
		n += r.Len()
	}
	return n
}

// Contains reports whether n is in the set.
func (rs Ranges) Contains(n uint64) bool {
	i, found := slices.BinarySearchFunc(rs, n, func(r Range, n uint64) int {
		if r.End < n {
			return -1
		}
		if r.Begin > n {
			return 1
		}
		return 0
	})
	return found && i < len(rs)
}

// Without returns the set without n.
func (rs Ranges) Without(n uint64) Ranges {
	out := make(Ranges, 0, len(rs)+1)
	for _, r := range rs {
		switch {
		case n < r.Begin || n > r.End:
			out = append(out, r)
		default:
			if r.Begin < n {
				out = append(out, Range{r.Begin, n - 1})
			}
			if n < r.End {
				out = append(out, Range{n + 1, r.End})
			}
		}
	}
	return out
}

// Add returns the union of both sets.
func (rs Ranges) Add(more Ranges) Ranges {
	return NewRanges(append(slices.Clone(rs), more...)...)
}
