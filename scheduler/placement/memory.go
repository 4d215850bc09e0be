package placement

// memory is what is known of an agent's latest offer when it is not there any
// more: Mesos does not offer again what was declined until there is more of it.
// "Why not" goes by it.
type memory struct {
	// seen is the number of the pool's journal at which the latest offer came.
	seen uint64
	// kept says that the offer was used or declined and left these amounts of
	// these classes; of one that was rescinded or whose agent was lost nothing is known.
	kept    bool
	classes mode
	amounts
}

// remember keeps what is left of a slot whose offers are about to be given back.
func (p *pool) remember(i int32) {
	s, m := &p.slots[i], &p.memories[i]
	m.kept, m.classes, m.amounts = true, s.classes(), s.amounts
}

// forget is remember's opposite, as when the agent was lost.
func (p *pool) forget(i int32) {
	if int(i) < len(p.memories) {
		p.memories[i].kept = false
	}
}

// latest returns what the agent's latest offer to the role has or had left; ok
// is false if nothing is known of it, or nothing since number from of the journal.
func (p *pool) latest(i int32, from uint64) (left *amounts, classes mode, ok bool) {
	s, m := &p.slots[i], &p.memories[i]
	switch {
	case len(s.offers) > 0:
		return &s.amounts, s.classes(), true
	case m.kept && m.seen >= from:
		return &m.amounts, m.classes, true
	default:
		return nil, 0, false
	}
}

// begin returns the span of an attempt that begins now: offers that are there
// are in it.
func (p *pool) begin() span {
	from := p.now()
	for i := range p.slots {
		if len(p.slots[i].offers) > 0 {
			from = min(from, p.memories[i].seen)
		}
	}
	return span{from, from}
}
