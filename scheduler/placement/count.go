package placement

import (
	"slices"

	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// Count adds an instance to those that the constraints count, for one that
// Place did not place: adopted, or back from being unreachable.
func (d *Demand) Count(at mesos.Site) { d.change(at, 1) }

// Uncount takes an instance that ended, or that became inactive, off again.
func (d *Demand) Uncount(at mesos.Site) { d.change(at, -1) }

func (d *Demand) change(at mesos.Site, delta int32) {
	if len(d.counters) == 0 && d.policy != Spread {
		return
	}
	d.sync()
	if d.policy == Spread {
		d.changeAgent(d.cluster.enter(at), delta)
	}
	for _, n := range d.counters {
		v := n.field.value(&at)
		if v == none || n.count(v)+delta < 0 {
			continue
		}
		d.changeValue(n, v, delta)
	}
	d.world++
}

// changeAgent counts the instances on agent i, for Spread.
func (d *Demand) changeAgent(i, delta int32) {
	d.empty.grow(int(i) + 1)
	for int(i) >= len(d.perAgent) {
		d.perAgent = append(d.perAgent, make([]int32, int(i)+1-len(d.perAgent))...)
	}
	n := max(d.perAgent[i]+delta, 0)
	d.perAgent[i] = n
	if n > 0 {
		d.empty.clear(i)
	} else {
		d.empty.set(i)
	}
	if delta < 0 {
		d.reopen(i)
	}
}

// instances returns how many instances of the App are counted on agent i.
func (d *Demand) instances(i int32) int32 {
	if int(i) >= len(d.perAgent) {
		return 0
	}
	return d.perAgent[i]
}

// placed counts an instance that went to agent i.
func (d *Demand) placed(i int32) {
	if d.policy == Spread {
		d.changeAgent(i, 1)
	}
	groups := 0
	for _, n := range d.counters {
		if v := n.field.of[i]; v != none {
			d.changeValue(n, v, 1)
		}
		if n.constraint.Operator == constraint.GroupBy {
			groups++
		}
	}
	if groups > 1 {
		// A further GROUP_BY may now accept what it refused.
		d.world++
	}
}

// changeValue changes one count and what follows from it.
func (d *Demand) changeValue(n *counter, v, delta int32) {
	this, others := n.change(v, delta)
	switch {
	case others:
		d.rebuild()
	case this && n.blocks(v):
		n.field.drop(d.allow, v)
	case this:
		n.field.each(v, func(i int32) {
			if d.admits(i) {
				d.allow.set(i)
				d.reopen(i)
			}
		})
		d.world++
	}
}

// reopen makes the next search look at agent i again.
func (d *Demand) reopen(i int32) {
	if d.cursor != nil {
		d.cursor.reopen(i)
	}
	if d.queue != nil {
		d.queue.push(d, i)
	}
}

// admits is what the filter and the counters say of agent i, GROUP_BY left aside.
func (d *Demand) admits(i int32) bool {
	if d.filter != nil && !d.filter.bits.has(i) {
		return false
	}
	for _, n := range d.counters {
		if n.blocks(n.field.of[i]) {
			return false
		}
	}
	return true
}

// Avoid makes an agent one of the last to be tried, behind those with a lower
// number of failures; 0 ends that. It need not be known to the cluster yet.
func (d *Demand) Avoid(id mesos.AgentID, failures int) {
	if d.avoid[id] == failures {
		return
	}
	if d.avoid == nil {
		d.avoid = map[mesos.AgentID]int{}
	}
	d.avoid[id] = failures
	if failures == 0 {
		delete(d.avoid, id)
	}
	if len(d.avoid) == 0 {
		d.avoid, d.unavoided, d.avoided = nil, nil, nil
	}
	d.rebuild()
}

// accepts is the whole of the constraints for agent i, which the filter admits.
func (d *Demand) accepts(i int32) bool {
	return !slices.ContainsFunc(d.counters, func(n *counter) bool { return !n.accepts(n.field.of[i]) })
}
