package master

import (
	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
	"github.com/gantry-mesos/gantry/pkg/minicluster/validation"
)

// launch launches tasks one by one; a bad one does not hinder the others.
func (w *acceptance) launch(op *mesos.Offer_Operation) {
	if op.Launch == nil {
		return
	}
	for i := range op.Launch.TaskInfos {
		t := &op.Launch.TaskInfos[i]
		if refused := w.books.Task(op, t); refused != nil {
			w.taskError(t, refused)
			continue
		}
		w.launchTask(t)
	}
}

// taskError answers that a task is not launched.
func (w *acceptance) taskError(t *mesos.TaskInfo, refused *validation.Refusal) {
	status := masterStatus(t.TaskID, mesos.TASK_ERROR, refused.Reason, refused.Text)
	agentID := t.AgentID
	status.AgentID = &agentID
	w.tasks.countEnd(mesos.TASK_ERROR, &status)
	w.fw.sendStatus(status)
}

// launchTask launches a valid task.
func (w *acceptance) launchTask(t *mesos.TaskInfo) {
	fresh := true
	if t.Executor != nil {
		fresh = w.employ(t.Executor)
	}
	w.books.Available = w.books.Available.Minus(t.Resources)
	w.tasks.add(w.fw, w.agent, newTask(w.fw, t, t.Executor))
	w.count("messages_run_task")
	w.agent.send(link.RunTask{Framework: w.fw.Info, Task: *t, LaunchExecutor: fresh})
}

// employ charges an executor unless it is known on the agent; it reports whether it was new.
func (w *acceptance) employ(e *mesos.ExecutorInfo) (fresh bool) {
	if _, known := w.agent.Executors[w.fw.ID][e.ExecutorID.Value]; known {
		return false
	}
	w.books.Available = w.books.Available.Minus(e.Resources)
	w.executors.add(w.fw, w.agent, *e)
	return true
}

// launchGroup launches all tasks of a group or none.
func (w *acceptance) launchGroup(op *mesos.Offer_Operation) {
	if op.LaunchGroup == nil {
		return
	}
	group := op.LaunchGroup
	if refused := w.books.Group(op); refused != nil {
		for i := range group.TaskGroup.Tasks {
			w.taskError(&group.TaskGroup.Tasks[i], refused)
		}
		return
	}
	fresh := w.employ(&group.Executor)
	for i := range group.TaskGroup.Tasks {
		t := &group.TaskGroup.Tasks[i]
		w.books.Available = w.books.Available.Minus(t.Resources)
		w.tasks.add(w.fw, w.agent, newTask(w.fw, t, &group.Executor))
	}
	w.count("messages_run_task_group")
	w.agent.send(link.RunTaskGroup{
		Framework: w.fw.Info, Executor: group.Executor, Group: group.TaskGroup, LaunchExecutor: fresh,
	})
}
