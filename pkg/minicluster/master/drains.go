package master

import (
	"net/http"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

// drains is what operators do with agents: drain them, deactivate them, mark them gone.
type drains struct {
	*base
	registrar *registrar
	offers    *offers
	agents    *agents
}

// stopOffers stops offers of an agent until it is reactivated.
func (s *drains) stopOffers(a *Agent) {
	a.Deactivated, a.Active = true, false
	s.alloc.SetAgentActive(a.ID, false)
	s.offers.rescindAgent(a)
}

func (s *drains) drain(principal *string, id string, grace *time.Duration, markGone bool) *CallError {
	if !s.authorized(principal, ActionDrainAgents, "") {
		return forbidden()
	}
	info := &mesos.DrainInfo{State: mesos.DrainState_DRAINING, Config: mesos.DrainConfig{MarkGone: &markGone}}
	if grace != nil {
		info.Config.MaxGracePeriod = &mesos.DurationInfo{Nanoseconds: grace.Nanoseconds()}
	}
	a := s.Agents[id]
	if a == nil {
		if !s.away(id) {
			return refuse(http.StatusBadRequest, "Unknown agent")
		}
		if _, unreachable := s.UnreachableAgents[id]; unreachable {
			if markGone {
				s.markGone(id)
				return nil
			}
			info.State = mesos.DrainState_DRAINED
		}
		s.registrar.remember(id, info, true)
		return nil
	}
	if grace != nil && *grace < 0 {
		return refuse(http.StatusBadRequest, "'max_grace_period' must be non-negative")
	}
	a.Drain, a.DrainStarted = info, time.Now()
	s.stopOffers(a)
	s.registrar.remember(id, info, true)
	a.send(link.Drain{Config: info.Config})
	s.check(a)
	return nil
}

// check ends the draining of an agent that has nothing left.
func (s *drains) check(a *Agent) {
	if a.Drain == nil || a.Drain.State != mesos.DrainState_DRAINING || len(a.Tasks) > 0 || len(a.Operations) > 0 ||
		s.Agents[a.ID] != a {
		return
	}
	a.Drain = &mesos.DrainInfo{State: mesos.DrainState_DRAINED, Config: a.Drain.Config}
	s.registrar.remember(a.ID, a.Drain, true)
	if a.Drain.Config.GetMarkGone() {
		s.markGone(a.ID)
	}
}

func (s *drains) deactivate(principal *string, id string) *CallError {
	if !s.authorized(principal, ActionDeactivateAgents, "") {
		return forbidden()
	}
	a := s.Agents[id]
	if a == nil {
		if !s.away(id) {
			return refuse(http.StatusBadRequest, "Unknown agent")
		}
		s.registrar.remember(id, s.registrar.held[id].Drain, true)
		return nil
	}
	s.stopOffers(a)
	s.registrar.remember(id, a.Drain, true)
	return nil
}

func (s *drains) reactivate(principal *string, id string) *CallError {
	if !s.authorized(principal, ActionReactivateAgents, "") {
		return forbidden()
	}
	a := s.Agents[id]
	drain, deactivated := s.registrar.held[id].Drain, s.registrar.held[id].Deactivated
	if a != nil {
		drain, deactivated = a.Drain, a.Deactivated
	}
	switch {
	case a == nil && !s.away(id):
		return refuse(http.StatusBadRequest, "Unknown agent")
	case !deactivated:
		return refuse(http.StatusBadRequest, "Agent is not deactivated")
	case drain != nil && drain.State == mesos.DrainState_DRAINING:
		return refuse(http.StatusBadRequest, "Agent is still in the DRAINING state")
	}
	s.registrar.remember(id, nil, false)
	if a == nil {
		return nil
	}
	a.Deactivated, a.Active, a.Drain = false, a.Connected, nil
	a.DrainStarted = time.Time{}
	s.alloc.SetAgentActive(id, a.Active)
	a.send(link.StopDraining{})
	return nil
}

func (s *drains) gone(principal *string, id string) *CallError {
	if !s.authorized(principal, ActionMarkAgentsGone, "") {
		return forbidden()
	}
	if _, gone := s.GoneAgents[id]; gone {
		return nil
	}
	if s.Agents[id] == nil && !s.away(id) {
		return refuse(http.StatusNotFound, "Agent '%s' not found", id)
	}
	s.markGone(id)
	return nil
}

// markGone removes an agent for ever.
func (s *drains) markGone(id string) {
	now := time.Now()
	a := s.Agents[id]
	s.GoneAgents[id] = now
	delete(s.registrar.held, id)
	delete(s.RecoveredAgents, id)
	delete(s.UnreachableAgents, id)
	s.registrar.update(func(r *Record) {
		delete(r.Admitted, id)
		delete(r.Unreachable, id)
		r.Gone[id] = now
	})
	if a == nil {
		return
	}
	s.log.Info("agent marked gone", fieldAgent(id))
	const message = "Agent has been marked gone"
	a.send(link.ShutdownAgent{Message: message})
	s.agents.detach(a, loss{mesos.TASK_GONE_BY_OPERATOR, mesos.REASON_AGENT_REMOVED_BY_OPERATOR, message, nil},
		mesos.OPERATION_GONE_BY_OPERATOR)
}
