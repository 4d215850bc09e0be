// Package runspec holds what one run is and what it needs: command, container,
// resources, constraints, ports, networks, volumes, checks. It is all that
// scheduler/placement and pkg/taskinfo know of a definition, so that whatever
// has runs (an App's instances today) is placed and launched by the same code.
// How many runs there are, and how they are replaced, is their owner's matter.
package runspec

import (
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// Run is what each run of one version of a definition is and needs. A Run is
// immutable once it is in use: it is shared by address and never written to.
type Run struct {
	Cmd string
	// Args is the argument vector instead of Cmd; nil means not given.
	Args []string
	User string
	// Env holds plain values; secrets are references, kept apart.
	Env        map[string]string
	EnvSecrets map[string]string
	Resources  resource.Vector
	// Limits holds caps for "cpus" and "mem"; Unlimited lifts one.
	Limits map[string]Limit
	// Executor is "" for the scheduler's default, CommandExecutor, or the path of an executor of the owner's.
	Executor              string
	ExecutorResources     *resource.Vector
	Constraints           []constraint.Constraint
	AcceptedResourceRoles []string
	Role                  string
	Fetch                 []Fetch
	Container             *Container
	Networks              []Network
	// Ports are the port definitions (host networking) or port mappings.
	Ports        []Port
	RequirePorts bool
	HealthChecks []HealthCheck
	Labels       map[string]string
	// KillGracePeriod is nil for the executor's default.
	KillGracePeriod *time.Duration
	TTY             *bool
	// Written is what the amounts here were written as, where they are finer.
	Written Written
}

// Owner is the version of a definition that has runs. Its tasks carry both.
type Owner struct {
	// ID is the path of what the user declared, such as "/prod/web".
	ID string
	// Version is the time of its last accepted change.
	Version time.Time
}

// Limit is an upper bound for a resource, which may exceed the request.
type Limit struct {
	Unlimited bool
	Amount    resource.Scalar
}

// Fetch is a file that the agent brings into the sandbox before the start.
type Fetch struct {
	URI        string
	Extract    bool
	Executable bool
	Cache      bool
	DestPath   string
}

// HostNetworking reports whether the runs share the agent's network.
func (r *Run) HostNetworking() bool {
	return len(r.Networks) == 0 || r.Networks[0].Mode == Host
}

// HasHostPort reports whether the run's port needs a host port from the offer:
// always with host networking, else when the mapping asks for one.
func (r *Run) HasHostPort(p Port) bool {
	return r.HostNetworking() || p.HostPort != nil
}

// HasPersistentVolumes reports whether the runs keep data on an agent.
func (r *Run) HasPersistentVolumes() bool {
	return r.hasVolume(func(v Volume) bool { return v.Persistent != nil })
}

// HasExternalVolumes reports whether the runs mount volumes of a volume driver.
func (r *Run) HasExternalVolumes() bool {
	return r.hasVolume(func(v Volume) bool { return v.External != nil })
}

func (r *Run) hasVolume(is func(Volume) bool) bool {
	return r.Container != nil && slices.ContainsFunc(r.Container.Volumes, is)
}
