package master

import (
	"fmt"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// launch launches tasks one by one; a bad one does not hinder the others.
func (w *acceptance) launch(op *mesos.Offer_Operation) {
	if op.Launch == nil {
		return
	}
	for i := range op.Launch.TaskInfos {
		t := &op.Launch.TaskInfos[i]
		if op.ID != nil {
			w.taskError(t, mesos.REASON_TASK_INVALID, "The `id` field cannot be set on LAUNCH operations")
			continue
		}
		if text := w.unauthorizedTask(t, t.Executor); text != "" {
			w.taskError(t, mesos.REASON_TASK_UNAUTHORIZED, text)
			continue
		}
		if text := w.invalidTask(t); text != "" {
			w.taskError(t, mesos.REASON_TASK_INVALID, text)
			continue
		}
		w.launchTask(t)
	}
}

// taskError answers that a task is not launched.
func (w *acceptance) taskError(t *mesos.TaskInfo, reason mesos.TaskStatus_Reason, text string) {
	status := w.masterStatus(t.TaskID, mesos.TASK_ERROR, reason, text)
	agentID := t.AgentID
	status.AgentID = &agentID
	w.countTask(mesos.TASK_ERROR, &status)
	w.fw.sendStatus(status)
}

// unauthorizedTask asks whether the framework may run tasks as the user.
func (w *acceptance) unauthorizedTask(t *mesos.TaskInfo, executor *mesos.ExecutorInfo) string {
	user := w.fw.Info.User
	switch {
	case t.Command != nil && t.Command.User != nil:
		user = *t.Command.User
	case executor != nil && executor.Command != nil && executor.Command.User != nil:
		user = *executor.Command.User
	}
	if w.authorized(w.fw.Info.Principal, ActionRunTasks, user) {
		return ""
	}
	principal := "ANY"
	if w.fw.Info.Principal != nil {
		principal = *w.fw.Info.Principal
	}
	return fmt.Sprintf("Principal '%s' no authorized to launch task %s of framework %s under user '%s'",
		principal, t.TaskID.Value, w.fw.ID, user)
}

// launchTask launches a valid task.
func (w *acceptance) launchTask(t *mesos.TaskInfo) {
	fresh := true
	if t.Executor != nil {
		fresh = w.employ(t.Executor)
	}
	w.available = w.available.Minus(t.Resources)
	w.addTask(w.fw, w.agent, newTask(w.fw, t, t.Executor))
	w.count("messages_run_task")
	w.agent.send(link.RunTask{Framework: w.fw.Info, Task: *t, LaunchExecutor: fresh})
}

// employ charges an executor unless it is known on the agent; it reports whether it was new.
func (w *acceptance) employ(e *mesos.ExecutorInfo) (fresh bool) {
	if _, known := w.agent.Executors[w.fw.ID][e.ExecutorID.Value]; known {
		return false
	}
	w.available = w.available.Minus(e.Resources)
	w.addExecutor(w.fw, w.agent, *e)
	return true
}

// launchGroup launches all tasks of a group or none.
func (w *acceptance) launchGroup(op *mesos.Offer_Operation) {
	if op.LaunchGroup == nil {
		return
	}
	group := op.LaunchGroup
	fail := func(reason mesos.TaskStatus_Reason, text string) {
		for i := range group.TaskGroup.Tasks {
			w.taskError(&group.TaskGroup.Tasks[i], reason, text)
		}
	}
	if op.ID != nil {
		fail(mesos.REASON_TASK_GROUP_INVALID, "The `id` field cannot be set on LAUNCH_GROUP operations")
		return
	}
	for i := range group.TaskGroup.Tasks {
		if text := w.unauthorizedTask(&group.TaskGroup.Tasks[i], &group.Executor); text != "" {
			fail(mesos.REASON_TASK_GROUP_UNAUTHORIZED, text)
			return
		}
	}
	if text := w.invalidGroup(group); text != "" {
		fail(mesos.REASON_TASK_GROUP_INVALID, text)
		return
	}
	fresh := w.employ(&group.Executor)
	for i := range group.TaskGroup.Tasks {
		t := &group.TaskGroup.Tasks[i]
		w.available = w.available.Minus(t.Resources)
		w.addTask(w.fw, w.agent, newTask(w.fw, t, &group.Executor))
	}
	w.count("messages_run_task_group")
	w.agent.send(link.RunTaskGroup{
		Framework: w.fw.Info, Executor: group.Executor, Group: group.TaskGroup, LaunchExecutor: fresh,
	})
}

// needed returns what a launch takes: the tasks' resources, and the executor's unless it is known on the agent.
func (w *acceptance) needed(executor *mesos.ExecutorInfo, tasks ...*mesos.TaskInfo) resources.List {
	var all resources.List
	for _, t := range tasks {
		all = all.Plus(t.Resources)
	}
	if executor != nil {
		if _, known := w.agent.Executors[w.fw.ID][executor.ExecutorID.Value]; !known {
			all = all.Plus(executor.Resources)
		}
	}
	return all
}
