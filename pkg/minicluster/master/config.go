package master

import (
	"errors"
	"fmt"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// Version is the version of Apache Mesos that the mini cluster imitates and reports.
const Version = "1.12.0"

// Credential is a principal with its secret, as in the file that --credentials names.
type Credential struct {
	Principal string
	Secret    string
}

// Config holds the settings of a master. Each field is the master flag of like name of Apache Mesos; durations that
// are zero mean what is written at the field, not the default, so start from [DefaultConfig].
type Config struct {
	// ID is the master's id; empty: a random UUID.
	ID string
	// IP is the address the master listens on, dotted IPv4. Required.
	IP string
	// Port is the TCP port of the master's HTTP server, 1 to 65535. Required.
	Port int
	// Hostname is what the master advertises; empty: IP.
	Hostname string
	// Cluster is the human readable name of the cluster, shown by reads; may be empty.
	Cluster string
	// Domain is the fault domain of the master; nil: none.
	Domain *mesos.DomainInfo
	// Quorum is informative only: the flag as reads show it.
	Quorum int

	// AuthenticateFrameworks, AuthenticateReadonly and AuthenticateReadwrite are --authenticate_http_frameworks,
	// --authenticate_http_readonly and --authenticate_http_readwrite.
	AuthenticateFrameworks bool
	AuthenticateReadonly   bool
	AuthenticateReadwrite  bool
	// Credentials are the principals that HTTP basic authentication knows.
	Credentials []Credential
	// Roles is --roles: if not empty only these roles (and "*") may be used.
	Roles []string
	// RootSubmissions is --root_submissions: whether frameworks may run as user root.
	RootSubmissions bool
	// Weights are the initial weights of roles; a missing role weighs 1.
	Weights map[string]float64

	// HeartbeatInterval is the time between HEARTBEAT events of scheduler (and operator) streams; Mesos has no flag
	// for it and uses 15 s.
	HeartbeatInterval time.Duration
	// OfferTimeout is --offer_timeout; zero: offers are held for ever.
	OfferTimeout time.Duration
	// AllocationInterval is --allocation_interval, the time between two batch allocations.
	AllocationInterval time.Duration
	// AgentPingTimeout is --agent_ping_timeout: the time between pings and the time a pong may take.
	AgentPingTimeout time.Duration
	// MaxAgentPingTimeouts is --max_agent_ping_timeouts: so many missed pongs make an agent unreachable.
	MaxAgentPingTimeouts int
	// AgentReregisterTimeout is --agent_reregister_timeout: how long an agent may be disconnected, or after a master
	// failover not have re-registered, before it is unreachable.
	AgentReregisterTimeout time.Duration
	// RegistryGCInterval is --registry_gc_interval, RegistryMaxAgentAge and RegistryMaxAgentCount are
	// --registry_max_agent_age and --registry_max_agent_count: how long and how many unreachable and gone agents are
	// remembered.
	RegistryGCInterval    time.Duration
	RegistryMaxAgentAge   time.Duration
	RegistryMaxAgentCount int
	// MaxCompletedFrameworks, MaxCompletedTasksPerFramework and MaxUnreachableTasksPerFramework bound the history.
	MaxCompletedFrameworks          int
	MaxCompletedTasksPerFramework   int
	MaxUnreachableTasksPerFramework int
	// MaxOperatorSubscribers is --max_operator_event_stream_subscribers.
	MaxOperatorSubscribers int

	// FilterGPUResources is --filter_gpu_resources: agents with gpus are offered to GPU_RESOURCES frameworks only.
	FilterGPUResources bool
	// MinAllocatable is --min_allocatable_resources: alternatives, each a set of least quantities by resource name;
	// what satisfies none is not offered. Empty: everything is.
	MinAllocatable []map[string]float64
	// FairSharingExcluded is --fair_sharing_excluded_resource_names.
	FairSharingExcluded []string

	// StreamQueueBytes bounds what may wait for one scheduler that does not read; beyond it the stream is cut.
	StreamQueueBytes int
	// RawFlags are further flags given on the (imagined) command line, shown by GET_FLAGS. May be nil.
	RawFlags map[string]string
}

// DefaultConfig returns the defaults of Apache Mesos; IP and Port remain to be set.
func DefaultConfig() Config {
	return Config{
		RootSubmissions:                 true,
		HeartbeatInterval:               15 * time.Second,
		AllocationInterval:              time.Second,
		AgentPingTimeout:                15 * time.Second,
		MaxAgentPingTimeouts:            5,
		AgentReregisterTimeout:          10 * time.Minute,
		RegistryGCInterval:              15 * time.Minute,
		RegistryMaxAgentAge:             14 * 24 * time.Hour,
		RegistryMaxAgentCount:           102400,
		MaxCompletedFrameworks:          50,
		MaxCompletedTasksPerFramework:   1000,
		MaxUnreachableTasksPerFramework: 1000,
		MaxOperatorSubscribers:          1000,
		FilterGPUResources:              true,
		MinAllocatable:                  []map[string]float64{{"cpus": 0.01}, {"mem": 32}},
		StreamQueueBytes:                256 << 20,
	}
}

// Validate reports all settings that cannot work, joined.
func (c Config) Validate() error {
	var errs []error
	bad := func(name string, value any, want string) {
		errs = append(errs, fmt.Errorf("%s is %v: want %s", name, value, want))
	}
	if c.IP == "" {
		bad("IP", `""`, "a dotted IPv4 address")
	}
	if c.Port < 1 || c.Port > 65535 {
		bad("Port", c.Port, "1 to 65535")
	}
	positive := func(name string, d time.Duration) {
		if d <= 0 {
			bad(name, d, "a positive duration")
		}
	}
	positive("HeartbeatInterval", c.HeartbeatInterval)
	positive("AllocationInterval", c.AllocationInterval)
	positive("AgentPingTimeout", c.AgentPingTimeout)
	positive("AgentReregisterTimeout", c.AgentReregisterTimeout)
	positive("RegistryGCInterval", c.RegistryGCInterval)
	if c.MaxAgentPingTimeouts < 1 {
		bad("MaxAgentPingTimeouts", c.MaxAgentPingTimeouts, "at least 1")
	}
	if c.OfferTimeout < 0 {
		bad("OfferTimeout", c.OfferTimeout, "zero (never) or positive")
	}
	if c.StreamQueueBytes < 1<<10 {
		bad("StreamQueueBytes", c.StreamQueueBytes, "at least 1024")
	}
	return errors.Join(errs...)
}
