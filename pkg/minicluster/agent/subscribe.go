package agent

import (
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/executor"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/logfield"
	ids "github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

// subscribe connects an executor. A second subscription replaces the first one silently.
func (a *Agent) subscribe(e *executorRun, call *executor.Call_Subscribe, s *stream) {
	f := e.framework
	switch {
	case f.terminating, a.phase == terminating, e.state == shuttingDown, e.state == terminated:
		s.send(shutdownEvent())
		s.close()
		return
	case e.state == registering && len(e.queued) == 0 && !e.delivered:
		// All its first tasks were killed before it came.
		e.registration.Stop()
		e.stream = s
		a.shutdownExecutor(e)
		return
	}
	a.log.Info("executor subscribed", logfield.Framework(ids.FrameworkID(f.id())), logfield.Executor(ids.ExecutorID(e.id())))
	e.registration.Stop()
	e.stream.close()
	e.stream = s
	e.state = subscribed
	if f.checkpoints() {
		a.warn("checkpoint subscription", a.store.MarkHTTP(e.run(a.id())))
	}
	s.send(subscribedEvent(subscription{info: e.info, framework: f.info, agent: a.describe(), container: e.containerID}))
	for _, u := range call.UnacknowledgedUpdates {
		a.executorUpdate(e, u.Status)
	}
	a.dropUndelivered(e, call.UnacknowledgedTasks)
	a.deliver(e)
	a.beat(e, s)
}

// dropUndelivered reports the tasks that were sent to an earlier connection of the executor and never arrived.
func (a *Agent) dropUndelivered(e *executorRun, unacknowledged []mesos.TaskInfo) {
	known := make(map[string]bool, len(unacknowledged))
	for _, t := range unacknowledged {
		known[t.TaskID.Value] = true
	}
	for _, t := range append([]*task(nil), e.launched...) {
		if t.state == mesos.TASK_STAGING && !known[t.id()] {
			a.endTask(e, t, termination{
				state: e.framework.lost(mesos.TASK_DROPPED), reason: mesos.REASON_AGENT_RESTARTED,
				message: "Task launched during agent restart",
			})
		}
	}
}

func (a *Agent) beat(e *executorRun, s *stream) {
	a.box.After(heartbeatInterval, func() {
		if e.stream == s {
			s.send(heartbeatEvent())
			a.beat(e, s)
		}
	})
}

// unsubscribed notes that a stream has ended. The executor stays subscribed: only the end of its container matters.
func (a *Agent) unsubscribed(call *executor.Call, s *stream) {
	f := a.framework(call.FrameworkID.Value)
	if f == nil {
		return
	}
	if e, ok := f.executors[call.ExecutorID.Value]; ok && e.stream == s {
		e.stream = nil
	}
}

// describe is the AgentInfo that executors and operators see: the configured resources and the id.
func (a *Agent) describe() mesos.AgentInfo { return a.info }

func (a *Agent) executorMessage(e *executorRun, data []byte) {
	a.send(link.ExecutorToFramework{
		AgentID: a.agentID(), FrameworkID: *e.framework.info.ID, ExecutorID: e.info.ExecutorID, Data: data,
	})
}

func (a *Agent) frameworkMessage(m link.FrameworkToExecutor) {
	f := a.framework(m.FrameworkID.Value)
	if f == nil || f.terminating {
		return
	}
	e, ok := f.executors[m.ExecutorID.Value]
	if !ok || e.state != subscribed {
		a.log.Warn("message for an executor that is not there dropped", zap.String("executor_id", m.ExecutorID.Value))
		return
	}
	e.stream.send(messageEvent(m.Data))
}
