package placement

import (
	"cmp"
	"slices"

	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// find returns the agent for one more instance, -1 if it fits nowhere.
func (d *Demand) find() int32 {
	d.sync()
	if d.deadAt == d.world {
		return -1
	}
	var m masks
	switch {
	case len(d.counters) > 0:
		m = m.with(d.allow)
	case d.filter != nil:
		m = m.with(d.filter.bits)
	}
	for _, i := range d.held {
		if m.has(i) && d.pool.offers(i) && !d.cluster.agents[i].draining && d.fitsAt(i) && d.accepts(i) {
			return i
		}
	}
	i := d.search(m.with(d.unavoided))
	if i < 0 && len(d.avoided) > 0 {
		i = d.leastAvoided(&m)
	}
	if i < 0 {
		d.deadAt = d.world
	}
	return i
}

// search goes through the groups that GROUP_BY allows, the emptiest first.
func (d *Demand) search(m masks) int32 {
	if d.group == nil {
		return d.pick(m, 0)
	}
	for _, l := range d.group.levels.groups(int(d.group.groups) >= d.group.minimum) {
		from := l.first()
		if from == none || l.deadAt == d.world {
			continue
		}
		if i := d.pick(m.with(l.bits), from); i >= 0 {
			return i
		}
		l.deadAt = d.world
	}
	return -1
}

// pick chooses among the agents in the masks, of which none is before from, by the policy.
func (d *Demand) pick(m masks, from int32) int32 {
	t := d.pool.tree(d.mode)
	switch d.policy {
	case BestFit:
		return d.pickTightest(t, m)
	case Spread:
		return d.pickSpread(t, m)
	case FirstFit:
	}
	if d.cursor != nil && d.unavoided == nil {
		d.cursor.sync(d, t)
		return d.cursor.next(d, t, &m)
	}
	for i := t.next(from, d.word, &m); i >= 0; i = t.next(i+1, d.word, &m) {
		if d.fitsAt(i) {
			return i
		}
	}
	return -1
}

// leastAvoided returns the agent with the fewest recent failures.
func (d *Demand) leastAvoided(m *masks) int32 {
	fails := func(i int32) int { return d.avoid[d.cluster.agents[i].AgentID] }
	slices.SortFunc(d.avoided, func(a, b int32) int {
		return cmp.Or(cmp.Compare(fails(a), fails(b)), cmp.Compare(a, b))
	})
	for _, i := range d.avoided {
		if m.has(i) && d.pool.usable(i) && d.fitsAt(i) && d.accepts(i) {
			return i
		}
	}
	return -1
}

// fitsAt compares the amounts themselves, and asks the constraints that the masks leave out.
func (d *Demand) fitsAt(i int32) bool {
	if !d.pool.slots[i].fits(d) {
		return false
	}
	for _, n := range d.counters {
		if n != d.group && n.constraint.Operator == constraint.GroupBy && !n.accepts(n.field.of[i]) {
			return false
		}
	}
	return true
}

// Ref is an agent's place in the order in which agents became known to the
// cluster. It stays the same for as long as the cluster lives.
type Ref int32

// Ref returns the place of an agent; known is false if it was never seen.
func (c *Cluster) Ref(id mesos.AgentID) (r Ref, known bool) {
	i, known := c.byID[id]
	return Ref(i), known
}

// Fits reports whether one more instance could go to the agent now. It takes
// some ten nanoseconds and allocates nothing.
func (d *Demand) Fits(r Ref) bool {
	d.sync()
	i := int32(r)
	return d.pool.usable(i) && d.admits(i) && d.fitsAt(i) && d.accepts(i)
}
