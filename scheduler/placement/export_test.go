package placement

import (
	"fmt"

	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// Check compares everything that is kept ready with what it is made from and
// returns the first difference, "" if there is none.
func (c *Cluster) Check() string {
	for _, p := range c.pools {
		for i := range p.slots {
			if problem := p.slots[i].check(); problem != "" {
				return fmt.Sprintf("%s for %s: %s", c.agents[i].AgentID, p.role, problem)
			}
			for m, t := range p.trees {
				if t != nil && t.rows[0][i] != p.word(int32(i), mode(m)) {
					return fmt.Sprintf("%s for %s: its word is out of date", c.agents[i].AgentID, p.role)
				}
			}
		}
	}
	return ""
}

// check adds the pieces up again.
func (s *slot) check() string {
	var free [2]resource.Vector
	var ports [2]int32
	for i := range s.pieces {
		p := &s.pieces[i]
		if p.left < 0 {
			return "less than nothing is left"
		}
		if p.owner != "" {
			continue
		}
		sum := slot{}
		sum.account(p, p.left, int32(p.ports.Len()))
		for class := range free {
			free[class] = free[class].Add(sum.free[class])
			ports[class] += sum.freePorts[class]
		}
	}
	if free != s.free || ports != s.freePorts {
		return fmt.Sprintf("free is %v with %v ports, the pieces hold %v with %v", s.free, s.freePorts, free, ports)
	}
	return ""
}

// Counts returns how many instances are counted for a constraint by value; ok
// is false for one that does not count.
func (d *Demand) Counts(c constraint.Constraint) (counts map[string]int, ok bool) {
	for _, n := range d.counters {
		if n.constraint != c {
			continue
		}
		counts = map[string]int{}
		for v, have := range n.counts {
			if have != 0 {
				counts[n.field.values[v]] = int(have)
			}
		}
		return counts, true
	}
	return nil, false
}
