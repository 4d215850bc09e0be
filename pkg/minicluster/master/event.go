package master

import (
	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// Event is a change that operators can follow with [Master.Observe]. What it points to is valid only while the
// observer runs.
type Event interface{ event() }

// TaskAdded tells of a task new to the master.
type TaskAdded struct{ Task *Task }

// TaskUpdated tells that the status of a task changed.
type TaskUpdated struct {
	Task *Task
	// Status is without data.
	Status mesos.TaskStatus
	// State is the latest state, possibly ahead of Status.State.
	State mesos.TaskState
}

// AgentAdded tells of an agent that registered or came back.
type AgentAdded struct{ Agent *Agent }

// AgentRemoved tells of an agent that unregistered, was replaced or went down for maintenance; not of one that became
// unreachable or was marked gone.
type AgentRemoved struct{ AgentID mesos.AgentID }

// FrameworkAdded tells of a framework new to the master.
type FrameworkAdded struct{ Framework *Framework }

// FrameworkUpdated tells that a framework subscribed again, disconnected or changed its description.
type FrameworkUpdated struct{ Framework *Framework }

// FrameworkRemoved tells that a framework was removed.
type FrameworkRemoved struct{ Info mesos.FrameworkInfo }

func (TaskAdded) event()        {}
func (TaskUpdated) event()      {}
func (AgentAdded) event()       {}
func (AgentRemoved) event()     {}
func (FrameworkAdded) event()   {}
func (FrameworkUpdated) event() {}
func (FrameworkRemoved) event() {}
