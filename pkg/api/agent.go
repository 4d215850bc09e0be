package api

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Agents answers GET /v3/agents.
type Agents struct {
	Agents []Agent `json:"agents"`
}

// Agent is a Mesos agent as the leading master knows it.
type Agent struct {
	ID       string `json:"id"`
	Hostname string `json:"hostname"`
	// Address is "ip:port".
	Address string `json:"address"`
	Region  string `json:"region,omitempty"`
	Zone    string `json:"zone,omitempty"`
	// Version is that of Mesos.
	Version string `json:"version"`
	// State is "active", "inactive" (not connected), "deactivated", "draining" or "drained".
	State string `json:"state"`
	// MarkGone says that it is marked as gone once it is drained.
	MarkGone bool `json:"markGone,omitempty"`
	// Total is what it has, Allocated what the tasks of all frameworks use.
	Total     Amounts `json:"total"`
	Allocated Amounts `json:"allocated"`
	// Avoided says that all apps try it last, since tasks failed there by its fault.
	Avoided bool `json:"avoided,omitempty"`
	// Tasks are the ids of our tasks there, in the order of apps; absent when only
	// other things were asked for with ?embed=.
	Tasks []string `json:"tasks,omitzero"`
	// Apps are the apps that have tasks there, by id; written with ?embed=apps only.
	Apps       []AgentApp `json:"apps,omitzero"`
	Registered Time       `json:"registered"`
}

// AgentApp is what an app has on an agent.
type AgentApp struct {
	App string `json:"app"`
	// Tasks is how many there are; Used is what all of them together were given.
	Tasks int     `json:"tasks"`
	Used  Amounts `json:"used"`
}

// DrainOptions say how an agent is drained.
type DrainOptions struct {
	// Grace bounds the grace periods of tasks; nil leaves them as they are.
	Grace *time.Duration
	// MarkGone also marks the agent as gone once it is drained, which cannot be undone.
	MarkGone bool
}

// Agents lists the agents of the cluster.
func (c *Client) Agents(ctx context.Context) ([]Agent, error) {
	var out Agents
	err := c.do(ctx, http.MethodGet, "/v3/agents", nil, nil, &out)
	return out.Agents, err
}

// Agent returns one agent.
func (c *Client) Agent(ctx context.Context, id string) (Agent, error) {
	var out Agent
	err := c.do(ctx, http.MethodGet, agentPath(id), nil, nil, &out)
	return out, err
}

// DrainAgent has all tasks of an agent ended, those of other frameworks, too.
func (c *Client) DrainAgent(ctx context.Context, id string, o DrainOptions) (Agent, error) {
	q := url.Values{"markGone": {strconv.FormatBool(o.MarkGone)}}
	if o.Grace != nil {
		q.Set("maxGracePeriod", o.Grace.String())
	}
	var out Agent
	err := c.do(ctx, http.MethodPost, agentPath(id)+"/drain", q, []byte("{}"), &out)
	return out, err
}

// UndrainAgent has a drained or deactivated agent offer again.
func (c *Client) UndrainAgent(ctx context.Context, id string) (Agent, error) {
	var out Agent
	err := c.do(ctx, http.MethodPost, agentPath(id)+"/undrain", nil, []byte("{}"), &out)
	return out, err
}

// MarkAgentGone says that an agent never comes back.
func (c *Client) MarkAgentGone(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodPost, agentPath(id)+"/gone", nil, []byte("{}"), nil)
}

func agentPath(id string) string { return "/v3/agents/" + url.PathEscape(id) }
