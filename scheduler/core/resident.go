package core

import (
	"github.com/gantry-mesos/gantry/pkg/why"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/roster"
	"github.com/gantry-mesos/gantry/scheduler/volumes"
)

// suspend ends an instance's task and keeps the instance with its volumes, for
// the next time that the App wants one more. An unreachable task is killed when
// it comes back.
func (s *State) suspend(m *roster.Member) {
	i := m.Is()
	if i.Goal != instance.GoalRunning {
		return
	}
	stopped := i.WithGoal(instance.GoalStopped)
	if i.Condition.Live() && !i.Condition.OutOfSight() {
		s.drain(m, stopped, false)
		return
	}
	s.roster.Put(m, stopped)
}

// resume starts up to n suspended instances again and returns how many more are
// to be made. Those whose task has not ended yet are waited for: a new one
// would begin without their data.
func (s *State) resume(a *appState, n int) int {
	if n == 0 || !a.Resident() {
		return n
	}
	var back []*roster.Member
	coming := 0
	for _, m := range a.Members() {
		switch i := m.Is(); {
		case i.Goal != instance.GoalStopped:
		case i.Condition == instance.Scheduled, i.Condition.OutOfSight() && !a.Outdated(i):
			back = append(back, m)
		default:
			coming++
		}
	}
	for _, m := range back[:min(n, len(back))] {
		next := m.Is().WithGoal(instance.GoalRunning)
		if next.Condition == instance.Scheduled {
			next = next.Rescheduled(s.now, a.Spec().Version)
		}
		s.roster.Put(m, next)
	}
	n -= min(n, len(back))
	return max(0, n-coming)
}

// missedHome tells which home an App's longest waiting resident instance waits
// for, nil if none waits for one.
func (s *State) missedHome(a *roster.App) *why.Home {
	i := homesick(a)
	if i == nil {
		return nil
	}
	paths := make([]string, len(i.Home.Volumes))
	for n, v := range i.Home.Volumes {
		paths[n] = v.ContainerPath
	}
	return &why.Home{
		Instance: string(i.ID), Task: i.TaskID(), Agent: i.Home.AgentID, Hostname: i.Home.Hostname,
		Paths: paths, Made: i.Home.Made, Lack: s.homeLack(i.Home), Wipe: true,
	}
}

// homesick returns the waiting instance with a home that has waited longest.
func homesick(a *roster.App) *instance.Instance {
	if !a.Resident() {
		return nil
	}
	return volumes.Missing(a.Instances)
}

// homeLack says what the home of a waiting instance has not got at present.
func (s *State) homeLack(h *instance.Home) why.HomeLack {
	switch {
	case !s.market.Offering(h.AgentID, h.Role):
		return why.HomeSilent
	case s.market.Draining(h.AgentID):
		return why.HomeDraining
	default:
		return why.HomeShort
	}
}

// launchedAfterAll notes that a task which was given up does run, and so that
// its volumes exist.
func (s *State) launchedAfterAll(m *roster.Member) {
	if i := m.Is(); i.Home != nil && !i.Home.Made {
		s.roster.Put(m, i.At(i.Home.Confirmed(i.Home.AgentID)))
	}
}

// keeps reports whether a kill without wipe has no effect on an instance that
// holds data: its task is out of reach, or, unless the App is to shrink by it,
// there is none ("Marathon, killing").
func keeps(i *instance.Instance, scale bool) bool {
	if i.Home == nil {
		return false
	}
	return i.Goal == instance.GoalStopped || i.Condition.OutOfSight() || !i.Condition.Live() && !scale
}
