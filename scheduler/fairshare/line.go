package fairshare

import "slices"

// line is the items of a queue in the order of their turns: by priority, then
// by arrival. An item that was skipped keeps its place.
type line struct {
	// levels are the priorities that somebody has, the highest first.
	levels []*level
}

// level is the items of one priority, a list in the order of arrival.
type level struct {
	priority    int
	first, last *Item
	// mark is the first item that was not skipped, nil if all were.
	mark *Item
}

// next returns the first item that was not skipped, nil if there is none.
func (l *line) next() *Item {
	for _, v := range l.levels {
		if v.mark != nil {
			return v.mark
		}
	}
	return nil
}

// find returns where the level of a priority is, or would be.
func (l *line) find(priority int) (int, bool) {
	return slices.BinarySearchFunc(l.levels, priority, func(v *level, p int) int { return p - v.priority })
}

// enter puts an item, which is in no line, where it belongs.
func (l *line) enter(it *Item) {
	at, ok := l.find(it.Priority)
	if !ok {
		l.levels = slices.Insert(l.levels, at, &level{priority: it.Priority})
	}
	v := l.levels[at]
	switch {
	case v.last == nil:
		v.first, v.last = it, it
	case v.last.seq < it.seq:
		it.prev, v.last.next, v.last = v.last, it, it
	default:
		v.insert(it)
	}
	if v.mark == nil || it.seq < v.mark.seq {
		v.mark = it
	}
}

// insert puts an item before the first one that came later. Those that come
// back to a line are old, so the search begins in front.
func (v *level) insert(it *Item) {
	after := v.first
	for after.seq < it.seq {
		after = after.next
	}
	it.prev, it.next = after.prev, after
	after.prev = it
	if it.prev != nil {
		it.prev.next = it
	} else {
		v.first = it
	}
}

// leave takes an item out.
func (l *line) leave(it *Item) {
	at, _ := l.find(it.Priority)
	v := l.levels[at]
	if v.mark == it {
		v.mark = it.next
	}
	if it.prev != nil {
		it.prev.next = it.next
	} else {
		v.first = it.next
	}
	if it.next != nil {
		it.next.prev = it.prev
	} else {
		v.last = it.prev
	}
	it.prev, it.next = nil, nil
	if v.first == nil {
		l.levels = slices.Delete(l.levels, at, at+1)
	}
}

// skip passes over the item that next returned.
func (l *line) skip(it *Item) {
	at, _ := l.find(it.Priority)
	l.levels[at].mark = it.next
}

// wake makes everybody's turn come again.
func (l *line) wake() {
	for _, v := range l.levels {
		v.mark = v.first
	}
}
