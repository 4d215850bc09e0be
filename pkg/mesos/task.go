package mesos

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/resource"
)

// TaskInfo describes a task to launch. Exactly one of Command and Executor is set.
type TaskInfo struct {
	Name      string
	TaskID    TaskID
	AgentID   AgentID
	Resources []Resource
	// Limits caps cpus and mem above the request; nil means none.
	Limits    map[string]resource.Scalar
	Command   *CommandInfo
	Executor  *ExecutorInfo
	Container *ContainerInfo
	Health    *HealthCheck
	Check     *CheckInfo
	Kill      *KillPolicy
	Discovery *DiscoveryInfo
	Labels    []Label
	Data      []byte
}

// ExecutorInfo describes the executor that runs a task. All tasks of one
// executor id on an agent must repeat it exactly.
type ExecutorInfo struct {
	ExecutorID          ExecutorID
	FrameworkID         FrameworkID
	Name                string
	Source              string
	Command             *CommandInfo
	Container           *ContainerInfo
	Resources           []Resource
	ShutdownGracePeriod time.Duration
	Labels              []Label
	Data                []byte
}

// CommandInfo is a process to start and what it needs in its sandbox.
type CommandInfo struct {
	// Shell says that Value is a line for /bin/sh; otherwise it is a program and Arguments its argv.
	Shell       bool
	Value       string
	Arguments   []string
	Environment []Variable
	URIs        []URI
	User        string
}

// Variable is one environment variable.
type Variable struct {
	Name, Value string
}

// URI is a file that the agent fetches into the sandbox before the start.
type URI struct {
	Value      string
	Executable bool
	Extract    bool
	Cache      bool
	OutputFile string
}

// ContainerType chooses the containerizer.
type ContainerType uint8

// The container types.
const (
	ContainerDocker ContainerType = iota + 1
	ContainerMesos
)

// ContainerInfo describes the container of a task or executor.
type ContainerInfo struct {
	Type     ContainerType
	Hostname string
	Volumes  []Volume
	Networks []NetworkInfo
	Docker   *DockerInfo
	// Image is the Docker image of a ContainerMesos, "" for the host's file system.
	Image string
}

// Volume is a host directory mounted into the container.
type Volume struct {
	ContainerPath, HostPath string
	ReadOnly                bool
}

// DockerNetwork is the network mode of a Docker container.
type DockerNetwork uint8

// The network modes.
const (
	NetworkHost DockerNetwork = iota + 1
	NetworkBridge
	NetworkNone
	NetworkUser
)

// DockerInfo describes a Docker container.
type DockerInfo struct {
	Image          string
	Network        DockerNetwork
	PortMappings   []PortMapping
	Privileged     bool
	ForcePullImage bool
	Parameters     []Label
}

// KillPolicy says how a task is killed: a gentle signal, GracePeriod, SIGKILL.
type KillPolicy struct {
	GracePeriod time.Duration
}

// CheckType is the kind of a check.
type CheckType uint8

// The kinds of checks.
const (
	CheckCommand CheckType = iota + 1
	CheckHTTP
	CheckTCP
)

// HealthCheck is a health check that the executor runs ("Mesos, task health checking").
type HealthCheck struct {
	Type                CheckType
	Command             *CommandInfo
	Scheme, Path        string
	Port                uint32
	Delay               time.Duration
	Interval            time.Duration
	Timeout             time.Duration
	Grace               time.Duration
	ConsecutiveFailures uint32
}

// CheckInfo is a general check that the executor runs and reports the result of.
type CheckInfo struct {
	Type     CheckType
	Command  *CommandInfo
	Path     string
	Port     uint32
	Delay    time.Duration
	Interval time.Duration
	Timeout  time.Duration
}

// DiscoveryInfo tells service discovery about a task.
type DiscoveryInfo struct {
	Name  string
	Ports []DiscoveryPort
}

// DiscoveryPort is a named port of a task.
type DiscoveryPort struct {
	Number   uint32
	Name     string
	Protocol string
	Labels   []Label
}
