package core

import (
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/instance"
)

// noteWaiting puts an App with instances that may be launched now in line, and
// takes one that backs off, or that has nothing to launch, out of it.
func (s *State) noteWaiting(a *appState) {
	if a.nWaiting == 0 {
		s.leaveLine(a)
		return
	}
	if a.waitsSince.IsZero() {
		a.waitsSince = s.now
	}
	count := a.nWaiting
	switch rests := !a.launchable(s.now); {
	case rests:
		count = 0
		a.resting, s.resting[a.spec.ID] = true, a
	case a.resting:
		a.resting = false
		delete(s.resting, a.spec.ID)
	}
	s.fair.Set(fairshare.Request{App: a.spec.ID, Queue: a.queuePath, Need: a.spec.Resources, Priority: a.priority, Count: count, Owner: a}, s.now)
}

// leaveLine takes an App that launches nothing any more out of line.
func (s *State) leaveLine(a *appState) {
	if a.waitsSince.IsZero() {
		return
	}
	a.served()
	s.fair.Set(fairshare.Request{App: a.spec.ID}, s.now)
	if a.resting {
		a.resting = false
		delete(s.resting, a.spec.ID)
	}
}

// recharge keeps what an App's queue uses right when a record replaces another
// one; nil stands for none.
func (s *State) recharge(a *appState, was, is *instance.Instance) {
	before, after := charged(was), charged(is)
	if before == after {
		return
	}
	if before.n > 0 {
		s.fair.Release(a.queuePath, before.used, before.n)
		a.charge.used, a.charge.n = a.charge.used.Sub(before.used), a.charge.n-before.n
		if s.fair.Limited() > 0 {
			s.unlimit()
		}
	}
	if after.n > 0 {
		s.fair.Charge(a.queuePath, after.used, after.n)
		a.charge.used, a.charge.n = a.charge.used.Add(after.used), a.charge.n+after.n
	}
	s.sharesChanged = true
}

// charge is what instances use together.
type charge struct {
	used resource.Vector
	n    int
}

// charged is what an instance counts for in its queue: its task's resources
// while there may be a task. One that was given up as unreachable does not count,
// so that its replacement can.
func charged(i *instance.Instance) charge {
	if i == nil || !i.Condition.Live() || i.Condition == instance.UnreachableInactive {
		return charge{}
	}
	return charge{i.Resources, 1}
}

// enqueue moves what an App is charged for when its queue has changed.
func (s *State) enqueue(a *appState) {
	a.priority = a.spec.Priority()
	path := a.spec.Queue()
	if path == a.queuePath {
		return
	}
	if a.charge.n > 0 {
		s.fair.Release(a.queuePath, a.charge.used, a.charge.n)
		s.fair.Charge(path, a.charge.used, a.charge.n)
	}
	a.queuePath = path
	s.sharesChanged = true
}
