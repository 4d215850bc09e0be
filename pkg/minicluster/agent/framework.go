package agent

import (
	"context"
	"slices"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/checkpoint"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/containerizer"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/statusupdate"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
	"github.com/gantry-mesos/gantry/pkg/minicluster/mailbox"
)

// framework is a framework with executors on this agent.
type framework struct {
	info        mesos.FrameworkInfo
	terminating bool
	executors   map[string]*executorRun
	order       []string       // executor ids by age
	completed   []*executorRun // the oldest first
}

func (f *framework) id() string { return f.info.GetID().GetValue() }

func (f *framework) checkpoints() bool { return f.info.GetCheckpoint() }

func (f *framework) has(capability mesos.FrameworkInfo_Capability_Type) bool {
	return slices.ContainsFunc(f.info.Capabilities, func(c mesos.FrameworkInfo_Capability) bool { return c.Type == capability })
}

// lost is the state that tells this framework of a task that certainly does not run: instead if it knows partitions,
// else TASK_LOST.
func (f *framework) lost(instead mesos.TaskState) mesos.TaskState {
	if f.has(mesos.FrameworkInfo_Capability_PARTITION_AWARE) {
		return instead
	}
	return mesos.TASK_LOST
}

func (f *framework) list() []*executorRun {
	list := make([]*executorRun, 0, len(f.order))
	for _, id := range f.order {
		list = append(list, f.executors[id])
	}
	return list
}

// executorState is where an executor stands. It only moves downwards.
type executorState int

const (
	registering executorState = iota + 1
	subscribed
	shuttingDown
	terminated
)

// executorKind says what runs as the executor.
type executorKind string

const (
	kindCustom  executorKind = "custom"  // the framework's own command
	kindCommand executorKind = "command" // built-in, for one command task
	kindDocker  executorKind = "docker"  // built-in, for one task with a Docker container
	kindDefault executorKind = "default" // built-in, for task groups
)

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

// task is a task from its arrival to its last acknowledgement, and after that as history.
type task struct {
	info     mesos.TaskInfo
	state    mesos.TaskState
	statuses []mesos.TaskStatus
	draining bool     // being killed because the agent drains
	uuids    [][]byte // of the updates its executor sent
}

func (t *task) id() string { return t.info.TaskID.Value }

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

// maxCompletedTasks is the history of tasks per executor (Mesos keeps 200).
const maxCompletedTasks = 200

func (e *executorRun) complete(t *task) {
	e.terminated = remove(e.terminated, t)
	e.completed = append(e.completed, t)
	if len(e.completed) > maxCompletedTasks {
		e.completed = e.completed[1:]
	}
}

// record converts a task to what master and operators see of it. The statuses carry at most the latest of each state.
func (a *Agent) record(e *executorRun, t *task) link.Task {
	state := t.state
	out := mesos.Task{
		Name: t.info.Name, TaskID: t.info.TaskID, FrameworkID: *e.framework.info.ID, AgentID: t.info.AgentID, State: &state,
		Resources: t.info.Resources, Labels: t.info.Labels, Discovery: t.info.Discovery, Container: t.info.Container,
		HealthCheck: t.info.HealthCheck, KillPolicy: t.info.KillPolicy, Statuses: slices.Clone(t.statuses),
	}
	if !e.kind.generated() {
		id := e.info.ExecutorID
		out.ExecutorID = &id
	}
	if user := t.info.Command.GetUser(); user != "" {
		out.User = &user
	} else if user := e.info.Command.GetUser(); user != "" {
		out.User = &user
	}
	key := statusupdate.Key{Framework: e.framework.id(), Task: t.id()}
	if head, _, ok := a.updates.Head(key); ok {
		out.StatusUpdateState, out.StatusUpdateUUID = head.Status.State, head.Status.UUID
	} else if n := len(t.statuses); n > 0 {
		out.StatusUpdateState, out.StatusUpdateUUID = t.statuses[n-1].State, t.statuses[n-1].UUID
	}
	return link.Task{Task: out, Limits: t.info.Limits}
}

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

func (a *Agent) framework(id string) *framework { return a.frameworks[id] }

// addFramework finds a framework or makes it known.
func (a *Agent) addFramework(info mesos.FrameworkInfo) *framework {
	if f, ok := a.frameworks[info.GetID().GetValue()]; ok {
		return f
	}
	f := &framework{info: info, executors: make(map[string]*executorRun)}
	a.frameworks[f.id()] = f
	if f.checkpoints() {
		a.warn("checkpoint framework", a.store.SaveFramework(a.id(), &f.info))
	}
	return f
}

// maxCompletedFrameworks is the history of frameworks (Mesos keeps 50).
const maxCompletedFrameworks = 50

// dropFramework forgets a framework that has nothing left on the agent.
func (a *Agent) dropFramework(f *framework) {
	if len(f.executors) > 0 {
		return
	}
	delete(a.frameworks, f.id())
	a.updates.Forget(f.id())
	if f.checkpoints() {
		a.warn("remove framework checkpoint", a.store.RemoveFramework(a.id(), f.id()))
	}
	a.finished = append(a.finished, f)
	if len(a.finished) > maxCompletedFrameworks {
		a.finished = a.finished[1:]
	}
	if a.phase == terminating && len(a.frameworks) == 0 {
		a.finish(a.end)
	}
}

// dropExecutor forgets an executor that has ended and whose updates are all acknowledged.
func (a *Agent) dropExecutor(e *executorRun) {
	f := e.framework
	if f.executors[e.id()] != e {
		return
	}
	delete(f.executors, e.id())
	f.order = slices.DeleteFunc(f.order, func(id string) bool { return id == e.id() })
	f.completed = append(f.completed, e)
	if n := a.cfg.MaxCompletedExecutorsPerFramework; len(f.completed) > n {
		f.completed = f.completed[len(f.completed)-n:]
	}
	if f.checkpoints() {
		a.warn("checkpoint end of executor", a.store.FinishRun(e.run(a.id())))
	}
	a.collect(e)
	e.stream.close()
	a.dropFramework(f)
}

func (a *Agent) now() time.Time { return time.Now() }
