package link

import (
	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// ToMaster is a message from an agent to a master.
type ToMaster interface {
	Message
	toMaster()
}

// AgentRecord is what an agent tells of itself when it registers.
type AgentRecord struct {
	// Info has ID unset at the first registration. Its resources are the configured ones (reservation-stack format,
	// without dynamic reservations and volumes).
	Info mesos.AgentInfo
	// PID is the agent's process address, "slave(1)@127.0.0.1:5051".
	PID string
	// Version is the Mesos version the agent claims to be.
	Version string
	// Capabilities are the agent's; a current agent has them all.
	Capabilities []mesos.AgentInfo_Capability_Type
	// Total are all resources of the agent with its dynamic reservations and persistent volumes applied
	// (reservation-stack format, no allocation_info). Empty means Info.Resources.
	Total []mesos.Resource
}

// Task is a task as master and agent keep it, with the field that mesos-go's message lacks.
type Task struct {
	mesos.Task
	// Limits are the resource limits of the TaskInfo, if any.
	Limits map[string]mesos.Value_Scalar
}

// Register asks for admission with a new agent id. It is repeated until answered.
type Register struct {
	AgentRecord
}

// Reregister tells a master about an agent that has an id, and all that lives on it.
type Reregister struct {
	AgentRecord
	// Executors are the custom and default executors, not those generated for command tasks.
	Executors []ExecutorRecord
	// Tasks are all tasks with no acknowledged terminal update: pending, queued, launched and terminated ones. State
	// is the latest; StatusUpdateState and StatusUpdateUUID tell the update that waits for acknowledgement.
	// ExecutorID is unset for command tasks.
	Tasks []Task
	// Frameworks are those that have executors or tasks on the agent.
	Frameworks []mesos.FrameworkInfo
	// CompletedFrameworks are remembered ones that ended, with their tasks.
	CompletedFrameworks []CompletedFramework
	// Operations are the pending operations and those whose terminal status is not acknowledged.
	Operations []mesos.Operation
	// Draining is the drain configuration the agent has, if any.
	Draining *mesos.DrainConfig
}

// ExecutorRecord is one executor on an agent.
type ExecutorRecord struct {
	FrameworkID mesos.FrameworkID
	Info        mesos.ExecutorInfo
}

// CompletedFramework is a framework that ended on an agent.
type CompletedFramework struct {
	Framework mesos.FrameworkInfo
	Tasks     []Task
}

// Unregister says that the agent ends gracefully (SIGUSR1): its tasks are killed and it will not come back.
type Unregister struct {
	AgentID mesos.AgentID
}

// StatusUpdate forwards the status at the head of a task's stream. Status.UUID is set; the scheduler's
// acknowledgement comes back as [StatusAcknowledgement].
type StatusUpdate struct {
	FrameworkID mesos.FrameworkID
	AgentID     mesos.AgentID
	// ExecutorID names the executor, also the generated one of a command task.
	ExecutorID *mesos.ExecutorID
	Status     mesos.TaskStatus
	// LatestState is the newest state the agent knows, it may be ahead of Status.State.
	LatestState mesos.TaskState
	// LatestStatus is the newest status of the task if it differs from Status.
	LatestStatus *mesos.TaskStatus
}

// ExitedExecutor tells that an executor has ended. It is not sent for executors generated for command tasks.
type ExitedExecutor struct {
	AgentID     mesos.AgentID
	FrameworkID mesos.FrameworkID
	ExecutorID  mesos.ExecutorID
	// Status is the raw wait status, -1 if unknown.
	Status int32
}

// ExecutorToFramework carries opaque bytes from an executor to its scheduler, at most once.
type ExecutorToFramework struct {
	AgentID     mesos.AgentID
	FrameworkID mesos.FrameworkID
	ExecutorID  mesos.ExecutorID
	Data        []byte
}

// OperationUpdate reports the status of an operation, first after an [ApplyOperation], then again (10 s, 20 s, ...)
// until acknowledged by [OperationAcknowledgement].
type OperationUpdate struct {
	AgentID     mesos.AgentID
	FrameworkID *mesos.FrameworkID
	// OperationUUID is the UUID of the ApplyOperation.
	OperationUUID []byte
	// Status.UUID identifies this update; Status.OperationID is set if the framework gave one.
	Status mesos.OperationStatus
}

// Pong answers a [Ping].
type Pong struct {
	AgentID mesos.AgentID
}

func (Register) toMaster()            {}
func (Reregister) toMaster()          {}
func (Unregister) toMaster()          {}
func (StatusUpdate) toMaster()        {}
func (ExitedExecutor) toMaster()      {}
func (ExecutorToFramework) toMaster() {}
func (OperationUpdate) toMaster()     {}
func (Pong) toMaster()                {}

// Class implements Message.
func (Register) Class() Class { return ClassRegistration }

// Class implements Message.
func (Reregister) Class() Class { return ClassRegistration }

// Class implements Message.
func (Unregister) Class() Class { return ClassRegistration }

// Class implements Message.
func (StatusUpdate) Class() Class { return ClassStatus }

// Class implements Message.
func (ExitedExecutor) Class() Class { return ClassExecutorExit }

// Class implements Message.
func (ExecutorToFramework) Class() Class { return ClassFrameworkMessage }

// Class implements Message.
func (OperationUpdate) Class() Class { return ClassOperation }

// Class implements Message.
func (Pong) Class() Class { return ClassPing }
