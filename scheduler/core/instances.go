package core

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// store puts an instance's record into the state and has it persisted.
func (s *State) store(a *appState, i *instance.Instance) {
	was := a.instance(i.ID)
	a.recount(was, i)
	s.recharge(a, was, i)
	a.put(i)
	s.persist(PutInstance{Instance: i})
	s.touch(a)
	s.watch(a, i)
	s.noteWaiting(a)
	if i.Condition == instance.Scheduled {
		s.placeAgain, s.demand.fresh = true, true
	}
	if was == nil || was.Condition != i.Condition {
		s.publishInstance(i)
	}
}

// forget removes an instance's record for good.
func (s *State) forget(a *appState, i *instance.Instance) {
	a.recount(a.instance(i.ID), nil)
	s.recharge(a, a.instance(i.ID), nil)
	a.drop(i.ID)
	s.noteWaiting(a)
	s.killed(i.TaskID())
	s.timers.cancel(instanceTimer, string(i.ID))
	s.persist(DropInstance{ID: i.ID})
	s.touch(a)
}

// watch sets the deadline that follows from an instance's condition.
func (s *State) watch(a *appState, i *instance.Instance) {
	at := s.deadline(a, i)
	if at.IsZero() {
		s.timers.cancel(instanceTimer, string(i.ID))
		return
	}
	s.timers.set(at, instanceTimer, string(i.ID))
}

func (s *State) deadline(a *appState, i *instance.Instance) time.Time {
	switch i.Condition {
	case instance.Provisioned:
		return later(s.now, i.Since).Add(s.cfg.ConfirmAfter)
	case instance.Staging, instance.Starting:
		return later(s.now, i.Since).Add(s.cfg.LaunchTimeout)
	case instance.Unreachable:
		if i.Goal == instance.GoalRunning && a.spec.Unreachable.Disabled {
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
	after := a.spec.Unreachable.InactiveAfter
	if i.Forgotten {
		after = max(after, s.cfg.UnknownGrace)
	}
	return after
}

// instanceDue acts on an instance's deadline.
func (s *State) instanceDue(id instance.ID) {
	a, i := s.byID(id)
	if i == nil {
		return
	}
	switch i.Condition {
	case instance.Provisioned:
		s.ask(i)
		s.timers.set(s.now.Add(s.cfg.ConfirmAfter), instanceTimer, string(id))
	case instance.Staging, instance.Starting:
		s.fail(a, i, mesos.TaskStatus{State: mesos.TaskKilled, Message: "no sign of life for " + s.cfg.LaunchTimeout.String() + " while starting"})
		s.kill(i.TaskID(), i.AgentID)
		s.timers.set(s.now.Add(s.cfg.LaunchTimeout), instanceTimer, string(id))
	case instance.Unreachable:
		if i.Goal == instance.GoalRunning && a.spec.Unreachable.ExpungeAfter <= a.spec.Unreachable.InactiveAfter {
			i = i.WithGoal(instance.GoalDecommissioned)
		}
		s.store(a, i.Inactive(s.now))
	case instance.UnreachableInactive:
		s.forget(a, i)
	case instance.Scheduled, instance.Running, instance.Killing, instance.Finished, instance.Failed, instance.Killed,
		instance.Errored, instance.Gone, instance.Dropped, instance.Unknown:
	}
}

func (s *State) byID(id instance.ID) (*appState, *instance.Instance) {
	_, appID, ok := instance.OfTask(id.TaskID(1))
	if !ok || s.apps[appID] == nil {
		return nil, nil
	}
	a := s.apps[appID]
	return a, a.instance(id)
}

// decommission ends an instance for good: at once when it has no task, else by
// a kill. An unreachable one is kept in mind, so that its task is killed when
// it returns; with wipe it is forgotten.
func (s *State) decommission(a *appState, i *instance.Instance, wipe bool) {
	switch {
	case i == nil:
	case !i.Condition.Live(), wipe && (i.Condition == instance.Unreachable || i.Condition == instance.UnreachableInactive):
		s.forget(a, i)
	case i.Condition == instance.Unreachable || i.Condition == instance.UnreachableInactive:
		s.store(a, i.WithGoal(instance.GoalDecommissioned).Inactive(s.now))
	case i.Goal != instance.GoalDecommissioned:
		s.store(a, i.WithGoal(instance.GoalDecommissioned))
		s.kill(i.TaskID(), i.AgentID)
	}
}

// ended acts on a record whose task is over.
func (s *State) ended(a *appState, i *instance.Instance) {
	s.killed(i.TaskID())
	s.publishInstance(i)
	switch i.Goal {
	case instance.GoalDecommissioned:
		s.forget(a, i)
	case instance.GoalStopped, instance.GoalRunning:
		s.store(a, i.Rescheduled(s.now, a.spec.Version))
	}
}

// counted reports whether an instance counts for the constraints of its App:
// it is wanted, lives, and has the current configuration.
func (a *appState) counted(i *instance.Instance) bool {
	return i != nil && i.Active() && a.current[i.Version.UnixMilli()]
}

// recount keeps the placement's counts right when a record replaces another one.
func (a *appState) recount(was, is *instance.Instance) {
	if a.demand == nil || is != nil && is.Condition == instance.Provisioned {
		return
	}
	before, after := a.counted(was), a.counted(is)
	if before && !after {
		a.demand.Uncount(site(was))
	}
	if after && !before {
		a.demand.Count(site(is))
	}
}

func site(i *instance.Instance) placement.Site {
	return placement.Site{Agent: i.AgentID, Hostname: i.Hostname, Domain: i.Domain, Attributes: i.Attributes}
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
	s.saveTrouble(a)
}

func (s *State) saveTrouble(a *appState) {
	s.persist(PutTrouble{App: a.spec.ID, Trouble: a.trouble})
	s.changed[a.spec.ID] = true
}

func (s *State) clearDelay(a *appState) {
	if a.trouble.Delay == 0 {
		return
	}
	a.trouble.Delay, a.trouble.DelayUntil = 0, time.Time{}
	s.timers.cancel(delayTimer, string(a.spec.ID))
	s.saveTrouble(a)
}
