package master

import (
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"
)

// registrar keeps the registry, and what operators want of agents.
type registrar struct {
	*base
	deposed bool
	// held is what operators want of agents that are not registered now, by id.
	held map[string]AdmittedAgent
}

// depose ends the master.
func (s *registrar) depose() {
	s.deposed = true
	s.box.Stop()
}

// remember writes what operators want of an agent to the registry.
func (s *registrar) remember(id string, drain *mesos.DrainInfo, deactivated bool) {
	s.update(func(r *Record) {
		if admitted, ok := r.Admitted[id]; ok {
			admitted.Drain, admitted.Deactivated = drain, deactivated
			r.Admitted[id] = admitted
		}
	})
	if s.Agents[id] == nil {
		s.held[id] = AdmittedAgent{Drain: drain, Deactivated: deactivated}
	}
}

// unreachable records that an agent is unreachable.
func (s *registrar) unreachable(id string, now time.Time) {
	s.UnreachableAgents[id] = now
	s.update(func(r *Record) {
		delete(r.Admitted, id)
		r.Unreachable[id] = now
	})
}

// update changes the registry. A registry that fails ends the leadership, as in Mesos.
func (s *registrar) update(change func(*Record)) {
	if err := s.deps.Registry.Update(change); err != nil {
		s.log.Error("registry cannot be written", zap.Error(err))
		s.depose()
	}
}

// collect forgets unreachable and gone agents that are too old or too many.
func (s *registrar) collect() {
	if !s.RegistryRecovered {
		return
	}
	limit := time.Now().Add(-s.cfg.RegistryMaxAgentAge)
	var drop []string
	collect := func(m map[string]time.Time) {
		oldest, n := byAge(m), len(m)
		for _, id := range oldest {
			if n <= s.cfg.RegistryMaxAgentCount && !m[id].Before(limit) {
				break
			}
			delete(m, id)
			drop = append(drop, id)
			n--
		}
	}
	collect(s.UnreachableAgents)
	collect(s.GoneAgents)
	if len(drop) > 0 {
		s.update(func(r *Record) {
			for _, id := range drop {
				delete(r.Unreachable, id)
				delete(r.Gone, id)
			}
		})
	}
}

// away tells whether an agent is known though not registered.
func (s *State) away(id string) bool {
	_, recovered := s.RecoveredAgents[id]
	_, unreachable := s.UnreachableAgents[id]
	return recovered || unreachable
}
