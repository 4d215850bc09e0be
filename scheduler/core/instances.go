package core

import (
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

// taskGone has a task's end that somebody knows of, and Mesos does not, take its course.
func (s *State) taskGone(id mesos.TaskID) error {
	m := s.roster.FindTask(id)
	if m == nil {
		return &NotFoundError{Kind: "Task", ID: string(id)}
	}
	i := m.Is()
	if !i.Condition.OutOfSight() {
		return &InSightError{Task: id, Condition: i.Condition}
	}
	s.applyUpdate(mesos.TaskStatus{TaskID: id, AgentID: i.AgentID, State: mesos.TaskGoneByOperator, Timestamp: s.now, Message: "an operator knows that it is dead"})
	return nil
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
		s.drain(m, i.WithGoal(instance.GoalDecommissioned), wipe)
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
