package placement

// attempt counts the offers seen since an App began to wait.
type attempt struct {
	funnel Funnel
	span
	// others are the same for the pools of other roles.
	others map[string]span
}

// span is a part of a pool's journal: from is where offers began to count, seq
// the number of the first entry that is not counted yet.
type span struct{ from, seq uint64 }

// BeginAttempt forgets the offers that were counted while the App was waiting
// before: it waits anew.
func (d *Demand) BeginAttempt() { d.attempt = nil }

// noteAttempt counts the offers that came since it was last called, and returns
// the sum. The first time it begins with those that are there.
func (d *Demand) noteAttempt(reject func(i int32, left *amounts, classes mode) Reason) Funnel {
	n := d.attempt
	if n == nil {
		n = &attempt{span: d.pool.begin(), others: map[string]span{}}
		d.attempt = n
		for role, p := range d.cluster.pools {
			n.others[role] = p.begin()
		}
	}
	n.seq = d.pool.came(n.seq, func(i int32) {
		if left, classes, ok := d.pool.latest(i, n.from); ok {
			n.funnel.add(reject(i, left, classes), 1)
		}
	})
	for role, p := range d.cluster.pools {
		if p == d.pool {
			continue
		}
		// All that was offered to a role that is new came since the beginning.
		at := n.others[role]
		at.seq = p.came(at.seq, func(int32) { n.funnel.add(UnfulfilledRole, 1) })
		n.others[role] = at
	}
	return n.funnel
}

// came calls yield for every agent that made an offer since number seq of the
// journal and returns the next number. Agents stand for what is forgotten.
func (p *pool) came(seq uint64, yield func(i int32)) uint64 {
	entries, ok := p.since(seq)
	if !ok {
		entries = p.journal
		for i := range p.slots {
			if m := &p.memories[i]; m.seen >= seq && m.seen < p.journalStart {
				yield(int32(i))
			}
		}
	}
	for _, i := range entries {
		if i >= 0 {
			yield(i)
		}
	}
	return p.now()
}
