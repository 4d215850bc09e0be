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
)

// forwarder sends updates to the master for the update manager.
type forwarder struct{ agent *Agent }

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
func (a *Agent) newStatus(id mesos.TaskID, state mesos.TaskState, reason mesos.TaskStatus_Reason, message string) mesos.TaskStatus {
	agentID := a.agentID()
	u := uuid.New()
	now := float64(a.now().UnixMicro()) / 1e6
	return mesos.TaskStatus{
		TaskID: id, State: state.Enum(), Source: mesos.SOURCE_AGENT.Enum(), Reason: reason.Enum(), Message: &message,
		AgentID: &agentID, Timestamp: &now, UUID: u[:],
	}
}

// endTask gives a live task a terminal status of the agent's own.
func (a *Agent) endTask(e *executorRun, t *task, end termination) {
	status := a.newStatus(t.info.TaskID, end.state, end.reason, end.message)
	executorID := e.info.ExecutorID
	status.ExecutorID = &executorID
	status.Limitation = end.limitation
	a.recordUpdate(e, t, status)
}

// recordUpdate takes a status of a known task into its history and on its way to the scheduler.
func (a *Agent) recordUpdate(e *executorRun, t *task, status mesos.TaskStatus) {
	if t.draining || a.draining != nil {
		a.rewriteDraining(e.framework, &status)
	}
	t.note(status)
	a.metrics.count(status.GetState())
	if statusupdate.Terminal(status.GetState()) {
		e.toTerminated(t)
		a.resize(e)
	}
	if e.framework.terminating {
		return
	}
	if e.framework.checkpoints() {
		a.warn("checkpoint update", a.store.AppendUpdate(e.run(a.id()), &status))
	}
	a.addUpdate(e.framework.id(), e.id(), status)
}

// updateWithoutTask sends a status for a task that the agent keeps no record of.
func (a *Agent) updateWithoutTask(f *framework, executor string, status mesos.TaskStatus) {
	a.addUpdate(f.id(), executor, status)
}

func (a *Agent) addUpdate(framework, executor string, status mesos.TaskStatus) {
	a.updates.Add(a.now(), statusupdate.Update{
		Key: statusupdate.Key{Framework: framework, Task: status.TaskID.Value}, Executor: executor, Status: status,
	})
	a.armRetry()
}

// armRetry sets the timer for the next repetition of an update.
func (a *Agent) armRetry() {
	a.retryTimer.Stop()
	if at, ok := a.updates.Next(); ok {
		a.retryTimer = a.box.After(at.Sub(a.now()), func() {
			a.updates.Tick(a.now())
			a.armRetry()
		})
	}
}

// executorUpdate handles an UPDATE of an executor (Mesos, status update pipeline).
func (a *Agent) executorUpdate(e *executorRun, status mesos.TaskStatus) {
	f := e.framework
	if status.AgentID != nil && status.AgentID.Value != a.id() {
		a.log.Warn("update with another agent's id dropped", logfield.Task(ids.TaskID(status.TaskID.Value)))
		return
	}
	a.metrics.valid++
	agentID := a.agentID()
	status.AgentID = &agentID
	if status.Timestamp == nil {
		now := float64(a.now().UnixMicro()) / 1e6
		status.Timestamp = &now
	}
	owner, t := f.findTask(status.TaskID.Value)
	switch {
	case t == nil && f.terminating:
		return
	case t == nil:
		// Forwarded and repeated, but never acknowledged to the executor.
		a.updateWithoutTask(f, e.id(), status)
		return
	case slices.Contains(owner.terminated, t), slices.Contains(owner.queuedTasks(), t) && !statusupdate.Terminal(status.GetState()):
		a.log.Debug("update of an ended or undelivered task dropped", logfield.Task(ids.TaskID(t.id())))
	case t.seen(status.UUID):
	default:
		status.ContainerStatus = a.containerStatus(owner, status.ContainerStatus)
		t.uuids = append(t.uuids, status.UUID)
		a.recordUpdate(owner, t, status)
	}
	e.stream.send(acknowledgedEvent(status.TaskID, status.UUID))
}

func (t *task) seen(uuid []byte) bool {
	return slices.ContainsFunc(t.uuids, func(u []byte) bool { return bytes.Equal(u, uuid) })
}

// containerStatus fills in what the executor left out of the status of its container.
func (a *Agent) containerStatus(e *executorRun, given *mesos.ContainerStatus) *mesos.ContainerStatus {
	var cs mesos.ContainerStatus
	if given != nil {
		cs = *given
	}
	nested := cs.ContainerID.GetParent() != nil
	if cs.ContainerID == nil {
		cs.ContainerID = &mesos.ContainerID{Value: e.containerID}
	}
	if len(cs.NetworkInfos) == 0 {
		ip := a.ip
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
func (a *Agent) acknowledged(m link.StatusAcknowledgement) {
	key := statusupdate.Key{Framework: m.FrameworkID.Value, Task: m.TaskID.Value}
	u, _, err := a.updates.Acknowledge(a.now(), key, m.UUID)
	if err != nil {
		a.log.Warn("acknowledgement ignored", logfield.Task(ids.TaskID(m.TaskID.Value)), zap.Error(err))
		return
	}
	a.armRetry()
	f := a.framework(key.Framework)
	if f == nil {
		return
	}
	e, t := f.findTask(key.Task)
	if t == nil {
		return
	}
	if f.checkpoints() {
		a.warn("checkpoint acknowledgement", a.store.AppendAck(e.run(a.id()), key.Task, m.UUID))
	}
	if !statusupdate.Terminal(u.Status.GetState()) || !slices.Contains(e.terminated, t) {
		return
	}
	e.complete(t)
	if e.state == terminated && len(e.all()) == 0 {
		a.dropExecutor(e)
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
