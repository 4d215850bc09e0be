package mesos

import "time"

// Offer is resources of one agent, allocated to one role of the framework.
type Offer struct {
	ID          OfferID
	FrameworkID FrameworkID
	AgentID     AgentID
	Hostname    string
	// Role is the role that the offer is allocated to.
	Role        string
	Resources   []Resource
	Attributes  []Attribute
	Domain      Domain
	ExecutorIDs []ExecutorID
	// Unavailability is the agent's next maintenance window, nil when none is planned.
	Unavailability *Unavailability
}

// Domain is a fault domain; both fields are "" when the agent declares none.
type Domain struct {
	Region, Zone string
}

// Unavailability is a maintenance window; Duration 0 means "until further notice".
type Unavailability struct {
	Start    time.Time
	Duration time.Duration
}

// InverseOffer asks for an agent's resources back ahead of maintenance.
type InverseOffer struct {
	ID             OfferID
	AgentID        AgentID
	Unavailability Unavailability
}
