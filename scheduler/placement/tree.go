package placement

import "math/bits"

// fan is how many children a node of a tree has: eight words are one cache line.
const fan = 8

// tree finds slots by what they have free: a tournament in which every node
// holds, lane by lane, the most of its eight children. A node that does not
// cover a need has no leaf that does.
type tree struct {
	// rows[0] are the leaves, one for each agent; each row is padded to whole
	// nodes and the last one has at most eight entries.
	rows [][]word
}

// grow makes room for n leaves; new ones hold nothing.
func (t *tree) grow(n int) {
	if len(t.rows) > 0 && n <= len(t.rows[0]) {
		return
	}
	old := t.rows
	t.rows = nil
	// Half as much again, so that agents that come one by one cost little.
	for size := roundUp(n + n/2); ; size = roundUp(size / fan) {
		t.rows = append(t.rows, make([]word, size))
		if size <= fan {
			break
		}
	}
	if len(old) == 0 {
		return
	}
	copy(t.rows[0], old[0])
	for r := 1; r < len(t.rows); r++ {
		for i := range len(t.rows[r-1]) / fan {
			t.rows[r][i] = t.winner(r, i)
		}
	}
}

// roundUp returns n rounded up to whole nodes, at least one.
func roundUp(n int) int { return max(n+fan-1, fan) / fan * fan }

// winner computes entry i of row r from the row below.
func (t *tree) winner(r, i int) word {
	c := t.rows[r-1][i*fan : i*fan+fan : i*fan+fan]
	return most(most(most(c[0], c[1]), most(c[2], c[3])), most(most(c[4], c[5]), most(c[6], c[7])))
}

// set changes a leaf and the nodes above it as far as they change.
func (t *tree) set(leaf int32, w word) {
	i := int(leaf)
	if t.rows[0][i] == w {
		return
	}
	t.rows[0][i] = w
	for r := 1; r < len(t.rows); r++ {
		i /= fan
		up := t.winner(r, i)
		if t.rows[r][i] == up {
			return
		}
		t.rows[r][i] = up
	}
}

// next returns the first leaf at or after from that may cover need and is in
// the masks, -1 when there is none.
func (t *tree) next(from int32, need word, m *masks) int32 {
	r, i := 0, int(from)
	for r < len(t.rows) {
		row := t.rows[r]
		if i >= len(row) {
			// Rows are padded to whole nodes, so nothing is left to the right.
			return -1
		}
		end := i/fan*fan + fan
		open := m.open(r, i)
		for ; open != 0; open &= open - 1 {
			if k := i + bits.TrailingZeros64(open); need.fits(row[k]) {
				i = k
				break
			}
		}
		switch {
		case open == 0:
			r, i = r+1, end/fan
		case r == 0:
			return int32(i)
		default:
			r, i = r-1, i*fan
		}
	}
	return -1
}

// open returns which entries of a node, from entry i on, may lead to agents in
// the masks: bit 0 stands for i. From the fourth row on the answer would cost
// more than it saves.
func (m *masks) open(r, i int) uint64 {
	rest := uint64(1)<<(fan-uint(i)%fan) - 1
	if m.n == 0 || r > 2 {
		return rest
	}
	switch r {
	case 0:
		return m.word(i>>6) >> (uint(i) & 63) & rest
	case 1:
		w := m.word(i>>3) >> (uint(i) & 7 * 8)
		open := uint64(0)
		for k := 0; w != 0; k++ {
			if w&0xff != 0 {
				open |= 1 << k
			}
			w >>= 8
		}
		return open & rest
	default:
		open := uint64(0)
		for k := range fan - i%fan {
			if m.word(i+k) != 0 {
				open |= 1 << k
			}
		}
		return open
	}
}

// meets reports whether an entry of a row may lead to an agent in the masks.
func (m *masks) meets(r, i int) bool { return m.open(r, i)&1 != 0 }
