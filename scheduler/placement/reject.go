package placement

import (
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// Rejections tells why no agent takes one more instance. It looks at each
// agent once, which takes some ten nanoseconds: ask when somebody wants to know.
func (d *Demand) Rejections() Rejections { return d.rejections(d.reject) }

// RejectionsOf is Rejections for a resident instance that has a home: no other
// agent has its reservation.
func (d *Demand) RejectionsOf(instance string, home mesos.AgentID) Rejections {
	return d.rejections(func(i int32) Reason {
		switch a := &d.cluster.agents[i]; {
		case a.Agent != home:
			return NoCorrespondingReservationFound
		case a.draining:
			return AgentMaintenance
		case !d.pool.slots[i].keeps(d, instance):
			return NoCorrespondingReservationFound
		default:
			return 0
		}
	})
}

func (d *Demand) rejections(reject func(i int32) Reason) Rejections {
	d.sync()
	r := Rejections{Attempt: d.noteAttempt(reject), Need: d.need, Constraints: make([]ConstraintTally, len(d.spec.Constraints))}
	for k, c := range d.spec.Constraints {
		r.Constraints[k].Constraint = c
	}
	for _, p := range d.cluster.pools {
		if p != d.pool {
			r.LastOffers.add(UnfulfilledRole, p.offered())
		}
	}
	for i := range d.pool.slots {
		s := &d.pool.slots[i]
		if len(s.offers) == 0 {
			continue
		}
		why := reject(int32(i))
		r.LastOffers.add(why, 1)
		if why == UnfulfilledConstraint {
			if k := d.violated(int32(i)); k >= 0 {
				r.Constraints[k].Declined++
			}
		}
		r.nearest(why, s, d.mode)
	}
	return r
}

// nearest keeps the largest of what was short.
func (r *Rejections) nearest(why Reason, s *slot, m mode) {
	free, n := s.available(m)
	switch why {
	case InsufficientCpus:
		r.Largest.CPUs = max(r.Largest.CPUs, free.CPUs)
	case InsufficientMemory:
		r.Largest.Mem = max(r.Largest.Mem, free.Mem)
	case InsufficientDisk:
		r.Largest.Disk = max(r.Largest.Disk, free.Disk)
	case InsufficientGpus:
		r.Largest.GPUs = max(r.Largest.GPUs, free.GPUs)
	case InsufficientPorts:
		r.LargestPorts = max(r.LargestPorts, int(n))
	case UnfulfilledRole, UnfulfilledConstraint, NoCorrespondingReservationFound, AgentMaintenance, DeclinedScarceResources:
	}
}

// offered is how many agents offer something to the pool's role.
func (p *pool) offered() int {
	n := 0
	for i := range p.slots {
		if len(p.slots[i].offers) > 0 {
			n++
		}
	}
	return n
}

// reject returns the first reason of the funnel against an agent, 0 for none.
func (d *Demand) reject(i int32) Reason {
	if d.violated(i) >= 0 || d.outside(i) {
		return UnfulfilledConstraint
	}
	s, a := &d.pool.slots[i], &d.cluster.agents[i]
	if a.draining {
		return AgentMaintenance
	}
	free, n := s.available(d.mode)
	if s.heldFor != nil && s.heldFor != d {
		free, n = resource.Vector{}, 0
	}
	switch {
	case d.need.CPUs > free.CPUs:
		return InsufficientCpus
	case d.need.Mem > free.Mem:
		return InsufficientMemory
	case d.need.Disk > free.Disk:
		return InsufficientDisk
	case d.need.GPUs > free.GPUs:
		return InsufficientGpus
	case d.volumes != nil && !s.fitsVolumes(d):
		return InsufficientDisk
	case d.ports > n, !s.fits(d):
		return InsufficientPorts
	case d.filter != nil && d.filter.sparesGPUs && a.gpus:
		return DeclinedScarceResources
	default:
		return 0
	}
}

// outside reports whether the agent is of a region that the App may not use.
func (d *Demand) outside(i int32) bool {
	return d.filter != nil && !d.filter.inRegion(&d.cluster.agents[i])
}

// violated returns the index of the first constraint that excludes the agent, -1 for none.
func (d *Demand) violated(i int32) int {
	next := 0
	for k, c := range d.spec.Constraints {
		if d.filter != nil && !d.filter.conditions[k].holds(i) {
			return k
		}
		if next < len(d.counters) && d.counters[next].constraint == c {
			if n := d.counters[next]; !n.accepts(n.field.of[i]) {
				return k
			}
			next++
		}
	}
	return -1
}

// attempt counts the offers seen while waiting, up to the pool's number seq.
type attempt struct {
	funnel Funnel
	seq    uint64
}

// noteAttempt counts the offers that came since it was last called, and returns the sum.
func (d *Demand) noteAttempt(reject func(i int32) Reason) Funnel {
	p, n := d.pool, d.attempt
	if n == nil {
		n = &attempt{}
		d.attempt = n
	}
	entries, ok := p.since(n.seq)
	known := n.seq > 0
	n.seq = p.now()
	if !ok || !known {
		// It begins with those that are there; they also stand for forgotten ones.
		for i := range p.slots {
			if len(p.slots[i].offers) > 0 {
				n.funnel.add(reject(int32(i)), 1)
			}
		}
		return n.funnel
	}
	for _, i := range entries {
		if i >= 0 && len(p.slots[i].offers) > 0 {
			n.funnel.add(reject(i), 1)
		}
	}
	return n.funnel
}

// Unused is an offer that an App could not use.
type Unused struct {
	Offer  *mesos.Offer
	Reason Reason
}

// Unused returns up to limit offers that do not take an instance, with the
// reason, in the order of agents.
func (d *Demand) Unused(limit int) []Unused {
	d.sync()
	var out []Unused
	for i := range d.pool.slots {
		s := &d.pool.slots[i]
		if len(s.offers) == 0 {
			continue
		}
		why := d.reject(int32(i))
		if why == 0 {
			continue
		}
		for _, o := range s.offers {
			if len(out) == limit {
				return out
			}
			out = append(out, Unused{o, why})
		}
	}
	return out
}
