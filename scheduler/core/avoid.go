package core

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/pkg/fault"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/instance"
)

// failures is how often launches failed on an agent lately.
type failures struct {
	count int
	last  time.Time
}

const (
	// excusedMax is how many launches in a row an App may lose to the faults of
	// agents without a wait: enough to find another port or agent.
	excusedMax = 3
	// excuseWait is the first wait beyond that, which doubles up to excuseWaitMax;
	// it is short, since nothing is wrong with the App.
	excuseWait, excuseWaitMax = 2 * time.Second, 2 * time.Minute
	// faultAlarm is how many tasks in a row an agent has to fail for an alarm.
	faultAlarm = 3
)

// excuse notes a task's end that is its agent's fault: the App does not back off,
// and the next instance goes elsewhere, if there is an elsewhere. Where all
// agents have the fault, launches get rarer.
func (s *State) excuse(a *appState, i *instance.Instance, st mesos.TaskStatus, f fault.Fault) {
	a.noteFailure(s.now, i, st)
	s.avoid(a, i.AgentID)
	if f == fault.Agent {
		s.suspect(i, st)
	}
	if a.excused++; a.excused > excusedMax {
		wait := min(excuseWait<<min(a.excused-excusedMax-1, 10), excuseWaitMax)
		a.trouble.DelayUntil = later(a.trouble.DelayUntil, s.now.Add(wait))
		s.timers.set(a.trouble.DelayUntil, delayTimer, string(a.Spec().ID))
		s.noteWaiting(a)
	}
	s.saveTrouble(a)
}

// suspect makes an agent one of the last to be tried by any App.
func (s *State) suspect(i *instance.Instance, st mesos.TaskStatus) {
	f := failures{count: s.faulty[i.AgentID].count + 1, last: s.now}
	s.faulty[i.AgentID] = f
	s.framework.AgentsAvoided = len(s.faulty)
	s.timers.set(s.now.Add(s.cfg.AvoidFor), trustTimer, string(i.AgentID))
	for a := range s.apps {
		if a.demand != nil {
			a.demand.Avoid(i.AgentID, s.failuresOn(a, i.AgentID))
		}
	}
	if f.count != 1 && f.count != faultAlarm {
		return
	}
	s.publish(&event.AgentAvoided{AgentID: i.AgentID, Host: i.Hostname, Message: st.Message, Failures: f.count, Alarm: f.count >= faultAlarm})
}

// trust forgets faults of agents that are long ago.
func (s *State) trust() {
	for id, f := range s.faulty {
		if s.now.Sub(f.last) < s.cfg.AvoidFor {
			continue
		}
		delete(s.faulty, id)
		s.framework.AgentsAvoided = len(s.faulty)
		for a := range s.apps {
			if a.demand != nil {
				a.demand.Avoid(id, a.failures[id].count)
			}
		}
	}
}

// works notes that a task runs on an agent: what was wrong there is mended.
func (s *State) works(id mesos.AgentID) {
	if f, suspected := s.faulty[id]; suspected {
		f.last = s.now.Add(-s.cfg.AvoidFor)
		s.faulty[id] = f
		s.trust()
	}
}

// failuresOn is how often launches of an App failed on an agent, by whose fault ever.
func (s *State) failuresOn(a *appState, id mesos.AgentID) int {
	return max(a.failures[id].count, s.faulty[id].count)
}

// avoid makes an agent one of the last to be tried for the App: what failed
// there may well fail there again, and elsewhere not.
func (s *State) avoid(a *appState, id mesos.AgentID) {
	if id == "" {
		return
	}
	if a.failures == nil {
		a.failures = map[mesos.AgentID]failures{}
	}
	a.failures[id] = failures{count: a.failures[id].count + 1, last: s.now}
	if a.demand != nil {
		a.demand.Avoid(id, s.failuresOn(a, id))
	}
}

// forgive forgets failures that are long ago.
func (s *State) forgive(a *appState) {
	for id, f := range a.failures {
		if s.now.Sub(f.last) < s.cfg.AvoidFor {
			continue
		}
		delete(a.failures, id)
		if a.demand != nil {
			a.demand.Avoid(id, s.failuresOn(a, id))
		}
	}
}
