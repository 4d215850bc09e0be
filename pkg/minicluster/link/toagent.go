package link

import (
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// ToAgent is a message from a master to an agent.
type ToAgent interface {
	Message
	toAgent()
}

// Registered answers a [Register]: the agent is admitted. A repeated Register of the same agent gets the same answer.
type Registered struct {
	AgentID mesos.AgentID
	// MasterID is the id of the master that admitted the agent.
	MasterID string
	// PingTimeout is the time without [Ping] after which the agent takes the master for lost and registers again:
	// agent_ping_timeout times max_agent_ping_timeouts.
	PingTimeout time.Duration
}

// Reregistered answers a [Reregister].
type Reregistered struct {
	AgentID     mesos.AgentID
	MasterID    string
	PingTimeout time.Duration
	// Reconciliations list tasks which the master believes to be on the agent although its Reregister did not name
	// them. For each that the agent really does not know it emits a status update PARTITION_AWARE ? TASK_DROPPED :
	// TASK_LOST, SOURCE_AGENT, REASON_RECONCILIATION, with uuid.
	Reconciliations []TaskReconciliation
	// Drain is set if the agent is to be (or goes on) draining; it stands for a [Drain] right after this message.
	Drain *mesos.DrainConfig
}

// TaskReconciliation asks an agent about tasks of one framework.
type TaskReconciliation struct {
	Framework mesos.FrameworkInfo
	TaskIDs   []mesos.TaskID
}

// ShutdownAgent tells an agent to kill everything and end: it is marked gone, its machine goes down for maintenance,
// or it was replaced.
type ShutdownAgent struct {
	Message string
}

// RunTask launches one task. Its Executor field is set for custom executors and unset for command tasks.
type RunTask struct {
	Framework mesos.FrameworkInfo
	Task      mesos.TaskInfo
	// LaunchExecutor says whether the master expects that the agent starts a new executor for the task; on
	// disagreement the agent drops the task with REASON_EXECUTOR_TERMINATED.
	LaunchExecutor bool
}

// RunTaskGroup launches a task group with its executor.
type RunTaskGroup struct {
	Framework mesos.FrameworkInfo
	Executor  mesos.ExecutorInfo
	Group     mesos.TaskGroupInfo
	// LaunchExecutor has the meaning it has in [RunTask].
	LaunchExecutor bool
}

// KillTask asks to kill a task. It may be repeated, and may name a task that has ended.
type KillTask struct {
	FrameworkID mesos.FrameworkID
	TaskID      mesos.TaskID
	KillPolicy  *mesos.KillPolicy
}

// StatusAcknowledgement passes the scheduler's acknowledgement of a [StatusUpdate] to the agent.
type StatusAcknowledgement struct {
	AgentID     mesos.AgentID
	FrameworkID mesos.FrameworkID
	TaskID      mesos.TaskID
	UUID        []byte
}

// FrameworkToExecutor carries opaque bytes from a scheduler to an executor, at most once.
type FrameworkToExecutor struct {
	AgentID     mesos.AgentID
	FrameworkID mesos.FrameworkID
	ExecutorID  mesos.ExecutorID
	Data        []byte
}

// ShutdownExecutor asks to shut one executor down.
type ShutdownExecutor struct {
	FrameworkID mesos.FrameworkID
	ExecutorID  mesos.ExecutorID
}

// ShutdownFramework asks to shut down all executors of a framework; its unacknowledged updates are discarded.
type ShutdownFramework struct {
	FrameworkID mesos.FrameworkID
}

// UpdateFramework tells that a framework has subscribed again or changed its FrameworkInfo. The agent sends the
// outstanding unacknowledged update of each task of the framework again at once.
type UpdateFramework struct {
	Framework mesos.FrameworkInfo
}

// ApplyOperation asks to carry out RESERVE, UNRESERVE, CREATE, DESTROY, GROW_VOLUME or SHRINK_VOLUME on the agent's
// own resources. It replaces the older "checkpoint resources" message: the agent applies the operation to its total
// resources, checkpoints the result and answers with an [OperationUpdate].
type ApplyOperation struct {
	// FrameworkID is nil for operations of the operator.
	FrameworkID *mesos.FrameworkID
	// Operation carries post-refinement resources (reservation stacks) with allocation_info removed.
	Operation mesos.Offer_Operation
	// UUID identifies the operation between master and agent, 16 bytes.
	UUID []byte
}

// OperationAcknowledgement passes the acknowledgement of an [OperationUpdate] to the agent: the scheduler's for
// operations with an id, the master's own for those without.
type OperationAcknowledgement struct {
	// OperationUUID is the UUID of the [ApplyOperation].
	OperationUUID []byte
	// StatusUUID is the uuid of the acknowledged OperationStatus.
	StatusUUID  []byte
	OperationID *mesos.OperationID
	FrameworkID *mesos.FrameworkID
}

// Drain puts the agent into draining: it kills all tasks with a grace period of at most Config.MaxGracePeriod, marks
// their terminal updates with REASON_AGENT_DRAINING and drops tasks that still arrive.
type Drain struct {
	Config mesos.DrainConfig
}

// StopDraining ends draining: the agent was reactivated.
type StopDraining struct{}

// Ping is sent by the master in fixed intervals; the agent answers with [Pong].
type Ping struct {
	// Connected is false if the master takes the agent for disconnected; an agent that thinks itself registered then
	// registers again.
	Connected bool
}

func (Registered) toAgent()               {}
func (Reregistered) toAgent()             {}
func (ShutdownAgent) toAgent()            {}
func (RunTask) toAgent()                  {}
func (RunTaskGroup) toAgent()             {}
func (KillTask) toAgent()                 {}
func (StatusAcknowledgement) toAgent()    {}
func (FrameworkToExecutor) toAgent()      {}
func (ShutdownExecutor) toAgent()         {}
func (ShutdownFramework) toAgent()        {}
func (UpdateFramework) toAgent()          {}
func (ApplyOperation) toAgent()           {}
func (OperationAcknowledgement) toAgent() {}
func (Drain) toAgent()                    {}
func (StopDraining) toAgent()             {}
func (Ping) toAgent()                     {}

// Class implements Message.
func (Registered) Class() Class { return ClassRegistration }

// Class implements Message.
func (Reregistered) Class() Class { return ClassRegistration }

// Class implements Message.
func (ShutdownAgent) Class() Class { return ClassShutdown }

// Class implements Message.
func (RunTask) Class() Class { return ClassLaunch }

// Class implements Message.
func (RunTaskGroup) Class() Class { return ClassLaunch }

// Class implements Message.
func (KillTask) Class() Class { return ClassKill }

// Class implements Message.
func (StatusAcknowledgement) Class() Class { return ClassAcknowledgement }

// Class implements Message.
func (FrameworkToExecutor) Class() Class { return ClassFrameworkMessage }

// Class implements Message.
func (ShutdownExecutor) Class() Class { return ClassShutdown }

// Class implements Message.
func (ShutdownFramework) Class() Class { return ClassShutdown }

// Class implements Message.
func (UpdateFramework) Class() Class { return ClassFrameworkUpdate }

// Class implements Message.
func (ApplyOperation) Class() Class { return ClassOperation }

// Class implements Message.
func (OperationAcknowledgement) Class() Class { return ClassOperation }

// Class implements Message.
func (Drain) Class() Class { return ClassDrain }

// Class implements Message.
func (StopDraining) Class() Class { return ClassDrain }

// Class implements Message.
func (Ping) Class() Class { return ClassPing }
