package placement

import "math/bits"

// buckets holds the agents by how much room they have, in steps, for BestFit.
type buckets struct {
	// of is each agent's bucket, -1 for an agent that nobody may use.
	of   []int16
	sets []bitset
	// sizes is how many agents each bucket has.
	sizes []int
}

// bestFitStep is how far BestFit rounds rooms down: to 1/128 of the largest
// agent's cpus and memory.
const bestFitStep = shareBits - 7

func newBuckets() *buckets {
	n := 2<<(shareBits-bestFitStep) + 1
	return &buckets{sets: make([]bitset, n), sizes: make([]int, n)}
}

// grow makes room for n agents.
func (b *buckets) grow(n int) {
	for len(b.of) < n {
		b.of = append(b.of, -1)
	}
}

// put moves an agent to the bucket of its room; absent takes it out.
func (b *buckets) put(i, room int32) {
	to := int16(-1)
	if room != absent {
		to = int16(room >> bestFitStep)
	}
	from := b.of[i]
	if from == to {
		return
	}
	b.of[i] = to
	if from >= 0 {
		b.sets[from].clear(i)
		b.sizes[from]--
	}
	if to >= 0 {
		b.sets[to].set(i)
		b.sizes[to]++
	}
}

// chances is what demands of one shape know about agents: those that were found
// too small are not looked at again until something of theirs is freed.
type chances struct {
	maybe bitset
	seq   uint64
	known bool
}

// sync takes in what happened since the last search.
func (c *chances) sync(p *pool) {
	now := p.now()
	if c.known && c.seq == now {
		return
	}
	entries, ok := p.since(c.seq)
	c.seq = now
	c.maybe.grow(len(p.slots))
	if c.known && ok {
		for _, i := range entries {
			c.maybe.set(max(i, ^i))
		}
		return
	}
	c.known = true
	for w := range c.maybe {
		c.maybe[w] = ^uint64(0)
	}
}

// pickTightest chooses by the policy BestFit: of the agents with the least
// room, in steps, that take the demand, the first.
func (d *Demand) pickTightest(t *tree, m masks) int32 {
	p := d.pool
	b := p.buckets(d.mode)
	d.chances.sync(p)
	maybe := d.chances.maybe
	leaves := t.rows[0]
	for k := p.scale.room(d.need) >> bestFitStep; int(k) < len(b.sets); k++ {
		if b.sizes[k] == 0 {
			continue
		}
		set := b.sets[k]
		for w := range min(len(set), len(maybe)) {
			found := set[w] & maybe[w]
			if found == 0 {
				continue
			}
			for found &= m.word(w); found != 0; found &= found - 1 {
				i := int32(w<<6 + bits.TrailingZeros64(found))
				switch {
				case !d.word.fits(leaves[i]) || !p.slots[i].fits(d):
					maybe.clear(i)
				case d.fitsAt(i):
					return i
				}
			}
		}
	}
	return -1
}

// buckets returns the buckets of a mode.
func (p *pool) buckets(m mode) *buckets {
	if p.rooms[m] == nil {
		p.rooms[m] = newBuckets()
		p.rooms[m].grow(len(p.slots))
		p.fillBuckets(m)
	}
	return p.rooms[m]
}

func (p *pool) fillBuckets(m mode) {
	for i := range p.slots {
		p.rooms[m].put(int32(i), p.room(int32(i), m))
	}
}
