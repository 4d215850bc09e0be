package fairshare

// element is what a heap holds: it knows its order and where it stands.
type element[T any] interface {
	before(other T) bool
	// place is the index in the heap, -1 outside.
	place() *int
}

// heap keeps the first element on top and can find and move any of them.
type heap[T element[T]] []T

func (h *heap[T]) push(e T) {
	*h = append(*h, e)
	*e.place() = len(*h) - 1
	h.up(len(*h) - 1)
}

// remove takes e, which is in the heap, out.
func (h *heap[T]) remove(e T) {
	i, last := *e.place(), len(*h)-1
	h.swap(i, last)
	var zero T
	(*h)[last] = zero
	*h = (*h)[:last]
	*e.place() = -1
	if i < last {
		h.fix((*h)[i])
	}
}

// fix moves e, which is in the heap, after its order has changed.
func (h *heap[T]) fix(e T) {
	i := *e.place()
	h.down(i)
	if *e.place() == i {
		h.up(i)
	}
}

func (h heap[T]) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !h[i].before(h[parent]) {
			return
		}
		h.swap(i, parent)
		i = parent
	}
}

func (h heap[T]) down(i int) {
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

func (h heap[T]) swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	*h[i].place(), *h[j].place() = i, j
}
