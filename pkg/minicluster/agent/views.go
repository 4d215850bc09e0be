package agent

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/containerizer"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
	"github.com/gantry-mesos/gantry/pkg/minicluster/mailbox"
)

// ErrEnded is returned when an agent that has ended is asked for something.
var ErrEnded = errors.New("agent has ended")

// View is a copy of what an agent knows at a moment. Nothing in it may be changed.
type View struct {
	Info         mesos.AgentInfo  // as configured; ID is unset before the first registration
	Total        []mesos.Resource // with dynamic reservations and volumes, as reservation stacks
	PID          string           // slave(1)@ip:port
	Master       string           // link address of the leading master, empty if none is known
	MasterID     string
	Registered   bool
	Start        time.Time
	Draining     *mesos.DrainConfig // nil unless the agent drains
	DrainStart   time.Time
	Frameworks   []FrameworkView // ordered by id
	Completed    []FrameworkView // the oldest first
	Operations   []mesos.Operation
	StatusCounts map[mesos.TaskState]int // updates made or taken, by state
	ValidUpdates int                     // updates of executors that passed validation
	LaunchErrors int                     // containers that could not be launched
}

// FrameworkView is a framework on an agent.
type FrameworkView struct {
	Info      mesos.FrameworkInfo
	Executors []ExecutorView // the oldest first
	Completed []ExecutorView // the oldest first
}

// ExecutorView is a run of an executor.
type ExecutorView struct {
	Info        mesos.ExecutorInfo
	ContainerID string
	Directory   string           // sandbox
	Resources   []mesos.Resource // of the executor and its live tasks
	Generated   bool             // made for a command task
	State       string           // REGISTERING, RUNNING, TERMINATING or TERMINATED
	Queued      []mesos.TaskInfo // not delivered yet
	Launched    []link.Task
	Terminated  []link.Task // ended, not acknowledged
	Completed   []link.Task // ended and acknowledged, the oldest first
}

// ContainerView is a container that runs.
type ContainerView struct {
	ID           mesos.ContainerID
	FrameworkID  string // empty for nested and standalone containers, as are the next three
	ExecutorID   string
	ExecutorName string
	Source       string
	Status       mesos.ContainerStatus
	Usage        containerizer.Usage
	CPULimit     float64 // cpus of the executor and its tasks
	MemLimit     uint64  // bytes
	DiskLimit    uint64  // bytes
}

// Config returns the configuration with all defaults filled in.
func (a *Agent) Config() Config { return a.cfg }

// WorkDir returns the work directory as paths of sandboxes begin with it.
func (a *Agent) WorkDir() string { return a.store.Layout.WorkDir }

// View returns a copy of the agent's state. It fails with ErrEnded or when ctx is done.
func (a *Agent) View(ctx context.Context) (View, error) {
	var v View
	if err := a.box.Do(ctx, func() { v = a.views.view() }); err != nil {
		return View{}, cause(err)
	}
	return v, nil
}

// cause words for callers why the mailbox did not take a request.
func cause(err error) error {
	if errors.Is(err, mailbox.ErrClosed) {
		return ErrEnded
	}
	return err
}

// views copies what there is to see.
type views struct {
	*base
	draining   *draining
	operations *operations
	ledger     *ledger
	nested     *nested
	statuses   *statuses
	started    time.Time
}

func (s *views) view() View {
	v := View{
		Info: s.info, Total: slices.Clone(s.operations.total), PID: s.pid(), Master: s.master.leader, MasterID: s.master.id,
		Registered: s.master.registered, Start: s.started, Draining: s.draining.config, DrainStart: s.draining.since,
		Operations: s.operations.records(), StatusCounts: maps.Clone(s.metrics.states), ValidUpdates: s.metrics.valid,
		LaunchErrors: s.metrics.launchErrors,
	}
	for _, f := range s.ledger.sorted() {
		v.Frameworks = append(v.Frameworks, s.framework(f))
	}
	for _, f := range s.ledger.finished {
		v.Completed = append(v.Completed, s.framework(f))
	}
	return v
}

func (s *views) framework(f *framework) FrameworkView {
	v := FrameworkView{Info: f.info}
	for _, e := range f.list() {
		v.Executors = append(v.Executors, s.executor(e))
	}
	for _, e := range f.completed {
		v.Completed = append(v.Completed, s.executor(e))
	}
	return v
}

func (s *views) executor(e *executorRun) ExecutorView {
	v := ExecutorView{
		Info: e.info, ContainerID: e.containerID, Directory: e.sandbox, Resources: e.resources(), Generated: e.kind.generated(),
		State: e.state.String(),
	}
	for _, t := range e.queuedTasks() {
		v.Queued = append(v.Queued, t.info)
	}
	records := func(list []*task) []link.Task {
		out := make([]link.Task, 0, len(list))
		for _, t := range list {
			out = append(out, s.statuses.task(e, t))
		}
		return out
	}
	v.Launched, v.Terminated, v.Completed = records(e.launched), records(e.terminated), records(e.completed)
	return v
}

// Containers returns the running containers of executors, and on request the nested and standalone ones, with what
// they use.
func (a *Agent) Containers(ctx context.Context, nested, standalone bool) ([]ContainerView, error) {
	var list []listedContainer
	err := a.box.Do(ctx, func() {
		for _, f := range a.ledger.sorted() {
			for _, e := range f.list() {
				list = append(list, a.views.list(e, nested)...)
			}
		}
		if standalone {
			list = append(list, a.nested.standalone()...)
		}
	})
	if err != nil {
		return nil, cause(err)
	}
	out := make([]ContainerView, 0, len(list))
	for _, e := range list {
		e.view.Usage = e.container.Usage()
		out = append(out, e.view)
	}
	return out, nil
}

// listedContainer is a container whose usage is still to be measured.
type listedContainer struct {
	view      ContainerView
	container *containerizer.Container
}

func (s *views) list(e *executorRun, nested bool) []listedContainer {
	if e.state == terminated || e.container == nil {
		return nil
	}
	list := []listedContainer{{s.container(e), e.container}}
	if !nested {
		return list
	}
	for _, c := range s.nested.in(e.containerID) {
		id := mesos.ContainerID{
			Value: strings.TrimPrefix(c.ID(), e.containerID+"."), Parent: &mesos.ContainerID{Value: e.containerID},
		}
		list = append(list, listedContainer{ContainerView{ID: id, Status: statusOf(id, c)}, c})
	}
	return list
}

func statusOf(id mesos.ContainerID, c *containerizer.Container) mesos.ContainerStatus {
	status := mesos.ContainerStatus{ContainerID: &id}
	if pid := uint32(c.Pid()); pid != 0 { //nolint:gosec // pids fit
		status.ExecutorPID = &pid
	}
	return status
}

func (s *views) container(e *executorRun) ContainerView {
	v := ContainerView{
		ID: mesos.ContainerID{Value: e.containerID}, FrameworkID: e.framework.id(), ExecutorID: e.id(),
		ExecutorName: e.info.GetName(), Source: e.info.GetSource(),
	}
	v.Status = statusOf(v.ID, e.container)
	for _, r := range e.resources() {
		if r.Scalar == nil {
			continue
		}
		switch r.Name {
		case "cpus":
			v.CPULimit += r.Scalar.Value
		case "mem":
			v.MemLimit += uint64(r.Scalar.Value * (1 << 20))
		case "disk":
			v.DiskLimit += uint64(r.Scalar.Value * (1 << 20))
		}
	}
	return v
}
