package api

import (
	"context"
	"net/http"
	"net/url"
)

// Status answers GET /v3/status: what an operator looks at first.
type Status struct {
	// Version is Gantry's own, Leader the "host:port" of the scheduler that answers.
	Version     string `json:"version"`
	Leader      string `json:"leader"`
	FrameworkID string `json:"frameworkId,omitempty"`
	// Master is the Mesos master that the scheduler is subscribed with, absent
	// while it is with none.
	Master *MasterAt `json:"master,omitempty"`
	// Apps and Deployments are how many there are, the latter of those under way.
	Apps        int            `json:"apps"`
	Deployments int            `json:"deployments"`
	Instances   InstanceCounts `json:"instances"`
	// AppsWaiting is how many Apps have instances that wait.
	AppsWaiting int `json:"appsWaiting"`
	// AgentsAvoided are the ids of agents that are tried last, since tasks failed
	// there by the agent's fault.
	AgentsAvoided []string `json:"agentsAvoided"`
	// KillsHeld and VolumesHeld are as GET /v3/kills tells them.
	KillsHeld   int `json:"killsHeld"`
	VolumesHeld int `json:"volumesHeld"`
}

// MasterAt is a Mesos master.
type MasterAt struct {
	Hostname string `json:"hostname"`
	// Address is "host:port".
	Address string `json:"address"`
}

// InstanceCounts counts the instances of all Apps.
type InstanceCounts struct {
	// Wanted is how many there should be, Waiting how many of them wait to be launched.
	Wanted    int `json:"wanted"`
	Staged    int `json:"staged"`
	Running   int `json:"running"`
	Healthy   int `json:"healthy"`
	Unhealthy int `json:"unhealthy"`
	Waiting   int `json:"waiting"`
}

// Status tells what an operator looks at first.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var out Status
	err := c.do(ctx, http.MethodGet, "/v3/status", nil, nil, &out)
	return out, err
}

// PageAddress is where the scheduler's web page is, without credentials.
func (c *Client) PageAddress() string {
	u := url.URL{Scheme: c.base.Scheme, Host: c.base.Host, Path: c.base.Path}
	return u.JoinPath("ui/").String()
}
