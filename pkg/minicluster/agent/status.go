package agent

import (
	"bytes"
	"slices"

	"github.com/google/uuid"
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/logfield"
	ids "github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/statusupdate"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
	"github.com/gantry-mesos/gantry/pkg/minicluster/mailbox"
)

// statuses is the way of a task's statuses, from executors and the agent itself to the scheduler, and what comes back.
type statuses struct {
	*base
	draining *draining
	ledger   *ledger
	limits   *limits
	updates  *statusupdate.Manager
	retry    *mailbox.Timer
}

// forwarder sends updates to the master for the update manager.
type forwarder struct{ agent *base }

// Forward implements statusupdate.Sender.
func (f forwarder) Forward(u statusupdate.Update, latest mesos.TaskStatus) {
	m := link.StatusUpdate{
		FrameworkID: mesos.FrameworkID{Value: u.Key.Framework}, AgentID: f.agent.agentID(), Status: u.Status,
		LatestState: latest.GetState(),
	}
	if u.Executor != "" {
		m.ExecutorID = &mesos.ExecutorID{Value: u.Executor}
	}
	if !bytes.Equal(latest.UUID, u.Status.UUID) {
		m.LatestStatus = &latest
	}
	f.agent.send(m)
}

// newStatus makes a status of the agent's own.
func (s *statuses) newStatus(id mesos.TaskID, state mesos.TaskState, reason mesos.TaskStatus_Reason, message string) mesos.TaskStatus {
	agentID := s.agentID()
	u := uuid.New()
	now := float64(s.now().UnixMicro()) / 1e6
	return mesos.TaskStatus{
		TaskID: id, State: state.Enum(), Source: mesos.SOURCE_AGENT.Enum(), Reason: reason.Enum(), Message: &message,
		AgentID: &agentID, Timestamp: &now, UUID: u[:],
	}
}

// end gives a live task a terminal status of the agent's own.
func (s *statuses) end(e *executorRun, t *task, end termination) {
	status := s.newStatus(t.info.TaskID, end.state, end.reason, end.message)
	executorID := e.info.ExecutorID
	status.ExecutorID = &executorID
	status.Limitation = end.limitation
	s.record(e, t, status)
}

// record takes a status of a known task into its history and on its way to the scheduler.
func (s *statuses) record(e *executorRun, t *task, status mesos.TaskStatus) {
	if t.draining || s.draining.config != nil {
		s.draining.rewrite(e.framework, &status)
	}
	t.note(status)
	s.metrics.count(status.GetState())
	if statusupdate.Terminal(status.GetState()) {
		e.toTerminated(t)
		s.limits.resize(e)
	}
	if e.framework.terminating {
		return
	}
	if e.framework.checkpoints() {
		s.warn("checkpoint update", s.store.AppendUpdate(e.run(s.id()), &status))
	}
	s.add(e.framework.id(), e.id(), status)
}

// tell sends a status for a task that the agent keeps no record of.
func (s *statuses) tell(f *framework, executor string, status mesos.TaskStatus) {
	s.add(f.id(), executor, status)
}

func (s *statuses) add(framework, executor string, status mesos.TaskStatus) {
	s.updates.Add(s.now(), statusupdate.Update{
		Key: statusupdate.Key{Framework: framework, Task: status.TaskID.Value}, Executor: executor, Status: status,
	})
	s.arm()
}

// pause, resume, resend and forget are for the manager of the updates: what is due changes with each of them.
func (s *statuses) pause() { s.updates.Pause() }

func (s *statuses) resume() {
	s.updates.Resume(s.now())
	s.arm()
}

func (s *statuses) resend(framework string) {
	s.updates.Resend(s.now(), framework)
	s.arm()
}

func (s *statuses) forget(framework string) {
	s.updates.Forget(framework)
	s.arm()
}

// arm sets the timer for the next repetition of an update.
func (s *statuses) arm() {
	s.retry.Stop()
	if at, ok := s.updates.Next(); ok {
		s.retry = s.box.After(at.Sub(s.now()), func() {
			s.updates.Tick(s.now())
			s.arm()
		})
	}
}

// reported handles an UPDATE of an executor (Mesos, status update pipeline).
func (s *statuses) reported(e *executorRun, status mesos.TaskStatus) {
	f := e.framework
	if status.AgentID != nil && status.AgentID.Value != s.id() {
		s.log.Warn("update with another agent's id dropped", logfield.Task(ids.TaskID(status.TaskID.Value)))
		return
	}
	s.metrics.valid++
	agentID := s.agentID()
	status.AgentID = &agentID
	if status.Timestamp == nil {
		now := float64(s.now().UnixMicro()) / 1e6
		status.Timestamp = &now
	}
	owner, t := f.findTask(status.TaskID.Value)
	switch {
	case t == nil && f.terminating:
		return
	case t == nil:
		// Forwarded and repeated, but never acknowledged to the executor.
		s.tell(f, e.id(), status)
		return
	case slices.Contains(owner.terminated, t), slices.Contains(owner.queuedTasks(), t) && !statusupdate.Terminal(status.GetState()):
		s.log.Debug("update of an ended or undelivered task dropped", logfield.Task(ids.TaskID(t.id())))
	case t.seen(status.UUID):
	default:
		status.ContainerStatus = s.containerStatus(owner, status.ContainerStatus)
		t.uuids = append(t.uuids, status.UUID)
		s.record(owner, t, status)
	}
	e.stream.send(acknowledgedEvent(status.TaskID, status.UUID))
}

// containerStatus fills in what the executor left out of the status of its container.
func (s *statuses) containerStatus(e *executorRun, given *mesos.ContainerStatus) *mesos.ContainerStatus {
	var cs mesos.ContainerStatus
	if given != nil {
		cs = *given
	}
	nested := cs.ContainerID.GetParent() != nil
	if cs.ContainerID == nil {
		cs.ContainerID = &mesos.ContainerID{Value: e.containerID}
	}
	if len(cs.NetworkInfos) == 0 {
		ip := s.ip
		cs.NetworkInfos = []mesos.NetworkInfo{{IPAddresses: []mesos.NetworkInfo_IPAddress{{
			IPAddress: &ip, Protocol: mesos.IPv4.Enum(),
		}}}}
	}
	if cs.ExecutorPID == nil && !nested && e.container != nil {
		if pid := uint32(e.container.Pid()); pid != 0 { //nolint:gosec // pids fit
			cs.ExecutorPID = &pid
		}
	}
	return &cs
}

// acknowledged handles the scheduler's acknowledgement.
func (s *statuses) acknowledged(m link.StatusAcknowledgement) {
	key := statusupdate.Key{Framework: m.FrameworkID.Value, Task: m.TaskID.Value}
	u, _, err := s.updates.Acknowledge(s.now(), key, m.UUID)
	if err != nil {
		s.log.Warn("acknowledgement ignored", logfield.Task(ids.TaskID(m.TaskID.Value)), zap.Error(err))
		return
	}
	s.arm()
	f := s.ledger.framework(key.Framework)
	if f == nil {
		return
	}
	e, t := f.findTask(key.Task)
	if t == nil {
		return
	}
	if f.checkpoints() {
		s.warn("checkpoint acknowledgement", s.store.AppendAck(e.run(s.id()), key.Task, m.UUID))
	}
	if !statusupdate.Terminal(u.Status.GetState()) || !slices.Contains(e.terminated, t) {
		return
	}
	e.complete(t)
	if e.state == terminated && len(e.all()) == 0 {
		s.ledger.dropExecutor(e)
	}
}

// findTask returns a task whose end is not acknowledged, with its executor.
func (f *framework) findTask(id string) (*executorRun, *task) {
	for _, e := range f.list() {
		if t := find(e.all(), id); t != nil {
			return e, t
		}
	}
	return nil, nil
}

// reconcile reports tasks that the master believes to be here and that are not.
func (s *statuses) reconcile(r link.TaskReconciliation) {
	f := &framework{info: r.Framework}
	for _, id := range r.TaskIDs {
		if known := s.ledger.framework(f.id()); known != nil {
			if _, t := known.findTask(id.Value); t != nil {
				continue
			}
		}
		status := s.newStatus(id, f.lost(mesos.TASK_DROPPED), mesos.REASON_RECONCILIATION,
			"Reconciliation: task unknown to the agent")
		s.tell(f, "", status)
	}
}

// task converts a task to what master and operators see of it. The statuses carry at most the latest of each state.
func (s *statuses) task(e *executorRun, t *task) link.Task {
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
	if head, _, ok := s.updates.Head(key); ok {
		out.StatusUpdateState, out.StatusUpdateUUID = head.Status.State, head.Status.UUID
	} else if n := len(t.statuses); n > 0 {
		out.StatusUpdateState, out.StatusUpdateUUID = t.statuses[n-1].State, t.statuses[n-1].UUID
	}
	return link.Task{Task: out, Limits: t.info.Limits}
}
