package master

import (
	"context"
	"maps"
	"sync/atomic"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/minicluster/allocator"
	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// leadership is who leads, and the beginning of the own term.
type leadership struct {
	*base
	registrar *registrar
	agents    *agents
	roles     *roles
	status    *atomic.Pointer[status] // what HTTP handlers see of it
}

// lead takes note of who leads. A new leader reads the registry before it serves.
func (s *leadership) lead(l Leadership) {
	if s.Leading && !l.Leading {
		s.log.Warn("leadership lost")
		s.registrar.depose()
		return
	}
	s.Leader = l.Leader
	if l.Leading {
		s.Leader = &s.Info
	}
	if l.Leading && !s.Leading {
		s.log.Info("leading master")
		s.Leading, s.Elected = true, time.Now()
		s.box.Go(s.load)
	}
	s.publish(l)
}

func (s *leadership) publish(l Leadership) {
	s.status.Store(&status{leadership: l, recovered: s.RegistryRecovered})
}

// load reads the registry outside of the actor and hands the record to it.
func (s *leadership) load(ctx context.Context) {
	record, err := s.deps.Registry.Load(ctx)
	s.box.Post(func() {
		if err != nil {
			s.log.Error("registry cannot be read", zap.Error(err))
			s.registrar.depose()
			return
		}
		s.recovered(record)
	})
}

func (s *leadership) recovered(r Record) {
	for id, admitted := range r.Admitted {
		s.RecoveredAgents[id] = admitted.Info
		s.registrar.held[id] = admitted
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
		s.roles.setWeight(role, w)
	}
	for role, w := range r.Weights {
		s.roles.setWeight(role, w)
	}
	for role, q := range r.Quotas {
		s.Quotas[role] = q
		s.alloc.SetQuota(role, allocatorQuota(q))
	}
	s.RegistryRecovered = true
	s.publish(Leadership{Leading: true})
	if len(s.RecoveredAgents) > 0 {
		s.box.After(s.cfg.AgentReregisterTimeout, s.expire)
	}
	s.log.Info("registry recovered", zap.Int("agents", len(r.Admitted)))
}

// expire makes the agents unreachable that have not come back since this master leads. Nobody knows their
// tasks, so there are no updates, only FAILURE.
func (s *leadership) expire() {
	now := time.Now()
	for id := range s.RecoveredAgents {
		delete(s.RecoveredAgents, id)
		s.count("recovery_slave_removals")
		s.registrar.unreachable(id, now)
		s.agents.broadcastFailure(id)
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
