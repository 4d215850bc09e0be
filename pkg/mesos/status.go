package mesos

import "time"

// TaskStatus is one status update.
type TaskStatus struct {
	TaskID     TaskID
	State      TaskState
	Source     Source
	Reason     Reason
	Message    string
	Data       []byte
	AgentID    AgentID
	ExecutorID ExecutorID
	Timestamp  time.Time
	// UUID is 16 bytes when the update must be acknowledged, empty otherwise.
	UUID []byte
	// Healthy is nil when no health check has reported.
	Healthy         *bool
	Check           *CheckStatus
	Labels          []Label
	Container       *ContainerStatus
	UnreachableTime time.Time
}

// CheckStatus is the state of a general check.
type CheckStatus struct {
	Type CheckType
	// Result is the exit code, the HTTP status, or 1 for a connection and 0 for none;
	// nil while there is no result.
	Result *int64
}

// Equal reports whether both say the same.
func (c *CheckStatus) Equal(o *CheckStatus) bool {
	if c == nil || o == nil {
		return c == o
	}
	return c.Type == o.Type && (c.Result == nil) == (o.Result == nil) && (c.Result == nil || *c.Result == *o.Result)
}

// ContainerStatus tells where a running task can be reached.
type ContainerStatus struct {
	ContainerID ContainerID
	ExecutorPID uint32
	Networks    []NetworkInfo
}

// NetworkInfo is one network that a container is attached to.
type NetworkInfo struct {
	Name         string
	IPAddresses  []string
	Labels       []Label
	PortMappings []PortMapping
}

// PortMapping forwards a host port to a container port.
type PortMapping struct {
	HostPort, ContainerPort uint32
	// Protocol is "tcp" or "udp".
	Protocol string
}
