package placement

import (
	"slices"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// amounts is what is left, for unreserved ([0]) and reserved ([1]) resources.
type amounts struct {
	free      [2]resource.Vector
	freePorts [2]int32
}

// slot is what one agent offers to one role, in one or several offers.
type slot struct {
	amounts
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

// add takes an offer in.
func (s *slot) add(o *mesos.Offer, pool *pool) {
	s.offers = append(s.offers, o)
	s.ids = append(slices.Clip(s.ids), o.ID)
	s.pieces = slices.Grow(s.pieces, len(o.Resources))
	for i := range o.Resources {
		if p, ok := pool.piece(&o.Resources[i]); ok {
			s.pieces = append(s.pieces, p)
			s.account(&p, p.left, int32(p.ports.Len()))
		}
	}
	before := s.peak
	s.peak = s.peak.Max(s.free[0].Add(s.free[1]))
	pool.peak = pool.peak.Add(s.peak.Sub(before))
	// Reserved resources serve nobody else, so they are used up first.
	slices.SortStableFunc(s.pieces, func(a, b piece) int { return int(b.class) - int(a.class) })
	s.epoch++
}

// account adds an amount of the piece to the slot's sums; negative takes it
// off. What is reserved for one instance is free for nobody.
func (s *slot) account(p *piece, amount resource.Scalar, portCount int32) {
	if p.owner != "" {
		return
	}
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
	case bareDisk, volume:
	}
}

// remove takes an offer and all that is left of it away.
func (s *slot) remove(id mesos.OfferID) {
	at := slices.Index(s.ids, id)
	gone := s.offers[at]
	kept := s.pieces[:0]
	for i := range s.pieces {
		p := s.pieces[i]
		if holds(gone, p.offered) {
			s.account(&p, -p.left, -int32(p.ports.Len()))
			continue
		}
		kept = append(kept, p)
	}
	clear(s.pieces[len(kept):])
	s.pieces = kept
	s.offers = slices.Delete(s.offers, at, at+1)
	s.ids = slices.Delete(slices.Clone(s.ids), at, at+1)
	s.epoch++
}

// clear removes all offers.
func (s *slot) clear() {
	clear(s.pieces)
	clear(s.offers)
	s.amounts = amounts{}
	s.pieces, s.offers, s.ids = s.pieces[:0], s.offers[:0], nil
	s.epoch++
}

// holds reports whether r is one of the offer's resources, the object itself.
func holds(o *mesos.Offer, r *mesos.Resource) bool {
	for i := range o.Resources {
		if &o.Resources[i] == r {
			return true
		}
	}
	return false
}

// available returns what a demand of the mode may use.
func (a *amounts) available(m mode) (resource.Vector, int32) {
	switch m {
	case unreserved:
		return a.free[0], a.freePorts[0]
	case reserved:
		return a.free[1], a.freePorts[1]
	case anyClass:
	}
	return a.free[0].Add(a.free[1]), a.freePorts[0] + a.freePorts[1]
}

// classes returns which of unreserved and reserved resources there are at all.
func (s *slot) classes() mode {
	var m mode
	for i := range s.pieces {
		if s.pieces[i].owner == "" {
			m |= s.pieces[i].class
		}
	}
	return m
}

// fits reports whether one instance of d can be cut out of the slot.
func (s *slot) fits(d *Demand) bool {
	free, n := s.available(d.mode)
	if len(s.offers) == 0 || !d.need.Fits(free) || d.ports > n {
		return false
	}
	for _, port := range d.fixed {
		if s.pieceWithPort(port, d.mode, "") == nil {
			return false
		}
	}
	return d.volumes == nil || s.fitsVolumes(d)
}

// pieceWithPort returns the piece that a port is free in, nil if none.
func (s *slot) pieceWithPort(port uint16, m mode, me string) *piece {
	for i := range s.pieces {
		if p := &s.pieces[i]; p.kind == ports && p.usable(m, me) && p.ports.Contains(port) {
			return p
		}
	}
	return nil
}
