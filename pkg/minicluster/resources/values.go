package resources

import (
	"slices"
	"strings"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// empty tells whether a resource holds nothing: after rounding, for scalars.
func empty(r *mesos.Resource) bool {
	switch r.GetType() {
	case mesos.SCALAR:
		return r.Scalar == nil || Milli(r.Scalar.Value) == 0
	case mesos.RANGES:
		return r.Ranges == nil || len(r.Ranges.Range) == 0
	case mesos.SET:
		return r.Set == nil || len(r.Set.Item) == 0
	case mesos.TEXT:
	}
	return true
}

// sameKind tells whether two resources differ in their value at most.
func sameKind(a, b *mesos.Resource) bool {
	return a.Name == b.Name && a.GetType() == b.GetType() &&
		a.GetAllocationInfo().GetRole() == b.GetAllocationInfo().GetRole() &&
		(a.AllocationInfo == nil) == (b.AllocationInfo == nil) &&
		sameReservations(a.Reservations, b.Reservations) &&
		sameDisk(a.Disk, b.Disk) &&
		(a.Revocable == nil) == (b.Revocable == nil) && (a.Shared == nil) == (b.Shared == nil) &&
		a.ProviderID.Equal(b.ProviderID)
}

func sameReservations(a, b []mesos.Resource_ReservationInfo) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !SameReservation(&a[i], &b[i]) {
			return false
		}
	}
	return true
}

// SameReservation tells whether two reservations are equal; the order of labels does not matter.
func SameReservation(a, b *mesos.Resource_ReservationInfo) bool {
	return a.GetType() == b.GetType() && a.GetRole() == b.GetRole() && a.GetPrincipal() == b.GetPrincipal() &&
		(a.Principal == nil) == (b.Principal == nil) && sameLabels(a.Labels, b.Labels)
}

func sameLabels(a, b *mesos.Labels) bool {
	x, y := a.GetLabels(), b.GetLabels()
	if (a == nil) != (b == nil) || len(x) != len(y) {
		return false
	}
	key := func(l mesos.Label) string {
		if l.Value == nil {
			return l.Key
		}
		return l.Key + "\x00" + *l.Value
	}
	count := make(map[string]int, len(x))
	for _, l := range x {
		count[key(l)]++
	}
	for _, l := range y {
		if count[key(l)]--; count[key(l)] < 0 {
			return false
		}
	}
	return true
}

// sameDisk ignores the volume part, as Mesos does: identity is the persistence id and the source.
func sameDisk(a, b *mesos.Resource_DiskInfo) bool {
	if a == b {
		return true
	}
	if a == nil || b == nil {
		return false
	}
	if !a.Source.Equal(b.Source) || (a.Persistence == nil) != (b.Persistence == nil) {
		return false
	}
	return a.Persistence == nil || a.Persistence.ID == b.Persistence.ID
}

// whole tells whether a resource can be neither cut nor added to: a persistent volume, a MOUNT or BLOCK disk, a RAW
// disk that has an id.
func whole(r *mesos.Resource) bool {
	if r.Disk == nil {
		return false
	}
	if r.Disk.Persistence != nil {
		return true
	}
	if r.Disk.Source == nil {
		return false
	}
	switch r.Disk.Source.Type {
	case mesos.Resource_DiskInfo_Source_MOUNT, mesos.Resource_DiskInfo_Source_BLOCK:
		return true
	case mesos.Resource_DiskInfo_Source_RAW:
		return r.Disk.Source.ID != nil
	case mesos.Resource_DiskInfo_Source_PATH, mesos.Resource_DiskInfo_Source_UNKNOWN:
	}
	return false
}

func addable(a, b *mesos.Resource) bool { return !whole(a) && a.Shared == nil && sameKind(a, b) }

func subtractable(a, b *mesos.Resource) bool {
	if !sameKind(a, b) {
		return false
	}
	return !whole(a) || sameValue(a, b)
}

func sameValue(a, b *mesos.Resource) bool {
	switch a.GetType() {
	case mesos.SCALAR:
		return Milli(a.Scalar.GetValue()) == Milli(b.Scalar.GetValue())
	case mesos.RANGES:
		return slices.Equal(coalesce(a.GetRanges().GetRange()), coalesce(b.GetRanges().GetRange()))
	case mesos.SET:
		x, y := slices.Clone(a.GetSet().GetItem()), slices.Clone(b.GetSet().GetItem())
		slices.Sort(x)
		slices.Sort(y)
		return slices.Equal(x, y)
	case mesos.TEXT:
	}
	return false
}

// addValues returns a with the value of b added.
func addValues(a, b *mesos.Resource) mesos.Resource {
	sum := *a
	switch a.GetType() {
	case mesos.SCALAR:
		sum.Scalar = &mesos.Value_Scalar{Value: FromMilli(Milli(a.Scalar.GetValue()) + Milli(b.Scalar.GetValue()))}
	case mesos.RANGES:
		sum.Ranges = &mesos.Value_Ranges{Range: coalesce(a.GetRanges().GetRange(), b.GetRanges().GetRange())}
	case mesos.SET:
		items := slices.Clone(a.GetSet().GetItem())
		for _, item := range b.GetSet().GetItem() {
			if !slices.Contains(items, item) {
				items = append(items, item)
			}
		}
		sum.Set = &mesos.Value_Set{Item: items}
	case mesos.TEXT:
	}
	return sum
}

// subtractValues returns a with the value of b taken away; it is not ok if b is not within a.
func subtractValues(a, b *mesos.Resource) (rest mesos.Resource, ok bool) {
	rest = *a
	switch a.GetType() {
	case mesos.SCALAR:
		left := Milli(a.Scalar.GetValue()) - Milli(b.Scalar.GetValue())
		rest.Scalar = &mesos.Value_Scalar{Value: FromMilli(left)}
		return rest, left >= 0
	case mesos.RANGES:
		left, ok := cut(coalesce(a.GetRanges().GetRange()), coalesce(b.GetRanges().GetRange()))
		rest.Ranges = &mesos.Value_Ranges{Range: left}
		return rest, ok
	case mesos.SET:
		left := slices.Clone(a.GetSet().GetItem())
		for _, item := range b.GetSet().GetItem() {
			i := slices.Index(left, item)
			if i < 0 {
				return rest, false
			}
			left = slices.Delete(left, i, i+1)
		}
		rest.Set = &mesos.Value_Set{Item: left}
		return rest, true
	case mesos.TEXT:
	}
	return rest, false
}

// canonical tells whether the ranges of a resource are sorted and apart, as arithmetic leaves them.
func canonical(r *mesos.Resource) bool {
	ranges := r.GetRanges().GetRange()
	for i := 1; i < len(ranges); i++ {
		if ranges[i].Begin <= ranges[i-1].End || ranges[i].Begin-1 == ranges[i-1].End {
			return false
		}
	}
	return true
}

// within tells whether b is within a; both are of the same kind.
func within(a, b *mesos.Resource) bool {
	switch a.GetType() {
	case mesos.SCALAR:
		return Milli(b.Scalar.GetValue()) <= Milli(a.Scalar.GetValue())
	case mesos.RANGES:
		if !canonical(a) {
			_, ok := subtractValues(a, b)
			return ok
		}
		outer := a.GetRanges().GetRange()
		i := 0
		for _, r := range b.GetRanges().GetRange() {
			for i < len(outer) && outer[i].End < r.Begin {
				i++
			}
			if i == len(outer) || r.Begin < outer[i].Begin || outer[i].End < r.End {
				return false
			}
		}
		return true
	case mesos.SET, mesos.TEXT:
	}
	_, ok := subtractValues(a, b)
	return ok
}

// exceeding returns the part of a that is not in b.
func exceeding(a, b *mesos.Resource) mesos.Resource {
	more := *a
	switch {
	case whole(a):
		if sameValue(a, b) {
			more.Scalar, more.Ranges, more.Set = nil, nil, nil
		}
	case a.GetType() == mesos.SCALAR:
		left := max(0, Milli(a.Scalar.GetValue())-Milli(b.Scalar.GetValue()))
		more.Scalar = &mesos.Value_Scalar{Value: FromMilli(left)}
	case a.GetType() == mesos.RANGES:
		left := coalesce(a.GetRanges().GetRange())
		for _, r := range coalesce(b.GetRanges().GetRange()) {
			left = without(left, r)
		}
		more.Ranges = &mesos.Value_Ranges{Range: left}
	case a.GetType() == mesos.SET:
		left := slices.DeleteFunc(slices.Clone(a.GetSet().GetItem()), func(item string) bool {
			return slices.Contains(b.GetSet().GetItem(), item)
		})
		more.Set = &mesos.Value_Set{Item: left}
	}
	return more
}

// without removes r from ranges, wherever it overlaps.
func without(ranges []mesos.Value_Range, r mesos.Value_Range) []mesos.Value_Range {
	var left []mesos.Value_Range
	for _, x := range ranges {
		if x.End < r.Begin || r.End < x.Begin {
			left = append(left, x)
			continue
		}
		if x.Begin < r.Begin {
			left = append(left, mesos.Value_Range{Begin: x.Begin, End: r.Begin - 1})
		}
		if x.End > r.End {
			left = append(left, mesos.Value_Range{Begin: r.End + 1, End: x.End})
		}
	}
	return left
}

// coalesce returns the ranges sorted, with overlapping and adjacent ones joined.
func coalesce(parts ...[]mesos.Value_Range) []mesos.Value_Range {
	var all []mesos.Value_Range
	for _, p := range parts {
		all = append(all, p...)
	}
	if len(all) < 2 {
		return all
	}
	slices.SortFunc(all, func(x, y mesos.Value_Range) int {
		if x.Begin != y.Begin {
			if x.Begin < y.Begin {
				return -1
			}
			return 1
		}
		return 0
	})
	out := all[:1]
	for _, r := range all[1:] {
		last := &out[len(out)-1]
		if last.End == ^uint64(0) || r.Begin <= last.End+1 {
			last.End = max(last.End, r.End)
			continue
		}
		out = append(out, r)
	}
	return out
}

// cut takes the coalesced ranges b from the coalesced ranges a; it is not ok if b is not within a.
func cut(a, b []mesos.Value_Range) (left []mesos.Value_Range, ok bool) {
	i := 0
	for _, r := range a {
		used := false // r is used up
		for !used && i < len(b) && b[i].End <= r.End {
			if b[i].Begin < r.Begin {
				return nil, false
			}
			if b[i].Begin > r.Begin {
				left = append(left, mesos.Value_Range{Begin: r.Begin, End: b[i].Begin - 1})
			}
			used = b[i].End == r.End
			r.Begin = b[i].End + 1
			i++
		}
		if !used {
			left = append(left, r)
		}
	}
	return left, i == len(b)
}

// IsSubrole tells whether role lies below parent in the tree of roles.
func IsSubrole(role, parent string) bool { return strings.HasPrefix(role, parent+"/") }
