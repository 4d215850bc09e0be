package resource

import "slices"

// PortRange is an inclusive range of port numbers, First <= Last.
type PortRange struct {
	First, Last uint16
}

// PortSet is a set of port numbers made for being changed in place: four bytes
// a range, sorted, disjoint and non-adjacent. The zero value is the empty set.
// Copy it with Clone before changing a set that somebody else holds.
type PortSet []PortRange

// maxPort is the highest port number there is.
const maxPort = 1<<16 - 1

// NewPortSet holds the numbers of rs; what lies beyond 65535 is no port and is dropped.
func NewPortSet(rs Ranges) PortSet {
	// Room for ranges that are split, so that taking a few ports allocates nothing.
	set := make(PortSet, 0, len(rs)+3)
	sorted := true
	for _, r := range rs {
		if r.Begin > maxPort || r.Begin > r.End {
			continue
		}
		next := PortRange{uint16(r.Begin), uint16(min(r.End, maxPort))}
		if n := len(set); n > 0 && int(next.First) <= int(set[n-1].Last)+1 {
			sorted = false
		}
		set = append(set, next)
	}
	if !sorted {
		set.normalize()
	}
	return set
}

// normalize sorts and coalesces the ranges.
func (s *PortSet) normalize() {
	slices.SortFunc(*s, func(a, b PortRange) int { return int(a.First) - int(b.First) })
	out := (*s)[:0]
	for _, r := range *s {
		if n := len(out); n > 0 && int(r.First) <= int(out[n-1].Last)+1 {
			out[n-1].Last = max(out[n-1].Last, r.Last)
			continue
		}
		out = append(out, r)
	}
	*s = out
}

// Clone returns a copy that can be changed on its own.
func (s PortSet) Clone() PortSet { return slices.Clone(s) }

// Len is how many ports the set holds.
func (s PortSet) Len() int {
	n := 0
	for _, r := range s {
		n += int(r.Last) - int(r.First) + 1
	}
	return n
}

// search returns the index of the first range that does not end before port.
func (s PortSet) search(port uint16) int {
	lo, hi := 0, len(s)
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); s[mid].Last < port {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// Contains reports whether port is in the set.
func (s PortSet) Contains(port uint16) bool {
	i := s.search(port)
	return i < len(s) && s[i].First <= port
}

// At returns the i-th port in ascending order, 0 <= i < Len().
func (s PortSet) At(i int) uint16 {
	for _, r := range s {
		n := int(r.Last) - int(r.First) + 1
		if i < n {
			return r.First + uint16(i)
		}
		i -= n
	}
	panic("resource: index of port out of range")
}

// After returns the lowest port of the set that is at least port; from the end
// it goes on at the beginning. ok is false for the empty set.
func (s PortSet) After(port uint16) (next uint16, ok bool) {
	if len(s) == 0 {
		return 0, false
	}
	i := s.search(port)
	if i == len(s) {
		return s[0].First, true
	}
	return max(port, s[i].First), true
}

// Remove takes port out of the set and reports whether it was in it.
func (s *PortSet) Remove(port uint16) bool {
	i := s.search(port)
	if i == len(*s) || (*s)[i].First > port {
		return false
	}
	switch r := &(*s)[i]; {
	case r.First == r.Last:
		*s = slices.Delete(*s, i, i+1)
	case r.First == port:
		r.First++
	case r.Last == port:
		r.Last--
	default:
		tail := PortRange{port + 1, r.Last}
		r.Last = port - 1
		*s = slices.Insert(*s, i+1, tail)
	}
	return true
}

// Insert puts port into the set and reports whether it was missing.
func (s *PortSet) Insert(port uint16) bool {
	i := s.search(port)
	if i < len(*s) && (*s)[i].First <= port {
		return false
	}
	left := i > 0 && int((*s)[i-1].Last)+1 == int(port)
	right := i < len(*s) && int(port)+1 == int((*s)[i].First)
	switch {
	case left && right:
		(*s)[i-1].Last = (*s)[i].Last
		*s = slices.Delete(*s, i, i+1)
	case left:
		(*s)[i-1].Last = port
	case right:
		(*s)[i].First = port
	default:
		*s = slices.Insert(*s, i, PortRange{port, port})
	}
	return true
}

// Ranges returns the set in the form of Mesos' resources.
func (s PortSet) Ranges() Ranges {
	out := make(Ranges, len(s))
	for i, r := range s {
		out[i] = Range{uint64(r.First), uint64(r.Last)}
	}
	return out
}
