package placement

import "github.com/gantry-mesos/gantry/pkg/resource"

// pool is all that is offered to one role; slots are indexed as the cluster's agents.
type pool struct {
	cluster *Cluster
	role    string
	slots   []slot
	// memories are of the latest offers, one for each slot.
	memories []memory
	// trees, rankings (for Spread) and rooms (for BestFit) are made for a mode
	// when a demand first needs them.
	trees    [anyClass + 1]*tree
	rankings [anyClass + 1]*ranking
	rooms    [anyClass + 1]*buckets
	scale    scale
	// journal lists the agents whose slots got something free, in order, for
	// those who remember where nothing fits; ^i is one that got it by an Undo.
	// journal[0] is number journalStart.
	journal      []int32
	journalStart uint64
	shapes       map[shapeKey]*shape
	stamps       []*stamp
	// peak is the sum of the slots' peaks.
	peak resource.Vector
}

// shapeKey is what makes two demands without counting constraints alike.
type shapeKey struct {
	need   resource.Vector
	ports  int32
	mode   mode
	filter *filter
}

// shapesMax bounds how many shapes are kept for sharing.
const shapesMax = 8192

func newPool(c *Cluster, role string) *pool {
	return &pool{cluster: c, role: role, shapes: map[shapeKey]*shape{}}
}

// grow makes room for the cluster's agents.
func (p *pool) grow(agents int) {
	for len(p.slots) < agents {
		p.slots = append(p.slots, slot{})
		p.memories = append(p.memories, memory{})
	}
	for m, t := range p.trees {
		if t == nil {
			continue
		}
		t.grow(agents)
		if r := p.rankings[m]; r != nil && r.shape(t) {
			p.rankAll(mode(m))
		}
		if b := p.rooms[m]; b != nil {
			b.grow(agents)
		}
	}
}

// tree returns the tree of a mode.
func (p *pool) tree(m mode) *tree {
	if p.trees[m] == nil {
		t := &tree{}
		p.trees[m] = t
		t.grow(len(p.cluster.agents))
		for i := range p.slots {
			t.set(int32(i), p.word(int32(i), m))
		}
	}
	return p.trees[m]
}

// ranking returns the ranking of a mode.
func (p *pool) ranking(m mode) *ranking {
	if p.rankings[m] == nil {
		p.rankings[m] = &ranking{}
		p.rankings[m].shape(p.tree(m))
		p.rankAll(m)
	}
	return p.rankings[m]
}

func (p *pool) rankAll(m mode) {
	for i := range p.slots {
		p.rankings[m].set(int32(i), spreadRank(p.room(int32(i), m)))
	}
}

// room returns how much room an agent has, absent if nobody may use it.
func (p *pool) room(i int32, m mode) int32 {
	if !p.usable(i) {
		return absent
	}
	free, _ := p.slots[i].available(m)
	return p.scale.room(free)
}

// usable reports whether anything may be placed on the slot by everybody.
func (p *pool) usable(i int32) bool {
	return p.offers(i) && !p.cluster.agents[i].draining && p.slots[i].heldFor == nil
}

// offers reports whether the agent offers anything to the role. The pool may
// know fewer agents than the cluster.
func (p *pool) offers(i int32) bool {
	return int(i) < len(p.slots) && len(p.slots[i].offers) > 0
}

func (p *pool) word(i int32, m mode) word {
	if !p.usable(i) {
		return 0
	}
	return pack(p.slots[i].available(m))
}

// update brings trees, rankings and rooms up to date with a slot.
func (p *pool) update(i int32) {
	for m, t := range p.trees {
		if t == nil {
			continue
		}
		t.set(i, p.word(i, mode(m)))
		r, b := p.rankings[m], p.rooms[m]
		if r == nil && b == nil {
			continue
		}
		room := p.room(i, mode(m))
		if r != nil {
			r.set(i, spreadRank(room))
		}
		if b != nil {
			b.put(i, room)
		}
	}
}

// freed notes that a slot got something free; undone tells an Undo from an offer.
func (p *pool) freed(i int32, undone bool) {
	if len(p.journal) > 1024+4*len(p.slots) {
		p.journalStart += uint64(len(p.journal))
		p.journal = p.journal[:0]
	}
	if undone {
		i = ^i
	}
	p.journal = append(p.journal, i)
	p.update(max(i, ^i))
}

// now is the number of the next entry of the journal.
func (p *pool) now() uint64 { return p.journalStart + uint64(len(p.journal)) }

// since returns the entries from a number on; ok is false if some are gone.
func (p *pool) since(seq uint64) (entries []int32, ok bool) {
	if seq < p.journalStart {
		return nil, false
	}
	return p.journal[seq-p.journalStart:], true
}

// cover widens the scale for an offer; all is ranked anew when it changes.
func (p *pool) cover(v resource.Vector) {
	if !p.scale.cover(v) {
		return
	}
	for m := range p.trees {
		if p.rankings[m] != nil {
			p.rankAll(mode(m))
		}
		if p.rooms[m] != nil {
			p.fillBuckets(mode(m))
		}
	}
}

// shape returns what demands of this shape share.
func (p *pool) shape(k shapeKey) *shape {
	s := p.shapes[k]
	if s == nil {
		if len(p.shapes) >= shapesMax {
			clear(p.shapes)
		}
		s = &shape{}
		p.shapes[k] = s
	}
	return s
}

// shape is what demands that see the agents alike learn for each other.
type shape struct {
	cursor  cursor
	chances chances
}
