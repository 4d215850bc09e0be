package mesos

// ExecutorEvent is an event of the executor API ("Mesos, executor HTTP API, Events").
type ExecutorEvent interface{ executorEvent() }

// The events of the executor API.
type (
	// ExecutorSubscribed is the first event of every executor subscription.
	ExecutorSubscribed struct {
		Executor    ExecutorInfo
		Framework   FrameworkInfo
		Agent       AgentInfo
		ContainerID ContainerID
	}
	// LaunchTask asks for a task to be started; a known id must not be started again.
	LaunchTask struct{ Task TaskInfo }
	// KillTask asks for a task's end; Policy overrides the task's own when set.
	KillTask struct {
		TaskID TaskID
		Policy *KillPolicy
	}
	// Acknowledged says that the agent has stored the update with this UUID.
	Acknowledged struct {
		TaskID TaskID
		UUID   []byte
	}
	// ExecutorMessage is bytes from the scheduler, delivered at most once.
	ExecutorMessage struct{ Data []byte }
	// ShutdownExecutor asks the executor to kill all tasks and exit.
	ShutdownExecutor struct{}
	// ExecutorError ends the subscription for good.
	ExecutorError struct{ Message string }
	// ExecutorHeartbeat says that the connection lives.
	ExecutorHeartbeat struct{}
)

func (ExecutorSubscribed) executorEvent() {}
func (LaunchTask) executorEvent()         {}
func (KillTask) executorEvent()           {}
func (Acknowledged) executorEvent()       {}
func (ExecutorMessage) executorEvent()    {}
func (ShutdownExecutor) executorEvent()   {}
func (ExecutorError) executorEvent()      {}
func (ExecutorHeartbeat) executorEvent()  {}

// ExecutorCall is a call of the executor API other than SUBSCRIBE.
type ExecutorCall interface{ executorCall() }

// The calls of the executor API.
type (
	// StatusUpdate reports a task's state; it is kept and sent again until Acknowledged.
	StatusUpdate struct{ Status TaskStatus }
	// SchedulerMessage sends bytes to the scheduler, at most once.
	SchedulerMessage struct{ Data []byte }
)

func (StatusUpdate) executorCall()     {}
func (SchedulerMessage) executorCall() {}

// Unacknowledged is what an executor repeats when it subscribes again: tasks
// for which no update was acknowledged yet, and updates in their order.
type Unacknowledged struct {
	Tasks   []TaskInfo
	Updates []TaskStatus
}
