package core

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/roster"
)

// instanceDue acts on an instance's deadline.
func (s *State) instanceDue(m *roster.Member) {
	i := m.Is()
	switch i.Condition {
	case instance.Provisioned:
		s.ask(i)
		s.timers.queue.Set(m, s.now.Add(s.cfg.ConfirmAfter))
	case instance.Staging, instance.Starting:
		s.fail(ownerOf(m), i, mesos.TaskStatus{State: mesos.TaskKilled, Message: "no sign of life for " + s.cfg.LaunchTimeout.String() + " while starting"})
		s.kill(i.TaskID(), i.AgentID)
		s.timers.queue.Set(m, s.now.Add(s.cfg.LaunchTimeout))
	case instance.Unreachable:
		u := m.App().Ran(i).Unreachable
		if i.Goal == instance.GoalRunning && u.ExpungeAfter <= u.InactiveAfter {
			i = i.WithGoal(instance.GoalDecommissioned)
		}
		s.roster.Put(m, i.Inactive(s.now))
	case instance.UnreachableInactive:
		s.roster.Drop(m)
	case instance.Scheduled, instance.Running, instance.Killing, instance.Finished, instance.Failed, instance.Killed,
		instance.Errored, instance.Gone, instance.Dropped, instance.Unknown:
	}
}

// decommission ends an instance for good: at once when it has no task, else by
// a kill. An unreachable one is kept in mind, so that its task is killed when
// it returns; with wipe it is forgotten. A resident one is kept with its data,
// unless those are wiped or its App is deleted.
func (s *State) decommission(m *roster.Member, wipe bool) {
	i := m.Is()
	switch {
	case i.Home != nil && !wipe && !ownerOf(m).deleted:
		s.suspend(m)
	case !i.Condition.Live(), wipe && (i.Condition == instance.Unreachable || i.Condition == instance.UnreachableInactive):
		s.roster.Drop(m)
	case i.Condition == instance.Unreachable || i.Condition == instance.UnreachableInactive:
		s.roster.Put(m, i.WithGoal(instance.GoalDecommissioned).Inactive(s.now))
	case i.Goal != instance.GoalDecommissioned:
		s.roster.Put(m, i.WithGoal(instance.GoalDecommissioned))
		s.kill(i.TaskID(), i.AgentID)
	}
}

// ended acts on a record whose task is over.
func (s *State) ended(m *roster.Member, over *instance.Instance) {
	switch over.Goal {
	case instance.GoalDecommissioned:
		s.roster.End(m, over, nil)
	case instance.GoalStopped, instance.GoalRunning:
		s.roster.End(m, over, over.Rescheduled(s.now, m.App().Spec().Version))
	}
}

// fail notes a task's abnormal end and delays the App's next launches.
func (s *State) fail(a *appState, i *instance.Instance, st mesos.TaskStatus) {
	a.noteFailure(s.now, i, st)
	s.avoid(a, i.AgentID)
	s.delay(a)
}

// noteFailure remembers a task's abnormal end as the App's last one.
func (a *appState) noteFailure(now time.Time, i *instance.Instance, st mesos.TaskStatus) {
	a.trouble.Failure = &TaskFailure{
		App: a.Spec().ID, TaskID: i.TaskID(), AgentID: i.AgentID, Host: i.Hostname, State: st.State, Reason: st.Reason,
		Message: st.Message, Version: i.Version, Timestamp: now,
	}
}

// delay makes the App wait before its next launch, longer after every failure
// ("Marathon, launch backoff").
func (s *State) delay(a *appState) {
	b := a.Spec().Backoff
	quiet := s.now.Sub(a.trouble.DelayUntil) > b.Max
	if a.trouble.Delay == 0 || quiet {
		a.trouble.Delay = b.Initial
	} else {
		a.trouble.Delay = min(time.Duration(float64(a.trouble.Delay)*b.Factor), b.Max)
	}
	a.trouble.DelayUntil = s.now.Add(a.trouble.Delay)
	s.timers.set(a.trouble.DelayUntil, delayTimer, string(a.Spec().ID))
	s.noteWaiting(a)
	s.saveTrouble(a)
}

func (s *State) saveTrouble(a *appState) {
	s.persist(PutTrouble{App: a.Spec().ID, Trouble: a.trouble})
	s.alter(a)
}

func (s *State) clearDelay(a *appState) {
	a.excused = 0
	if a.trouble.DelayUntil.IsZero() {
		return
	}
	a.trouble.Delay, a.trouble.DelayUntil = 0, time.Time{}
	s.timers.cancel(delayTimer, string(a.Spec().ID))
	s.noteWaiting(a)
	s.saveTrouble(a)
}
