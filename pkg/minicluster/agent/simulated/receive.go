package simulated

import (
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/statusupdate"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

// Closed implements link.Receiver.
func (a *simAgent) Closed(c *link.Conn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.conn == c {
		// Missing pings or a new leader make the agent register again.
		a.conn = nil
	}
}

// Receive implements link.Receiver.
func (a *simAgent) Receive(c *link.Conn, m link.Message) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.dead || c != a.conn {
		return
	}
	switch m := m.(type) {
	case link.Registered:
		a.admitted(m.AgentID, m.PingTimeout)
	case link.Reregistered:
		a.admitted(m.AgentID, m.PingTimeout)
		a.reconcile(m.Reconciliations)
		if m.Drain != nil {
			a.drain(m.Drain)
		}
	case link.Ping:
		a.pinged(m)
	case link.RunTask:
		a.run(m.Framework, []mesos.TaskInfo{m.Task}, m.Task.Executor)
	case link.RunTaskGroup:
		a.run(m.Framework, m.Group.Tasks, &m.Executor)
	case link.KillTask:
		a.kill(taskKey{m.FrameworkID.Value, m.TaskID.Value})
	case link.StatusAcknowledgement:
		a.acknowledged(m)
	case link.ShutdownExecutor:
		a.shutdown(func(t *simTask) bool {
			return t.key.framework == m.FrameworkID.Value && t.executor != nil && t.executor.info.ExecutorID == m.ExecutorID
		})
	case link.ShutdownFramework:
		a.forget(m.FrameworkID.Value)
	case link.UpdateFramework:
		id := m.Framework.GetID().GetValue()
		if _, known := a.frameworks[id]; known {
			a.frameworks[id] = m.Framework
		}
		a.updates.Resend(time.Now(), id)
		a.arm()
	case link.Drain:
		a.drain(&m.Config)
	case link.StopDraining:
		a.draining = nil
	case link.ShutdownAgent:
		a.shutdown(func(*simTask) bool { return true })
		go a.die()
	case link.ApplyOperation, link.OperationAcknowledgement, link.FrameworkToExecutor:
		// Simulated agents have neither volumes nor executors that listen.
	}
}

func (a *simAgent) admitted(id mesos.AgentID, timeout time.Duration) {
	stop(a.register)
	a.info.ID, a.registered, a.pingTimeout = &id, true, timeout
	a.watchPings()
	a.updates.Resume(time.Now())
	a.arm()
}

func (a *simAgent) pinged(m link.Ping) {
	if a.info.ID == nil {
		return
	}
	a.conn.Send(link.Pong{AgentID: *a.info.ID})
	if m.Connected {
		a.watchPings()
	} else if a.registered {
		a.lost()
	}
}

func (a *simAgent) watchPings() {
	if a.pingTimeout <= 0 {
		return
	}
	if a.pingTimer != nil {
		a.pingTimer.Reset(a.pingTimeout)
		return
	}
	a.pingTimer = time.AfterFunc(a.pingTimeout, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if !a.dead && a.registered {
			if a.conn != nil {
				a.conn.Close()
				a.conn = nil
			}
			a.lost()
		}
	})
}

// lost begins a new registration.
func (a *simAgent) lost() {
	a.registered = false
	a.updates.Pause()
	stop(a.register)
	a.scheduleRegistration(a.fleet.cfg.RegistrationSpread)
}

func (a *simAgent) reconcile(list []link.TaskReconciliation) {
	for _, r := range list {
		for _, id := range r.TaskIDs {
			key := taskKey{r.Framework.GetID().GetValue(), id.Value}
			if _, known := a.tasks[key]; known {
				continue
			}
			t := &simTask{key: key, info: mesos.TaskInfo{TaskID: id, AgentID: *a.info.ID}}
			a.update(t, dropped(r.Framework), "Reconciliation: task unknown to the agent")
		}
	}
}

func dropped(f mesos.FrameworkInfo) mesos.TaskState {
	for _, c := range f.Capabilities {
		if c.Type == mesos.FrameworkInfo_Capability_PARTITION_AWARE {
			return mesos.TASK_DROPPED
		}
	}
	return mesos.TASK_LOST
}

// run starts tasks.
func (a *simAgent) run(f mesos.FrameworkInfo, infos []mesos.TaskInfo, executor *mesos.ExecutorInfo) {
	framework := f.GetID().GetValue()
	a.frameworks[framework] = f
	var e *simExecutor
	if executor != nil {
		key := executorKey{framework, executor.ExecutorID.Value}
		if e = a.executors[key]; e == nil {
			e = &simExecutor{framework: *f.ID, info: *executor}
			a.executors[key] = e
		}
	}
	for _, info := range infos {
		t := &simTask{key: taskKey{framework, info.TaskID.Value}, info: info, executor: e, state: mesos.TASK_STAGING}
		t.plan = a.fleet.cfg.Plan(&t.info, a.random)
		a.tasks[t.key] = t
		a.live++
		if e != nil {
			e.tasks++
		}
		if a.draining != nil {
			t.killing = true
			a.end(t, dropped(f), "the agent is draining")
			continue
		}
		a.after(t, t.plan.Start, func() { a.running(t) })
	}
}

// after runs f in d with the lock held, unless the task has ended before. Without delay it runs at once.
func (a *simAgent) after(t *simTask, d time.Duration, f func()) {
	stop(t.timer)
	if d <= 0 {
		f()
		return
	}
	t.timer = time.AfterFunc(d, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if !a.dead && !statusupdate.Terminal(t.state) {
			f()
		}
	})
}

func (a *simAgent) running(t *simTask) {
	a.update(t, mesos.TASK_RUNNING, "")
	if t.plan.Run <= 0 {
		return
	}
	a.after(t, t.plan.Run, func() {
		if t.plan.Failure {
			a.end(t, mesos.TASK_FAILED, "Command exited with status 1")
		} else {
			a.end(t, mesos.TASK_FINISHED, "Command exited with status 0")
		}
	})
}

func (a *simAgent) kill(key taskKey) {
	t, ok := a.tasks[key]
	if !ok || t.killing || statusupdate.Terminal(t.state) {
		return
	}
	t.killing = true
	a.after(t, t.plan.Kill, func() { a.end(t, mesos.TASK_KILLED, "Command terminated with signal Terminated") })
}

// end reports the end of a task, and that of its executor with its last task.
func (a *simAgent) end(t *simTask, state mesos.TaskState, message string) {
	stop(t.timer)
	a.live--
	a.ended++
	a.update(t, state, message)
	e := t.executor
	if e == nil {
		return
	}
	if e.tasks--; e.tasks == 0 {
		delete(a.executors, executorKey{e.framework.Value, e.info.ExecutorID.Value})
		if a.conn != nil {
			a.conn.Send(link.ExitedExecutor{AgentID: *a.info.ID, FrameworkID: e.framework, ExecutorID: e.info.ExecutorID})
		}
	}
}

func (a *simAgent) acknowledged(m link.StatusAcknowledgement) {
	key := statusupdate.Key{Framework: m.FrameworkID.Value, Task: m.TaskID.Value}
	_, ended, err := a.updates.Acknowledge(time.Now(), key, m.UUID)
	if err != nil {
		return
	}
	if ended {
		delete(a.tasks, taskKey{key.Framework, key.Task})
	}
	a.arm()
}

// shutdown ends tasks as the shutdown of their executor does.
func (a *simAgent) shutdown(pass func(*simTask) bool) {
	for _, t := range a.tasks {
		if pass(t) && !statusupdate.Terminal(t.state) {
			a.end(t, mesos.TASK_KILLED, "Executor shut down")
		}
	}
}

func (a *simAgent) forget(framework string) {
	for key, t := range a.tasks {
		if key.framework == framework {
			stop(t.timer)
			if !statusupdate.Terminal(t.state) {
				a.live--
				a.ended++
			}
			delete(a.tasks, key)
		}
	}
	for key := range a.executors {
		if key.framework == framework {
			delete(a.executors, key)
		}
	}
	delete(a.frameworks, framework)
	a.updates.Forget(framework)
	a.arm()
}

func (a *simAgent) drain(config *mesos.DrainConfig) {
	a.draining = config
	for key := range a.tasks {
		a.kill(key)
	}
}
