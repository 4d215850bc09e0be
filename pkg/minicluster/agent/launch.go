package agent

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/logfield"
	ids "github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

// launching takes tasks to executors, new ones and known ones.
type launching struct {
	*base
	draining   *draining
	volumes    *volumes
	ledger     *ledger
	limits     *limits
	statuses   *statuses
	starting   *starting
	containers *containers
}

// launch is one LAUNCH of a task or LAUNCH_GROUP on its way to an executor (Mesos, agent launch pipeline).
type launch struct {
	framework *framework
	executor  mesos.ExecutorInfo
	kind      executorKind
	tasks     []*task
	group     bool
	fresh     bool // the master expects a new executor
}

func (s *launching) runTask(m link.RunTask) {
	f := s.ledger.add(m.Framework)
	t := &task{info: m.Task, state: mesos.TASK_STAGING}
	l := launch{framework: f, tasks: []*task{t}, fresh: m.LaunchExecutor}
	if m.Task.Executor != nil {
		l.executor = *m.Task.Executor
		if l.executor.FrameworkID == nil {
			l.executor.FrameworkID = f.info.ID
			t.info.Executor = &l.executor
		}
		l.kind = kindOf(l.executor)
	} else {
		l.executor, l.kind = s.generate(f, m.Task)
	}
	s.launch(l)
}

func (s *launching) runGroup(m link.RunTaskGroup) {
	f := s.ledger.add(m.Framework)
	info := m.Executor
	if info.FrameworkID == nil {
		info.FrameworkID = f.info.ID
	}
	l := launch{framework: f, executor: info, kind: kindOf(info), group: true, fresh: m.LaunchExecutor}
	for _, t := range m.Group.Tasks {
		t.Executor = &info
		l.tasks = append(l.tasks, &task{info: t, state: mesos.TASK_STAGING})
	}
	s.launch(l)
}

func kindOf(info mesos.ExecutorInfo) executorKind {
	if info.Type == mesos.ExecutorInfo_DEFAULT {
		return kindDefault
	}
	return kindCustom
}

// launch takes tasks through the checks of the agent to a queue or an executor.
func (s *launching) launch(l launch) {
	f := l.framework
	if f.terminating || s.phase == terminating {
		s.log.Warn("launch for a framework that is shutting down ignored", logfield.Framework(ids.FrameworkID(f.id())))
		return
	}
	if s.draining.config != nil {
		s.refuse(l, f.lost(mesos.TASK_DROPPED), mesos.REASON_AGENT_DRAINING, "Task dropped because the agent is draining")
		return
	}
	e, exists := f.executors[l.executor.ExecutorID.Value]
	if exists && l.kind.generated() {
		s.refuse(l, f.lost(mesos.TASK_DROPPED), mesos.REASON_TASK_INVALID,
			"Command task uses the id of an executor that has not terminated yet")
		return
	}
	if exists && l.fresh || !exists && !l.fresh {
		what := "Master wants to launch executor, but one already exists"
		if !exists {
			what = "No executor is expected to be launched and there is no existing executor"
		}
		s.refuse(l, f.lost(mesos.TASK_DROPPED), mesos.REASON_EXECUTOR_TERMINATED, what)
		return
	}
	if exists && e.state >= shuttingDown {
		s.refuse(l, f.lost(mesos.TASK_DROPPED), mesos.REASON_EXECUTOR_TERMINATED, "Executor terminating")
		return
	}
	if !exists {
		var err error
		if e, err = s.addExecutor(l); err != nil {
			s.refuse(l, f.lost(mesos.TASK_DROPPED), mesos.REASON_EXECUTOR_TERMINATED, err.Error())
			return
		}
	}
	s.enqueue(e, l)
}

func (s *launching) enqueue(e *executorRun, l launch) {
	for _, t := range l.tasks {
		if e.framework.checkpoints() {
			s.warn("checkpoint task", s.store.SaveTask(e.run(s.id()), &t.info))
		}
		s.volumes.prepare(e, t.info.Resources)
	}
	e.queued = append(e.queued, queuedWork{tasks: l.tasks, group: l.group})
	if e.container == nil && e.state == registering && e.registration == nil {
		s.containers.start(e)
	}
	s.limits.resize(e)
	if e.state == subscribed {
		e.deliver()
	}
}

// refuse ends all tasks of a launch that gets no executor.
func (s *launching) refuse(l launch, state mesos.TaskState, reason mesos.TaskStatus_Reason, message string) {
	for _, t := range l.tasks {
		status := s.statuses.newStatus(t.info.TaskID, state, reason, message)
		executorID := l.executor.ExecutorID
		status.ExecutorID = &executorID
		s.statuses.tell(l.framework, l.executor.ExecutorID.Value, status)
	}
	s.ledger.dropIdle(l.framework)
}

// addExecutor makes the sandbox of a new executor and notes it.
func (s *launching) addExecutor(l launch) (*executorRun, error) {
	f := l.framework
	e := &executorRun{
		framework: f, info: l.executor, kind: l.kind, state: registering, containerID: uuid.NewString(), status: containerUnknown,
	}
	e.user = f.info.User
	if u := l.executor.Command.GetUser(); u != "" {
		e.user = u
	}
	if l.kind.generated() {
		if u := l.tasks[0].info.Command.GetUser(); u != "" {
			e.user = u
		}
	}
	e.sandbox = s.store.Layout.Sandbox(s.id(), f.id(), e.id(), e.containerID)
	if err := s.starting.makeSandbox(e); err != nil {
		return nil, err
	}
	f.executors[e.id()] = e
	f.order = append(f.order, e.id())
	if f.checkpoints() {
		s.warn("checkpoint executor", s.store.SaveExecutor(e.run(s.id()), &e.info, l.kind.generated(), string(l.kind), e.user))
	}
	s.log.Info("executor added", logfield.Framework(ids.FrameworkID(f.id())), logfield.Executor(ids.ExecutorID(e.id())),
		logfield.Container(e.containerID))
	return e, nil
}

// deliver hands queued work to a subscribed executor.
func (e *executorRun) deliver() {
	queue := e.queued
	e.queued = nil
	for _, q := range queue {
		e.launched = append(e.launched, q.tasks...)
		e.delivered = true
		if q.group {
			e.stream.send(launchGroupEvent(q.tasks))
			continue
		}
		for _, t := range q.tasks {
			e.stream.send(launchEvent(t))
		}
	}
}

// launcherDir is where a Mesos installation has the programs that the built-in executors stand for.
const launcherDir = "/usr/libexec/mesos"

// generate makes the executor for a command task.
func (s *launching) generate(f *framework, t mesos.TaskInfo) (mesos.ExecutorInfo, executorKind) {
	kind := kindCommand
	program := "mesos-executor"
	if t.Container != nil && t.Container.GetType() == mesos.ContainerInfo_DOCKER {
		kind, program = kindDocker, "mesos-docker-executor"
	}
	shell := false
	name := fmt.Sprintf("Command Executor (Task: %s) (Command: %s)", t.TaskID.Value, describe(t.Command))
	source := t.TaskID.Value
	path := launcherDir + "/" + program
	command := &mesos.CommandInfo{Shell: &shell, Value: &path, Arguments: []string{program, "--launcher_dir=" + launcherDir}}
	if t.Command != nil {
		command.URIs = t.Command.URIs
		command.User = t.Command.User
		command.Environment = t.Command.Environment
	}
	info := mesos.ExecutorInfo{
		ExecutorID: mesos.ExecutorID{Value: t.TaskID.Value}, FrameworkID: f.info.ID, Name: &name, Source: &source,
		Command: command, Container: t.Container, Discovery: t.Discovery, Labels: t.Labels,
		Resources: overhead(t.Resources),
	}
	if kind == kindDocker {
		grace := s.cfg.ExecutorShutdownGracePeriod
		if p := t.KillPolicy.GetGracePeriod(); p != nil {
			grace = nanoseconds(p)
		}
		// Leave docker stop the time to finish.
		info.ShutdownGracePeriod = &mesos.DurationInfo{Nanoseconds: int64(grace + dockerGraceExtra)}
	}
	return info, kind
}

// describe names a command in an executor's name.
func describe(c *mesos.CommandInfo) string {
	if c == nil || c.Value == nil && len(c.Arguments) == 0 {
		return "NO EXECUTABLE"
	}
	if !c.GetShell() {
		return "[" + strings.Join(append([]string{c.GetValue()}, c.Arguments...), ", ") + "]"
	}
	text := c.GetValue()
	if len(text) > 15 {
		text = text[:12] + "..."
	}
	return "sh -c '" + text + "'"
}

// overhead is what Mesos grants a command executor on top of its task: 0.1 cpus and 32 MB with the task's allocation.
func overhead(task []mesos.Resource) []mesos.Resource {
	var allocation *mesos.Resource_AllocationInfo
	if i := slices.IndexFunc(task, func(r mesos.Resource) bool { return r.AllocationInfo != nil }); i >= 0 {
		allocation = task[i].AllocationInfo
	}
	scalar := func(name string, v float64) mesos.Resource {
		return mesos.Resource{
			Name: name, Type: mesos.SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: v}, AllocationInfo: allocation,
		}
	}
	return []mesos.Resource{scalar("cpus", 0.1), scalar("mem", 32)}
}
