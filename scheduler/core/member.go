package core

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/heap"
	"github.com/gantry-mesos/gantry/scheduler/instance"
)

// member is one instance in the State: its record, which a change replaces, and
// what the State keeps with it.
type member struct {
	app *appState
	is  *instance.Instance
	// lined says that it is in its App's list of those that want an offer, between
	// before and behind.
	lined          bool
	before, behind *member
	// Handle is where it stands among the deadlines, due its own, and set the
	// order of those of one time.
	heap.Handle
	due time.Time
	set uint64
}

func (m *member) waits() bool {
	return m.is.Condition == instance.Scheduled && m.is.Goal == instance.GoalRunning
}

// Before reports whether the instance is due earlier than another one.
func (m *member) Before(other *member) bool {
	if c := m.due.Compare(other.due); c != 0 {
		return c < 0
	}
	return m.set < other.set
}

// deadlines are the instances that have one: the first to be due on top, those of
// one time in the order in which they were set.
type deadlines struct {
	heap heap.Heap[*member]
	sets uint64
}

// set gives the instance a deadline in place of the one it has; zero takes it away.
func (d *deadlines) set(m *member, at time.Time) {
	if at.IsZero() {
		d.cancel(m)
		return
	}
	d.sets++
	m.due, m.set = at, d.sets
	d.heap.Set(m)
}

func (d *deadlines) cancel(m *member) { d.heap.Remove(m) }

// next returns the earliest deadline, zero if there is none.
func (d *deadlines) next() time.Time {
	if m := d.heap.First(); m != nil {
		return m.due
	}
	return time.Time{}
}

// pop removes and returns the first instance whose deadline has passed, nil if there is none.
func (d *deadlines) pop(now time.Time) *member {
	m := d.heap.First()
	if m == nil || m.due.After(now) {
		return nil
	}
	d.cancel(m)
	return m
}
