// Package resources is Mesos' model of resources: lists of mesos-go resources with arithmetic on three decimals,
// reservation stacks, their formats on the wire, and validation.
//
// A [List] is always in the post-refinement format: reservations are a stack (field Reservations), the deprecated
// fields Role and Reservation are unset. [FromWire] brings what clients send into it; [List.PreRefinement] and
// [List.Endpoint] give what old clients and endpoints expect. Lists are values: no method changes its receiver or what
// it refers to, so parts of lists may be shared.
package resources

import (
	"math"
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// List is a set of resources, in which no two entries could be added to one.
type List []mesos.Resource

// Milli returns a scalar value in thousandths, as Mesos computes with it.
func Milli(v float64) int64 {
	switch {
	case math.IsNaN(v):
		return 0
	case v >= math.MaxInt64/1000:
		return math.MaxInt64
	case v <= math.MinInt64/1000:
		return math.MinInt64
	}
	return int64(math.Round(v * 1000))
}

// FromMilli is the inverse of [Milli].
func FromMilli(v int64) float64 { return float64(v) / 1000 }

// Of returns a list of the given resources, equal kinds added and empty ones dropped.
func Of(rs ...mesos.Resource) List { return List(nil).Plus(rs) }

// Plus returns the sum of two lists.
func (l List) Plus(other List) List {
	if len(other) == 0 {
		return l
	}
	sum := make(List, len(l), len(l)+len(other))
	copy(sum, l)
	for i := range other {
		sum = sum.add(&other[i])
	}
	return sum
}

// add adds r to a list that the caller owns.
func (l List) add(r *mesos.Resource) List {
	if empty(r) {
		return l
	}
	for i := range l {
		if addable(&l[i], r) {
			l[i] = addValues(&l[i], r)
			return l
		}
	}
	if r.GetType() == mesos.RANGES && len(r.Ranges.Range) > 1 {
		sorted := *r
		sorted.Ranges = &mesos.Value_Ranges{Range: coalesce(r.Ranges.Range)}
		return append(l, sorted)
	}
	return append(l, *r)
}

// Minus returns what is left when other is taken away. Parts of other that are not in the list are ignored, as are
// those of which there is not enough.
func (l List) Minus(other List) List {
	if len(other) == 0 || len(l) == 0 {
		return l
	}
	rest := slices.Clone(l)
	for i := range other {
		rest, _ = rest.subtract(&other[i])
	}
	return rest
}

// subtract takes r from a list that the caller owns and reports whether it was there.
func (l List) subtract(r *mesos.Resource) (List, bool) {
	if empty(r) {
		return l, true
	}
	for i := range l {
		if !subtractable(&l[i], r) {
			continue
		}
		rest, ok := subtractValues(&l[i], r)
		if !ok {
			continue
		}
		if empty(&rest) {
			return slices.Delete(l, i, i+1), true
		}
		l[i] = rest
		return l, true
	}
	return l, false
}

// Beyond returns what of the list exceeds other: of each kind as much as there is more of.
func (l List) Beyond(other List) List {
	var more List
	for i := range l {
		r := l[i]
		for j := range other {
			if sameKind(&r, &other[j]) {
				r = exceeding(&r, &other[j])
			}
		}
		if !empty(&r) {
			more = append(more, r)
		}
	}
	return more
}

// Contains tells whether everything in other is in the list, resource by resource.
func (l List) Contains(other List) bool {
	for i := range other {
		r := &other[i]
		if whole(r) || r.Shared != nil || !canonical(r) {
			_, ok := l.Take(other)
			return ok
		}
		if !empty(r) && !l.holds(r) {
			return false
		}
	}
	return true
}

// holds tells whether one entry of the list has all of r. It allocates nothing for scalars and ranges.
func (l List) holds(r *mesos.Resource) bool {
	for i := range l {
		if subtractable(&l[i], r) && within(&l[i], r) {
			return true
		}
	}
	return false
}

// Take returns what is left when other is taken away, and whether all of it was there.
func (l List) Take(other List) (rest List, ok bool) {
	if len(other) == 0 {
		return l, true
	}
	rest = slices.Clone(l)
	for i := range other {
		if rest, ok = rest.subtract(&other[i]); !ok {
			return l, false
		}
	}
	return rest, true
}

// Equal tells whether two lists hold the same.
func (l List) Equal(other List) bool { return l.Contains(other) && other.Contains(l) }

// Empty tells whether there is nothing in the list.
func (l List) Empty() bool {
	for i := range l {
		if !empty(&l[i]) {
			return false
		}
	}
	return true
}

// Scalar returns the sum of the scalar resources of a name, in thousandths, whatever their reservations.
func (l List) Scalar(name string) int64 {
	var sum int64
	for i := range l {
		if l[i].Name == name && l[i].Scalar != nil {
			sum += Milli(l[i].Scalar.Value)
		}
	}
	return sum
}

// Quantities adds the scalar resources by name to sums, in thousandths, times sign.
func (l List) Quantities(sums map[string]int64, sign int64) {
	for i := range l {
		if l[i].Scalar != nil {
			sums[l[i].Name] += sign * Milli(l[i].Scalar.Value)
		}
	}
}

// Filter returns the resources that pass.
func (l List) Filter(pass func(r *mesos.Resource) bool) List {
	for i := range l {
		if !pass(&l[i]) {
			kept := slices.Clone(l[:i])
			for j := i + 1; j < len(l); j++ {
				if pass(&l[j]) {
					kept = append(kept, l[j])
				}
			}
			return kept
		}
	}
	return l
}

// Map returns the list with f applied to a copy of each resource; what became equal is added up.
func (l List) Map(f func(r *mesos.Resource)) List {
	out := make(List, 0, len(l))
	for _, r := range l {
		f(&r)
		out = out.add(&r)
	}
	return out
}

// Allocated returns the list with allocation_info set to a role.
func (l List) Allocated(role string) List {
	info := &mesos.Resource_AllocationInfo{Role: &role}
	return l.Map(func(r *mesos.Resource) { r.AllocationInfo = info })
}

// Unallocated returns the list without allocation_info.
func (l List) Unallocated() List {
	return l.Map(func(r *mesos.Resource) { r.AllocationInfo = nil })
}

// Unreserved returns the list with all reservations and volumes' disk information removed.
func (l List) Unreserved() List {
	return l.Map(func(r *mesos.Resource) { r.Reservations = nil })
}
