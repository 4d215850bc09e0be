package operatorapi

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// Drain is how far the draining of an agent is.
type Drain string

// The states of draining; "" is none.
const (
	Draining Drain = "DRAINING"
	Drained  Drain = "DRAINED"
)

// Agent is an agent that is registered with a master.
type Agent struct {
	ID       mesos.AgentID
	Hostname string
	// Address is "ip:port".
	Address string
	// Version is Mesos' own.
	Version string
	Domain  mesos.Domain
	// Active says that it makes offers, or would if it had something to offer;
	// Deactivated that an operator wants none.
	Active, Deactivated bool
	Drain               Drain
	// MarkGone says that a drained agent will be marked as gone.
	MarkGone bool
	// Total is what it has, Allocated what tasks and executors of all frameworks use of it.
	Total, Allocated resource.Vector
	Registered       time.Time
}

// agentJSON is an agent as GET_AGENTS writes it.
type agentJSON struct {
	PID         string `json:"pid"`
	Version     string `json:"version"`
	Active      bool   `json:"active"`
	Deactivated bool   `json:"deactivated"`
	AgentInfo   struct {
		ID       valueJSON `json:"id"`
		Hostname string    `json:"hostname"`
		Domain   struct {
			FaultDomain struct {
				Region struct{ Name string } `json:"region"`
				Zone   struct{ Name string } `json:"zone"`
			} `json:"fault_domain"`
		} `json:"domain"`
	} `json:"agent_info"`
	DrainInfo struct {
		State  Drain `json:"state"`
		Config struct {
			MarkGone bool `json:"mark_gone"`
		} `json:"config"`
	} `json:"drain_info"`
	Total      []resourceJSON `json:"total_resources"`
	Allocated  []resourceJSON `json:"allocated_resources"`
	Registered struct {
		Nanoseconds int64 `json:"nanoseconds"`
	} `json:"registered_time"`
}

type valueJSON struct{ Value string }

type resourceJSON struct {
	Name   string                  `json:"name"`
	Scalar struct{ Value float64 } `json:"scalar"`
}

// Agents lists the agents that are registered with the leading master at
// "host:port". It fails with ErrDenied, or when the master does not answer.
func (c *Client) Agents(ctx context.Context, master string) ([]Agent, error) {
	var answer struct {
		GetAgents struct {
			Agents []agentJSON `json:"agents"`
		} `json:"get_agents"`
	}
	if err := c.call(ctx, master, map[string]any{"type": "GET_AGENTS"}, &answer); err != nil {
		return nil, fmt.Errorf("list the agents of master %s: %w", master, err)
	}
	agents := make([]Agent, 0, len(answer.GetAgents.Agents))
	for _, a := range answer.GetAgents.Agents {
		_, address, _ := strings.Cut(a.PID, "@")
		domain := a.AgentInfo.Domain.FaultDomain
		agents = append(agents, Agent{
			ID: mesos.AgentID(a.AgentInfo.ID.Value), Hostname: a.AgentInfo.Hostname, Address: address, Version: a.Version,
			Domain: mesos.Domain{Region: domain.Region.Name, Zone: domain.Zone.Name},
			Active: a.Active, Deactivated: a.Deactivated, Drain: a.DrainInfo.State, MarkGone: a.DrainInfo.Config.MarkGone,
			Total: vector(a.Total), Allocated: vector(a.Allocated), Registered: time.Unix(0, a.Registered.Nanoseconds).UTC(),
		})
	}
	return agents, nil
}

func vector(resources []resourceJSON) resource.Vector {
	var v resource.Vector
	for _, r := range resources {
		n := resource.FromFloat(r.Scalar.Value)
		switch r.Name {
		case mesos.CPUs:
			v.CPUs += n
		case mesos.Mem:
			v.Mem += n
		case mesos.Disk:
			v.Disk += n
		case mesos.GPUs:
			v.GPUs += n
		}
	}
	return v
}

// DrainAgent ends all tasks of an agent, each within its own grace period or
// grace if that is not nil and shorter, and keeps it from offering anything until
// ReactivateAgent. With gone it is marked as gone afterwards, for good. It fails
// with a *RefusedError or ErrDenied.
func (c *Client) DrainAgent(ctx context.Context, master string, id mesos.AgentID, grace *time.Duration, gone bool) error {
	drain := map[string]any{"agent_id": map[string]any{"value": id}, "mark_gone": gone}
	if grace != nil {
		drain["max_grace_period"] = map[string]any{"seconds": int64(*grace / time.Second), "nanos": int64(*grace % time.Second)}
	}
	return c.agentCall(ctx, master, id, "DRAIN_AGENT", map[string]any{"type": "DRAIN_AGENT", "drain_agent": drain})
}

// ReactivateAgent has a drained or deactivated agent offer again. It fails with a
// *RefusedError, as while it is draining, or ErrDenied.
func (c *Client) ReactivateAgent(ctx context.Context, master string, id mesos.AgentID) error {
	return c.agentCall(ctx, master, id, "REACTIVATE_AGENT", map[string]any{
		"type": "REACTIVATE_AGENT", "reactivate_agent": map[string]any{"agent_id": map[string]any{"value": id}},
	})
}

// MarkAgentGone says that an agent never comes back: its tasks are over, and its
// id is refused from then on. It fails with ErrNotFound, a *RefusedError or ErrDenied.
func (c *Client) MarkAgentGone(ctx context.Context, master string, id mesos.AgentID) error {
	return c.agentCall(ctx, master, id, "MARK_AGENT_GONE", map[string]any{
		"type": "MARK_AGENT_GONE", "mark_agent_gone": map[string]any{"agent_id": map[string]any{"value": id}},
	})
}

func (c *Client) agentCall(ctx context.Context, master string, id mesos.AgentID, what string, request map[string]any) error {
	if err := c.call(ctx, master, request, nil); err != nil {
		return fmt.Errorf("%s %s at master %s: %w", what, id, master, err)
	}
	return nil
}
