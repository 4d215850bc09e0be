package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/operatorapi"
)

// ErrNoMaster says that there is no master to ask.
var ErrNoMaster = errors.New("the scheduler is not subscribed with a Mesos master at the moment; try again")

// Agents asks the leading master about agents. Errors match ErrNoMaster and those
// of package operatorapi.
type Agents interface {
	List(ctx context.Context) ([]operatorapi.Agent, error)
	// Drain ends the agent's tasks, within grace if that is not nil; with gone the
	// agent is marked as gone afterwards.
	Drain(ctx context.Context, id mesos.AgentID, grace *time.Duration, gone bool) error
	// Undrain has a drained or deactivated agent offer again.
	Undrain(ctx context.Context, id mesos.AgentID) error
	// Gone says that the agent never comes back.
	Gone(ctx context.Context, id mesos.AgentID) error
}

// agentRoutes are those of agents.
type agentRoutes struct {
	*desk
	master Agents
}

func (s *agentRoutes) listAgents(w http.ResponseWriter, r *http.Request) error {
	embed, err := agentEmbedsOf(r.URL.Query()["embed"])
	if err != nil {
		return err
	}
	list, err := s.agents(r.Context(), embed)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, api.Agents{Agents: list})
}

func (s *agentRoutes) showAgent(id mesos.AgentID) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		embed, err := agentEmbedsOf(r.URL.Query()["embed"])
		if err != nil {
			return err
		}
		a, err := s.agent(r.Context(), id, embed)
		if err != nil {
			return err
		}
		return reply(w, http.StatusOK, a)
	}
}

func (s *agentRoutes) drainAgent(id mesos.AgentID) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		var grace *time.Duration
		if text := r.URL.Query().Get("maxGracePeriod"); text != "" {
			d, err := time.ParseDuration(text)
			if err != nil || d < 0 {
				return &api.Error{Status: http.StatusUnprocessableEntity, Message: fmt.Sprintf("maxGracePeriod=%q: it is a duration such as 30s or 5m", text)}
			}
			grace = &d
		}
		markGone := flag(r, "markGone", false)
		if err := s.master.Drain(r.Context(), id, grace, markGone); err != nil {
			return masterError(id, err)
		}
		a, err := s.agent(r.Context(), id, agentEmbeds{tasks: true})
		if e, ok := errors.AsType[*api.Error](err); ok && e.Status == http.StatusNotFound && markGone {
			// An agent without tasks is drained, and so gone, at once.
			a, err = api.Agent{ID: string(id), State: "gone", MarkGone: true, Tasks: []string{}}, nil
		}
		if err != nil {
			return err
		}
		return reply(w, http.StatusOK, a)
	}
}

func (s *agentRoutes) undrainAgent(id mesos.AgentID) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := s.master.Undrain(r.Context(), id); err != nil {
			return masterError(id, err)
		}
		return s.showAgent(id)(w, r)
	}
}

func (s *agentRoutes) markAgentGone(id mesos.AgentID) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := s.master.Gone(r.Context(), id); err != nil {
			return masterError(id, err)
		}
		return reply(w, http.StatusOK, struct{}{})
	}
}

func (s *agentRoutes) agent(ctx context.Context, id mesos.AgentID, e agentEmbeds) (api.Agent, error) {
	list, err := s.agents(ctx, e)
	if err != nil {
		return api.Agent{}, err
	}
	for _, a := range list {
		if a.ID == string(id) {
			return a, nil
		}
	}
	return api.Agent{}, noAgent(id)
}

func noAgent(id mesos.AgentID) error {
	return &api.Error{Status: http.StatusNotFound, Message: fmt.Sprintf("Agent '%s' is not registered with the leading master; GET /v3/agents lists those that are", id)}
}

// agents lists all agents, each with what is asked for of our tasks there.
func (s *agentRoutes) agents(ctx context.Context, e agentEmbeds) ([]api.Agent, error) {
	list, err := s.master.List(ctx)
	if err != nil {
		return nil, masterError("", err)
	}
	v := s.scheduler.View()
	avoided := map[mesos.AgentID]bool{}
	for _, id := range v.Framework.AgentsAvoided {
		avoided[id] = true
	}
	tenants := tenantsOf(v, e)
	out := make([]api.Agent, 0, len(list))
	for _, a := range list {
		one := api.Agent{
			ID: string(a.ID), Hostname: a.Hostname, Address: a.Address, Region: a.Domain.Region, Zone: a.Domain.Zone, Version: a.Version,
			State: agentState(a), MarkGone: a.MarkGone, Total: amounts(a.Total), Allocated: amounts(a.Allocated), Avoided: avoided[a.ID],
			Registered: api.Time{Time: a.Registered},
		}
		tenants.tell(&one, e)
		out = append(out, one)
	}
	return out, nil
}

func agentState(a operatorapi.Agent) string {
	switch {
	case a.Drain == operatorapi.Draining:
		return "draining"
	case a.Drain == operatorapi.Drained:
		return "drained"
	case a.Deactivated:
		return "deactivated"
	case a.Active:
		return "active"
	default:
		return "inactive"
	}
}

// masterError is the answer when the master does not do what was asked.
func masterError(id mesos.AgentID, err error) error {
	refused, ok := errors.AsType[*operatorapi.RefusedError](err)
	switch {
	case errors.Is(err, ErrNoMaster):
		return &api.Error{Status: http.StatusServiceUnavailable, Message: err.Error()}
	case errors.Is(err, operatorapi.ErrNotFound), ok && refused.Text == "Unknown agent":
		return noAgent(id)
	case errors.Is(err, operatorapi.ErrDenied):
		return &api.Error{Status: http.StatusForbidden, Message: err.Error()}
	case ok && refused.Status < http.StatusInternalServerError:
		return &api.Error{Status: http.StatusConflict, Message: fmt.Sprintf("the master refuses this for agent %s: %s", id, refused.Text)}
	default:
		return &api.Error{Status: http.StatusBadGateway, Message: fmt.Sprintf("the master does not answer as it should: %v", err)}
	}
}
