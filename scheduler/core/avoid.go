package core

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// failures is how often an App failed on an agent lately.
type failures struct {
	count int
	last  time.Time
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
	f := failures{count: a.failures[id].count + 1, last: s.now}
	a.failures[id] = f
	if a.demand != nil {
		a.demand.Avoid(id, f.count)
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
			a.demand.Avoid(id, 0)
		}
	}
}
