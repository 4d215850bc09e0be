package core

import (
	"slices"

	"github.com/gantry-mesos/gantry/pkg/why"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/scheduler/roster"
)

// placeResident places the first waiting instance of a resident App that finds
// its volumes on offer, or, without any yet, an agent to have them made on.
func (s *State) placeResident(a *appState) (m *roster.Member, at placement.Assignment, ok bool) {
	d := s.demandOf(a)
	for m = a.First(); m != nil; m = m.Next() {
		if at, ok = s.takeHome(d, m); ok {
			return m, at, true
		}
	}
	return nil, at, false
}

// takeHome places one instance, at its home if it has one.
func (s *State) takeHome(d *placement.Demand, m *roster.Member) (placement.Assignment, bool) {
	i := m.Is()
	if i.Home == nil {
		return s.cluster.PlaceResident(d, string(i.ID), "")
	}
	at, ok := s.cluster.PlaceResident(d, string(i.ID), i.Home.AgentID)
	if ok && m.App().Counted(i) {
		// It counted for the constraints already, as one that will return.
		d.Uncount(site(i))
	}
	return at, ok
}

// suspend ends an instance's task and keeps the instance with its volumes, for
// the next time that the App wants one more. An unreachable task is killed when
// it comes back.
func (s *State) suspend(m *roster.Member) {
	i := m.Is()
	if i.Goal != instance.GoalRunning {
		return
	}
	s.roster.Put(m, i.WithGoal(instance.GoalStopped))
	if i.Condition.Live() && !i.Condition.OutOfSight() {
		s.kill(i.TaskID(), i.AgentID)
	}
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

// homeLack says what the home of a waiting instance has not got at present.
func (s *State) homeLack(h *instance.Home) why.HomeLack {
	switch {
	case len(s.cluster.Offers(h.AgentID, h.Role)) == 0:
		return why.HomeSilent
	case s.cluster.Draining(h.AgentID):
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

// wantsPlace reports whether an instance waits for a place on some agent, not
// only for its home.
func (a *appState) wantsPlace() bool {
	return !a.Resident() || slices.ContainsFunc(a.Members(), func(m *roster.Member) bool { return m.Waits() && m.Is().Home == nil })
}
