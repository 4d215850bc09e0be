package agent

import (
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/executor"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/logfield"
	ids "github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

// subscriptions are the connections of executors.
type subscriptions struct {
	*base
	ledger   *ledger
	statuses *statuses
	ending   *ending
}

// subscribe connects an executor. A second subscription replaces the first one silently.
func (s *subscriptions) subscribe(e *executorRun, call *executor.Call_Subscribe, st *stream) {
	f := e.framework
	switch {
	case f.terminating, s.phase == terminating, e.state == shuttingDown, e.state == terminated:
		st.send(shutdownEvent())
		st.close()
		return
	case e.state == registering && len(e.queued) == 0 && !e.delivered:
		// All its first tasks were killed before it came.
		e.registration.Stop()
		e.stream = st
		s.ending.shutdown(e)
		return
	}
	s.log.Info("executor subscribed", logfield.Framework(ids.FrameworkID(f.id())), logfield.Executor(ids.ExecutorID(e.id())))
	e.registration.Stop()
	e.stream.close()
	e.stream = st
	e.state = subscribed
	if f.checkpoints() {
		s.warn("checkpoint subscription", s.store.MarkHTTP(e.run(s.id())))
	}
	st.send(subscribedEvent(subscription{info: e.info, framework: f.info, agent: s.info, container: e.containerID}))
	for _, u := range call.UnacknowledgedUpdates {
		s.statuses.reported(e, u.Status)
	}
	s.dropUndelivered(e, call.UnacknowledgedTasks)
	e.deliver()
	s.beat(e, st)
}

// dropUndelivered reports the tasks that were sent to an earlier connection of the executor and never arrived.
func (s *subscriptions) dropUndelivered(e *executorRun, unacknowledged []mesos.TaskInfo) {
	known := make(map[string]bool, len(unacknowledged))
	for _, t := range unacknowledged {
		known[t.TaskID.Value] = true
	}
	for _, t := range append([]*task(nil), e.launched...) {
		if t.state == mesos.TASK_STAGING && !known[t.id()] {
			s.statuses.end(e, t, termination{
				state: e.framework.lost(mesos.TASK_DROPPED), reason: mesos.REASON_AGENT_RESTARTED,
				message: "Task launched during agent restart",
			})
		}
	}
}

func (s *subscriptions) beat(e *executorRun, st *stream) {
	s.box.After(heartbeatInterval, func() {
		if e.stream == st {
			st.send(heartbeatEvent())
			s.beat(e, st)
		}
	})
}

// unsubscribed notes that a stream has ended. The executor stays subscribed: only the end of its container matters.
func (s *subscriptions) unsubscribed(call *executor.Call, st *stream) {
	f := s.ledger.framework(call.FrameworkID.Value)
	if f == nil {
		return
	}
	if e, ok := f.executors[call.ExecutorID.Value]; ok && e.stream == st {
		e.stream = nil
	}
}

func (s *subscriptions) fromExecutor(e *executorRun, data []byte) {
	s.send(link.ExecutorToFramework{
		AgentID: s.agentID(), FrameworkID: *e.framework.info.ID, ExecutorID: e.info.ExecutorID, Data: data,
	})
}

func (s *subscriptions) toExecutor(m link.FrameworkToExecutor) {
	f := s.ledger.framework(m.FrameworkID.Value)
	if f == nil || f.terminating {
		return
	}
	e, ok := f.executors[m.ExecutorID.Value]
	if !ok || e.state != subscribed {
		s.log.Warn("message for an executor that is not there dropped", zap.String("executor_id", m.ExecutorID.Value))
		return
	}
	e.stream.send(messageEvent(m.Data))
}
