package api

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/gantry-mesos/gantry/pkg/endpoint"
)

// Consumers are the programs that use endpoints, and what is being drained.
type Consumers struct {
	Consumers []endpoint.Consumer `json:"consumers"`
	Drains    []endpoint.Drain    `json:"drains"`
}

// AppEndpoints are the endpoints of one App.
type AppEndpoints struct {
	App       *endpoint.App        `json:"app"`
	Endpoints []*endpoint.Endpoint `json:"endpoints"`
	Drains    []endpoint.Drain     `json:"drains"`
}

// Endpoints returns what has changed after an index in the Apps that the selector
// chooses, waiting for it for up to wait; "" returns all there is.
func (c *Client) Endpoints(ctx context.Context, since string, s endpoint.Selector, wait time.Duration) (*endpoint.Changes, error) {
	q := url.Values{}
	for _, id := range s.Apps {
		q.Add("app", string(id))
	}
	if s.Label != "" {
		q.Set("label", s.Label)
	}
	if since != "" {
		q.Set("since", since)
		q.Set("wait", wait.String())
	}
	out := &endpoint.Changes{}
	err := c.do(ctx, http.MethodGet, "/v3/endpoints", q, nil, out)
	return out, err
}

// AppEndpoints returns the endpoints of one App.
func (c *Client) AppEndpoints(ctx context.Context, id string) (AppEndpoints, error) {
	var out AppEndpoints
	path := "/v3/apps/" + appPath(id)[len("/v2/apps/"):] + "/endpoints"
	err := c.do(ctx, http.MethodGet, path, nil, nil, &out)
	return out, err
}

// Consumers lists the programs that use endpoints.
func (c *Client) Consumers(ctx context.Context) (Consumers, error) {
	var out Consumers
	err := c.do(ctx, http.MethodGet, "/v3/consumers", nil, nil, &out)
	return out, err
}

func consumerPath(id string) string { return "/v3/consumers/" + url.PathEscape(id) }

// Register makes a consumer known to the scheduler, or renews it.
func (c *Client) Register(ctx context.Context, id string, r endpoint.Registration) (endpoint.Registered, error) {
	var out endpoint.Registered
	body, err := json.Marshal(r)
	if err == nil {
		err = c.do(ctx, http.MethodPut, consumerPath(id), nil, body, &out)
	}
	return out, err
}

// Acknowledge tells the scheduler what a consumer has carried out.
func (c *Client) Acknowledge(ctx context.Context, id string, a endpoint.Ack) error {
	body, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return c.do(ctx, http.MethodPost, consumerPath(id)+"/ack", nil, body, nil)
}

// Leave has the scheduler forget a consumer.
func (c *Client) Leave(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, consumerPath(id), nil, nil, nil)
}
