package master

import (
	"bytes"
	"slices"
	"strings"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// tasks are all tasks, in the books of frameworks and agents, and what is told of them.
type tasks struct{ *base }

// add adds a task to the books of framework and agent.
func (s *tasks) add(fw *Framework, a *Agent, t *Task) {
	fw.Tasks[t.TaskID.Value] = t
	put(a.Tasks, fw.ID, t.TaskID.Value, t)
	if !removable(t.GetState()) {
		t.charged = true
		a.use(fw.ID, t.Resources)
	}
	s.watchers.emit(TaskAdded{t})
}

// remove moves a task to the completed ones.
func (s *tasks) remove(fw *Framework, t *Task) {
	s.detach(fw, t)
	fw.Completed = trim(append(fw.Completed, t), s.cfg.MaxCompletedTasksPerFramework)
	if a := s.Agents[t.AgentID.Value]; a != nil {
		s.left(a)
	}
}

// detach takes a task out of the books; its resources are free.
func (s *tasks) detach(fw *Framework, t *Task) {
	delete(fw.Tasks, t.TaskID.Value)
	if a := s.Agents[t.AgentID.Value]; a != nil {
		drop(a.Tasks, fw.ID, t.TaskID.Value)
		s.discharge(fw, a, t)
	}
}

func (s *tasks) discharge(fw *Framework, a *Agent, t *Task) {
	if t.charged {
		t.charged = false
		s.free(fw.ID, a, t.Resources)
	}
}

// update takes over a status, and the latest state, which may be ahead of it.
func (s *tasks) update(fw *Framework, t *Task, status mesos.TaskStatus, latest mesos.TaskState) {
	before := t.GetState()
	if !terminal(before) {
		t.State = &latest
	}
	checked := status.GetReason() == mesos.REASON_TASK_HEALTH_CHECK_STATUS_UPDATED ||
		status.GetReason() == mesos.REASON_TASK_CHECK_STATUS_UPDATED
	changed := t.StatusUpdateState == nil || *t.StatusUpdateState != status.GetState()
	state := status.GetState()
	t.StatusUpdateState, t.StatusUpdateUUID = &state, status.UUID
	status.Data = nil
	earlier := t.Statuses
	if n := len(earlier); n > 0 && earlier[n-1].GetState() == state {
		earlier = earlier[:n-1]
	}
	t.Statuses = slices.Concat(earlier, []mesos.TaskStatus{status}) // readers may hold the old slice
	if !removable(before) && removable(t.GetState()) {
		if a := s.Agents[t.AgentID.Value]; a != nil {
			s.discharge(fw, a, t)
		}
	}
	if !terminal(before) && terminal(t.GetState()) {
		s.countEnd(t.GetState(), &status)
	}
	if changed || checked {
		s.watchers.emit(TaskUpdated{Task: t, Status: status, State: t.GetState()})
	}
}

// countEnd counts an ended task in the metrics.
func (s *tasks) countEnd(state mesos.TaskState, status *mesos.TaskStatus) {
	name := strings.ToLower(strings.TrimPrefix(state.String(), "TASK_"))
	s.count("tasks_" + name)
	if status.Source != nil && status.Reason != nil {
		s.count("task_" + name + "/" + strings.ToLower(status.Source.String()) + "/" +
			strings.ToLower(status.Reason.String()))
	}
}

// lose tells a framework that the agent of a task is gone, and moves the task where it belongs. The framework may
// be nil.
func (s *tasks) lose(fw *Framework, t *Task, l loss) {
	if fw == nil {
		return
	}
	if terminal(t.GetState()) {
		s.remove(fw, t)
		return
	}
	state := fw.lost(l.state)
	if l.state == mesos.TASK_LOST {
		state = mesos.TASK_LOST
	}
	status := masterStatus(t.TaskID, state, l.reason, l.message)
	status.AgentID = &mesos.AgentID{Value: t.AgentID.Value}
	status.ExecutorID = t.ExecutorID
	status.UnreachableTime = l.unreachable
	s.update(fw, t, status, state)
	if l.unreachable != nil {
		s.detach(fw, t)
		fw.Unreachable = trim(append(fw.Unreachable, t), s.cfg.MaxUnreachableTasksPerFramework)
	} else {
		s.remove(fw, t)
	}
	fw.sendStatus(status)
}

// reported handles a status that an agent forwards.
func (s *tasks) reported(a *Agent, u link.StatusUpdate) {
	s.count("messages_status_update")
	fw := s.Frameworks[u.FrameworkID.Value]
	if fw == nil {
		s.count("invalid_status_updates")
		return
	}
	s.count("valid_status_updates")
	status := u.Status
	if status.AgentID == nil {
		status.AgentID = &mesos.AgentID{Value: a.ID}
	}
	fw.sendStatus(status)
	t := a.Tasks[fw.ID][status.TaskID.Value]
	if t == nil {
		return
	}
	s.update(fw, t, status, u.LatestState)
}

// acknowledge handles the call ACKNOWLEDGE. The agent will repeat the update if it cannot be told.
func (s *tasks) acknowledge(fw *Framework, c *scheduler.Call_Acknowledge) {
	s.count("messages_status_update_acknowledgement")
	a := s.Agents[c.AgentID.Value]
	if a == nil || !a.Connected {
		s.count("invalid_status_update_acknowledgements")
		return
	}
	if t := a.Tasks[fw.ID][c.TaskID.Value]; t != nil {
		if t.StatusUpdateUUID == nil {
			s.count("invalid_status_update_acknowledgements")
			return
		}
		if terminal(*t.StatusUpdateState) && bytes.Equal(t.StatusUpdateUUID, c.UUID) {
			s.remove(fw, t)
		}
	}
	s.count("valid_status_update_acknowledgements")
	a.send(link.StatusAcknowledgement{
		AgentID: c.AgentID, FrameworkID: mesos.FrameworkID{Value: fw.ID}, TaskID: c.TaskID, UUID: c.UUID,
	})
}

// kill handles the call KILL.
func (s *tasks) kill(fw *Framework, c *scheduler.Call_Kill) {
	s.count("messages_kill_task")
	t := fw.Tasks[c.TaskID.Value]
	if t == nil {
		s.answer(fw, c.TaskID, c.AgentID)
		return
	}
	if c.AgentID != nil && c.AgentID.Value != t.AgentID.Value {
		return
	}
	a := s.Agents[t.AgentID.Value]
	if a == nil {
		return
	}
	if !a.Connected {
		if a.kills == nil {
			a.kills = make(map[string]map[string]bool)
		}
		put(a.kills, fw.ID, c.TaskID.Value, true)
		return
	}
	a.send(link.KillTask{FrameworkID: mesos.FrameworkID{Value: fw.ID}, TaskID: c.TaskID, KillPolicy: c.KillPolicy})
}

// reconcile handles the call RECONCILE: of everything, or of the tasks named.
func (s *tasks) reconcile(fw *Framework, c *scheduler.Call_Reconcile) {
	s.count("messages_reconcile_tasks")
	if len(c.Tasks) == 0 {
		for _, t := range fw.Tasks {
			s.answerKnown(fw, t)
		}
		return
	}
	for i := range c.Tasks {
		s.answer(fw, c.Tasks[i].TaskID, c.Tasks[i].AgentID)
	}
}

// answerKnown tells the state of a task: the last that the framework was sent, else the latest.
func (s *tasks) answerKnown(fw *Framework, t *Task) {
	state := t.GetState()
	if t.StatusUpdateState != nil {
		state = *t.StatusUpdateState
	}
	status := masterStatus(t.TaskID, state, mesos.REASON_RECONCILIATION, "Reconciliation: Latest task state")
	t.describeLatest(&status)
	fw.sendStatus(status)
}

// answer answers for one task by the first rule that fits (Mesos, task reconciliation).
func (s *tasks) answer(fw *Framework, id mesos.TaskID, agentID *mesos.AgentID) {
	if t := fw.Tasks[id.Value]; t != nil {
		s.answerKnown(fw, t)
		return
	}
	state, text := mesos.TASK_UNKNOWN, "Reconciliation: Task is unknown"
	var unreachable *mesos.TimeInfo
	if agentID == nil {
		if len(s.RecoveredAgents) > 0 {
			return
		}
	} else {
		if _, recovered := s.RecoveredAgents[agentID.Value]; recovered {
			return
		}
		at, lost := s.UnreachableAgents[agentID.Value]
		_, gone := s.GoneAgents[agentID.Value]
		switch {
		case s.Agents[agentID.Value] != nil:
			state, text = mesos.TASK_GONE, "Reconciliation: Task is unknown to the agent"
		case lost:
			state, text = mesos.TASK_UNREACHABLE, "Reconciliation: Task is unreachable"
			unreachable = &mesos.TimeInfo{Nanoseconds: at.UnixNano()}
		case gone:
			state, text = mesos.TASK_GONE_BY_OPERATOR, "Reconciliation: Task is gone"
		}
	}
	status := masterStatus(id, fw.lost(state), mesos.REASON_RECONCILIATION, text)
	status.AgentID, status.UnreachableTime = agentID, unreachable
	fw.sendStatus(status)
}

// trim keeps the newest of a history.
func trim(ts []*Task, most int) []*Task {
	if over := len(ts) - most; over > 0 {
		clear(ts[:over])
		return ts[over:]
	}
	return ts
}

// newTask makes the master's record of a task that is being launched.
func newTask(fw *Framework, info *mesos.TaskInfo, executor *mesos.ExecutorInfo) *Task {
	t := &Task{Task: link.Task{Limits: info.Limits}}
	t.Name, t.TaskID, t.AgentID = info.Name, info.TaskID, info.AgentID
	t.FrameworkID = mesos.FrameworkID{Value: fw.ID}
	t.State = mesos.TASK_STAGING.Enum()
	t.Resources = resources.List(info.Resources)
	t.Labels, t.Discovery, t.Container = info.Labels, info.Discovery, info.Container
	t.HealthCheck, t.KillPolicy = info.HealthCheck, info.KillPolicy
	user := fw.Info.User
	switch {
	case executor != nil:
		id := executor.ExecutorID
		t.ExecutorID = &id
		if executor.Command != nil && executor.Command.User != nil {
			user = *executor.Command.User
		}
	case info.Command != nil && info.Command.User != nil:
		user = *info.Command.User
	}
	if info.Command != nil && info.Command.User != nil {
		user = *info.Command.User
	}
	t.User = &user
	return t
}

// loss says what becomes of the tasks of an agent that is gone.
type loss struct {
	state       mesos.TaskState // for partition-aware frameworks
	reason      mesos.TaskStatus_Reason
	message     string
	unreachable *mesos.TimeInfo
}
