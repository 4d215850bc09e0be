package core

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/heap"
)

// timerKind says what a timer is about.
type timerKind uint8

const (
	delayTimer timerKind = iota + 1
	deploymentTimer
	killTimer
	reviveTimer
	reconcileTimer
	implicitTimer
	hoardTimer
	sweepTimer
	trustTimer
)

// timerKey names a timer; there is one of a key at most.
type timerKey struct {
	kind timerKind
	id   string
}

type timer struct {
	heap.Handle
	at  time.Time
	key timerKey
}

// Before orders timers by time; equal times go by key, so that equal runs fire in
// equal order.
func (t *timer) Before(other *timer) bool {
	if c := t.at.Compare(other.at); c != 0 {
		return c < 0
	}
	if t.key.kind != other.key.kind {
		return t.key.kind < other.key.kind
	}
	return t.key.id < other.key.id
}

// timers are deadlines, each replaceable by its key.
type timers struct {
	queue heap.Heap[*timer]
	byKey map[timerKey]*timer
}

func newTimers() *timers { return &timers{byKey: map[timerKey]*timer{}} }

// set puts or moves a deadline.
func (t *timers) set(at time.Time, kind timerKind, id string) {
	key := timerKey{kind, id}
	tm := t.byKey[key]
	if tm == nil {
		tm = &timer{key: key}
		t.byKey[key] = tm
	}
	tm.at = at
	t.queue.Set(tm)
}

func (t *timers) cancel(kind timerKind, id string) {
	if tm, ok := t.byKey[timerKey{kind, id}]; ok {
		t.queue.Remove(tm)
		delete(t.byKey, tm.key)
	}
}

// due removes and returns the first deadline that has passed.
func (t *timers) due(now time.Time) (timerKey, bool) {
	tm := t.queue.First()
	if tm == nil || tm.at.After(now) {
		return timerKey{}, false
	}
	t.cancel(tm.key.kind, tm.key.id)
	return tm.key, true
}

// next returns the earliest deadline, zero if there is none.
func (t *timers) next() time.Time {
	if tm := t.queue.First(); tm != nil {
		return tm.at
	}
	return time.Time{}
}
