package fairshare

// heap keeps the first node on top and can find and move any of them.
type heap []*node

func (h *heap) push(n *node) {
	*h = append(*h, n)
	n.pos = len(*h) - 1
	h.up(n.pos)
}

// remove takes n, which is in the heap, out.
func (h *heap) remove(n *node) {
	i, last := n.pos, len(*h)-1
	h.swap(i, last)
	(*h)[last] = nil
	*h = (*h)[:last]
	n.pos = -1
	if i < last {
		h.fix((*h)[i])
	}
}

// fix moves n, which is in the heap, after its order has changed.
func (h *heap) fix(n *node) {
	i := n.pos
	h.down(i)
	if n.pos == i {
		h.up(i)
	}
}

func (h heap) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !h[i].before(h[parent]) {
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
			if h[child].before(h[first]) {
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
	h[i].pos, h[j].pos = i, j
}
