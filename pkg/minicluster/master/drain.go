package master

import (
	"net/http"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

func forbidden() *CallError { return refuse(http.StatusForbidden, "403 Forbidden.") }

func (s *actor) operatorTeardown(principal *string, id string) *CallError {
	fw := s.Frameworks[id]
	if fw == nil {
		return refuse(http.StatusBadRequest, "No framework found with specified ID")
	}
	if !s.authorized(principal, ActionTeardownFrameworks, fw.Info.GetPrincipal()) {
		return forbidden()
	}
	s.removeFramework(fw)
	return nil
}

// deactivate stops offers of an agent until it is reactivated.
func (s *actor) deactivate(a *Agent) {
	a.Deactivated, a.Active = true, false
	s.alloc.SetAgentActive(a.ID, false)
	s.rescindAgent(a)
}

// remember writes what operators want of an agent to the registry.
func (s *actor) remember(id string, drain *mesos.DrainInfo, deactivated bool) {
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

// away tells whether an agent is known though not registered.
func (s *actor) away(id string) bool {
	_, recovered := s.RecoveredAgents[id]
	_, unreachable := s.UnreachableAgents[id]
	return recovered || unreachable
}

func (s *actor) operatorDrain(principal *string, id string, grace *time.Duration, markGone bool) *CallError {
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
		s.remember(id, info, true)
		return nil
	}
	if grace != nil && *grace < 0 {
		return refuse(http.StatusBadRequest, "'max_grace_period' must be non-negative")
	}
	a.Drain, a.DrainStarted = info, time.Now()
	s.deactivate(a)
	s.remember(id, info, true)
	a.send(link.Drain{Config: info.Config})
	s.checkDrained(a)
	return nil
}

// checkDrained ends the draining of an agent that has nothing left.
func (s *actor) checkDrained(a *Agent) {
	if a.Drain == nil || a.Drain.State != mesos.DrainState_DRAINING || len(a.Tasks) > 0 || len(a.Operations) > 0 ||
		s.Agents[a.ID] != a {
		return
	}
	a.Drain = &mesos.DrainInfo{State: mesos.DrainState_DRAINED, Config: a.Drain.Config}
	s.remember(a.ID, a.Drain, true)
	if a.Drain.Config.GetMarkGone() {
		s.markGone(a.ID)
	}
}

func (s *actor) operatorDeactivate(principal *string, id string) *CallError {
	if !s.authorized(principal, ActionDeactivateAgents, "") {
		return forbidden()
	}
	a := s.Agents[id]
	if a == nil {
		if !s.away(id) {
			return refuse(http.StatusBadRequest, "Unknown agent")
		}
		s.remember(id, s.held[id].Drain, true)
		return nil
	}
	s.deactivate(a)
	s.remember(id, a.Drain, true)
	return nil
}

func (s *actor) operatorReactivate(principal *string, id string) *CallError {
	if !s.authorized(principal, ActionReactivateAgents, "") {
		return forbidden()
	}
	a := s.Agents[id]
	drain, deactivated := s.held[id].Drain, s.held[id].Deactivated
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
	s.remember(id, nil, false)
	if a == nil {
		return nil
	}
	a.Deactivated, a.Active, a.Drain = false, a.Connected, nil
	a.DrainStarted = time.Time{}
	s.alloc.SetAgentActive(id, a.Active)
	a.send(link.StopDraining{})
	return nil
}

func (s *actor) operatorGone(principal *string, id string) *CallError {
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
func (s *actor) markGone(id string) {
	now := time.Now()
	a := s.Agents[id]
	s.GoneAgents[id] = now
	delete(s.held, id)
	delete(s.RecoveredAgents, id)
	delete(s.UnreachableAgents, id)
	s.update(func(r *Record) {
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
	s.detach(a, loss{mesos.TASK_GONE_BY_OPERATOR, mesos.REASON_AGENT_REMOVED_BY_OPERATOR, message, nil},
		mesos.OPERATION_GONE_BY_OPERATOR)
}
