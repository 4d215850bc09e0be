package api

import (
	"context"
	"net/http"
)

// Queues is what the tenants' queues have of the cluster.
type Queues struct {
	// Jain is Jain's fairness index of the weighted shares of the queues that
	// have something waiting or running: 1 when all are equal.
	Jain   float64 `json:"jainIndex"`
	Queues []Share `json:"queues"`
}

// Share is what a queue, with those below it, has.
type Share struct {
	// Queue is its path, "/" for all together.
	Queue     string    `json:"queue"`
	Weight    float64   `json:"weight"`
	Guarantee *Amounts  `json:"guarantee,omitempty"`
	Limit     *Amounts  `json:"limit,omitempty"`
	Used      Amounts   `json:"used"`
	Dominant  *Dominant `json:"dominantShare,omitempty"`
	// Instances is how many tasks there are, Waiting how many instances wait.
	Instances int `json:"instances"`
	Waiting   int `json:"waiting"`
	// AppsLimited is how many waiting Apps the limit of this queue keeps out.
	AppsLimited int `json:"appsLimited"`
}

// Dominant is the largest part that a queue has of any resource.
type Dominant struct {
	// Resource is "cpus", "mem", "disk" or "gpus".
	Resource string  `json:"resource"`
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

// Queues tells what the tenants' queues have.
func (c *Client) Queues(ctx context.Context) (Queues, error) {
	var out Queues
	err := c.do(ctx, http.MethodGet, "/v3/queues", nil, nil, &out)
	return out, err
}

// UnusedOffer is an offer that an App could not use, and why.
type UnusedOffer struct {
	Offer     Offer    `json:"offer"`
	Reason    []string `json:"reason"`
	Timestamp Time     `json:"timestamp"`
}

// Offer is an offer as the queue shows it.
type Offer struct {
	ID         string           `json:"id"`
	Hostname   string           `json:"hostname"`
	AgentID    string           `json:"agentId"`
	Resources  []OfferResource  `json:"resources"`
	Attributes []OfferAttribute `json:"attributes"`
}

// OfferResource is one resource of an offer.
type OfferResource struct {
	Name   string       `json:"name"`
	Role   string       `json:"role"`
	Scalar *float64     `json:"scalar,omitempty"`
	Ranges []OfferRange `json:"ranges,omitempty"`
	Set    []string     `json:"set,omitempty"`
}

// OfferAttribute is one attribute of an offer's agent.
type OfferAttribute struct {
	Name   string       `json:"name"`
	Text   *string      `json:"text,omitempty"`
	Scalar *float64     `json:"scalar,omitempty"`
	Ranges []OfferRange `json:"ranges,omitempty"`
	Set    []string     `json:"set,omitempty"`
}

// OfferRange is an inclusive range.
type OfferRange struct {
	Begin uint64 `json:"begin"`
	End   uint64 `json:"end"`
}
