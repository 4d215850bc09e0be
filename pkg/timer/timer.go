// Package timer has a queue of what is due at some time. It reads no clock: who
// steps it says what time it is.
package timer

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/heap"
)

// Timer is when something is due. What can be due embeds one, and is Timed by it;
// the zero value is that of something that is not in a Queue.
type Timer struct {
	heap.Handle
	due time.Time
	// set is the order of those that are due at the same time.
	set uint64
}

// Timed is what a Queue holds: a pointer to a struct that embeds Timer. It is in
// one Queue at a time.
type Timed interface {
	heap.Handled
	// Before reports whether it is due earlier than another one.
	Before(other Timed) bool
	timer() *Timer
}

func (t *Timer) timer() *Timer { return t }

// Before implements Timed: of those that are due at the same time the one that
// was set first comes first.
func (t *Timer) Before(other Timed) bool {
	o := other.timer()
	if c := t.due.Compare(o.due); c != 0 {
		return c < 0
	}
	return t.set < o.set
}

// Queue has what is due, the first on top. The zero value is empty.
type Queue struct {
	heap heap.Heap[Timed]
	sets uint64
}

// Len is how many have a time.
func (q *Queue) Len() int { return q.heap.Len() }

// Set makes something due at a time, in place of the one that it has; the zero
// time takes that away.
func (q *Queue) Set(t Timed, at time.Time) {
	if at.IsZero() {
		q.Cancel(t)
		return
	}
	q.sets++
	own := t.timer()
	own.due, own.set = at, q.sets
	q.heap.Set(t)
}

// Cancel takes the time away from something that may have one.
func (q *Queue) Cancel(t Timed) { q.heap.Remove(t) }

// Next returns when the first is due, zero if nothing is.
func (q *Queue) Next() time.Time {
	if t := q.heap.First(); t != nil {
		return t.timer().due
	}
	return time.Time{}
}

// Pop takes out and returns the first that is due by now, nil if nothing is.
func (q *Queue) Pop(now time.Time) Timed {
	t := q.heap.First()
	if t == nil || t.timer().due.After(now) {
		return nil
	}
	q.heap.Remove(t)
	return t
}
