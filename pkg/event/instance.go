package event

import (
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// InstanceChanged says that an instance has another condition than before. The
// core makes one for every launch: it holds no more than what is told.
type InstanceChanged struct {
	InstanceID string `json:"instanceId"`
	// Condition is its name, such as "Running".
	Condition      string        `json:"condition"`
	RunSpecID      app.ID        `json:"runSpecId"`
	AgentID        mesos.AgentID `json:"agentId"`
	Host           string        `json:"host"`
	RunSpecVersion Time          `json:"runSpecVersion"`
}

// UnknownInstanceTerminated says that a task ended which was of no instance.
type UnknownInstanceTerminated struct {
	InstanceID string `json:"instanceId"`
	RunSpecID  app.ID `json:"runSpecId"`
	Condition  string `json:"condition"`
}

// StatusUpdate says that a status update told something new of a task.
type StatusUpdate struct {
	SlaveID mesos.AgentID `json:"slaveId"`
	TaskID  mesos.TaskID  `json:"taskId"`
	// TaskStatus is Mesos' name, such as "TASK_RUNNING".
	TaskStatus  string    `json:"taskStatus"`
	Message     string    `json:"message"`
	AppID       app.ID    `json:"appId"`
	Host        string    `json:"host"`
	IPAddresses Addresses `json:"ipAddresses"`
	Ports       Ports     `json:"ports"`
	Version     Time      `json:"version"`
	// Reason is Mesos', which Marathon's stream does not tell.
	Reason mesos.Reason `json:"-"`
}

// InstanceHealthChanged says that the health of an instance is known or another one.
type InstanceHealthChanged struct {
	InstanceID     string `json:"instanceId"`
	RunSpecID      app.ID `json:"runSpecId"`
	RunSpecVersion Time   `json:"runSpecVersion"`
	// Healthy is nil when nothing is known of it any more.
	Healthy *bool `json:"healthy"`
}

// HealthStatusChanged says the same of the task that the instance has.
type HealthStatusChanged struct {
	AppID      app.ID       `json:"appId"`
	InstanceID string       `json:"instanceId"`
	TaskID     mesos.TaskID `json:"taskId"`
	Version    Time         `json:"version"`
	Alive      bool         `json:"alive"`
}

// HealthCheckFailed says that a health check of a task counted a failure.
type HealthCheckFailed struct {
	AppID      app.ID       `json:"appId"`
	InstanceID string       `json:"instanceId"`
	TaskID     mesos.TaskID `json:"taskId"`
	// HealthCheck is nil when the App has several and it is not known which one failed.
	HealthCheck *app.HealthCheck `json:"-"`
}

// HealthCheckAdded says that an App has a health check from now on.
type HealthCheckAdded struct {
	AppID       app.ID           `json:"appId"`
	Version     Time             `json:"version"`
	HealthCheck *app.HealthCheck `json:"-"`
}

// HealthCheckRemoved says that an App has its health checks no more.
type HealthCheckRemoved struct {
	AppID app.ID `json:"appId"`
}

// UnhealthyInstanceKilled says that a task was ended because its health checks failed.
type UnhealthyInstanceKilled struct {
	AppID      app.ID        `json:"appId"`
	TaskID     mesos.TaskID  `json:"taskId"`
	InstanceID string        `json:"instanceId"`
	Version    Time          `json:"version"`
	Reason     string        `json:"reason"`
	Host       string        `json:"host"`
	SlaveID    mesos.AgentID `json:"slaveId"`
}

// Type implements Event.
func (*InstanceChanged) Type() string { return "instance_changed_event" }

// Type implements Event.
func (*UnknownInstanceTerminated) Type() string { return "unknown_instance_terminated_event" }

// Type implements Event.
func (*StatusUpdate) Type() string { return "status_update_event" }

// Type implements Event.
func (*InstanceHealthChanged) Type() string { return "instance_health_changed_event" }

// Type implements Event.
func (*HealthStatusChanged) Type() string { return "health_status_changed_event" }

// Type implements Event.
func (*HealthCheckFailed) Type() string { return "failed_health_check_event" }

// Type implements Event.
func (*HealthCheckAdded) Type() string { return "add_health_check_event" }

// Type implements Event.
func (*HealthCheckRemoved) Type() string { return "remove_health_check_event" }

// Type implements Event.
func (*UnhealthyInstanceKilled) Type() string { return "unhealthy_instance_kill_event" }
