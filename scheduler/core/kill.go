package core

import (
	"maps"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/instance"
)

// kill is one that was asked for and not confirmed yet.
type kill struct {
	agent mesos.AgentID
	wait  time.Duration
}

// kill asks Mesos to end a task, again and again until it is over.
func (s *State) kill(t mesos.TaskID, agent mesos.AgentID) {
	if _, asked := s.kills[t]; !asked {
		s.kills[t] = &kill{agent: agent, wait: s.cfg.KillRetry}
	}
	s.sendKill(t)
}

// sendKill sends the kill with the task's grace period. The agent's id stays
// out: a wrong one would make the master ignore the kill. Nobody hears it while
// the agent is unreachable, so it is repeated once the task is back.
func (s *State) sendKill(t mesos.TaskID) {
	k := s.kills[t]
	call := mesos.Kill{TaskID: t}
	m := s.roster.FindTask(t)
	if m != nil && m.Is().Draining && !s.drainedBy(m) {
		return
	}
	if m != nil {
		if grace := m.App().Ran(m.Is()).KillGracePeriod; grace != nil {
			call.Policy = &mesos.KillPolicy{GracePeriod: *grace}
		}
	}
	if s.framework.Subscribed {
		s.call(call)
	}
	if m != nil && m.Is().Condition.OutOfSight() {
		s.timers.cancel(killTimer, string(t))
		k.wait = s.cfg.KillRetry
		return
	}
	s.timers.set(s.now.Add(k.wait), killTimer, string(t))
	k.wait = min(2*k.wait, s.cfg.KillRetryMax)
}

func (s *State) killDue(t mesos.TaskID) {
	if _, ok := s.kills[t]; ok {
		s.sendKill(t)
	}
}

// killed notes that a task is over.
func (s *State) killed(t mesos.TaskID) {
	if _, ok := s.kills[t]; ok {
		delete(s.kills, t)
		s.timers.cancel(killTimer, string(t))
	}
}

// rekill sends all unconfirmed kills again after a new subscription, and those
// of instances that were to be ended when the scheduler stopped.
func (s *State) rekill() {
	for a := range s.apps {
		for i := range a.Instances {
			if (i.Goal != instance.GoalRunning || i.Draining || i.Condition == instance.Killing || i.Condemned()) && i.Condition.Live() && i.Condition != instance.UnreachableInactive {
				s.kill(i.TaskID(), i.AgentID)
			}
		}
	}
	for _, t := range slices.Sorted(maps.Keys(s.kills)) {
		s.kills[t].wait = s.cfg.KillRetry
		s.sendKill(t)
	}
}

// guard holds back kills of tasks that nobody asked to end: when too many
// running tasks are unknown, it is the store that is suspect, not the tasks.
type guard struct {
	// tasks are those whose kills are guarded.
	tasks map[mesos.TaskID]mesos.AgentID
	// ending are the tasks that are killed without a confirmation and not over yet:
	// unknown tasks show themselves one by one, and are judged together.
	ending map[mesos.TaskID]struct{}
	// empty says that the scheduler started without any App.
	empty bool
	// alarmed is the number of guarded tasks that was last announced.
	alarmed int
}

func (g *guard) keep(t mesos.TaskID, agent mesos.AgentID) {
	if g.tasks == nil {
		g.tasks = map[mesos.TaskID]mesos.AgentID{}
	}
	g.tasks[t] = agent
}

func (g *guard) forget(t mesos.TaskID) {
	delete(g.tasks, t)
	delete(g.ending, t)
}

// pass notes that what is guarded is killed without a confirmation.
func (g *guard) pass() {
	if g.ending == nil {
		g.ending = map[mesos.TaskID]struct{}{}
	}
	for t := range g.tasks {
		g.ending[t] = struct{}{}
	}
}

// judgeStrays kills unknown tasks if they are few, and otherwise guards the
// kills and raises an alarm until a user confirms them.
func (s *State) judgeStrays() {
	guarded, known := len(s.guard.tasks), s.liveTasks()
	n := guarded + len(s.guard.ending)
	few := n <= s.cfg.GuardMin || float64(n) <= s.cfg.GuardShare*float64(known)
	if few && (!s.guard.empty || s.roster.Len() > 0) {
		s.guard.pass()
		s.letThrough()
		return
	}
	s.framework.KillsGuarded = guarded
	if guarded > s.guard.alarmed {
		s.guard.alarmed = guarded
		s.publish(&event.KillsGuarded{Tasks: guarded, Known: known})
	}
}

// letThrough sends the kills that the guard holds back.
func (s *State) letThrough() {
	for _, t := range slices.Sorted(maps.Keys(s.guard.tasks)) {
		s.kill(t, s.guard.tasks[t])
	}
	clear(s.guard.tasks)
	s.framework.KillsGuarded, s.guard.alarmed = 0, 0
}

// liveTasks is how many tasks of instances may live.
func (s *State) liveTasks() int {
	n := 0
	for a := range s.apps {
		n += a.Len() - a.Waiting()
	}
	return n
}
