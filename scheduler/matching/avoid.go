package matching

import (
	"maps"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/roster"
)

// failures is how often launches failed on an agent lately.
type failures struct {
	count int
	last  time.Time
}

// suspicion is of an agent that may fail every task.
type suspicion struct {
	failures
	timer Timer
}

// Avoid makes an agent one of the last to be tried for the App: what failed there
// may well fail there again, and elsewhere not.
func (m *Market) Avoid(a *App, id mesos.AgentID) {
	if id == "" {
		return
	}
	if a.failures == nil {
		a.failures = map[mesos.AgentID]failures{}
	}
	a.failures[id] = failures{count: a.failures[id].count + 1, last: *m.now}
	m.reavoid(a, id)
}

// Suspect makes an agent one of the last to be tried by any App, and returns how
// many tasks have failed there lately by its fault.
func (m *Market) Suspect(id mesos.AgentID) int {
	f := m.faulty[id]
	if f == nil {
		f = &suspicion{}
		f.timer.due = trustDue
		m.faulty[id] = f
	}
	f.count, f.last = f.count+1, *m.now
	m.timers.Set(&f.timer, m.now.Add(m.cfg.AvoidFor))
	m.reavoidAll(id)
	return f.count
}

// Works notes that a task runs on an agent: what was wrong there is mended.
func (m *Market) Works(id mesos.AgentID) {
	if f := m.faulty[id]; f != nil {
		f.last = m.now.Add(-m.cfg.AvoidFor)
		m.trust()
	}
}

// Avoided are the agents that all Apps try last, by id.
func (m *Market) Avoided() []mesos.AgentID { return slices.Sorted(maps.Keys(m.faulty)) }

// trust forgets faults of agents that are long ago.
func (m *Market) trust() {
	for id, f := range m.faulty {
		if m.now.Sub(f.last) < m.cfg.AvoidFor {
			continue
		}
		m.timers.Cancel(&f.timer)
		delete(m.faulty, id)
		m.reavoidAll(id)
	}
}

// forgive forgets failures of an App that are long ago.
func (m *Market) forgive(a *App) {
	for id, f := range a.failures {
		if m.now.Sub(f.last) < m.cfg.AvoidFor {
			continue
		}
		delete(a.failures, id)
		m.reavoid(a, id)
	}
}

// failuresOn is how often launches of an App failed on an agent, by whose fault ever.
func (m *Market) failuresOn(a *App, id mesos.AgentID) int {
	n := a.failures[id].count
	if f := m.faulty[id]; f != nil {
		n = max(n, f.count)
	}
	return n
}

func (m *Market) reavoidAll(id mesos.AgentID) {
	m.roster.Apps(func(a *roster.App) bool {
		m.reavoid(m.of(a), id)
		return true
	})
}

// reavoid tells placement how much the App avoids an agent.
func (m *Market) reavoid(a *App, id mesos.AgentID) {
	if a.demand != nil {
		a.demand.Avoid(id, m.failuresOn(a, id))
	}
}
