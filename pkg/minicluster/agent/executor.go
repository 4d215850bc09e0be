package agent

import (
	"context"
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/checkpoint"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/containerizer"
	"github.com/gantry-mesos/gantry/pkg/minicluster/mailbox"
)

// executorState is where an executor stands. It only moves downwards.
type executorState int

// executorKind says what runs as the executor.
type executorKind string

// generated executors were made up by the agent for one task; frameworks do not hear of them.
func (k executorKind) generated() bool { return k == kindCommand || k == kindDocker }

// termination is how the tasks of an executor end when it ends.
type termination struct {
	state      mesos.TaskState
	reason     mesos.TaskStatus_Reason
	message    string
	limitation *mesos.TaskResourceLimitation
}

// executorRun is one run of an executor.
type executorRun struct {
	framework   *framework
	info        mesos.ExecutorInfo
	kind        executorKind
	state       executorState
	containerID string
	sandbox     string
	user        string
	container   *containerizer.Container
	memory      *containerizer.MemoryCgroup
	dockerName  string
	cancelStart context.CancelFunc // ends the start that is under way
	destroying  bool
	stream      *stream
	pending     *termination
	status      int // wait status, once terminated

	queued     []queuedWork
	launched   []*task // delivered and live
	terminated []*task // terminal, not acknowledged by the scheduler
	completed  []*task // the oldest first
	delivered  bool    // at least one task was delivered

	registration *mailbox.Timer
	grace        *mailbox.Timer
	diskWatch    *mailbox.Timer
}

// queuedWork is a task or a task group that waits for its executor to subscribe.
type queuedWork struct {
	tasks []*task
	group bool
}

func (e *executorRun) id() string { return e.info.ExecutorID.Value }

func (e *executorRun) run(agent string) checkpoint.Run {
	return checkpoint.Run{Agent: agent, Framework: e.framework.id(), Executor: e.id(), Container: e.containerID}
}

func (e *executorRun) queuedTasks() []*task {
	var list []*task
	for _, q := range e.queued {
		list = append(list, q.tasks...)
	}
	return list
}

// live returns the tasks that have not ended: queued and launched ones.
func (e *executorRun) live() []*task { return append(e.queuedTasks(), e.launched...) }

// all returns the tasks whose end is not acknowledged.
func (e *executorRun) all() []*task { return append(e.live(), e.terminated...) }

// unqueue takes a task out of the queue; with its whole group if it is in one. It returns what was taken.
func (e *executorRun) unqueue(t *task) []*task {
	for i, q := range e.queued {
		if !slices.Contains(q.tasks, t) {
			continue
		}
		e.queued = slices.Delete(slices.Clone(e.queued), i, i+1)
		return q.tasks
	}
	return nil
}

// terminal moves a live task to the terminated ones.
func (e *executorRun) toTerminated(t *task) {
	for i, q := range e.queued {
		if slices.Contains(q.tasks, t) {
			e.queued[i].tasks = remove(slices.Clone(q.tasks), t)
		}
	}
	e.queued = slices.DeleteFunc(e.queued, func(q queuedWork) bool { return len(q.tasks) == 0 })
	e.launched = remove(e.launched, t)
	e.terminated = append(e.terminated, t)
}

// resources returns what the executor and its live tasks use.
func (e *executorRun) resources() []mesos.Resource {
	list := slices.Clone(e.info.Resources)
	for _, t := range e.live() {
		list = append(list, t.info.Resources...)
	}
	return list
}

func (e *executorRun) complete(t *task) {
	e.terminated = remove(e.terminated, t)
	e.completed = append(e.completed, t)
	if len(e.completed) > maxCompletedTasks {
		e.completed = e.completed[1:]
	}
}

// diskQuota is the sum of the disk that is no volume; without Scalar if there is none.
func (e *executorRun) diskQuota() mesos.Resource {
	quota := mesos.Resource{Name: "disk", Type: mesos.SCALAR.Enum()}
	for _, r := range e.resources() {
		if r.Name != "disk" || r.Scalar == nil || r.Disk.GetPersistence() != nil {
			continue
		}
		if quota.Scalar == nil {
			quota.Scalar = &mesos.Value_Scalar{}
			quota.AllocationInfo = r.AllocationInfo
		}
		quota.Scalar.Value += r.Scalar.Value
	}
	return quota
}

// String returns Mesos' name of the state.
func (s executorState) String() string {
	switch s {
	case registering:
		return "REGISTERING"
	case subscribed:
		return "RUNNING"
	case shuttingDown:
		return "TERMINATING"
	case terminated:
		return "TERMINATED"
	}
	return "UNKNOWN"
}
