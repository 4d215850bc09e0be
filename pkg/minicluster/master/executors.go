package master

import (
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

// executors are the known executors, in the books of frameworks and agents.
type executors struct{ *base }

// shutdown handles the call SHUTDOWN. An unknown agent is ignored, so is an unknown
// executor by the agent.
func (s *executors) shutdown(fw *Framework, c *scheduler.Call_Shutdown) {
	a := s.Agents[c.AgentID.Value]
	if a == nil {
		return
	}
	a.send(link.ShutdownExecutor{FrameworkID: mesos.FrameworkID{Value: fw.ID}, ExecutorID: c.ExecutorID})
}

// send handles the call MESSAGE, at most once and without answer.
func (s *executors) send(fw *Framework, c *scheduler.Call_Message) {
	s.count("messages_framework_to_executor")
	a := s.Agents[c.AgentID.Value]
	if a == nil || !a.Connected {
		s.count("invalid_framework_to_executor_messages")
		return
	}
	s.count("valid_framework_to_executor_messages")
	a.send(link.FrameworkToExecutor{
		AgentID: c.AgentID, FrameworkID: mesos.FrameworkID{Value: fw.ID}, ExecutorID: c.ExecutorID, Data: c.Data,
	})
}

// add notes an executor on an agent; its resources count as used.
func (s *executors) add(fw *Framework, a *Agent, info mesos.ExecutorInfo) {
	put(a.Executors, fw.ID, info.ExecutorID.Value, info)
	put(fw.Executors, a.ID, info.ExecutorID.Value, info)
	a.use(fw.ID, info.Resources)
}

// remove forgets an executor and frees its resources. The agent may be nil.
func (s *executors) remove(fw *Framework, a *Agent, id string) {
	if a == nil {
		return
	}
	info, ok := a.Executors[fw.ID][id]
	if !ok {
		return
	}
	drop(a.Executors, fw.ID, id)
	drop(fw.Executors, a.ID, id)
	s.free(fw.ID, a, info.Resources)
}

// exited handles the end of an executor.
func (s *executors) exited(a *Agent, m link.ExitedExecutor) {
	s.count("messages_exited_executor")
	fw := s.Frameworks[m.FrameworkID.Value]
	if fw == nil {
		return
	}
	s.remove(fw, a, m.ExecutorID.Value)
	if fw.stream != nil {
		executor, wait := m.ExecutorID, m.Status
		fw.send(&scheduler.Event{Type: scheduler.Event_FAILURE, Failure: &scheduler.Event_Failure{
			AgentID: &mesos.AgentID{Value: a.ID}, ExecutorID: &executor, Status: &wait,
		}})
	}
	s.left(a)
}

// message passes a message of an executor on, if somebody listens.
func (s *executors) message(a *Agent, m link.ExecutorToFramework) {
	s.count("messages_executor_to_framework")
	if fw := s.Frameworks[m.FrameworkID.Value]; fw != nil && fw.stream != nil {
		s.count("valid_executor_to_framework_messages")
		fw.send(&scheduler.Event{Type: scheduler.Event_MESSAGE, Message: &scheduler.Event_Message{
			AgentID: mesos.AgentID{Value: a.ID}, ExecutorID: m.ExecutorID, Data: m.Data,
		}})
	}
}

func put[V any](m map[string]map[string]V, a, b string, v V) {
	inner := m[a]
	if inner == nil {
		inner = make(map[string]V)
		m[a] = inner
	}
	inner[b] = v
}

func drop[V any](m map[string]map[string]V, a, b string) {
	inner := m[a]
	delete(inner, b)
	if len(inner) == 0 {
		delete(m, a)
	}
}
