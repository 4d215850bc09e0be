package placement

// cursor remembers how far a first-fit search has come. What is free only
// shrinks while instances are placed, so the slots before the cursor need not be
// looked at again, save those that got something back; the journal names them.
type cursor struct {
	// at is the first slot that may fit, but for those in reopened.
	at  int32
	seq uint64
	// reopened is a heap of earlier slots that may fit again, the first on top.
	reopened []int32
}

// rewind forgets everything.
func (c *cursor) rewind() {
	c.at = 0
	c.reopened = c.reopened[:0]
}

// sync takes in what was freed since the last search, as far as d, or another
// demand of its shape, may fit it.
func (c *cursor) sync(d *Demand, t *tree) {
	p := d.pool
	now := p.now()
	if c.seq == now {
		return
	}
	entries, ok := p.since(c.seq)
	c.seq = now
	if !ok {
		c.rewind()
		return
	}
	for _, i := range entries {
		if i = max(i, ^i); d.word.fits(t.rows[0][i]) {
			c.reopen(i)
		}
	}
	if len(c.reopened) > int(c.at)+reopenedMax {
		// The same slots again and again: a new start is cheaper than a longer heap.
		c.rewind()
	}
}

// reopenedMax is how many more notes than slots a cursor keeps.
const reopenedMax = 64

// reopen makes a search look at slot i again.
func (c *cursor) reopen(i int32) {
	if i >= c.at {
		return
	}
	c.reopened = append(c.reopened, i)
	h := c.reopened
	for k := len(h) - 1; k > 0; {
		up := (k - 1) / 2
		if h[up] <= h[k] {
			break
		}
		h[up], h[k] = h[k], h[up]
		k = up
	}
}

// pop drops the first reopened slot, and every other note of it.
func (c *cursor) pop() {
	for first := c.reopened[0]; len(c.reopened) > 0 && c.reopened[0] == first; {
		h := c.reopened
		n := len(h) - 1
		h[0] = h[n]
		h = h[:n]
		for k := 0; ; {
			low := 2*k + 1
			if low+1 < n && h[low+1] < h[low] {
				low++
			}
			if low >= n || h[k] <= h[low] {
				break
			}
			h[k], h[low] = h[low], h[k]
			k = low
		}
		c.reopened = h
	}
}

// next returns the first slot that takes an instance of d, -1 if none does.
func (c *cursor) next(d *Demand, t *tree, m *masks) int32 {
	for len(c.reopened) > 0 {
		i := c.reopened[0]
		if i < c.at && d.word.fits(t.rows[0][i]) && m.has(i) && d.fitsAt(i) {
			return i
		}
		c.pop()
	}
	for {
		i := t.next(c.at, d.word, m)
		if i < 0 {
			c.at = int32(len(t.rows[0]))
			return -1
		}
		c.at = i
		if d.fitsAt(i) {
			return i
		}
		c.at++
	}
}
