package agent

import (
	"bytes"
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// task is a task from its arrival to its last acknowledgement, and after that as history.
type task struct {
	info     mesos.TaskInfo
	state    mesos.TaskState
	statuses []mesos.TaskStatus
	draining bool     // being killed because the agent drains
	uuids    [][]byte // of the updates its executor sent
}

func (t *task) id() string { return t.info.TaskID.Value }

// note records a status in a task's history: one entry per state, health and check changes included.
func (t *task) note(status mesos.TaskStatus) {
	t.state = status.GetState()
	status.Data = nil
	if n := len(t.statuses); n > 0 && t.statuses[n-1].GetState() == status.GetState() {
		t.statuses[n-1] = status
		return
	}
	t.statuses = append(t.statuses, status)
}

func (t *task) seen(uuid []byte) bool {
	return slices.ContainsFunc(t.uuids, func(u []byte) bool { return bytes.Equal(u, uuid) })
}

func find(list []*task, id string) *task {
	for _, t := range list {
		if t.id() == id {
			return t
		}
	}
	return nil
}

func remove(list []*task, t *task) []*task {
	return slices.DeleteFunc(list, func(o *task) bool { return o == t })
}

// maxCompletedTasks is the history of tasks per executor (Mesos keeps 200).
const maxCompletedTasks = 200
