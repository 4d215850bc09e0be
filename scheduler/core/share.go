package core

import (
	"maps"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// noteWaiting puts an App with instances that may be launched now in line, and
// takes one that backs off, or that has nothing to launch, out of it.
func (s *State) noteWaiting(a *appState) {
	if a.nWaiting == 0 {
		s.leaveLine(a)
		return
	}
	if a.queue.Since.IsZero() {
		a.queue.Since = s.now
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
	if a.queue.Since.IsZero() {
		return
	}
	a.queue = QueueView{}
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
// while there may be a task.
func charged(i *instance.Instance) charge {
	if i == nil || !i.Condition.Live() {
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

// hoard is the agents that are held for an App.
type hoard struct {
	demand *placement.Demand
	until  time.Time
}

// release gives agents back that are held for Apps which wait no more, or
// whose time is over.
func (s *State) release() {
	for _, id := range slices.Sorted(maps.Keys(s.hoards)) {
		a, h := s.apps[id], s.hoards[id]
		if a != nil && a.demand == h.demand && a.nWaiting > 0 && s.now.Before(h.until) {
			continue
		}
		s.cluster.Release(h.demand)
		s.timers.cancel(hoardTimer, string(id))
		delete(s.hoards, id)
		if a != nil {
			a.hoardAfter = s.now.Add(s.cfg.HoldFor)
		}
	}
}

// hoard holds an agent for an App that has waited too long for a place that is
// large enough, so that smaller ones do not take every part that becomes free.
func (s *State) hoard(a *appState, waits time.Time) {
	id := a.spec.ID
	_, has := s.hoards[id]
	if has || !a.wantsPlace() || len(s.hoards) >= hoardsMax || s.now.Before(a.hoardAfter) || s.now.Sub(waits) < s.cfg.StarveAfter {
		return
	}
	if _, ok := s.cluster.Hold(s.demandOf(a)); !ok {
		return
	}
	until := s.now.Add(s.cfg.HoldFor)
	s.hoards[id] = hoard{a.demand, until}
	s.timers.set(until, hoardTimer, string(id))
}

// hoardsMax is for how many Apps agents are held at a time: what is held serves nobody meanwhile.
const hoardsMax = 4
