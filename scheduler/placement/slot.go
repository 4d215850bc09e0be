package placement

import (
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// mode is the set of resource classes that a demand may use.
type mode uint8

const (
	unreserved mode = 1 << iota
	reserved
	anyClass = unreserved | reserved
)

// kind is a resource that is placed by.
type kind uint8

const (
	cpus kind = iota
	mem
	disk
	gpus
	ports
)

// slot is what one agent offers to one role, in one or several offers.
type slot struct {
	// free and freePorts are what is left, for unreserved ([0]) and reserved ([1]) resources.
	free      [2]resource.Vector
	freePorts [2]int32
	// epoch changes when an offer leaves, which makes older assignments final.
	epoch  uint32
	pieces []piece
	offers []*mesos.Offer
	ids    []mesos.OfferID
}

// piece is one offered resource object and what is left of it.
type piece struct {
	from  *mesos.Resource
	offer mesos.OfferID
	kind  kind
	class mode
	left  resource.Scalar
	ports resource.PortSet
}

// add takes an offer in.
func (s *slot) add(o *mesos.Offer, role string) {
	s.offers = append(s.offers, o)
	s.ids = append(slices.Clip(s.ids), o.ID)
	for i := range o.Resources {
		if p, ok := newPiece(&o.Resources[i], o.ID, role); ok {
			s.pieces = append(s.pieces, p)
			s.account(&p, p.left, int32(p.ports.Len()))
		}
	}
	// Reserved resources serve nobody else, so they are used up first.
	slices.SortStableFunc(s.pieces, func(a, b piece) int { return int(b.class) - int(a.class) })
	s.epoch++
}

// newPiece reads one resource object; ok is false for what is not placed by:
// unknown names, revocable and shared resources, volumes and special disks.
func newPiece(r *mesos.Resource, id mesos.OfferID, role string) (piece, bool) {
	p := piece{from: r, offer: id, class: unreserved}
	if r.Revocable || r.Shared || r.Disk != nil {
		return p, false
	}
	if len(r.Reservations) > 0 {
		p.class = reserved
		if have := r.Role(); have != role && !strings.HasPrefix(role, have+"/") {
			return p, false
		}
	}
	switch {
	case r.Name == mesos.CPUs:
		p.kind = cpus
	case r.Name == mesos.Mem:
		p.kind = mem
	case r.Name == mesos.Disk:
		p.kind = disk
	case r.Name == mesos.GPUs:
		p.kind = gpus
	case r.Name == mesos.Ports && r.Type == mesos.RangeSet:
		p.kind = ports
		p.ports = resource.NewPortSet(r.Ranges)
		return p, true
	default:
		return p, false
	}
	p.left = r.Scalar
	return p, r.Type == mesos.Scalar && p.left > 0
}

// account adds an amount of the piece to the slot's sums; negative takes it off.
func (s *slot) account(p *piece, amount resource.Scalar, portCount int32) {
	class := p.class >> 1
	v := &s.free[class]
	switch p.kind {
	case cpus:
		v.CPUs += amount
	case mem:
		v.Mem += amount
	case disk:
		v.Disk += amount
	case gpus:
		v.GPUs += amount
	case ports:
		s.freePorts[class] += portCount
	}
}

// remove takes an offer and all that is left of it away.
func (s *slot) remove(id mesos.OfferID) {
	kept := s.pieces[:0]
	for i := range s.pieces {
		p := s.pieces[i]
		if p.offer == id {
			s.account(&p, -p.left, -int32(p.ports.Len()))
			continue
		}
		kept = append(kept, p)
	}
	clear(s.pieces[len(kept):])
	s.pieces = kept
	s.offers = slices.DeleteFunc(s.offers, func(o *mesos.Offer) bool { return o.ID == id })
	s.ids = slices.DeleteFunc(slices.Clone(s.ids), func(have mesos.OfferID) bool { return have == id })
	s.epoch++
}

// available returns what a demand of the mode may use.
func (s *slot) available(m mode) (resource.Vector, int32) {
	switch m {
	case unreserved:
		return s.free[0], s.freePorts[0]
	case reserved:
		return s.free[1], s.freePorts[1]
	default:
		return s.free[0].Add(s.free[1]), s.freePorts[0] + s.freePorts[1]
	}
}

// fits reports whether one instance of d can be cut out of the slot.
func (s *slot) fits(d *Demand) bool {
	free, n := s.available(d.mode)
	if len(s.offers) == 0 || !d.need.Fits(free) || d.ports > n {
		return false
	}
	for _, port := range d.fixed {
		if !s.offersPort(port, d.mode) {
			return false
		}
	}
	return true
}

func (s *slot) offersPort(port uint16, m mode) bool {
	for i := range s.pieces {
		if p := &s.pieces[i]; p.kind == ports && p.class&m != 0 && p.ports.Contains(port) {
			return true
		}
	}
	return false
}

// cut takes need from the pieces in order and appends the resources to out.
func (s *slot) cut(a *Assignment, need resource.Vector, m mode, out []mesos.Resource) []mesos.Resource {
	want := [ports]resource.Scalar{need.CPUs, need.Mem, need.Disk, need.GPUs}
	for i := range s.pieces {
		p := &s.pieces[i]
		if p.kind == ports || p.class&m == 0 || want[p.kind] <= 0 || p.left <= 0 {
			continue
		}
		n := min(p.left, want[p.kind])
		want[p.kind] -= n
		p.left -= n
		s.account(p, -n, 0)
		r := *p.from
		r.Scalar = n
		out = append(out, r)
		a.takes = append(a.takes, take{int32(i), n})
	}
	return out
}

// cutPorts takes the demand's host ports: the fixed ones, and for the others
// neighbours from a random position on ("Marathon, offer matching").
func (s *slot) cutPorts(a *Assignment, d *Demand, rnd *rand.Rand, out []mesos.Resource) []mesos.Resource {
	if d.ports == 0 {
		return out
	}
	a.HostPorts = make([]uint32, len(d.hostPorts))
	taken := make([]resource.Ranges, len(s.pieces))
	give := func(i int, port uint16) {
		s.pieces[i].ports.Remove(port)
		s.account(&s.pieces[i], 0, -1)
		taken[i] = append(taken[i], resource.Range{Begin: uint64(port), End: uint64(port)})
	}
	for k, port := range d.hostPorts {
		if port == 0 {
			continue
		}
		a.HostPorts[k] = uint32(port)
		for i := range s.pieces {
			if p := &s.pieces[i]; p.kind == ports && p.class&d.mode != 0 && p.ports.Contains(port) {
				give(i, port)
				break
			}
		}
	}
	next := -1
	for k, port := range d.hostPorts {
		if port != 0 {
			continue
		}
		i, port := s.dynamicPort(d.mode, rnd, next)
		a.HostPorts[k] = uint32(port)
		next = int(port) + 1
		give(i, port)
	}
	for i, rs := range taken {
		if len(rs) > 0 {
			r := *s.pieces[i].from
			r.Ranges = resource.NewRanges(rs...)
			out = append(out, r)
			a.takes = append(a.takes, take{piece: int32(i)})
		}
	}
	return out
}

// dynamicPort chooses a free port: at a random position when next is negative,
// else the first one at or after next.
func (s *slot) dynamicPort(m mode, rnd *rand.Rand, next int) (int, uint16) {
	for i := range s.pieces {
		p := &s.pieces[i]
		if p.kind != ports || p.class&m == 0 || len(p.ports) == 0 {
			continue
		}
		switch {
		case next >= 0:
			port, _ := p.ports.After(uint16(min(next, 1<<16-1)))
			return i, port
		case rnd != nil:
			return i, p.ports.At(rnd.IntN(p.ports.Len()))
		default:
			return i, p.ports[0].First
		}
	}
	panic("placement: a port was promised and none is free")
}

// giveBack undoes cut and cutPorts.
func (s *slot) giveBack(a Assignment) {
	all := slices.Concat(a.Resources, a.Executor)
	for k, t := range a.takes {
		p := &s.pieces[t.piece]
		p.left += t.amount
		s.account(p, t.amount, 0)
		for _, r := range all[k].Ranges {
			for n := r.Begin; n <= r.End; n++ {
				p.ports.Insert(uint16(n))
				s.account(p, 0, 1)
			}
		}
	}
}
