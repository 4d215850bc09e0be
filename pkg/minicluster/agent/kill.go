package agent

import (
	"slices"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/logfield"
	ids "github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

// killTask kills a task: before delivery by itself, after it through the executor.
func (a *Agent) killTask(framework string, id mesos.TaskID, policy *mesos.KillPolicy) {
	f := a.framework(framework)
	if f == nil {
		a.log.Warn("kill for an unknown framework ignored", logfield.Task(ids.TaskID(id.Value)))
		return
	}
	e, t := f.findTask(id.Value)
	if t == nil {
		a.updateWithoutTask(f, "", a.newStatus(id, f.lost(mesos.TASK_DROPPED), mesos.REASON_EXECUTOR_TERMINATED,
			"Cannot find executor"))
		return
	}
	switch e.state {
	case registering, subscribed:
		if !slices.Contains(e.queuedTasks(), t) {
			e.stream.send(killEvent(id, policy))
			return
		}
		for _, member := range e.unqueue(t) {
			e.launched = append(e.launched, member)
			a.endTask(e, member, termination{
				state: mesos.TASK_KILLED, reason: mesos.REASON_TASK_KILLED_DURING_LAUNCH,
				message: "Killed before delivery to the executor",
			})
		}
		if e.state == subscribed && !e.delivered && len(e.queued) == 0 {
			a.shutdownExecutor(e)
		}
	case shuttingDown, terminated:
		a.log.Debug("kill for an ending executor ignored", logfield.Task(ids.TaskID(id.Value)))
	}
}

func (a *Agent) shutdownExecutorByID(m link.ShutdownExecutor) {
	f := a.framework(m.FrameworkID.Value)
	if f == nil {
		return
	}
	if e, ok := f.executors[m.ExecutorID.Value]; ok && e.state < shuttingDown {
		a.shutdownExecutor(e)
	}
}

// shutdownExecutor asks an executor to end and destroys its container when the grace period is over.
func (a *Agent) shutdownExecutor(e *executorRun) {
	if e.state >= shuttingDown {
		return
	}
	e.state = shuttingDown
	e.registration.Stop()
	e.stream.send(shutdownEvent())
	e.grace = a.box.After(a.graceOf(e), func() {
		a.log.Info("executor did not end in time", logfield.Executor(ids.ExecutorID(e.id())), zap.Duration("grace", a.graceOf(e)))
		a.destroy(e)
	})
}

func (a *Agent) graceOf(e *executorRun) time.Duration {
	if p := e.info.ShutdownGracePeriod; p != nil {
		return nanoseconds(p)
	}
	return a.cfg.ExecutorShutdownGracePeriod
}

func nanoseconds(d *mesos.DurationInfo) time.Duration { return time.Duration(d.Nanoseconds) }

// shutdownFramework ends all executors of a framework; what they still report is not delivered.
func (a *Agent) shutdownFramework(id string) {
	a.updates.Forget(id)
	a.armRetry()
	f := a.framework(id)
	if f == nil || f.terminating {
		return
	}
	a.log.Info("framework shut down", logfield.Framework(ids.FrameworkID(id)))
	f.terminating = true
	for _, e := range f.list() {
		switch e.state {
		case registering, subscribed:
			a.shutdownExecutor(e)
		case terminated:
			a.dropExecutor(e)
		case shuttingDown:
		}
	}
	a.dropFramework(f)
}

// destroyAll destroys all containers and ends the agent with err when they are gone.
func (a *Agent) destroyAll(err error) {
	a.leave(err, func(e *executorRun) {
		e.state = shuttingDown
		a.destroy(e)
	})
}

// leave ends every executor in the way given, and the agent with err when all are gone.
func (a *Agent) leave(err error, end func(*executorRun)) {
	if a.phase == terminating {
		return
	}
	a.phase, a.end = terminating, err
	a.master.retry.Stop()
	a.master.ping.Stop()
	a.updates.Pause()
	for _, n := range a.nested {
		a.killNested(n)
	}
	for _, f := range a.sortedFrameworks() {
		f.terminating = true
		for _, e := range f.list() {
			if e.state == terminated {
				a.dropExecutor(e)
				continue
			}
			end(e)
		}
		a.dropFramework(f)
	}
	a.warn("forget agent", a.store.ForgetAgent())
	if len(a.frameworks) == 0 {
		a.finish(err)
	}
}

// drain kills all tasks, with a grace period of at most the configured one.
func (a *Agent) drain(config mesos.DrainConfig) {
	if a.draining == nil {
		a.drainSince = a.now()
	}
	a.draining = &config
	a.warn("checkpoint drain configuration", a.store.SaveDrain(a.id(), &config))
	for _, f := range a.sortedFrameworks() {
		for _, e := range f.list() {
			for _, t := range e.live() {
				t.draining = true
				a.killTask(f.id(), t.info.TaskID, drainPolicy(t, config))
			}
		}
	}
}

// drainPolicy is the task's own policy cut to the longest grace period of the drain; nil leaves it to the executor.
func drainPolicy(t *task, config mesos.DrainConfig) *mesos.KillPolicy {
	limit := config.MaxGracePeriod
	if limit == nil {
		return nil
	}
	own := t.info.KillPolicy.GetGracePeriod()
	if own != nil && own.Nanoseconds <= limit.Nanoseconds {
		return nil
	}
	return &mesos.KillPolicy{GracePeriod: &mesos.DurationInfo{Nanoseconds: limit.Nanoseconds}}
}

func (a *Agent) stopDraining() {
	a.draining = nil
	a.warn("remove drain configuration", a.store.SaveDrain(a.id(), nil))
}

// rewriteDraining marks the status of a task that ends because the agent drains.
func (a *Agent) rewriteDraining(f *framework, status *mesos.TaskStatus) {
	state := status.GetState()
	if a.draining == nil || state != mesos.TASK_KILLING && state != mesos.TASK_KILLED {
		return
	}
	status.Reason = mesos.REASON_AGENT_DRAINING.Enum()
	if state == mesos.TASK_KILLED && a.draining.GetMarkGone() {
		status.State = f.goneByOperator().Enum()
	}
}

// goneByOperator is the end of a task on an agent drained for good.
func (f *framework) goneByOperator() mesos.TaskState {
	if f.has(mesos.FrameworkInfo_Capability_PARTITION_AWARE) {
		return mesos.TASK_GONE_BY_OPERATOR
	}
	return mesos.TASK_KILLED
}

func (a *Agent) sortedFrameworks() []*framework {
	list := make([]*framework, 0, len(a.frameworks))
	for _, f := range a.frameworks {
		list = append(list, f)
	}
	slices.SortFunc(list, func(x, y *framework) int {
		switch {
		case x.id() < y.id():
			return -1
		case x.id() > y.id():
			return 1
		}
		return 0
	})
	return list
}
