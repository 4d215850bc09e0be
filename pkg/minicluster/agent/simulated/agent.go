package simulated

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"
	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/statusupdate"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

type taskKey struct{ framework, task string }

type executorKey struct{ framework, executor string }

// simAgent is one agent. Messages, timers and the fleet enter through methods that take its lock.
type simAgent struct {
	fleet   *Fleet
	address string
	random  *rand.Rand

	mu          sync.Mutex
	info        mesos.AgentInfo
	conn        *link.Conn
	leader      string
	registered  bool
	dead        bool
	pingTimeout time.Duration
	pingTimer   *time.Timer
	register    *time.Timer
	retry       *time.Timer
	updates     *statusupdate.Manager
	tasks       map[taskKey]*simTask
	executors   map[executorKey]*simExecutor
	frameworks  map[string]mesos.FrameworkInfo
	draining    *mesos.DrainConfig
	live, ended int
}

// simTask is a task until its end is acknowledged.
type simTask struct {
	key      taskKey
	info     mesos.TaskInfo
	plan     Plan
	state    mesos.TaskState
	executor *simExecutor // nil for command tasks
	timer    *time.Timer
	killing  bool
}

// simExecutor is a custom or default executor; it ends with its last task.
type simExecutor struct {
	framework mesos.FrameworkID
	info      mesos.ExecutorInfo
	tasks     int
}

const registrationRetryMax = time.Minute

// follow turns to a master.
func (a *simAgent) follow(leader string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.conn != nil {
		a.conn.Close()
		a.conn = nil
	}
	a.leader, a.registered = leader, false
	a.updates.Pause()
	stop(a.register)
	if leader != "" {
		a.scheduleRegistration(a.fleet.cfg.RegistrationSpread)
	}
}

func (a *simAgent) scheduleRegistration(spread time.Duration) {
	delay := time.Duration(0)
	if spread > 0 {
		delay = time.Duration(a.random.Int64N(int64(spread)))
	}
	next := min(max(2*spread, time.Second), registrationRetryMax)
	a.register = time.AfterFunc(delay, func() { a.sendRegistration(next) })
}

func (a *simAgent) sendRegistration(next time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.dead || a.registered || a.leader == "" {
		return
	}
	if a.conn == nil {
		conn, err := a.fleet.cfg.Network.Dial(a.address, a.leader, a)
		if err == nil {
			a.conn = conn
		}
	}
	if a.conn != nil {
		a.conn.Send(a.registration())
	}
	a.scheduleRegistration(next)
}

func (a *simAgent) registration() link.Message {
	record := link.AgentRecord{
		Info: a.info, PID: "slave(1)@" + a.address, Version: agent.Version, Capabilities: agent.Capabilities(),
	}
	if a.info.ID == nil {
		return link.Register{AgentRecord: record}
	}
	m := link.Reregister{AgentRecord: record, Draining: a.draining}
	for _, t := range a.tasks {
		m.Tasks = append(m.Tasks, a.record(t))
	}
	for _, e := range a.executors {
		m.Executors = append(m.Executors, link.ExecutorRecord{FrameworkID: e.framework, Info: e.info})
	}
	for _, f := range a.frameworks {
		m.Frameworks = append(m.Frameworks, f)
	}
	return m
}

func (a *simAgent) record(t *simTask) link.Task {
	state := t.state
	out := mesos.Task{
		Name: t.info.Name, TaskID: t.info.TaskID, FrameworkID: mesos.FrameworkID{Value: t.key.framework}, AgentID: t.info.AgentID,
		State: &state, Resources: t.info.Resources, Labels: t.info.Labels, Discovery: t.info.Discovery,
	}
	if t.executor != nil {
		out.ExecutorID = &t.executor.info.ExecutorID
	}
	if head, _, ok := a.updates.Head(statusupdate.Key{Framework: t.key.framework, Task: t.key.task}); ok {
		out.StatusUpdateState, out.StatusUpdateUUID = head.Status.State, head.Status.UUID
	}
	return link.Task{Task: out, Limits: t.info.Limits}
}

// Forward implements statusupdate.Sender; the lock is held.
func (a *simAgent) Forward(u statusupdate.Update, latest mesos.TaskStatus) {
	if a.conn == nil || a.info.ID == nil {
		return
	}
	m := link.StatusUpdate{
		FrameworkID: mesos.FrameworkID{Value: u.Key.Framework}, AgentID: *a.info.ID, Status: u.Status, LatestState: latest.GetState(),
	}
	if u.Executor != "" {
		m.ExecutorID = &mesos.ExecutorID{Value: u.Executor}
	}
	a.conn.Send(m)
}

// update moves a task to a state and reports it; the lock is held.
func (a *simAgent) update(t *simTask, state mesos.TaskState, message string) {
	t.state = state
	id := uuid.New()
	now := float64(time.Now().UnixMicro()) / 1e6
	executorID := mesos.ExecutorID{Value: t.key.task}
	if t.executor != nil {
		executorID = t.executor.info.ExecutorID
	}
	status := mesos.TaskStatus{
		TaskID: t.info.TaskID, State: state.Enum(), Source: mesos.SOURCE_EXECUTOR.Enum(), AgentID: a.info.ID,
		ExecutorID: &executorID, Timestamp: &now, UUID: id[:],
	}
	if message != "" {
		status.Message = &message
	}
	if t.killing && a.draining != nil {
		status.Reason = mesos.REASON_AGENT_DRAINING.Enum()
	}
	a.updates.Add(time.Now(), statusupdate.Update{
		Key: statusupdate.Key{Framework: t.key.framework, Task: t.key.task}, Executor: executorID.Value, Status: status,
	})
	a.arm()
}

// arm sets the timer for the next repetition of an update; the lock is held.
func (a *simAgent) arm() {
	stop(a.retry)
	at, ok := a.updates.Next()
	if !ok {
		return
	}
	a.retry = time.AfterFunc(time.Until(at), func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if !a.dead {
			a.updates.Tick(time.Now())
			a.arm()
		}
	})
}

// die breaks the connection and stops all timers.
func (a *simAgent) die() {
	a.mu.Lock()
	a.dead = true
	for _, t := range []*time.Timer{a.register, a.retry, a.pingTimer} {
		stop(t)
	}
	for _, t := range a.tasks {
		stop(t.timer)
	}
	a.mu.Unlock()
	a.fleet.cfg.Network.Break(a.address)
}

func stop(t *time.Timer) {
	if t != nil {
		t.Stop()
	}
}
