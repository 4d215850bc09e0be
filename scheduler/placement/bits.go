package placement

// bitset is a set of agents by index. Reading beyond its end finds nothing.
type bitset []uint64

func (b bitset) has(i int32) bool {
	w := int(i >> 6)
	return w < len(b) && b[w]&(1<<(uint(i)&63)) != 0
}

// set adds i, growing the set as needed.
func (b *bitset) set(i int32) {
	b.grow(int(i) + 1)
	(*b)[i>>6] |= 1 << (uint(i) & 63)
}

func (b bitset) clear(i int32) {
	if w := int(i >> 6); w < len(b) {
		b[w] &^= 1 << (uint(i) & 63)
	}
}

// fill makes the set hold the agents 0 to n-1.
func (b *bitset) fill(n int) {
	b.grow(n)
	for w := range *b {
		switch left := n - w<<6; {
		case left >= 64:
			(*b)[w] = ^uint64(0)
		case left > 0:
			(*b)[w] = 1<<uint(left) - 1
		default:
			(*b)[w] = 0
		}
	}
}

// grow makes room for n agents.
func (b *bitset) grow(n int) {
	for len(*b)<<6 < n {
		*b = append(*b, 0)
	}
}

// masks is up to four sets of which an agent must be in each; none means all agents.
type masks struct {
	sets [4]bitset
	n    int
}

// with returns the masks and one more; a nil set excludes nobody.
func (m masks) with(b bitset) masks {
	if b != nil {
		m.sets[m.n] = b
		m.n++
	}
	return m
}

// word returns the agents 64*w to 64*w+63 that are in every set.
func (m *masks) word(w int) uint64 {
	all := ^uint64(0)
	for k := range m.n {
		b := m.sets[k]
		if w >= len(b) {
			return 0
		}
		all &= b[w]
	}
	return all
}

func (m *masks) has(i int32) bool {
	return m.n == 0 || m.word(int(i>>6))&(1<<(uint(i)&63)) != 0
}
