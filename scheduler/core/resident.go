package core

import (
	"fmt"
	"strings"

	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/placement"
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

// WipeHint begins the part of an explanation that tells how to go on without the
// data; readers leave it out as long as the wait is a short one.
const WipeHint = "; to start without the data"

// explainHome says what an App's longest waiting resident instance waits for,
// "" if none waits for its home.
func (s *State) explainHome(a *appState) string {
	i := a.homesick()
	if i == nil {
		return ""
	}
	paths := make([]string, len(i.Home.Volumes))
	for n, v := range i.Home.Volumes {
		paths[n] = v.ContainerPath
	}
	what := "its volume " + paths[0]
	if len(paths) > 1 {
		what = "its volumes " + strings.Join(paths, ", ")
	}
	holds := "holds"
	if !i.Home.Made {
		holds = "was to hold"
	}
	return fmt.Sprintf("instance %s waits for agent %s (%s), which %s %s: %s%s, kill task %s with wipe",
		i.ID, i.Home.AgentID, i.Home.Hostname, holds, what, s.missing(i), WipeHint, i.TaskID())
}

// rejections tells why no agent takes the App's next instance.
func (a *appState) rejections(d *placement.Demand) placement.Rejections {
	if i := a.homesick(); i != nil {
		return d.RejectionsOf(string(i.ID), i.Home.AgentID)
	}
	return d.Rejections()
}

// homesick returns the waiting instance with a home that has waited longest.
func (a *appState) homesick() *instance.Instance {
	if !a.Resident() {
		return nil
	}
	return volumes.Missing(a.Instances)
}

// missing says what the home of a waiting instance lacks at present.
func (s *State) missing(i *instance.Instance) string {
	switch {
	case !s.market.Offering(i.Home.AgentID, i.Home.Role):
		return "it offers nothing at present"
	case s.market.Draining(i.Home.AgentID):
		return "it is in or before maintenance"
	default:
		return "its offer lacks the volume or something else that the instance needs"
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
