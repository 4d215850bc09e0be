package matching

import (
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/scheduler/roster"
)

// App is what the Market keeps of one App. What a launch touches stands first, next
// to the App's part of the roster, which begins with it: with many Apps, fetching
// it from memory is most of the work.
type App struct {
	// charge is what the App's tasks use, and count for in the queue of queuePath.
	charge charge
	// plain is what placement prepared for all Apps that are like this one for it,
	// nil if that is not enough. demand is what it prepared for this one alone, nil
	// until it is needed.
	plain, demand *placement.Demand
	// failures are the agents that the App failed on lately.
	failures map[mesos.AgentID]failures
	// waitsSince is when the oldest of the instances that want an offer began to,
	// zero while there is none.
	waitsSince time.Time
	// hoardPause is how long it was put off the last time in this wait that agents
	// are held for the App.
	hoardPause time.Duration
	// resting says that the Market's list of those has it.
	resting bool

	roster.App

	queuePath string
	priority  int
	// restsUntil is when the App may launch again, rest the timer of that, nil as
	// long as it was never needed.
	restsUntil time.Time
	rest       *Timer
	// hoardAfter is when agents may be held for the App again.
	hoardAfter time.Time
	// overtakenAt is when others were last placed after it had its turn in vain.
	overtakenAt time.Time
}

// WaitsSince is when the oldest of the instances that want an offer began to, zero
// while there is none.
func (a *App) WaitsSince() time.Time { return a.waitsSince }

// served notes that none of the App's instances wants an offer any more.
func (a *App) served() {
	a.waitsSince, a.hoardPause = time.Time{}, 0
}

// wantsPlace reports whether an instance waits for a place on some agent, not
// only for its home.
func (a *App) wantsPlace() bool {
	return !a.Resident() || slices.ContainsFunc(a.Members(), func(m *roster.Member) bool { return m.Waits() && m.Is().Home == nil })
}

// Install takes in an App whose current definition is new.
func (m *Market) Install(a *App) {
	a.demand = nil
	a.plain = m.cluster.Plain(&a.Spec().Run)
	a.priority = a.Spec().Priority()
	m.enqueue(a)
	m.line(a)
}

// Remove takes out an App that has no instances any more.
func (m *Market) Remove(a *App) {
	if a.rest != nil {
		m.timers.Cancel(a.rest)
	}
	m.leave(a)
	m.fair.Forget(a.Spec().ID)
}

// Rest lets the App launch nothing before a time, as while it backs off; zero ends that.
func (m *Market) Rest(a *App, until time.Time) {
	a.restsUntil = until
	if a.rest == nil && !until.IsZero() {
		a.rest = &Timer{due: restDue, app: a}
	}
	if a.rest != nil {
		m.timers.Set(a.rest, until)
	}
	m.line(a)
}

// Changed is an observer of the roster: it keeps the counts of the constraints,
// the charges of the queues and the waiting line right. Of a launch they know
// already: it was that instance's turn, and it was counted where it was placed.
func (m *Market) Changed(c roster.Change) {
	a := m.of(c.App)
	if c.Placed {
		a.charge.used, a.charge.n = a.charge.used.Add(c.Is.Resources), a.charge.n+1
		m.shares++
		if a.Waiting() == 0 {
			a.served()
		}
		return
	}
	a.recount(c)
	m.recharge(a, c)
	m.line(a)
	if c.Is != nil && c.Is.Condition == instance.Scheduled {
		m.Again()
	}
}

// recount keeps the counts of the App's constraints right.
func (a *App) recount(c roster.Change) {
	if a.demand == nil {
		return
	}
	before, after := a.Counted(c.Was), a.Counted(c.Is)
	moved := before && after && c.Was.Home != c.Is.Home && site(c.Was).AgentID != site(c.Is).AgentID
	if before && !after || moved {
		a.demand.Uncount(site(c.Was))
	}
	if after && !before || moved {
		a.demand.Count(site(c.Is))
	}
}

// site is the agent that an instance counts on.
func site(i *instance.Instance) mesos.Site {
	if h := i.Home; h != nil {
		return h.Site
	}
	return i.Site
}

// recharge keeps what an App's queue uses right.
func (m *Market) recharge(a *App, c roster.Change) {
	before, after := charged(c.Was), charged(c.Is)
	if before == after {
		return
	}
	if before.n > 0 {
		m.fair.Refund(a.queuePath, before.used, before.n)
		a.charge.used, a.charge.n = a.charge.used.Sub(before.used), a.charge.n-before.n
		if m.fair.Limited() > 0 {
			m.unlimit()
		}
	}
	if after.n > 0 {
		m.fair.Charge(a.queuePath, after.used, after.n)
		a.charge.used, a.charge.n = a.charge.used.Add(after.used), a.charge.n+after.n
	}
	m.shares++
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
func (m *Market) enqueue(a *App) {
	path := a.Spec().Queue()
	if path == a.queuePath {
		return
	}
	if a.charge.n > 0 {
		m.fair.Refund(a.queuePath, a.charge.used, a.charge.n)
		m.fair.Charge(path, a.charge.used, a.charge.n)
	}
	a.queuePath = path
	m.shares++
}

// line puts an App with instances that may be launched now in line, and takes one
// that rests, or that has nothing to launch, out of it.
func (m *Market) line(a *App) {
	if a.Waiting() == 0 {
		m.leave(a)
		return
	}
	if a.waitsSince.IsZero() {
		a.waitsSince = *m.now
	}
	count := a.Waiting()
	switch {
	case a.restsUntil.After(*m.now):
		count = 0
		a.resting, m.resting[a.Spec().ID] = true, a
	case a.resting:
		a.resting = false
		delete(m.resting, a.Spec().ID)
	}
	m.fair.Set(fairshare.Request{App: a.Spec().ID, Queue: a.queuePath, Need: a.Spec().Resources, Priority: a.priority, Count: count, Owner: a}, *m.now)
}

// leave takes an App that launches nothing any more out of line.
func (m *Market) leave(a *App) {
	if a.waitsSince.IsZero() {
		return
	}
	a.served()
	m.fair.Set(fairshare.Request{App: a.Spec().ID}, *m.now)
	if a.resting {
		a.resting = false
		delete(m.resting, a.Spec().ID)
	}
}
