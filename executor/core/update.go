package core

import (
	"slices"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// status fills in what every update of the task has.
func (t *step) status(state mesos.TaskState, reason mesos.Reason, message string) mesos.TaskStatus {
	id := t.ids[t.used]
	t.used++
	st := mesos.TaskStatus{
		TaskID: t.task.Info.TaskID, State: state, Source: mesos.SourceExecutor, Reason: reason, Message: message,
		ExecutorID: t.cfg.ExecutorID, Timestamp: t.now, UUID: slices.Clone(id[:]),
	}
	if state == mesos.TaskRunning {
		st.Labels = t.running.Labels
		st.Container = &mesos.ContainerStatus{ContainerID: t.containerID, Networks: t.running.Networks}
		t.addChecks(&st)
	}
	return st
}

func (t *step) update(state mesos.TaskState, message string) {
	t.send(t.status(state, "", message))
}

func (t *step) send(st mesos.TaskStatus) {
	t.updates = append(t.updates, st)
	t.fx.Updates = append(t.fx.Updates, st)
}

// repeat sends the task's unacknowledged updates once more.
func (t *step) repeat(id mesos.TaskID) {
	for _, st := range t.updates {
		if st.TaskID == id {
			t.fx.Updates = append(t.fx.Updates, st)
		}
	}
}

// acknowledged forgets one update. A task counts as stored by the agent as
// soon as any of its updates is ("Mesos, life cycle duties of a custom executor").
func (t *step) acknowledged(ev Acknowledged) {
	i := slices.IndexFunc(t.updates, func(st mesos.TaskStatus) bool { return slices.Equal(st.UUID, ev.UUID[:]) })
	if i < 0 {
		return
	}
	id := t.updates[i].TaskID
	t.updates = slices.Delete(slices.Clone(t.updates), i, i+1)
	t.unstored = slices.DeleteFunc(slices.Clone(t.unstored), func(info mesos.TaskInfo) bool { return info.TaskID == id })
}

// Unacknowledged is what a new subscription repeats. The caller may keep it.
func (s *State) Unacknowledged() mesos.Unacknowledged {
	return mesos.Unacknowledged{Tasks: slices.Clone(s.unstored), Updates: slices.Clone(s.updates)}
}

// Awaits reports whether the update with this id is still to be acknowledged.
func (s *State) Awaits(uuid []byte) bool {
	return slices.ContainsFunc(s.updates, func(st mesos.TaskStatus) bool { return slices.Equal(st.UUID, uuid) })
}
