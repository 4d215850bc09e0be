package mesos

import (
	"slices"
	"time"
)

// Capability is an optional behaviour that a framework declares.
type Capability string

// The framework capabilities ("Mesos, framework capabilities").
const (
	PartitionAware        Capability = "PARTITION_AWARE"
	TaskKillingState      Capability = "TASK_KILLING_STATE"
	MultiRole             Capability = "MULTI_ROLE"
	ReservationRefinement Capability = "RESERVATION_REFINEMENT"
	RegionAware           Capability = "REGION_AWARE"
	GPUResources          Capability = "GPU_RESOURCES"
)

// FrameworkInfo is what a framework tells the master about itself.
type FrameworkInfo struct {
	// ID is "" for a framework that was never registered.
	ID              FrameworkID
	User            string
	Name            string
	FailoverTimeout time.Duration
	Checkpoint      bool
	Roles           []string
	Hostname        string
	Principal       string
	WebUIURL        string
	Capabilities    []Capability
	Labels          []Label
}

// Has reports whether the framework declares c.
func (f FrameworkInfo) Has(c Capability) bool {
	return slices.Contains(f.Capabilities, c)
}

// MasterInfo is the master that answered a subscription.
type MasterInfo struct {
	ID       string
	Hostname string
	// Address is "host:port".
	Address string
	Version string
	Domain  Domain
}

// AgentInfo is what an agent tells its executors about itself.
type AgentInfo struct {
	ID         AgentID
	Hostname   string
	Port       int32
	Resources  []Resource
	Attributes []Attribute
	Domain     Domain
}
