package core

import (
	"slices"

	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/roster"
)

// drain keeps next, the record of an instance whose task is not wanted any more,
// and has the task killed: at once if nobody can be sending to it, or if it is told
// to hurry, else when everybody has let go of it (LetGo), or at the latest when
// the App's time for that is over. The task shows as being killed from now on,
// before any signal, so that load balancers which go by that leave it alone.
func (s *State) drain(m *roster.Member, next *instance.Instance, hurry bool) {
	switch spec := m.App().Ran(next); {
	case hurry:
		next = next.LetGo()
	case next.Condition == instance.Running && len(spec.Ports) > 0 && spec.Drain(s.cfg.Drain).Timeout > 0:
		next = next.Drained(s.now)
		s.publishStatus(next, mesos.TaskStatus{State: mesos.TaskKilling, Message: "draining: it is killed once nobody sends to it any more"})
	}
	if next != m.Is() {
		s.roster.Put(m, next)
	}
	s.kill(next.TaskID(), next.AgentID)
}

// drainedBy reports whether the time for draining an instance is over. If not, its
// kill is looked at again then.
func (s *State) drainedBy(m *roster.Member) bool {
	i := m.Is()
	end := i.Since.Add(m.App().Ran(i).Drain(s.cfg.Drain).Timeout)
	if s.now.Before(end) {
		s.timers.set(end, killTimer, string(i.TaskID()))
		return false
	}
	s.publish(&event.DrainOverdue{AppID: i.App, InstanceID: string(i.ID), TaskID: i.TaskID(), SlaveID: i.AgentID, Host: i.Hostname})
	s.roster.Put(m, i.LetGo())
	return true
}

// letGo kills the task of an instance that nobody sends to any more.
func (s *State) letGo(m *roster.Member) {
	s.roster.Put(m, m.Is().LetGo())
	s.kill(m.Is().TaskID(), m.Is().AgentID)
}

// hurry kills a task at once that was being drained when its kill was asked for again.
func (s *State) hurry(m *roster.Member, r *Result) {
	task := m.Is().TaskID()
	if m.Is().Draining {
		s.letGo(m)
	}
	if !slices.Contains(r.Tasks, task) {
		r.Tasks = append(r.Tasks, task)
	}
}
