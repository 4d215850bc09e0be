package placement

import (
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
	// peak is the most that was ever free at one time, resource by resource.
	peak resource.Vector
	// epoch changes when an offer leaves, which makes older assignments final.
	epoch uint32
	// heldFor is the demand that nobody else may come before, usually nil.
	heldFor *Demand
	pieces  []piece
	offers  []*mesos.Offer
	ids     []mesos.OfferID
}

// piece is one offered resource object and what is left of it.
type piece struct {
	from  *mesos.Resource
	offer mesos.OfferID
	kind  kind
	class mode
	left  resource.Scalar
	// ports are the free ones, offered all of the offer's.
	ports, offered resource.PortSet
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
	now := s.free[0].Add(s.free[1])
	s.peak = resource.Vector{
		CPUs: max(s.peak.CPUs, now.CPUs), Mem: max(s.peak.Mem, now.Mem),
		Disk: max(s.peak.Disk, now.Disk), GPUs: max(s.peak.GPUs, now.GPUs),
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
		p.offered = p.ports.Clone()
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
		if s.pieceWithPort(port, d.mode) == nil {
			return false
		}
	}
	return true
}

// pieceWithPort returns the piece that a port is free in, nil if none.
func (s *slot) pieceWithPort(port uint16, m mode) *piece {
	for i := range s.pieces {
		if p := &s.pieces[i]; p.kind == ports && p.class&m != 0 && p.ports.Contains(port) {
			return p
		}
	}
	return nil
}
