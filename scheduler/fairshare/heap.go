package fairshare

import "github.com/gantry-mesos/gantry/pkg/resource"

// heap keeps the child that is next on top and can find and move any of them.
// What it compares is beside the pointers, so that comparing touches little memory:
// with pkg/heap, whose items are compared where they are, a round over 5,000 queues
// (BenchmarkRound) takes about twice as long, and a placement a tenth to a third longer.
type heap []entry

// entry is a node with its order among its siblings, the least first; name
// decides between equals.
type entry struct {
	order float64
	name  uint64
	node  *node
}

// prefix packs the first bytes of a name so that they compare as the name does.
func prefix(name string) (p uint64) {
	for i := range 8 {
		p <<= 8
		if i < len(name) {
			p |= uint64(name[i])
		}
	}
	return p
}

func (e *entry) before(other *entry) bool {
	if e.order != other.order {
		return e.order < other.order
	}
	if e.name != other.name {
		return e.name < other.name
	}
	return e.node.path < other.node.path
}

// only reports whether n is, or will be, the only one in the heap.
func (h heap) only(n *node) bool { return len(h) == 0 || len(h) == 1 && h[0].node == n }

// company weighs the one that was alone in the heap until now.
func (h heap) company(total resource.Vector) {
	h[0].node.weigh(total, false)
	h[0].order = h[0].node.order
}

func (h *heap) push(n *node) {
	*h = append(*h, entry{n.order, n.name, n})
	n.pos = len(*h) - 1
	h.up(n.pos)
}

// remove takes n, which is in the heap, out.
func (h *heap) remove(n *node) {
	i, last := n.pos, len(*h)-1
	h.swap(i, last)
	(*h)[last] = entry{}
	*h = (*h)[:last]
	n.pos = -1
	if i < last {
		h.fix((*h)[i].node)
	}
}

// fix moves n, which is in the heap, after its order has changed.
func (h heap) fix(n *node) {
	i := n.pos
	h[i].order = n.order
	h.down(i)
	if n.pos == i {
		h.up(i)
	}
}

// rebuild makes it a heap again after the order of any of its nodes has changed.
func (h heap) rebuild() {
	for i := range h {
		h[i].order = h[i].node.order
	}
	for i := len(h)/2 - 1; i >= 0; i-- {
		h.down(i)
	}
}

func (h heap) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !h[i].before(&h[parent]) {
			return
		}
		h.swap(i, parent)
		i = parent
	}
}

func (h heap) down(i int) {
	for {
		first := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(h); child++ {
			if h[child].before(&h[first]) {
				first = child
			}
		}
		if first == i {
			return
		}
		h.swap(i, first)
		i = first
	}
}

func (h heap) swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].node.pos, h[j].node.pos = i, j
}
