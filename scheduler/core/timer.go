package core

import (
	"container/heap"
	"time"
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
)

// timerKey names a timer; there is one of a key at most.
type timerKey struct {
	kind timerKind
	id   string
}

type timer struct {
	at    time.Time
	key   timerKey
	index int
}

// timers is a heap of deadlines, each replaceable by its key.
type timers struct {
	queue timerQueue
	byKey map[timerKey]*timer
}

func newTimers() *timers { return &timers{byKey: map[timerKey]*timer{}} }

// set puts or moves a deadline.
func (t *timers) set(at time.Time, kind timerKind, id string) {
	key := timerKey{kind, id}
	if old, ok := t.byKey[key]; ok {
		old.at = at
		heap.Fix(&t.queue, old.index)
		return
	}
	tm := &timer{at: at, key: key}
	t.byKey[key] = tm
	heap.Push(&t.queue, tm)
}

func (t *timers) cancel(kind timerKind, id string) {
	if old, ok := t.byKey[timerKey{kind, id}]; ok {
		heap.Remove(&t.queue, old.index)
		delete(t.byKey, old.key)
	}
}

// due removes and returns the first deadline that has passed.
func (t *timers) due(now time.Time) (timerKey, bool) {
	if len(t.queue) == 0 || t.queue[0].at.After(now) {
		return timerKey{}, false
	}
	tm, _ := heap.Pop(&t.queue).(*timer)
	delete(t.byKey, tm.key)
	return tm.key, true
}

// next returns the earliest deadline, zero if there is none.
func (t *timers) next() time.Time {
	if len(t.queue) == 0 {
		return time.Time{}
	}
	return t.queue[0].at
}

// timerQueue implements heap.Interface; equal times go by key, so that equal
// runs fire in equal order.
type timerQueue []*timer

func (q timerQueue) Len() int { return len(q) }
func (q timerQueue) Less(i, j int) bool {
	if !q[i].at.Equal(q[j].at) {
		return q[i].at.Before(q[j].at)
	}
	if q[i].key.kind != q[j].key.kind {
		return q[i].key.kind < q[j].key.kind
	}
	return q[i].key.id < q[j].key.id
}
func (q timerQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}
func (q *timerQueue) Push(x any) {
	tm, _ := x.(*timer)
	tm.index = len(*q)
	*q = append(*q, tm)
}
func (q *timerQueue) Pop() any {
	old := *q
	tm := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return tm
}
