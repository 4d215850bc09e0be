package placement

import (
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// Rejections tells why no agent takes one more instance. It looks at each
// agent once, which takes some ten nanoseconds: ask when somebody wants to know.
// An agent counts by its latest offer since the attempt began, also when that
// was declined.
func (d *Demand) Rejections() Rejections {
	d.sync()
	r := d.newRejections(d.noteAttempt(d.reject))
	for _, p := range d.cluster.pools {
		if p != d.pool {
			r.LastOffers.add(UnfulfilledRole, p.known(d.attempt.others[p.role].from))
		}
	}
	for i := range int32(len(d.pool.slots)) {
		left, classes, ok := d.pool.latest(i, d.attempt.from)
		if !ok {
			continue
		}
		why := d.reject(i, left, classes)
		if why == 0 && len(d.pool.slots[i].offers) == 0 {
			// It was of use once. What it holds now nobody knows.
			continue
		}
		r.LastOffers.add(why, 1)
		if why == UnfulfilledRole {
			r.Unaccepted++
		}
		if why == UnfulfilledConstraint {
			if k := d.violated(i); k >= 0 {
				r.Constraints[k].Declined++
			}
		}
		if s := &d.pool.slots[i]; s.heldFor != nil && s.heldFor != d {
			r.Held.add(why, 1)
			continue
		}
		r.nearest(why, left, d.mode)
	}
	return r
}

// RejectionsOf is Rejections for a resident instance that has a home: no other
// agent has its reservation.
func (d *Demand) RejectionsOf(instance string, home mesos.AgentID) Rejections {
	d.sync()
	reject := func(i int32, _ *amounts, _ mode) Reason {
		switch a := &d.cluster.agents[i]; {
		case a.AgentID != home:
			return NoCorrespondingReservationFound
		case a.draining:
			return AgentMaintenance
		case !d.pool.slots[i].keeps(d, instance):
			return NoCorrespondingReservationFound
		default:
			return 0
		}
	}
	r := d.newRejections(d.noteAttempt(reject))
	for _, p := range d.cluster.pools {
		if p != d.pool {
			r.LastOffers.add(UnfulfilledRole, p.known(p.now()))
		}
	}
	for i := range int32(len(d.pool.slots)) {
		if d.pool.offers(i) {
			r.LastOffers.add(reject(i, nil, 0), 1)
		}
	}
	return r
}

func (d *Demand) newRejections(attempt Funnel) Rejections {
	r := Rejections{Attempt: attempt, Wanted: d.wanted(), Need: d.need, Constraints: make([]ConstraintTally, len(d.run.Constraints))}
	for k, c := range d.run.Constraints {
		r.Constraints[k].Constraint = c
	}
	return r
}

// wanted is the role for which the App accepts only what is reserved, "" if it
// accepts only what is not.
func (d *Demand) wanted() string {
	if d.mode == reserved {
		return d.pool.role
	}
	return ""
}

// nearest keeps the largest of what was short.
func (r *Rejections) nearest(why Reason, left *amounts, m mode) {
	free, n := left.available(m)
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

// known is how many agents offer something to the pool's role, or did since
// number from of the journal.
func (p *pool) known(from uint64) int {
	n := 0
	for i := range p.slots {
		if _, _, ok := p.latest(int32(i), from); ok {
			n++
		}
	}
	return n
}

// reject returns the first reason of the funnel against an agent whose latest
// offer has these amounts of these classes left, 0 for none.
func (d *Demand) reject(i int32, left *amounts, classes mode) Reason {
	s, a := &d.pool.slots[i], &d.cluster.agents[i]
	free, n := left.available(d.mode)
	if s.heldFor != nil && s.heldFor != d {
		free, n = resource.Vector{}, 0
	}
	switch {
	case classes != 0 && classes&d.mode == 0:
		return UnfulfilledRole
	case d.violated(i) >= 0, d.outside(i):
		return UnfulfilledConstraint
	case a.draining:
		return AgentMaintenance
	case d.need.CPUs > free.CPUs:
		return InsufficientCpus
	case d.need.Mem > free.Mem:
		return InsufficientMemory
	case d.need.Disk > free.Disk:
		return InsufficientDisk
	case d.need.GPUs > free.GPUs:
		return InsufficientGpus
	case len(s.offers) > 0 && d.volumes != nil && !s.fitsVolumes(d):
		return InsufficientDisk
	case d.ports > n, len(s.offers) > 0 && !s.fits(d), len(s.offers) == 0 && len(d.fixed) > 0:
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
	for k, c := range d.run.Constraints {
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
		why := d.reject(int32(i), &s.amounts, s.classes())
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
