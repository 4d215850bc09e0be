package master

import (
	"context"
	"maps"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/minicluster/allocator"
	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// lead takes note of who leads. A new leader reads the registry before it serves.
func (s *actor) lead(l Leadership) {
	if s.Leading && !l.Leading {
		s.log.Warn("leadership lost")
		s.depose()
		return
	}
	s.Leader = l.Leader
	if l.Leading {
		s.Leader = &s.Info
	}
	if l.Leading && !s.Leading {
		s.log.Info("leading master")
		s.Leading, s.Elected = true, time.Now()
		s.m.box.Go(s.recoverRegistry)
	}
	s.publish(l)
}

func (s *actor) publish(l Leadership) {
	s.m.status.Store(&status{leadership: l, recovered: s.RegistryRecovered})
}

// recoverRegistry reads the registry outside of the actor and hands the record to it.
func (s *actor) recoverRegistry(ctx context.Context) {
	record, err := s.deps.Registry.Load(ctx)
	s.m.box.Post(func() {
		if err != nil {
			s.log.Error("registry cannot be read", zap.Error(err))
			s.depose()
			return
		}
		s.recovered(record)
	})
}

func (s *actor) recovered(r Record) {
	for id, admitted := range r.Admitted {
		s.RecoveredAgents[id] = admitted.Info
		s.held[id] = admitted
	}
	maps.Copy(s.UnreachableAgents, r.Unreachable)
	maps.Copy(s.GoneAgents, r.Gone)
	s.Schedule = r.Schedule
	for m, info := range r.Machines {
		s.Machines[m] = &MachineState{
			Mode: info.GetMode(), Unavailability: info.Unavailability, Statuses: make(map[string]InverseStatus),
		}
	}
	for role, w := range s.cfg.Weights {
		s.setWeight(role, w)
	}
	for role, w := range r.Weights {
		s.setWeight(role, w)
	}
	for role, q := range r.Quotas {
		s.Quotas[role] = q
		s.alloc.SetQuota(role, allocatorQuota(q))
	}
	s.RegistryRecovered = true
	s.publish(Leadership{Leading: true})
	if len(s.RecoveredAgents) > 0 {
		s.m.box.After(s.cfg.AgentReregisterTimeout, s.expireRecovered)
	}
	s.log.Info("registry recovered", zap.Int("agents", len(r.Admitted)))
}

func (s *actor) setWeight(role string, w float64) {
	s.Weights[role] = w
	s.alloc.SetWeight(role, w)
}

// expireRecovered makes the agents unreachable that have not come back since this master leads. Nobody knows their
// tasks, so there are no updates, only FAILURE.
func (s *actor) expireRecovered() {
	now := time.Now()
	for id := range s.RecoveredAgents {
		delete(s.RecoveredAgents, id)
		s.count("recovery_slave_removals")
		s.setUnreachable(id, now)
		s.broadcastFailure(id)
	}
}

// setUnreachable records that an agent is unreachable.
func (s *actor) setUnreachable(id string, now time.Time) {
	s.UnreachableAgents[id] = now
	s.update(func(r *Record) {
		delete(r.Admitted, id)
		r.Unreachable[id] = now
	})
}

// update changes the registry. A registry that fails ends the leadership, as in Mesos.
func (s *actor) update(change func(*Record)) {
	if err := s.deps.Registry.Update(change); err != nil {
		s.log.Error("registry cannot be written", zap.Error(err))
		s.depose()
	}
}

// collectRegistry forgets unreachable and gone agents that are too old or too many.
func (s *actor) collectRegistry() {
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

func region(d *mesos.DomainInfo) string { return d.GetFaultDomain().GetRegion().Name }
func zone(d *mesos.DomainInfo) string   { return d.GetFaultDomain().GetZone().Name }

func quantities(q map[string]float64) allocator.Quantities {
	out := make(allocator.Quantities, len(q))
	for name, v := range q {
		out[name] = resources.Milli(v)
	}
	return out
}
