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
	// due is counted from the Queue's origin.
	due time.Duration
	// set is the order of those that are due at the same time.
	set uint64
	// of is what has the Timer, nil before it is set for the first time.
	of Timed
}

// Timed is what a Queue holds: a pointer to a struct that embeds Timer. It is in
// one Queue at a time.
type Timed interface{ timer() *Timer }

func (t *Timer) timer() *Timer { return t }

// Before implements heap.Item: of those that are due at the same time the one that
// was set first comes first.
func (t *Timer) Before(other *Timer) bool {
	return t.due < other.due || t.due == other.due && t.set < other.set
}

// Queue has what is due, the first on top. The zero value is empty.
type Queue struct {
	heap heap.Heap[*Timer]
	sets uint64
	// origin is the first time that was set. Differences to it do not jump with the
	// clock on the wall where times carry the other one (package time).
	origin time.Time
}

// Len is how many have a time.
func (q *Queue) Len() int { return q.heap.Len() }

// Set makes something due at a time, in place of the one that it has; the zero
// time takes that away.
func (q *Queue) Set(t Timed, at time.Time) {
	own := t.timer()
	if at.IsZero() {
		q.heap.Remove(own)
		return
	}
	if q.origin.IsZero() {
		q.origin = at
	}
	if own.of == nil {
		own.of = t
	}
	q.sets++
	own.due, own.set = at.Sub(q.origin), q.sets
	q.heap.Set(own)
}

// Cancel takes the time away from something that may have one.
func (q *Queue) Cancel(t Timed) { q.heap.Remove(t.timer()) }

// Next returns when the first is due, zero if nothing is.
func (q *Queue) Next() time.Time {
	if t := q.heap.First(); t != nil {
		return q.origin.Add(t.due)
	}
	return time.Time{}
}

// Pop takes out and returns the first that is due by now, nil if nothing is.
func (q *Queue) Pop(now time.Time) Timed {
	t := q.heap.First()
	if t == nil || t.due > now.Sub(q.origin) {
		return nil
	}
	q.heap.Remove(t)
	return t.of
}
