package placement

import (
	"math"
	"strconv"

	"github.com/gantry-mesos/gantry/pkg/constraint"
)

// counter counts an App's instances by the values of a field, for a constraint
// whose answer depends on other instances.
type counter struct {
	constraint constraint.Constraint
	field      *field
	counts     []int32
	// total is how many instances with the field are counted, groups how many values they have.
	total, groups int32
	// limit is how many instances a value may have, 0 for no limit.
	limit int32
	// minimum is how many groups GROUP_BY expects at least.
	minimum int
	// levels is set for the GROUP_BY that agents are chosen by.
	levels *levels
}

// newCounter returns nil for a constraint that does not count.
func newCounter(c constraint.Constraint, f *field) *counter {
	n := &counter{constraint: c, field: f}
	switch c.Operator {
	case constraint.Unique:
		n.limit = 1
	case constraint.MaxPer:
		n.limit = int32(min(number(c.Value), math.MaxInt32))
	case constraint.GroupBy:
		n.minimum = number(c.Value)
	case constraint.Cluster:
		if c.Value != "" {
			return nil
		}
	case constraint.Like, constraint.Unlike, constraint.Is:
		return nil
	}
	return n
}

// number reads the value of GROUP_BY or MAX_PER, which was validated; 0 if there is none.
func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}

// count returns how many instances have value v, 0 for none.
func (n *counter) count(v int32) int32 {
	if uint32(v) >= uint32(len(n.counts)) {
		return 0
	}
	return n.counts[v]
}

// blocks reports whether the constraint excludes the agents of a value whatever
// else is chosen. GROUP_BY never does: see accepts.
func (n *counter) blocks(v int32) bool {
	switch {
	case n.limit > 0:
		return n.count(v) >= n.limit
	case n.constraint.Operator == constraint.Cluster:
		return n.total > 0 && n.count(v) == 0
	default:
		return false
	}
}

// accepts is the whole constraint for a value, GROUP_BY included: a value is
// good if it is new, or if there are enough groups and it is among the smallest.
func (n *counter) accepts(v int32) bool {
	if n.constraint.Operator != constraint.GroupBy {
		return !n.blocks(v)
	}
	if n.count(v) == 0 {
		return true
	}
	return int(n.groups) >= n.minimum && n.count(v) == n.smallest()
}

// smallest returns the lowest count above zero, 0 if nothing is counted.
func (n *counter) smallest() int32 {
	if n.levels != nil {
		if len(n.levels.list) > 1 {
			return n.levels.list[1].count
		}
		return 0
	}
	low := int32(0)
	for _, have := range n.counts {
		if have > 0 && (low == 0 || have < low) {
			low = have
		}
	}
	return low
}

// change adds delta, 1 or -1, to a value's count and reports whether what the
// counter blocks has changed, for this value and for all others.
func (n *counter) change(v, delta int32) (this, others bool) {
	for int(v) >= len(n.counts) {
		n.counts = append(n.counts, make([]int32, int(v)+1-len(n.counts))...)
	}
	before := n.counts[v]
	after := before + delta
	n.counts[v] = after
	n.total += delta
	switch {
	case before == 0:
		n.groups++
	case after == 0:
		n.groups--
	}
	if n.levels != nil {
		n.levels.move(v, before, after)
	}
	if n.constraint.Operator == constraint.Cluster {
		return false, before == 0 || after == 0
	}
	return n.limit > 0 && (before >= n.limit) != (after >= n.limit), false
}

// enter takes in an agent that is new to the counter.
func (n *counter) enter(i int32) {
	v := n.field.of[i]
	if n.levels == nil || v == none {
		return
	}
	n.levels.enter(i, n.count(v))
}

// fill makes the levels anew and takes what the counter blocks out of allow.
func (n *counter) fill(allow bitset) {
	cluster := n.constraint.Operator == constraint.Cluster && n.total > 0
	var keep bitset
	if n.levels != nil {
		n.levels.clear()
		n.levels.list[0].bits = append(n.levels.list[0].bits[:0], n.field.has...)
		n.levels.list[0].low = 0
	}
	for v, have := range n.counts {
		if have == 0 {
			continue
		}
		switch {
		case cluster:
			n.field.add(&keep, int32(v))
		case n.blocks(int32(v)):
			n.field.drop(allow, int32(v))
		}
		if n.levels != nil {
			n.field.drop(n.levels.list[0].bits, int32(v))
			n.field.add(&n.levels.at(have).bits, int32(v))
		}
	}
	if cluster {
		keep.grow(len(allow) << 6)
		for w := range allow {
			allow[w] &= keep[w]
		}
	}
}
