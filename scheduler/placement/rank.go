package placement

import (
	"math"
	"math/bits"

	"github.com/gantry-mesos/gantry/pkg/resource"
)

// scale turns free cpus and memory into one number, so that policies can
// compare agents: each as a share of the largest offer seen, rounded up to a
// power of two, in units of 2^-20, and both added.
type scale struct {
	cpus, mem int
}

// shareBits is the number of bits of a share.
const shareBits = 20

// cover widens the scale for an offer and reports whether it changed.
func (s *scale) cover(v resource.Vector) bool {
	old := *s
	s.cpus = max(s.cpus, bits.Len64(uint64(max(v.CPUs, 0))))
	s.mem = max(s.mem, bits.Len64(uint64(max(v.Mem, 0))))
	return *s != old
}

// room returns how much is left, 0 to 2^21.
func (s *scale) room(v resource.Vector) int32 {
	return share(v.CPUs, s.cpus) + share(v.Mem, s.mem)
}

func share(n resource.Scalar, width int) int32 {
	return int32(int64(min(max(n, 0), 1<<width)) << shareBits >> width)
}

// absent ranks below every agent that is there.
const absent = math.MinInt32

// ranking is a tree over the ranks of Spread, shaped as the tree of words; a
// node holds the highest rank below it.
type ranking struct {
	rows [][]int32
}

// spreadStep is how far Spread rounds rooms down, to 1/16 of the largest
// agent's cpus and memory. Which of two agents has a hundredth more left is of
// no interest, and that an instance seldom changes an agent's step saves work.
const spreadStep = shareBits - 4

// spreadRank is how much Spread likes an agent with this room.
func spreadRank(room int32) int32 {
	if room == absent {
		return absent
	}
	return room >> spreadStep
}

// shape makes the rows as those of t and reports whether they were made anew.
func (r *ranking) shape(t *tree) bool {
	if len(r.rows) == len(t.rows) && len(r.rows[0]) == len(t.rows[0]) {
		return false
	}
	r.rows = nil
	for _, row := range t.rows {
		ranks := make([]int32, len(row))
		for i := range ranks {
			ranks[i] = absent
		}
		r.rows = append(r.rows, ranks)
	}
	return true
}

// set changes an agent's rank and the nodes above as far as they change.
func (r *ranking) set(leaf, rank int32) {
	i := int(leaf)
	if r.rows[0][i] == rank {
		return
	}
	r.rows[0][i] = rank
	for k := 1; k < len(r.rows); k++ {
		i /= fan
		up := int32(absent)
		for _, n := range r.rows[k-1][i*fan : i*fan+fan] {
			up = max(up, n)
		}
		if r.rows[k][i] == up {
			return
		}
		r.rows[k][i] = up
	}
}

// contest looks for the agent of the highest rank; of several the first counts.
type contest struct {
	tree   *tree
	ranks  *ranking
	demand *Demand
	masks  *masks
	// best is the winner so far, -1 for none, and rank its rank.
	best, rank int32
	// visited counts the nodes that were gone into.
	visited int
}

// run returns the winner, -1 if nobody fits.
func (c *contest) run() int32 {
	c.best, c.rank = -1, absent
	top := len(c.tree.rows) - 1
	c.visit(top, 0, len(c.tree.rows[top]))
	return c.best
}

// visit goes through the entries from..to of a row in descending rank, until
// none is left that could win, and into those that could take the demand.
func (c *contest) visit(row, from, to int) {
	c.visited++
	ranks := c.ranks.rows[row][from:to]
	for tried := uint(0); ; {
		k, rank := -1, int32(absent)
		for i, have := range ranks {
			if have > rank && tried&(1<<i) == 0 {
				k, rank = i, have
			}
		}
		if k < 0 || !c.beats(row, from+k, rank) {
			return
		}
		tried |= 1 << k
		i := from + k
		switch {
		case !c.demand.word.fits(c.tree.rows[row][i]) || !c.masks.meets(row, i):
		case row > 0:
			c.visit(row-1, i*fan, i*fan+fan)
		case c.demand.fitsAt(int32(i)):
			c.best, c.rank = int32(i), rank
		}
	}
}

// beats reports whether an entry of the rank may hold a better agent than the
// best so far. Of entries of one rank the first is tried first, so that those
// after it cannot.
func (c *contest) beats(row, i int, rank int32) bool {
	return c.best < 0 || rank > c.rank || rank == c.rank && i < int(c.best)>>(3*row)
}
