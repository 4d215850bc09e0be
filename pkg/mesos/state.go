package mesos

// TaskState is a task's state as Mesos reports it ("Mesos, task state reasons").
// The zero value means "not known".
type TaskState uint8

// The task states of the v1 API.
const (
	TaskStaging TaskState = iota + 1
	TaskStarting
	TaskRunning
	TaskKilling
	TaskFinished
	TaskFailed
	TaskKilled
	TaskError
	TaskLost
	TaskDropped
	TaskUnreachable
	TaskGone
	TaskGoneByOperator
	TaskUnknown
)

var stateNames = [...]string{
	TaskStaging:        "TASK_STAGING",
	TaskStarting:       "TASK_STARTING",
	TaskRunning:        "TASK_RUNNING",
	TaskKilling:        "TASK_KILLING",
	TaskFinished:       "TASK_FINISHED",
	TaskFailed:         "TASK_FAILED",
	TaskKilled:         "TASK_KILLED",
	TaskError:          "TASK_ERROR",
	TaskLost:           "TASK_LOST",
	TaskDropped:        "TASK_DROPPED",
	TaskUnreachable:    "TASK_UNREACHABLE",
	TaskGone:           "TASK_GONE",
	TaskGoneByOperator: "TASK_GONE_BY_OPERATOR",
	TaskUnknown:        "TASK_UNKNOWN",
}

// String returns Mesos' name, such as "TASK_RUNNING", or "" for the zero value.
func (s TaskState) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return ""
}

// ParseTaskState is the inverse of String; ok is false for an unknown name.
func ParseTaskState(name string) (s TaskState, ok bool) {
	for i, n := range stateNames {
		if n == name && n != "" {
			return TaskState(i), true
		}
	}
	return 0, false
}

// Terminal reports whether Mesos has freed the task's resources for good.
// TASK_LOST, TASK_GONE_BY_OPERATOR and TASK_UNKNOWN end a task in the master's
// books, too; a partitioned agent may still bring the first two back.
func (s TaskState) Terminal() bool {
	switch s {
	case TaskFinished, TaskFailed, TaskKilled, TaskError, TaskLost, TaskDropped, TaskGone, TaskGoneByOperator:
		return true
	case TaskStaging, TaskStarting, TaskRunning, TaskKilling, TaskUnreachable, TaskUnknown:
		return false
	default:
		return false
	}
}

// Source says who made a status update.
type Source uint8

// The sources of status updates.
const (
	SourceMaster Source = iota + 1
	SourceAgent
	SourceExecutor
)

// String returns Mesos' name, such as "SOURCE_MASTER".
func (s Source) String() string {
	switch s {
	case SourceMaster:
		return "SOURCE_MASTER"
	case SourceAgent:
		return "SOURCE_AGENT"
	case SourceExecutor:
		return "SOURCE_EXECUTOR"
	default:
		return ""
	}
}

// Reason is Mesos' name of the reason in a status update, "" when there is
// none. Names that this package does not list pass through unchanged.
type Reason string

// The reasons that Gantry decides by.
const (
	ReasonReconciliation         Reason = "REASON_RECONCILIATION"
	ReasonInvalidOffers          Reason = "REASON_INVALID_OFFERS"
	ReasonTaskInvalid            Reason = "REASON_TASK_INVALID"
	ReasonTaskUnauthorized       Reason = "REASON_TASK_UNAUTHORIZED"
	ReasonTaskHealthCheck        Reason = "REASON_TASK_HEALTH_CHECK_STATUS_UPDATED"
	ReasonTaskCheck              Reason = "REASON_TASK_CHECK_STATUS_UPDATED"
	ReasonTaskKilledDuringLaunch Reason = "REASON_TASK_KILLED_DURING_LAUNCH"
	ReasonAgentRemoved           Reason = "REASON_AGENT_REMOVED"
	ReasonAgentRemovedByOperator Reason = "REASON_AGENT_REMOVED_BY_OPERATOR"
	ReasonAgentDisconnected      Reason = "REASON_AGENT_DISCONNECTED"
	ReasonAgentReregistered      Reason = "REASON_AGENT_REREGISTERED"
	ReasonAgentDraining          Reason = "REASON_AGENT_DRAINING"
	ReasonAgentRestarted         Reason = "REASON_AGENT_RESTARTED"
	ReasonExecutorTerminated     Reason = "REASON_EXECUTOR_TERMINATED"
	ReasonContainerLaunchFailed  Reason = "REASON_CONTAINER_LAUNCH_FAILED"
	ReasonContainerLimitation    Reason = "REASON_CONTAINER_LIMITATION"
	ReasonGCError                Reason = "REASON_GC_ERROR"
	ReasonSwitchboardExited      Reason = "REASON_IO_SWITCHBOARD_EXITED"
	ReasonMemoryLimit            Reason = "REASON_CONTAINER_LIMITATION_MEMORY"
	ReasonMaxCompletionTime      Reason = "REASON_MAX_COMPLETION_TIME_REACHED"
)
