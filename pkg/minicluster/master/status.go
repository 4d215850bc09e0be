package master

import (
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// terminal tells whether a task in the state will not run again.
func terminal(s mesos.TaskState) bool {
	switch s {
	case mesos.TASK_FINISHED, mesos.TASK_FAILED, mesos.TASK_KILLED, mesos.TASK_ERROR, mesos.TASK_LOST,
		mesos.TASK_DROPPED, mesos.TASK_GONE, mesos.TASK_GONE_BY_OPERATOR:
		return true
	case mesos.TASK_STAGING, mesos.TASK_STARTING, mesos.TASK_RUNNING, mesos.TASK_KILLING, mesos.TASK_UNREACHABLE,
		mesos.TASK_UNKNOWN:
	}
	return false
}

// removable tells whether a task in the state uses no resources.
func removable(s mesos.TaskState) bool { return terminal(s) || s == mesos.TASK_UNREACHABLE }

// masterStatus makes a status that the master invents: it has no uuid and need not be acknowledged.
func masterStatus(id mesos.TaskID, state mesos.TaskState, reason mesos.TaskStatus_Reason, message string) mesos.TaskStatus {
	now := float64(time.Now().UnixNano()) / 1e9
	status := mesos.TaskStatus{
		TaskID: id, State: &state, Source: mesos.SOURCE_MASTER.Enum(), Reason: &reason, Timestamp: &now,
	}
	if message != "" {
		status.Message = &message
	}
	return status
}

// describeLatest fills in what the newest status of the task told beside the state.
func (t *Task) describeLatest(status *mesos.TaskStatus) {
	status.AgentID = &mesos.AgentID{Value: t.AgentID.Value}
	status.ExecutorID = t.ExecutorID
	if n := len(t.Statuses); n > 0 {
		last := &t.Statuses[n-1]
		status.Healthy, status.CheckStatus, status.ContainerStatus = last.Healthy, last.CheckStatus, last.ContainerStatus
	}
}
