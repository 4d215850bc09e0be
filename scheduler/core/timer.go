package core

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/timer"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/matching"
	"github.com/gantry-mesos/gantry/scheduler/roster"
)

// timerKind says what a timer is about.
type timerKind uint8

const (
	deploymentTimer timerKind = iota + 1
	killTimer
	reconcileTimer
	implicitTimer
	cullTimer
)

// timerKey names a timer that belongs to no instance; there is one of a key at most.
type timerKey struct {
	kind timerKind
	id   string
}

// keyed is a timer that is found by its key.
type keyed struct {
	timer.Timer
	key timerKey
}

// timers are all that the State will have to act on at some time: the instances'
// deadlines, what the market has to do, and those with a key.
type timers struct {
	queue timer.Queue
	byKey map[timerKey]*keyed
}

// set puts or moves a timer with a key.
func (t *timers) set(at time.Time, kind timerKind, id string) {
	key := timerKey{kind, id}
	k := t.byKey[key]
	if k == nil {
		k = &keyed{key: key}
		t.byKey[key] = k
	}
	t.queue.Set(k, at)
}

func (t *timers) cancel(kind timerKind, id string) {
	if k, ok := t.byKey[timerKey{kind, id}]; ok {
		t.queue.Cancel(k)
		delete(t.byKey, k.key)
	}
}

// fireTimers acts on everything that is due.
func (s *State) fireTimers() {
	for due := s.timers.queue.Pop(s.now); due != nil; due = s.timers.queue.Pop(s.now) {
		switch t := due.(type) {
		case *roster.Member:
			s.instanceDue(t)
		case *matching.Timer:
			if a := s.market.Due(t); a != nil {
				s.pictures.Changed(&stateOf(&a.App).page)
			}
		case *keyed:
			delete(s.timers.byKey, t.key)
			s.keyDue(t.key)
		}
	}
}

func (s *State) keyDue(key timerKey) {
	switch key.kind {
	case deploymentTimer:
		s.deploymentDue(deployment.ID(key.id))
	case killTimer:
		s.killDue(mesos.TaskID(key.id))
	case reconcileTimer:
		s.reconcileDue()
	case implicitTimer:
		s.reconcileAll()
	case cullTimer:
		s.ward.look = true
	}
}
