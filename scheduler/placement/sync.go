package placement

// sync brings everything up to date with the cluster's agents and offers.
func (d *Demand) sync() {
	switch {
	case d.changes != d.cluster.changes:
		d.rebuild()
	case d.upTo == 0 && len(d.cluster.agents) > 0:
		d.fill()
	case d.upTo < len(d.cluster.agents):
		d.extend()
	}
	if now := d.pool.now(); d.seq != now {
		if d.deadAt != d.world || !d.stillDead() {
			d.world++
		} else if d.cursor != nil && d.cursor.seq == d.seq {
			d.cursor.seq = now
		}
		d.seq = now
	}
}

// stillDead reports whether a demand that fits nowhere does not fit what was
// freed since either; a wrong no costs a search.
func (d *Demand) stillDead() bool {
	entries, ok := d.pool.since(d.seq)
	if !ok || len(entries) > stillDeadMax || len(d.held) > 0 {
		return false
	}
	leaves := d.pool.tree(d.mode).rows[0]
	for _, i := range entries {
		if d.word.fits(leaves[max(i, ^i)]) {
			return false
		}
	}
	return true
}

// stillDeadMax is up to how many freed slots are looked at one by one.
const stillDeadMax = 64

// rebuild starts again with all agents, as after a change of attributes or of
// the master's region.
func (d *Demand) rebuild() {
	if d.region != d.cluster.homeRegion(d.run) {
		d.refilter()
		d.share()
	}
	d.queue, d.effort = nil, 0
	d.changes = d.cluster.changes
	if d.cursor != nil {
		d.cursor.rewind()
	}
	d.fill()
}

// fill takes in all agents, a word of the bitsets at a time.
func (d *Demand) fill() {
	n := len(d.cluster.agents)
	if d.filter != nil {
		d.filter.sync(d.cluster)
	}
	if len(d.counters) > 0 {
		d.allow = append(d.allow[:0], d.filter.bits...)
	}
	for _, k := range d.counters {
		k.fill(d.allow)
	}
	if d.policy == Spread {
		d.empty.fill(n)
		for i, count := range d.perAgent {
			if count > 0 {
				d.empty.clear(int32(i))
			}
		}
	}
	if d.avoid != nil {
		d.unavoided.fill(n)
		d.avoided = d.avoided[:0]
		for id := range d.avoid {
			if i, known := d.cluster.byID[id]; known {
				d.avoided = append(d.avoided, i)
				d.unavoided.clear(i)
			}
		}
	}
	d.upTo = n
	d.world++
}

// extend takes in the agents that it does not know yet, one by one.
func (d *Demand) extend() {
	agents := d.cluster.agents
	if d.filter != nil {
		d.filter.sync(d.cluster)
	}
	if len(d.counters) > 0 {
		d.allow.grow(len(agents))
	}
	if d.avoid != nil {
		d.unavoided.grow(len(agents))
	}
	if d.policy == Spread {
		d.empty.grow(len(agents))
	}
	for ; d.upTo < len(agents); d.upTo++ {
		i := int32(d.upTo)
		if d.policy == Spread && d.instances(i) == 0 {
			d.empty.set(i)
		}
		if len(d.counters) > 0 && d.admits(i) {
			d.allow.set(i)
		}
		for _, n := range d.counters {
			n.enter(i)
		}
		if d.avoid == nil {
			continue
		}
		if d.avoid[agents[i].AgentID] > 0 {
			d.avoided = append(d.avoided, i)
		} else {
			d.unavoided.set(i)
		}
	}
	d.world++
}
