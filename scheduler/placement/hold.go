package placement

import (
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// Hold keeps one more agent for d alone, so that an instance that is too large
// for what becomes free in small parts gets them together at last: offers of
// the agent are to be kept, not declined, until it fits. Of the agents that the
// constraints admit and that once offered enough, it is the one that comes
// closest now. ok is false if there is none. See Unhold.
func (c *Cluster) Hold(d *Demand) (id mesos.AgentID, ok bool) {
	d.sync()
	best, share := int32(-1), int64(-1)
	for i := range d.pool.slots {
		s := &d.pool.slots[i]
		if !d.pool.usable(int32(i)) || !d.admits(int32(i)) || !d.accepts(int32(i)) || !d.need.Fits(s.peak) {
			continue
		}
		free, _ := s.available(d.mode)
		if got := covered(d.need, free); got > share {
			best, share = int32(i), got
		}
	}
	if best < 0 {
		return "", false
	}
	d.pool.slots[best].heldFor = d
	d.pool.update(best)
	d.held = append(d.held, best)
	d.world++
	return c.agents[best].AgentID, true
}

// covered returns which share of need is free, in thousandths, by the scarcest resource.
func covered(need, free resource.Vector) int64 {
	share := int64(1000)
	for _, k := range [...][2]resource.Scalar{{need.CPUs, free.CPUs}, {need.Mem, free.Mem}, {need.Disk, free.Disk}, {need.GPUs, free.GPUs}} {
		if k[0] > 0 {
			share = min(share, int64(k[1])*1000/int64(k[0]))
		}
	}
	return share
}

// Unhold lets everybody use the agents that are held for d again.
func (c *Cluster) Unhold(d *Demand) {
	for _, i := range d.held {
		d.pool.slots[i].heldFor = nil
		d.pool.freed(i, true)
	}
	d.held = nil
}

// Covered tells how much of what an instance of d needs is free on the agent
// held for it, from 0 to 1000 for each resource needed.
func (d *Demand) Covered() int64 {
	var most int64
	for _, i := range d.held {
		free, _ := d.pool.slots[i].available(d.mode)
		most = max(most, filled(d.need.CPUs, free.CPUs)+filled(d.need.Mem, free.Mem)+filled(d.need.Disk, free.Disk)+filled(d.need.GPUs, free.GPUs))
	}
	return most
}

func filled(need, free resource.Scalar) int64 {
	if need <= 0 {
		return 0
	}
	return min(1000, int64(free)*1000/int64(need))
}

// Free returns what is offered now and not yet taken, all agents together.
func (c *Cluster) Free() resource.Vector {
	var v resource.Vector
	for _, p := range c.pools {
		for i := range p.slots {
			if s := &p.slots[i]; len(s.offers) > 0 {
				v = v.Add(s.free[0]).Add(s.free[1])
			}
		}
	}
	return v
}

// Forget takes what an agent ever offered out of Peak, and out of what Hold goes
// by, as when it was lost. It counts again when it makes an offer.
func (c *Cluster) Forget(id mesos.AgentID) {
	i, known := c.byID[id]
	if !known {
		return
	}
	for _, p := range c.pools {
		if int(i) < len(p.slots) {
			p.peak = p.peak.Sub(p.slots[i].peak)
			p.slots[i].peak = resource.Vector{}
		}
	}
}
