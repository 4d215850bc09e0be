package placement

// spreadQueue orders all agents for one demand by the policy Spread: fewest
// instances of the App, most room, first seen. It is a heap with eight children
// to a node, whose keys hold the whole order and the agent in 64 bits:
//
//	63 .. 42  41 .. 20      19 .. 0
//	count     used up room  agent
//
// A key is never above what it would be now: counts and rooms that got worse
// are noticed when the agent comes to the top, and what got better is pushed
// again. Agents on top that do not fit are dropped until something of theirs is
// freed.
type spreadQueue struct {
	heap []uint64
	seq  uint64
	// pushed counts keys that were added since the queue was made; some are for
	// agents that are in it already.
	pushed int
}

const (
	agentBits = 20
	roomBits  = 22
	agentsMax = 1 << agentBits
)

// spreadKey returns an agent's key, ok is false if nobody may use it. It reads
// dense arrays only, not the slot.
func (d *Demand) spreadKey(i int32) (key uint64, ok bool) {
	ranks := d.ranks.rows[0]
	if int(i) >= len(ranks) || ranks[i] == absent {
		return 0, false
	}
	return uint64(d.instances(i))<<(agentBits+roomBits) | uint64(1<<roomBits-1-ranks[i])<<agentBits | uint64(i), true
}

// newSpreadQueue queues every agent.
func newSpreadQueue(d *Demand) *spreadQueue {
	q := &spreadQueue{heap: make([]uint64, 0, len(d.pool.slots)), seq: d.pool.now()}
	for i := range d.pool.slots {
		if key, ok := d.spreadKey(int32(i)); ok {
			q.heap = append(q.heap, key)
		}
	}
	for k := len(q.heap)/fan + 1; k >= 0; k-- {
		if k < len(q.heap) {
			q.sink(k, q.heap[k])
		}
	}
	return q
}

// sync takes in what was freed; ok is false when the queue has to be made anew.
func (q *spreadQueue) sync(d *Demand) (ok bool) {
	now := d.pool.now()
	if q.seq == now {
		return true
	}
	entries, ok := d.pool.since(q.seq)
	if !ok || q.pushed+len(entries) > len(d.pool.slots)+1024 {
		return false
	}
	q.seq = now
	for _, i := range entries {
		q.push(d, max(i, ^i))
	}
	return true
}

// push adds an agent that may have become better.
func (q *spreadQueue) push(d *Demand, i int32) {
	key, ok := d.spreadKey(i)
	if !ok {
		return
	}
	q.pushed++
	q.heap = append(q.heap, key)
	h := q.heap
	k := len(h) - 1
	for k > 0 {
		up := (k - 1) / fan
		if h[up] <= key {
			break
		}
		h[k] = h[up]
		k = up
	}
	h[k] = key
}

// first returns the best agent that is in the masks and takes the demand, -1
// if there is none. It stays in the queue.
func (q *spreadQueue) first(d *Demand, m *masks) int32 {
	for len(q.heap) > 0 {
		top := q.heap[0]
		i := int32(top & (agentsMax - 1))
		switch key, ok := d.spreadKey(i); {
		case ok && key != top:
			q.sink(0, key)
		case ok && m.has(i) && d.fitsAt(i):
			return i
		default:
			last := len(q.heap) - 1
			key = q.heap[last]
			q.heap = q.heap[:last]
			if last > 0 {
				q.sink(0, key)
			}
		}
	}
	return -1
}

// sink puts key in the place k and lets it down to where it belongs.
func (q *spreadQueue) sink(k int, key uint64) {
	h := q.heap
	for {
		from := k*fan + 1
		if from >= len(h) {
			break
		}
		least, at := h[from], from
		for i, child := range h[from:min(from+fan, len(h))] {
			if child < least {
				least, at = child, from+i
			}
		}
		if least >= key {
			break
		}
		h[k] = least
		k = at
	}
	h[k] = key
}

// pickSpread chooses by the policy Spread among the agents in the masks.
func (d *Demand) pickSpread(t *tree, m masks) int32 {
	if d.ranks == nil {
		d.ranks = d.pool.ranking(d.mode)
	}
	if d.queue == nil && d.effort <= len(d.pool.slots) {
		// Few instances are quicker found a place without a queue of all agents.
		with := m.with(d.empty)
		k := contest{tree: t, ranks: d.ranks, demand: d, masks: &with}
		i := k.run()
		d.effort += fan * k.visited
		if i >= 0 {
			return i
		}
	}
	if d.group != nil || len(d.pool.slots) > agentsMax {
		return d.scanSpread(t, &m)
	}
	if d.queue != nil && !d.queue.sync(d) {
		d.queue = nil
	}
	if d.queue == nil {
		d.queue = newSpreadQueue(d)
	}
	return d.queue.first(d, &m)
}

// scanSpread looks at all agents: for what no index is kept for.
func (d *Demand) scanSpread(t *tree, m *masks) int32 {
	best, least := int32(-1), uint64(0)
	for i := t.next(0, d.word, m); i >= 0; i = t.next(i+1, d.word, m) {
		if key, ok := d.spreadKey(i); ok && (best < 0 || key < least) && d.fitsAt(i) {
			best, least = i, key
		}
	}
	return best
}
