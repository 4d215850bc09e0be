package placement

import "slices"

// levels orders the values of a field by how many counted instances have each,
// with the agents of every count as a bitset. Counts change by one at a time,
// so a value moves to the next level or the one before.
type levels struct {
	field *field
	// list is in ascending order of count; list[0] is always count 0.
	list  []*level
	spare []*level
}

// level is the values of one count.
type level struct {
	count  int32
	values int
	bits   bitset
	// low is a word of bits before which all are empty.
	low int
	// deadAt is the demand's version of the world in which a search of this
	// level found nothing, 0 if none did.
	deadAt uint64
}

func newLevels(f *field) *levels {
	return &levels{field: f, list: []*level{{}}}
}

// at returns the level of a count, making it if need be.
func (l *levels) at(count int32) *level {
	i := 0
	for i < len(l.list) && l.list[i].count < count {
		i++
	}
	if i < len(l.list) && l.list[i].count == count {
		return l.list[i]
	}
	v := &level{}
	if n := len(l.spare); n > 0 {
		v, l.spare = l.spare[n-1], l.spare[:n-1]
		clear(v.bits)
		v.deadAt, v.values, v.low = 0, 0, 0
	}
	v.count = count
	l.list = slices.Insert(l.list, i, v)
	return v
}

// move takes a value from one count to another.
func (l *levels) move(value, from, to int32) {
	old := l.at(from)
	l.field.drop(old.bits, value)
	old.values--
	next := l.at(to)
	l.field.add(&next.bits, value)
	next.values++
	next.deadAt = 0
	next.low = min(next.low, l.firstWord(value))
	if old.values <= 0 && old.count != 0 {
		i := slices.Index(l.list, old)
		l.list = slices.Delete(l.list, i, i+1)
		l.spare = append(l.spare, old)
	}
}

// enter adds an agent whose value has the count.
func (l *levels) enter(i, count int32) {
	v := l.at(count)
	v.bits.set(i)
	v.deadAt = 0
	v.low = min(v.low, int(i>>6))
}

// clear takes all agents out; the counts stay.
func (l *levels) clear() {
	for _, v := range l.list {
		clear(v.bits)
		v.low = 0
	}
}

// firstWord is where in a bitset the members of a value begin, at the earliest.
func (l *levels) firstWord(value int32) int {
	if i := l.field.only[value]; i != several {
		return int(i >> 6)
	}
	return 0
}

// first returns the first agent of a level as far as whole words go, none if it is empty.
func (v *level) first() int32 {
	for v.low < len(v.bits) && v.bits[v.low] == 0 {
		v.low++
	}
	if v.low == len(v.bits) {
		return none
	}
	return int32(v.low << 6)
}

// groups returns the levels that GROUP_BY allows: values that no counted
// instance has and, once enough are known, the smallest ones.
func (l *levels) groups(enough bool) []*level {
	if len(l.list) == 1 || !enough {
		return l.list[:1]
	}
	return l.list[:2]
}
