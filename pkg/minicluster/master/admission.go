package master

import (
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// admission is how agents come into the cluster, and come back.
type admission struct {
	*base
	registrar  *registrar
	tasks      *tasks
	executors  *executors
	operations *operations
	agents     *agents
	drains     *drains
	frameworks *frameworks
}

// register admits an agent without id. One that repeats itself gets the same answer; one at the address of a
// disconnected agent replaces that.
func (s *admission) register(c *link.Conn, m link.Register) {
	if !s.admissible(c, m.AgentRecord) {
		return
	}
	if old := s.agents.byPID[m.PID]; old != nil {
		if old.Connected && old.conn == c {
			c.Send(s.registered(old.ID))
			return
		}
		s.count("slave_removals/reason_registered")
		s.agents.drop(old, "a new agent registered at the same address")
	}
	id := s.ids.agent()
	info := m.Info
	info.ID = &mesos.AgentID{Value: id}
	s.registrar.update(func(r *Record) { r.Admitted[id] = AdmittedAgent{Info: info} })
	a := s.agents.add(c, id, m.AgentRecord)
	s.count("slave_registrations")
	s.log.Info("agent registered", fieldAgent(id), zap.String("pid", m.PID))
	a.send(s.registered(id))
	s.watchers.emit(AgentAdded{a})
}

func (s *admission) registered(id string) link.Registered {
	return link.Registered{AgentID: mesos.AgentID{Value: id}, MasterID: s.cfg.ID, PingTimeout: s.pingTimeout()}
}

func (s *admission) pingTimeout() time.Duration {
	return s.cfg.AgentPingTimeout * time.Duration(s.cfg.MaxAgentPingTimeouts)
}

// admissible tells whether the master takes the agent at all, and answers if not.
func (s *admission) admissible(c *link.Conn, record link.AgentRecord) bool {
	_, ip := record.PID, agentURL(record).Address.GetIP()
	if m := s.machine(record.Info.Hostname, ip); m != nil && m.Mode == mesos.DOWN {
		c.Send(link.ShutdownAgent{Message: "Machine is DOWN"})
		return false
	}
	if id := record.Info.ID.GetValue(); id != "" {
		if _, gone := s.GoneAgents[id]; gone {
			c.Send(link.ShutdownAgent{Message: "Agent has been marked gone"})
			return false
		}
	}
	if record.Info.Domain != nil && s.cfg.Domain == nil {
		s.log.Warn("agent with a fault domain refused, the master has none", zap.String("pid", record.PID))
		return false
	}
	return true
}

// reregister takes an agent back, from whatever state.
func (s *admission) reregister(c *link.Conn, m link.Reregister) {
	id := m.Info.ID.GetValue()
	if id == "" || !s.admissible(c, m.AgentRecord) {
		return
	}
	s.count("slave_reregistrations")
	a := s.Agents[id]
	if a == nil {
		s.readmit(c, id, m)
		return
	}
	s.log.Info("agent re-registered", fieldAgent(id))
	if s.agents.byPID[a.PID] == a {
		delete(s.agents.byPID, a.PID)
	}
	oldPlace := a.place()
	s.agents.describe(a, m.AgentRecord)
	s.agents.attach(a, c)
	a.missed, a.waiting = 0, false
	a.Reregistered = time.Now()
	s.alloc.SetAgentTotal(id, a.Total)
	if !samePlace(oldPlace.Attributes, a.Info.Attributes) || oldPlace.Hostname != a.Info.Hostname {
		s.alloc.SetAgentPlace(id, a.place())
	}
	s.alloc.SetAgentActive(id, a.Active)
	s.alloc.Trigger(id)
	s.adoptFrameworks(a, m)
	unknown := s.missing(a, m)
	a.send(s.reregistered(a, unknown))
	s.adopt(a, m, false)
	s.sendKills(a)
	s.tellAgent(a)
	s.drains.check(a)
}

func (s *admission) reregistered(a *Agent, unknown []link.TaskReconciliation) link.Reregistered {
	answer := link.Reregistered{
		AgentID: mesos.AgentID{Value: a.ID}, MasterID: s.cfg.ID, PingTimeout: s.pingTimeout(), Reconciliations: unknown,
	}
	if a.Drain != nil {
		config := a.Drain.Config
		answer.Drain = &config
	}
	return answer
}

// readmit takes back an agent that is recovered from the registry, unreachable or not known at all.
func (s *admission) readmit(c *link.Conn, id string, m link.Reregister) {
	_, recovered := s.RecoveredAgents[id]
	_, unreachable := s.UnreachableAgents[id]
	if old := s.agents.byPID[m.PID]; old != nil {
		s.count("slave_removals/reason_registered")
		s.agents.drop(old, "a new agent registered at the same address")
	}
	delete(s.RecoveredAgents, id)
	delete(s.UnreachableAgents, id)
	a := s.agents.add(c, id, m.AgentRecord)
	a.Reregistered = a.Registered
	info := a.Info
	s.registrar.update(func(r *Record) {
		delete(r.Unreachable, id)
		r.Admitted[id] = AdmittedAgent{Info: info, Drain: a.Drain, Deactivated: a.Deactivated}
	})
	s.log.Info("agent readmitted", fieldAgent(id), zap.Bool("recovered", recovered), zap.Bool("unreachable", unreachable))
	s.adoptFrameworks(a, m)
	a.send(s.reregistered(a, nil))
	message := ""
	switch {
	case unreachable:
		message = "Unreachable agent re-reregistered"
	case !recovered:
		message = "Unknown agent reregistered"
	}
	s.adopt(a, m, true)
	if message != "" {
		s.refresh(a, message)
	}
	s.tellAgent(a)
	s.watchers.emit(AgentAdded{a})
	if a.Drain != nil && len(a.Tasks) > 0 {
		// It counted as drained while it was away; its tasks say otherwise.
		a.Drain = &mesos.DrainInfo{State: mesos.DrainState_DRAINING, Config: a.Drain.Config}
		s.registrar.remember(a.ID, a.Drain, true)
	}
	s.drains.check(a)
}

// adoptFrameworks makes the frameworks on an agent known and has those shut down that have ended.
func (s *admission) adoptFrameworks(a *Agent, m link.Reregister) {
	for i := range m.Frameworks {
		info := m.Frameworks[i]
		id := info.ID.GetValue()
		switch {
		case s.Frameworks[id] != nil || id == "":
		case s.completed(id):
			a.send(link.ShutdownFramework{FrameworkID: mesos.FrameworkID{Value: id}})
		default:
			s.frameworks.recover(info)
		}
	}
}

// adopt adds the executors, tasks and operations of an agent that the master does not know.
func (s *admission) adopt(a *Agent, m link.Reregister, all bool) {
	for _, e := range m.Executors {
		fw := s.Frameworks[e.FrameworkID.Value]
		if _, known := a.Executors[e.FrameworkID.Value][e.Info.ExecutorID.Value]; fw != nil && !known {
			s.executors.add(fw, a, e.Info)
			s.alloc.Allocated(fw.ID, a.ID, e.Info.Resources)
		}
	}
	for _, t := range m.Tasks {
		fw := s.Frameworks[t.FrameworkID.Value]
		if fw == nil || fw.Tasks[t.TaskID.Value] != nil {
			continue
		}
		fw.forgetUnreachable(t.TaskID.Value)
		task := &Task{Task: t}
		task.AgentID = mesos.AgentID{Value: a.ID}
		s.tasks.add(fw, a, task)
		if task.charged {
			s.alloc.Allocated(fw.ID, a.ID, resources.List(t.Resources))
		}
	}
	if all {
		for i := range m.Operations {
			s.operations.adopt(a, m.Operations[i])
		}
	}
}

// refresh tells frameworks the state of the tasks of an agent that was given up.
func (s *admission) refresh(a *Agent, message string) {
	for id, tasks := range a.Tasks {
		fw := s.Frameworks[id]
		if fw == nil || !fw.Connected {
			continue
		}
		for _, t := range tasks {
			status := masterStatus(t.TaskID, t.GetState(), mesos.REASON_AGENT_REREGISTERED, message)
			t.describeLatest(&status)
			fw.sendStatus(status)
		}
	}
}

// missing returns the tasks that the agent should have and did not name, and forgets the executors that it did
// not name.
func (s *admission) missing(a *Agent, m link.Reregister) []link.TaskReconciliation {
	named := make(map[string]map[string]bool)
	for _, t := range m.Tasks {
		put(named, t.FrameworkID.Value, t.TaskID.Value, true)
	}
	var out []link.TaskReconciliation
	for id, tasks := range a.Tasks {
		fw := s.Frameworks[id]
		if fw == nil {
			continue
		}
		r := link.TaskReconciliation{Framework: fw.Info}
		for taskID, t := range tasks {
			if named[id][taskID] {
				continue
			}
			if terminal(t.GetState()) {
				s.tasks.remove(fw, t)
				continue
			}
			r.TaskIDs = append(r.TaskIDs, t.TaskID)
		}
		if len(r.TaskIDs) > 0 {
			out = append(out, r)
		}
	}
	alive := make(map[string]map[string]bool)
	for _, e := range m.Executors {
		put(alive, e.FrameworkID.Value, e.Info.ExecutorID.Value, true)
	}
	for id, executors := range a.Executors {
		for executorID := range executors {
			if !alive[id][executorID] {
				s.executors.remove(s.Frameworks[id], a, executorID)
			}
		}
	}
	return out
}

// sendKills repeats the kills that came while the agent was away.
func (s *admission) sendKills(a *Agent) {
	for id, tasks := range a.kills {
		for taskID := range tasks {
			if a.Tasks[id][taskID] != nil {
				a.send(link.KillTask{
					FrameworkID: mesos.FrameworkID{Value: id}, TaskID: mesos.TaskID{Value: taskID},
				})
			}
		}
	}
	a.kills = nil
}

// tellAgent sends the agent the current descriptions of its frameworks.
func (s *admission) tellAgent(a *Agent) {
	for id := range a.Tasks {
		if fw := s.Frameworks[id]; fw != nil && !fw.Recovered {
			a.send(link.UpdateFramework{Framework: fw.Info})
		}
	}
	for id := range a.Executors {
		if fw := s.Frameworks[id]; fw != nil && !fw.Recovered && a.Tasks[id] == nil {
			a.send(link.UpdateFramework{Framework: fw.Info})
		}
	}
}

func samePlace(x, y []mesos.Attribute) bool {
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if !x[i].Equal(y[i]) {
			return false
		}
	}
	return true
}
