package core

import (
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/roster"
)

// lineUp keeps the waiting line right after a change of an instance. What is new in
// it is a reason to look at the offers again, and to ask for more. Of a launch
// the line knows already: it was that instance's turn.
func (s *State) lineUp(c *roster.Change) {
	a := stateOf(c.App)
	switch {
	case !c.Placed:
		s.noteWaiting(a)
		if c.Is != nil && c.Is.Condition == instance.Scheduled {
			s.placeAgain, s.demand.fresh = true, true
		}
	case a.Waiting() == 0:
		a.served()
	default:
		a.page.Used(s.now)
	}
}

// noteWaiting puts an App with instances that may be launched now in line, and
// takes one that backs off, or that has nothing to launch, out of it.
func (s *State) noteWaiting(a *appState) {
	if a.Waiting() == 0 {
		s.leaveLine(a)
		return
	}
	if a.waitsSince.IsZero() {
		a.waitsSince = s.now
	}
	count := a.Waiting()
	switch rests := !a.launchable(s.now); {
	case rests:
		count = 0
		a.resting, s.resting[a.Spec().ID] = true, a
	case a.resting:
		a.resting = false
		delete(s.resting, a.Spec().ID)
	}
	s.fair.Set(fairshare.Request{App: a.Spec().ID, Queue: a.queuePath, Need: a.Spec().Resources, Priority: a.priority, Count: count, Owner: a}, s.now)
}

// leaveLine takes an App that launches nothing any more out of line.
func (s *State) leaveLine(a *appState) {
	if a.waitsSince.IsZero() {
		return
	}
	a.served()
	s.fair.Set(fairshare.Request{App: a.Spec().ID}, s.now)
	if a.resting {
		a.resting = false
		delete(s.resting, a.Spec().ID)
	}
}

// recharge keeps what an App's queue uses right. For a launch the queue was
// charged when it was that instance's turn.
func (s *State) recharge(c *roster.Change) {
	a := stateOf(c.App)
	if c.Placed {
		a.charge.used, a.charge.n = a.charge.used.Add(c.Is.Resources), a.charge.n+1
		s.sharesChanged = true
		return
	}
	before, after := charged(c.Was), charged(c.Is)
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
	a.priority = a.Spec().Priority()
	path := a.Spec().Queue()
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
