package mesos

import "github.com/gantry-mesos/gantry/pkg/resource"

// Names of the resources that Gantry places by.
const (
	CPUs  = "cpus"
	Mem   = "mem"
	Disk  = "disk"
	GPUs  = "gpus"
	Ports = "ports"
)

// ValueType says which of a value's fields counts.
type ValueType uint8

// The value types of resources and attributes; Text occurs only in attributes.
const (
	Scalar ValueType = iota + 1
	RangeSet
	Set
	Text
)

// Resource is one resource object as offered: an amount and the identity
// (role, reservations, disk, ...) that a task must repeat exactly when it uses
// a part of it ("Mesos, reservation", "persistent volumes").
type Resource struct {
	Name   string
	Type   ValueType
	Scalar resource.Scalar
	Ranges resource.Ranges
	Set    []string

	// AllocationRole is the role that the resource was offered to.
	AllocationRole string
	// Reservations is the stack from outermost to innermost; empty means unreserved.
	Reservations []Reservation
	Disk         *DiskInfo
	Revocable    bool
	Shared       bool
	ProviderID   string
}

// Reservation is one level of a reservation stack.
type Reservation struct {
	Dynamic   bool
	Role      string
	Principal string
	Labels    []Label
}

// Role returns the innermost reservation's role, "*" when unreserved.
func (r Resource) Role() string {
	if n := len(r.Reservations); n > 0 {
		return r.Reservations[n-1].Role
	}
	return "*"
}

// DiskInfo tells a persistent volume or a special disk from plain root disk.
type DiskInfo struct {
	PersistenceID        string
	PersistencePrincipal string
	// ContainerPath is where the volume appears in the sandbox, "" without volume.
	ContainerPath string
	ReadOnly      bool
	Source        *DiskSource
}

// DiskSource is the device below a disk resource; nil means the root disk.
type DiskSource struct {
	Type    DiskSourceType
	Root    string
	ID      string
	Profile string
	Vendor  string
	// Metadata is what a storage plug-in says about the disk; part of its identity.
	Metadata []Label
}

// DiskSourceType is the kind of a DiskSource.
type DiskSourceType uint8

// The kinds of disk sources.
const (
	DiskPath DiskSourceType = iota + 1
	DiskMount
	DiskBlock
	DiskRaw
)

// Label is a key with an optional value.
type Label struct {
	Key, Value string
}

// Attribute is a fact about an agent; the same name may occur several times.
type Attribute struct {
	Name   string
	Type   ValueType
	Scalar resource.Scalar
	Ranges resource.Ranges
	Set    []string
	Text   string
}
