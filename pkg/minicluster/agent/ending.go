package agent

import (
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/logfield"
	ids "github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

// ending ends tasks, executors, frameworks and the agent.
type ending struct {
	*base
	draining   *draining
	ledger     *ledger
	nested     *nested
	statuses   *statuses
	containers *containers
}

// kill kills a task: before delivery by itself, after it through the executor.
func (s *ending) kill(framework string, id mesos.TaskID, policy *mesos.KillPolicy) {
	f := s.ledger.framework(framework)
	if f == nil {
		s.log.Warn("kill for an unknown framework ignored", logfield.Task(ids.TaskID(id.Value)))
		return
	}
	e, t := f.findTask(id.Value)
	if t == nil {
		s.statuses.tell(f, "", s.statuses.newStatus(id, f.lost(mesos.TASK_DROPPED), mesos.REASON_EXECUTOR_TERMINATED,
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
			s.statuses.end(e, member, termination{
				state: mesos.TASK_KILLED, reason: mesos.REASON_TASK_KILLED_DURING_LAUNCH,
				message: "Killed before delivery to the executor",
			})
		}
		if e.state == subscribed && !e.delivered && len(e.queued) == 0 {
			s.shutdown(e)
		}
	case shuttingDown, terminated:
		s.log.Debug("kill for an ending executor ignored", logfield.Task(ids.TaskID(id.Value)))
	}
}

func (s *ending) shutdownByID(m link.ShutdownExecutor) {
	f := s.ledger.framework(m.FrameworkID.Value)
	if f == nil {
		return
	}
	if e, ok := f.executors[m.ExecutorID.Value]; ok && e.state < shuttingDown {
		s.shutdown(e)
	}
}

// shutdown asks an executor to end and destroys its container when the grace period is over.
func (s *ending) shutdown(e *executorRun) {
	if e.state >= shuttingDown {
		return
	}
	e.state = shuttingDown
	e.registration.Stop()
	e.stream.send(shutdownEvent())
	e.grace = s.box.After(s.graceOf(e), func() {
		s.log.Info("executor did not end in time", logfield.Executor(ids.ExecutorID(e.id())), zap.Duration("grace", s.graceOf(e)))
		s.containers.destroy(e)
	})
}

// shutdownFramework ends all executors of a framework; what they still report is not delivered.
func (s *ending) shutdownFramework(id string) {
	s.statuses.forget(id)
	f := s.ledger.framework(id)
	if f == nil || f.terminating {
		return
	}
	s.log.Info("framework shut down", logfield.Framework(ids.FrameworkID(id)))
	f.terminating = true
	for _, e := range f.list() {
		switch e.state {
		case registering, subscribed:
			s.shutdown(e)
		case terminated:
			s.ledger.dropExecutor(e)
		case shuttingDown:
		}
	}
	s.ledger.drop(f)
}

// destroyAll destroys all containers and ends the agent with err when they are gone.
func (s *ending) destroyAll(err error) {
	s.leave(err, func(e *executorRun) {
		e.state = shuttingDown
		s.containers.destroy(e)
	})
}

// leave ends every executor in the way given, and the agent with err when all are gone.
func (s *ending) leave(err error, end func(*executorRun)) {
	if s.phase == terminating {
		return
	}
	s.phase, s.outcome = terminating, err
	s.master.quiet()
	s.statuses.pause()
	for _, n := range s.nested.all {
		s.nested.kill(n)
	}
	for _, f := range s.ledger.sorted() {
		f.terminating = true
		for _, e := range f.list() {
			if e.state == terminated {
				s.ledger.dropExecutor(e)
				continue
			}
			end(e)
		}
		s.ledger.drop(f)
	}
	s.warn("forget agent", s.store.ForgetAgent())
	if len(s.ledger.frameworks) == 0 {
		s.finish(err)
	}
}

// drain kills all tasks, with a grace period of at most the configured one.
func (s *ending) drain(config mesos.DrainConfig) {
	s.draining.note(config)
	for _, f := range s.ledger.sorted() {
		for _, e := range f.list() {
			for _, t := range e.live() {
				t.draining = true
				s.kill(f.id(), t.info.TaskID, drainPolicy(t, config))
			}
		}
	}
}

// hurry has executors kill their tasks at once; they still clean up behind them, as no executor does that is destroyed.
func (s *ending) hurry() {
	now := &mesos.KillPolicy{GracePeriod: &mesos.DurationInfo{}}
	for _, f := range s.ledger.sorted() {
		for _, e := range f.list() {
			for _, t := range e.launched {
				e.stream.send(killEvent(t.info.TaskID, now))
			}
		}
	}
}
