package event

import "github.com/gantry-mesos/gantry/pkg/mesos"

// SchedulerRegistered says that this leader has subscribed with a master for the first time.
type SchedulerRegistered struct {
	FrameworkID mesos.FrameworkID `json:"frameworkId"`
	// Master is its host name.
	Master string `json:"master"`
}

// SchedulerReregistered says that it has subscribed again.
type SchedulerReregistered struct {
	Master string `json:"master"`
}

// SchedulerDisconnected says that the subscription has ended.
type SchedulerDisconnected struct{}

// FrameworkMessage is what an executor had to say.
type FrameworkMessage struct {
	ExecutorID mesos.ExecutorID `json:"executorId"`
	SlaveID    mesos.AgentID    `json:"slaveId"`
	Message    string           `json:"message"`
}

// StreamAttached says that somebody reads the event stream from now on.
type StreamAttached struct {
	// RemoteAddress is "host:port".
	RemoteAddress string `json:"remoteAddress"`
}

// StreamDetached says that somebody does so no more.
type StreamDetached struct {
	RemoteAddress string `json:"remoteAddress"`
}

// Type implements Event.
func (*SchedulerRegistered) Type() string { return "scheduler_registered_event" }

// Type implements Event.
func (*SchedulerReregistered) Type() string { return "scheduler_reregistered_event" }

// Type implements Event.
func (*SchedulerDisconnected) Type() string { return "scheduler_disconnected_event" }

// Type implements Event.
func (*FrameworkMessage) Type() string { return "framework_message_event" }

// Type implements Event.
func (*StreamAttached) Type() string { return "event_stream_attached" }

// Type implements Event.
func (*StreamDetached) Type() string { return "event_stream_detached" }
