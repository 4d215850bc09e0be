// Package heap has a priority queue whose items know where they stand, so that
// any of them can be moved or taken out.
package heap

import "slices"

// Handle is where an item stands in its Heap. An item embeds one; the zero
// value is that of an item in no Heap.
type Handle struct {
	// at counts from 1.
	at int
}

// In reports whether the item is in a Heap.
func (h *Handle) In() bool { return h.at != 0 }

func (h *Handle) handle() *Handle { return h }

// Handled is a pointer to a struct that embeds Handle.
type Handled interface{ handle() *Handle }

// Item is what a Heap holds. An item is in one Heap at a time.
type Item[T any] interface {
	comparable
	Handled
	// Before reports whether the item comes out earlier than another one.
	Before(other T) bool
}

// Heap keeps items with the first of their order on top. The zero value is empty.
type Heap[T Item[T]] struct{ items []T }

// Len is how many items there are.
func (h *Heap[T]) Len() int { return len(h.items) }

// First returns the item on top, the zero value if there is none.
func (h *Heap[T]) First() (first T) {
	if len(h.items) > 0 {
		first = h.items[0]
	}
	return first
}

// Set puts an item in, or in its place after its order has changed.
func (h *Heap[T]) Set(item T) {
	at := item.handle().at - 1
	if at < 0 {
		if len(h.items) == cap(h.items) {
			h.items = slices.Grow(h.items, len(h.items)+1)
		}
		h.items = append(h.items, item)
		h.up(item, len(h.items)-1)
		return
	}
	h.down(item, at)
}

// Remove takes an item out, if it is in.
func (h *Heap[T]) Remove(item T) {
	at, end := item.handle().at-1, len(h.items)-1
	if at < 0 {
		return
	}
	var none T
	last := h.items[end]
	h.items[end], h.items = none, h.items[:end]
	item.handle().at = 0
	if at < end {
		h.down(last, at)
	}
}

func (h *Heap[T]) put(item T, at int) {
	h.items[at] = item
	item.handle().at = at + 1
}

// up moves an item from a place towards the top, as far as it goes.
func (h *Heap[T]) up(item T, at int) {
	for at > 0 {
		parent := (at - 1) / 2
		if !item.Before(h.items[parent]) {
			break
		}
		h.put(h.items[parent], at)
		at = parent
	}
	h.put(item, at)
}

// down moves an item from a place away from the top, or else towards it.
func (h *Heap[T]) down(item T, at int) {
	for {
		child := 2*at + 1
		if child >= len(h.items) {
			break
		}
		if child+1 < len(h.items) && h.items[child+1].Before(h.items[child]) {
			child++
		}
		if !h.items[child].Before(item) {
			break
		}
		h.put(h.items[child], at)
		at = child
	}
	h.up(item, at)
}
