// Package app holds what a user declares: the App's definition in canonical
// form, its id, defaults and validation. Marathon's JSON is read and written by
// package api; running copies are the scheduler's matter.
package app

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// Spec is one version of an App's definition in canonical form ("Marathon, app
// definition"). A Spec is immutable once it left Normalize: share it, never write to it.
type Spec struct {
	ID  ID
	Cmd string
	// Args is the argument vector instead of Cmd; nil means not given.
	Args []string
	User string
	// Env holds plain values; secrets are references, kept apart.
	Env        map[string]string
	EnvSecrets map[string]string
	Secrets    map[string]string
	Instances  int
	Resources  resource.Vector
	// Limits holds caps for "cpus" and "mem"; Unlimited lifts one.
	Limits map[string]Limit
	// Executor is "" for the scheduler's default, "//cmd" for Mesos' command executor.
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
	Backoff      Backoff
	HealthChecks []HealthCheck
	Readiness    []ReadinessCheck
	Check        *Check
	Dependencies []ID
	Upgrade      UpgradeStrategy
	Labels       map[string]string
	KillSelect   KillSelection
	Unreachable  UnreachableStrategy
	// KillGracePeriod is nil for the executor's default.
	KillGracePeriod *time.Duration
	TTY             *bool

	// Version is the time of the last accepted change, in whole milliseconds, UTC.
	Version time.Time
	// RestartedAt is the last time that the user asked for a restart, zero if never:
	// two versions alike in everything but this need new instances.
	RestartedAt time.Time
	// LastScalingAt and LastConfigChangeAt tell which kind of change it was.
	LastScalingAt      time.Time
	LastConfigChangeAt time.Time
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

// ContainerKind chooses the containerizer.
type ContainerKind uint8

// The kinds of containers.
const (
	Docker ContainerKind = iota + 1
	Mesos
)

// Container is the container of an App; nil in Spec means a plain process.
type Container struct {
	Kind ContainerKind
	// Image is "" only for Mesos.
	Image          string
	ForcePullImage bool
	Privileged     bool
	Parameters     []Parameter
	PullSecret     string
	Volumes        []Volume
}

// Parameter is one option handed to the Docker engine, in docker run's spelling.
type Parameter struct {
	Key, Value string
}

// Volume is a directory in the container: exactly one of HostPath, Persistent,
// External and Secret is set.
type Volume struct {
	ContainerPath string
	ReadOnly      bool
	HostPath      string
	Persistent    *PersistentVolume
	External      *ExternalVolume
	Secret        string
}

// PersistentVolume is disk that outlives the task.
type PersistentVolume struct {
	Size        resource.Scalar
	MaxSize     resource.Scalar
	Type        string
	ProfileName string
	Constraints []constraint.Constraint
}

// ExternalVolume is a volume of a Docker volume driver.
type ExternalVolume struct {
	Name     string
	Provider string
	Size     int
	Options  map[string]string
	Shared   bool
}

// NetworkMode is how an instance is connected.
type NetworkMode uint8

// The network modes.
const (
	Host NetworkMode = iota + 1
	Bridge
	ContainerNetwork
)

// Network is one network of an App.
type Network struct {
	Mode   NetworkMode
	Name   string
	Labels map[string]string
}

// Port is a port definition (host networking) or a port mapping.
type Port struct {
	// ContainerPort is 0 for "the host port's number"; unused with host networking.
	ContainerPort int
	// HostPort is nil for no host port, 0 for any, else the number wanted.
	HostPort *int
	// ServicePort is the load balancer's port, 0 until assigned.
	ServicePort int
	// Protocol is "tcp", "udp" or "udp,tcp".
	Protocol     string
	Name         string
	Labels       map[string]string
	NetworkNames []string
}

// Backoff delays the start of an App's instances after failures.
type Backoff struct {
	Initial time.Duration
	Factor  float64
	Max     time.Duration
}

// HealthProtocol is how a health check asks.
type HealthProtocol uint8

// The protocols of health checks; the Mesos kinds run beside the task.
const (
	HealthHTTP HealthProtocol = iota + 1
	HealthHTTPS
	HealthTCP
	HealthCommand
	HealthMesosHTTP
	HealthMesosHTTPS
	HealthMesosTCP
)

// HealthCheck asks whether an instance does its work.
type HealthCheck struct {
	Protocol               HealthProtocol
	Path                   string
	Command                string
	PortIndex              *int
	Port                   *int
	GracePeriod            time.Duration
	Interval               time.Duration
	Timeout                time.Duration
	Delay                  time.Duration
	MaxConsecutiveFailures int
	IgnoreHTTP1xx          bool
	IPv6                   bool
}

// ReadinessCheck asks whether a new instance may take traffic, during deployments only.
type ReadinessCheck struct {
	Name                 string
	HTTPS                bool
	Path                 string
	PortName             string
	Interval             time.Duration
	Timeout              time.Duration
	StatusCodes          []int
	PreserveLastResponse bool
}

// Check is Mesos' general check; it informs and never kills.
type Check struct {
	HTTP      bool
	TCP       bool
	Command   []string
	Shell     bool
	Path      string
	Scheme    string
	PortIndex *int
	Port      *int
	Interval  time.Duration
	Timeout   time.Duration
	Delay     time.Duration
}

// UpgradeStrategy bounds a rolling upgrade; both are shares of Instances in [0, 1].
type UpgradeStrategy struct {
	MinimumHealthCapacity float64
	MaximumOverCapacity   float64
}

// KillSelection says which instances go first when an App shrinks.
type KillSelection uint8

// The kill selections.
const (
	YoungestFirst KillSelection = iota + 1
	OldestFirst
)

// UnreachableStrategy says what becomes of instances on an unreachable agent.
type UnreachableStrategy struct {
	// Disabled means they are never replaced.
	Disabled bool
	// InactiveAfter is when a replacement may start, ExpungeAfter when the old one is forgotten.
	InactiveAfter, ExpungeAfter time.Duration
}

// HostNetworking reports whether the instances share the agent's network.
func (s *Spec) HostNetworking() bool {
	return len(s.Networks) == 0 || s.Networks[0].Mode == Host
}

// HasPersistentVolumes reports whether the instances keep data on an agent.
func (s *Spec) HasPersistentVolumes() bool {
	if s.Container == nil {
		return false
	}
	for _, v := range s.Container.Volumes {
		if v.Persistent != nil {
			return true
		}
	}
	return false
}
