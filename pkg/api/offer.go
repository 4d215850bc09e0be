package api

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
