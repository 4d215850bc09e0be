package core

import (
	"time"

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
	// due is its deadline, set the order of deadlines of one time, and place
	// where it stands among them, counted from 1; 0 without one.
	due   time.Time
	set   uint64
	place int
}

func (m *member) waits() bool {
	return m.is.Condition == instance.Scheduled && m.is.Goal == instance.GoalRunning
}

// deadlines are the instances that have one, in a heap: the first to be due on
// top, those of one time in the order in which they were set.
type deadlines struct {
	heap []*member
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
	if m.place == 0 {
		d.heap = append(d.heap, m)
		m.place = len(d.heap)
		d.up(m)
		return
	}
	d.down(m)
	d.up(m)
}

func (d *deadlines) cancel(m *member) {
	if m.place == 0 {
		return
	}
	at, last := m.place-1, d.heap[len(d.heap)-1]
	d.heap[len(d.heap)-1] = nil
	d.heap = d.heap[:len(d.heap)-1]
	m.place = 0
	if last != m {
		d.put(last, at)
		d.down(last)
		d.up(last)
	}
}

// next returns the earliest deadline, zero if there is none.
func (d *deadlines) next() time.Time {
	if len(d.heap) == 0 {
		return time.Time{}
	}
	return d.heap[0].due
}

// pop removes and returns the first instance whose deadline has passed, nil if there is none.
func (d *deadlines) pop(now time.Time) *member {
	if len(d.heap) == 0 || d.heap[0].due.After(now) {
		return nil
	}
	m := d.heap[0]
	d.cancel(m)
	return m
}

func (d *deadlines) put(m *member, at int) {
	d.heap[at] = m
	m.place = at + 1
}

func (d *deadlines) up(m *member) {
	at := m.place - 1
	for at > 0 {
		parent := (at - 1) / 2
		if !m.sooner(d.heap[parent]) {
			break
		}
		d.put(d.heap[parent], at)
		at = parent
	}
	d.put(m, at)
}

func (d *deadlines) down(m *member) {
	at := m.place - 1
	for {
		child := 2*at + 1
		if child >= len(d.heap) {
			break
		}
		if child+1 < len(d.heap) && d.heap[child+1].sooner(d.heap[child]) {
			child++
		}
		if !d.heap[child].sooner(m) {
			break
		}
		d.put(d.heap[child], at)
		at = child
	}
	d.put(m, at)
}

func (m *member) sooner(other *member) bool {
	if c := m.due.Compare(other.due); c != 0 {
		return c < 0
	}
	return m.set < other.set
}
