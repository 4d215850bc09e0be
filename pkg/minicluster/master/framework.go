package master

import (
	"fmt"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
	"github.com/gantry-mesos/gantry/pkg/minicluster/validation"
)

// partitionAware tells whether the framework knows the newer task states.
func (fw *Framework) partitionAware() bool {
	return fw != nil && validation.Has(&fw.Info, mesos.FrameworkInfo_Capability_PARTITION_AWARE)
}

// lost returns state for partition-aware frameworks and TASK_LOST for others.
func (fw *Framework) lost(state mesos.TaskState) mesos.TaskState {
	if fw.partitionAware() {
		return state
	}
	return mesos.TASK_LOST
}

// removeFramework ends a framework for good: its executors are shut down, its tasks are killed, nothing is told to its
// scheduler (Mesos, scheduler HTTP API, TEARDOWN).
func (s *actor) removeFramework(fw *Framework) {
	s.log.Info("framework removed", fieldFramework(fw.ID), zap.Int("tasks", len(fw.Tasks)))
	fw.failover.Stop()
	if fw.stream != nil {
		fw.stream.end()
	}
	fw.stream, fw.Connected, fw.Active, fw.Recovered = nil, false, false, false
	s.alloc.DeactivateFramework(fw.ID)
	for _, o := range fw.Offers {
		s.takeBack(o, 0)
	}
	for _, o := range fw.InverseOffers {
		s.dropInverseOffer(o)
	}
	for _, a := range s.Agents {
		a.send(link.ShutdownFramework{FrameworkID: mesos.FrameworkID{Value: fw.ID}})
	}
	for _, t := range fw.Tasks {
		if !terminal(t.GetState()) {
			status := s.masterStatus(t.TaskID, mesos.TASK_KILLED, mesos.REASON_FRAMEWORK_REMOVED,
				fmt.Sprintf("Framework %s removed", fw.ID))
			status.AgentID = &mesos.AgentID{Value: t.AgentID.Value}
			s.updateTask(fw, t, status, mesos.TASK_KILLED)
		}
		s.removeTask(fw, t)
	}
	for agentID, executors := range fw.Executors {
		for executorID := range executors {
			s.removeExecutor(fw, s.Agents[agentID], executorID)
		}
	}
	s.alloc.RemoveFramework(fw.ID)
	delete(s.Frameworks, fw.ID)
	fw.Unregistered = time.Now()
	s.CompletedFrameworks = append(s.CompletedFrameworks, fw)
	if over := len(s.CompletedFrameworks) - s.cfg.MaxCompletedFrameworks; over > 0 {
		s.CompletedFrameworks = append([]*Framework(nil), s.CompletedFrameworks[over:]...)
	}
	s.emit(FrameworkRemoved{fw.Info})
}

// recoverFramework adds a framework that is known only from an agent. It gets no offers until its scheduler subscribes.
func (s *actor) recoverFramework(info mesos.FrameworkInfo) *Framework {
	fw := s.addFramework(info, offerSettings{})
	fw.Recovered = true
	s.alloc.AddFramework(fw.ID, fw.allocatorFramework(), false)
	s.emit(FrameworkAdded{fw})
	return fw
}

// addExecutor notes an executor on an agent; its resources count as used.
func (s *actor) addExecutor(fw *Framework, a *Agent, info mesos.ExecutorInfo) {
	put(a.Executors, fw.ID, info.ExecutorID.Value, info)
	put(fw.Executors, a.ID, info.ExecutorID.Value, info)
	a.use(fw.ID, info.Resources)
}

// removeExecutor forgets an executor and frees its resources. The agent may be nil.
func (s *actor) removeExecutor(fw *Framework, a *Agent, id string) {
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
