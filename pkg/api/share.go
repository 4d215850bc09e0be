package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Queues is what the tenants' queues have of the cluster (GET /v3/queues).
type Queues struct {
	// Fairness is how queues take turns: "drf" or "fifo".
	Fairness string `json:"fairness"`
	// Total is the part of the cluster that shares are of: the most that offers
	// and tasks have shown.
	Total Amounts `json:"total"`
	// Jain is Jain's fairness index of the weighted shares of the top-level queues
	// in which something waits: 1 when all are equal, and when fewer than two wait.
	Jain   float64 `json:"jainIndex"`
	Queues []Share `json:"queues"`
	// Held are the agents that are held for apps whose instances are too large for
	// what becomes free in small parts.
	Held []HeldAgent `json:"heldAgents"`
}

// Share is what a queue, with those below it, has.
type Share struct {
	// Queue is its path, "/" for all together.
	Queue string `json:"queue"`
	Quota
	// QuotaFrom says where weight, guarantee and limit are from: "api" when they
	// were set at run time, "flag" when the scheduler was started with them, ""
	// when nobody set any.
	QuotaFrom string  `json:"quotaFrom,omitempty"`
	Used      Amounts `json:"used"`
	// Dominant is the largest part that it has of any resource, absent when it uses nothing.
	Dominant *Dominant `json:"dominantShare,omitempty"`
	// Instances is how many tasks there are, Waiting how many instances wait and
	// do not back off.
	Instances int `json:"instances"`
	Waiting   int `json:"waiting"`
	// AppsLimited is how many waiting Apps the limit of this queue keeps out.
	AppsLimited int `json:"appsLimited"`
}

// Quota is what a queue, with those below it, may have.
type Quota struct {
	// Weight is its part in relation to its siblings; 0 or absent means 1.
	Weight float64 `json:"weight"`
	// Guarantee comes before everybody's share; Limit is never exceeded.
	Guarantee *Bounds `json:"guarantee,omitempty"`
	Limit     *Bounds `json:"limit,omitempty"`
}

// Dominant is the largest part that a queue has of any resource.
type Dominant struct {
	// Resource is "cpus", "mem", "disk" or "gpus".
	Resource string `json:"resource"`
	// Share is from 0 to 1, Weighted the same divided by the queue's weight.
	Share    float64 `json:"share"`
	Weighted float64 `json:"weighted"`
}

// Amounts are resources in whole units; memory and disk in MiB.
type Amounts struct {
	CPUs float64 `json:"cpus"`
	Mem  float64 `json:"mem"`
	Disk float64 `json:"disk"`
	GPUs float64 `json:"gpus"`
}

// Bounds are amounts, as in Amounts, of some resources; nil bounds nothing. A
// limit of 0 allows nothing.
type Bounds struct {
	CPUs *float64 `json:"cpus,omitempty"`
	Mem  *float64 `json:"mem,omitempty"`
	Disk *float64 `json:"disk,omitempty"`
	GPUs *float64 `json:"gpus,omitempty"`
}

// HeldAgent is an agent that only one app may use, until an instance of it fits there.
type HeldAgent struct {
	App     string `json:"app"`
	AgentID string `json:"agentId"`
	// Hostname is "" when the agent is not known any more.
	Hostname string `json:"hostname"`
	Since    Time   `json:"since"`
}

// ReadQuota reads the body of a PUT to a queue. Members that are not known are
// errors, since a misspelt limit would not limit.
func ReadQuota(data []byte) (Quota, error) {
	var q Quota
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	err := d.Decode(&q)
	if err == nil && d.More() {
		return Quota{}, &Error{Status: http.StatusBadRequest, Message: messageInvalidJSON, Text: "more than one object"}
	}
	if err == nil {
		return q, nil
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		path := "/" + strings.ReplaceAll(strings.TrimPrefix(wrong.Field, "Quota."), ".", "/")
		return Quota{}, quotaError(path, fmt.Sprintf("got a %s, expected %s", wrong.Value, expected(path)))
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return Quota{}, quotaError("/", "unknown member "+name+`; use weight, guarantee and limit, the latter two with cpus, mem, disk and gpus`)
	}
	return Quota{}, &Error{Status: http.StatusBadRequest, Message: messageInvalidJSON, Text: err.Error()}
}

func expected(path string) string {
	if path == "/" || path == "/guarantee" || path == "/limit" {
		return "an object"
	}
	return "a number"
}

func quotaError(path, text string) *Error {
	return &Error{Status: http.StatusUnprocessableEntity, Message: messageInvalidJSON, Details: []Detail{{Path: path, Errors: []string{text}}}}
}

// Queues tells what the tenants' queues have.
func (c *Client) Queues(ctx context.Context) (Queues, error) {
	var out Queues
	err := c.do(ctx, http.MethodGet, "/v3/queues", nil, nil, &out)
	return out, err
}

// QueueShare tells what one queue has; it fails with an *Error of status 404 when
// nothing runs or waits in it and it has no quota.
func (c *Client) QueueShare(ctx context.Context, queue string) (Share, error) {
	var out Share
	err := c.do(ctx, http.MethodGet, queuePath(queue), nil, nil, &out)
	return out, err
}

// SetQuota changes what a queue may have, in place of what it had before.
func (c *Client) SetQuota(ctx context.Context, queue string, q Quota) (Share, error) {
	var out Share
	body, err := Marshal(q)
	if err != nil {
		return out, err
	}
	err = c.do(ctx, http.MethodPut, queuePath(queue), nil, body, &out)
	return out, err
}

// ResetQuota forgets what was set at run time; what the scheduler was started
// with holds again.
func (c *Client) ResetQuota(ctx context.Context, queue string) (Share, error) {
	var out Share
	err := c.do(ctx, http.MethodDelete, queuePath(queue), nil, nil, &out)
	return out, err
}

func queuePath(queue string) string {
	u := url.URL{Path: strings.TrimSuffix("/v3/queues/"+strings.Trim(queue, "/"), "/")}
	return u.EscapedPath()
}
