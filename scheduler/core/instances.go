package core

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/instance"
)

// store replaces an instance's record and has it persisted.
func (s *State) store(m *member, i *instance.Instance) {
	was := m.is
	m.app.put(m, i)
	s.stored(m, was)
}

// stored does what follows from a new record of an instance; was is the former one.
func (s *State) stored(m *member, was *instance.Instance) {
	a, i := m.app, m.is
	a.recount(was, i)
	s.recharge(a, was, i)
	s.persist(PutInstance{Instance: i})
	s.touch(a)
	s.watch(m)
	s.noteWaiting(a)
	if i.Condition == instance.Scheduled {
		s.placeAgain, s.demand.fresh = true, true
	}
	if was == nil || was.Condition != i.Condition {
		s.publishInstance(i)
	}
}

// forget removes an instance whose task is not known to be over for good.
func (s *State) forget(m *member) {
	s.publishGone(m.is)
	s.remove(m)
}

// remove removes an instance's record for good.
func (s *State) remove(m *member) {
	a, i := m.app, m.is
	a.recount(i, nil)
	s.recharge(a, i, nil)
	a.drop(m)
	s.noteWaiting(a)
	s.killed(i.TaskID())
	s.deadlines.cancel(m)
	s.persist(DropInstance{ID: i.ID})
	s.freeHome(i)
	s.touch(a)
}

// watch sets the deadline that follows from an instance's condition.
func (s *State) watch(m *member) { s.deadlines.set(m, s.deadline(m.app, m.is)) }

func (s *State) deadline(a *appState, i *instance.Instance) time.Time {
	switch i.Condition {
	case instance.Provisioned:
		return later(s.now, i.Since).Add(s.cfg.ConfirmAfter)
	case instance.Staging, instance.Starting:
		return later(s.now, i.Since).Add(s.cfg.LaunchTimeout)
	case instance.Unreachable:
		if i.Goal == instance.GoalRunning && a.ran(i).Unreachable.Disabled || i.Goal == instance.GoalStopped {
			return time.Time{}
		}
		return i.Since.Add(s.inactiveAfter(a, i))
	case instance.UnreachableInactive:
		return i.Since.Add(s.cfg.ForgetAfter)
	case instance.Scheduled, instance.Running, instance.Killing, instance.Finished, instance.Failed, instance.Killed,
		instance.Errored, instance.Gone, instance.Dropped, instance.Unknown:
		return time.Time{}
	default:
		return time.Time{}
	}
}

// inactiveAfter is how long an unreachable instance counts as one of its App's.
func (s *State) inactiveAfter(a *appState, i *instance.Instance) time.Duration {
	after := a.ran(i).Unreachable.InactiveAfter
	if i.Forgotten {
		after = max(after, s.cfg.UnknownGrace)
	}
	return after
}

// instanceDue acts on an instance's deadline.
func (s *State) instanceDue(m *member) {
	i := m.is
	switch i.Condition {
	case instance.Provisioned:
		s.ask(i)
		s.deadlines.set(m, s.now.Add(s.cfg.ConfirmAfter))
	case instance.Staging, instance.Starting:
		s.fail(m.app, i, mesos.TaskStatus{State: mesos.TaskKilled, Message: "no sign of life for " + s.cfg.LaunchTimeout.String() + " while starting"})
		s.kill(i.TaskID(), i.AgentID)
		s.deadlines.set(m, s.now.Add(s.cfg.LaunchTimeout))
	case instance.Unreachable:
		u := m.app.ran(i).Unreachable
		if i.Goal == instance.GoalRunning && u.ExpungeAfter <= u.InactiveAfter {
			i = i.WithGoal(instance.GoalDecommissioned)
		}
		s.store(m, i.Inactive(s.now))
	case instance.UnreachableInactive:
		s.forget(m)
	case instance.Scheduled, instance.Running, instance.Killing, instance.Finished, instance.Failed, instance.Killed,
		instance.Errored, instance.Gone, instance.Dropped, instance.Unknown:
	}
}

// decommission ends an instance for good: at once when it has no task, else by
// a kill. An unreachable one is kept in mind, so that its task is killed when
// it returns; with wipe it is forgotten. A resident one is kept with its data,
// unless those are wiped or its App is deleted.
func (s *State) decommission(m *member, wipe bool) {
	i := m.is
	switch {
	case i.Home != nil && !wipe && !m.app.deleted:
		s.suspend(m)
	case !i.Condition.Live(), wipe && (i.Condition == instance.Unreachable || i.Condition == instance.UnreachableInactive):
		s.forget(m)
	case i.Condition == instance.Unreachable || i.Condition == instance.UnreachableInactive:
		s.store(m, i.WithGoal(instance.GoalDecommissioned).Inactive(s.now))
	case i.Goal != instance.GoalDecommissioned:
		s.store(m, i.WithGoal(instance.GoalDecommissioned))
		s.kill(i.TaskID(), i.AgentID)
	}
}

// ended acts on a record whose task is over.
func (s *State) ended(m *member, i *instance.Instance) {
	s.killed(i.TaskID())
	s.publishInstance(i)
	switch i.Goal {
	case instance.GoalDecommissioned:
		s.remove(m)
	case instance.GoalStopped, instance.GoalRunning:
		s.store(m, i.Rescheduled(s.now, m.app.spec.Version))
		s.doubt(m.is)
	}
}

// counted reports whether an instance counts for the constraints of its App
// ("Marathon, constraints"): its configuration is the current one, and its task
// lives, also while it is being ended, or it will return to its volumes.
func (a *appState) counted(i *instance.Instance) bool {
	return i != nil && a.current[i.Version.UnixMilli()] &&
		(i.Condition.Live() && i.Condition != instance.UnreachableInactive || i.Home != nil && i.Goal == instance.GoalRunning)
}

// recount keeps the placement's counts right when a record replaces another one.
func (a *appState) recount(was, is *instance.Instance) {
	if a.demand == nil {
		return
	}
	before, after := a.counted(was), a.counted(is)
	moved := before && after && was.Home != is.Home && site(was).AgentID != site(is).AgentID
	if before && !after || moved {
		a.demand.Uncount(site(was))
	}
	if after && !before || moved {
		a.demand.Count(site(is))
	}
}

func site(i *instance.Instance) mesos.Site {
	if h := i.Home; h != nil {
		return h.Site
	}
	return i.Site
}

// fail notes a task's abnormal end and delays the App's next launches.
func (s *State) fail(a *appState, i *instance.Instance, st mesos.TaskStatus) {
	a.noteFailure(s.now, i, st)
	s.avoid(a, i.AgentID)
	s.delay(a)
}

// noteFailure remembers a task's abnormal end as the App's last one.
func (a *appState) noteFailure(now time.Time, i *instance.Instance, st mesos.TaskStatus) {
	const messageMax = 10000
	message := st.Message
	if len(message) > messageMax {
		message = message[:messageMax]
	}
	a.trouble.Failure = &TaskFailure{
		App: a.spec.ID, TaskID: i.TaskID(), AgentID: i.AgentID, Host: i.Hostname, State: st.State, Reason: st.Reason,
		Message: message, Version: i.Version, Timestamp: now,
	}
}

// delay makes the App wait before its next launch, longer after every failure
// ("Marathon, launch backoff").
func (s *State) delay(a *appState) {
	b := a.spec.Backoff
	quiet := s.now.Sub(a.trouble.DelayUntil) > b.Max
	if a.trouble.Delay == 0 || quiet {
		a.trouble.Delay = b.Initial
	} else {
		a.trouble.Delay = min(time.Duration(float64(a.trouble.Delay)*b.Factor), b.Max)
	}
	a.trouble.DelayUntil = s.now.Add(a.trouble.Delay)
	s.timers.set(a.trouble.DelayUntil, delayTimer, string(a.spec.ID))
	s.noteWaiting(a)
	s.saveTrouble(a)
}

func (s *State) saveTrouble(a *appState) {
	s.persist(PutTrouble{App: a.spec.ID, Trouble: a.trouble})
	s.alter(a)
}

func (s *State) clearDelay(a *appState) {
	a.excused = 0
	if a.trouble.DelayUntil.IsZero() {
		return
	}
	a.trouble.Delay, a.trouble.DelayUntil = 0, time.Time{}
	s.timers.cancel(delayTimer, string(a.spec.ID))
	s.noteWaiting(a)
	s.saveTrouble(a)
}
