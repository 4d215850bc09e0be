package master

import (
	"fmt"
	"strings"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/minicluster/constraints"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
	"github.com/gantry-mesos/gantry/pkg/minicluster/mailbox"
	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// agents are the registered agents, as long as they live.
type agents struct {
	*base
	registrar  *registrar
	offers     *offers
	tasks      *tasks
	executors  *executors
	operations *operations
	byPID      map[string]*Agent
	byConn     map[*link.Conn]*Agent
}

// agent is what only this package knows of an agent.
type agent struct {
	conn       *link.Conn
	ping       *mailbox.Timer
	waiting    bool // for a pong
	missed     int  // pongs in a row
	reregister *mailbox.Timer
	// kills are those that came while the agent was disconnected, by framework and task.
	kills map[string]map[string]bool
	// url is how offers name the agent.
	url *mesos.URL
	// inverseUntil says until when frameworks are not asked again to leave, by framework id.
	inverseUntil map[string]time.Time
}

// send passes a message to the agent; it is lost while the agent is disconnected.
func (a *Agent) send(m link.ToAgent) {
	if a.conn != nil {
		a.conn.Send(m)
	}
}

// use charges resources to a framework on the agent. The allocator knows of them already, from the offer.
func (a *Agent) use(frameworkID string, rs resources.List) {
	a.Used[frameworkID] = a.Used[frameworkID].Plus(rs)
}

// add makes an agent known and connected.
func (s *agents) add(c *link.Conn, id string, record link.AgentRecord) *Agent {
	info := record.Info
	info.ID = &mesos.AgentID{Value: id}
	a := &Agent{
		ID: id, Registered: time.Now(),
		Used:          make(map[string]resources.List),
		Offers:        make(map[string]*Offer),
		InverseOffers: make(map[string]*InverseOffer),
		Tasks:         make(map[string]map[string]*Task),
		Executors:     make(map[string]map[string]mesos.ExecutorInfo),
		Operations:    make(map[string]*Operation),
	}
	if held, ok := s.registrar.held[id]; ok {
		a.Deactivated, a.Drain = held.Deactivated, held.Drain
		delete(s.registrar.held, id)
	}
	s.describe(a, record)
	s.Agents[id] = a
	s.attach(a, c)
	s.alloc.AddAgent(id, a.place(), a.Total, a.Active)
	s.ping(a)
	return a
}

// describe takes over what an agent says of itself.
func (s *agents) describe(a *Agent, record link.AgentRecord) {
	a.Info = record.Info
	a.Info.ID = &mesos.AgentID{Value: a.ID}
	a.PID, a.Version, a.Capabilities = record.PID, record.Version, record.Capabilities
	total := record.Total
	if len(total) == 0 {
		total = record.Info.Resources
	}
	a.Total = resources.Of(total...)
	a.url = agentURL(record)
	s.byPID[a.PID] = a
}

// attach makes c the connection of the agent.
func (s *agents) attach(a *Agent, c *link.Conn) {
	if a.conn != nil && a.conn != c {
		delete(s.byConn, a.conn)
	}
	a.reregister.Stop()
	a.conn, a.reregister = c, nil
	a.Connected, a.Active = true, !a.Deactivated
	s.byConn[c] = a
}

// ping sends a ping now and looks for the pong when the next is due.
func (s *agents) ping(a *Agent) {
	a.waiting = true
	a.send(link.Ping{Connected: a.Connected})
	a.ping = s.box.After(s.cfg.AgentPingTimeout, func() {
		if a.waiting {
			if a.missed++; a.missed >= s.cfg.MaxAgentPingTimeouts {
				s.unreachable(a, "health check timed out")
				return
			}
		}
		s.ping(a)
	})
}

// closed takes note that an agent's connection has ended: the agent is disconnected, not lost.
func (s *agents) closed(c *link.Conn) {
	a := s.byConn[c]
	if a == nil {
		return
	}
	delete(s.byConn, c)
	if a.conn != c {
		return
	}
	s.log.Info("agent disconnected", fieldAgent(a.ID))
	a.conn, a.Connected, a.Active = nil, false, false
	s.alloc.SetAgentActive(a.ID, false)
	s.offers.rescindAgent(a)
	for id, tasks := range a.Tasks {
		if fw := s.Frameworks[id]; fw != nil && !fw.Info.GetCheckpoint() {
			for _, t := range tasks {
				s.tasks.lose(fw, t, loss{mesos.TASK_LOST, mesos.REASON_AGENT_DISCONNECTED,
					"Agent " + a.Info.Hostname + " disconnected", nil})
			}
			for executorID := range a.Executors[id] {
				s.executors.remove(fw, a, executorID)
			}
		}
	}
	a.reregister = s.box.After(s.cfg.AgentReregisterTimeout, func() {
		s.unreachable(a, "agent did not re-register within the timeout after disconnecting")
	})
}

// unreachable gives an agent up until it comes back.
func (s *agents) unreachable(a *Agent, message string) {
	now := time.Now()
	s.log.Warn("agent unreachable", fieldAgent(a.ID), zap.String("message", message))
	for _, name := range []string{
		"slave_unreachable_scheduled", "slave_unreachable_completed", "slave_removals", "slave_removals/reason_unhealthy",
	} {
		s.count(name)
	}
	s.registrar.unreachable(a.ID, now)
	s.registrar.held[a.ID] = AdmittedAgent{Drain: a.Drain, Deactivated: a.Deactivated}
	at := &mesos.TimeInfo{Nanoseconds: now.UnixNano()}
	s.detach(a, loss{mesos.TASK_UNREACHABLE, mesos.REASON_AGENT_REMOVED, message, at}, mesos.OPERATION_UNREACHABLE)
}

// drop removes an agent that ends by its own or the operator's will. Its tasks are lost.
func (s *agents) drop(a *Agent, message string) {
	s.log.Info("agent removed", fieldAgent(a.ID), zap.String("message", message))
	s.count("slave_removals")
	s.registrar.update(func(r *Record) { delete(r.Admitted, a.ID) })
	text := "Agent " + a.Info.Hostname + " removed: " + message
	s.detach(a, loss{mesos.TASK_LOST, mesos.REASON_AGENT_REMOVED, text, nil}, mesos.OPERATION_GONE_BY_OPERATOR)
	s.watchers.emit(AgentRemoved{mesos.AgentID{Value: a.ID}})
}

// detach takes an agent out of all books and tells the frameworks.
func (s *agents) detach(a *Agent, l loss, operations mesos.OperationState) {
	a.ping.Stop()
	a.reregister.Stop()
	s.alloc.SetAgentActive(a.ID, false)
	for id, tasks := range a.Tasks {
		fw := s.Frameworks[id]
		for _, t := range tasks {
			s.tasks.lose(fw, t, l)
		}
	}
	for id, executors := range a.Executors {
		for executorID := range executors {
			s.executors.remove(s.Frameworks[id], a, executorID)
		}
	}
	s.offers.rescindAgent(a)
	s.operations.lose(a, operations)
	delete(s.Agents, a.ID)
	if s.byPID[a.PID] == a {
		delete(s.byPID, a.PID)
	}
	if a.conn != nil {
		delete(s.byConn, a.conn)
	}
	s.alloc.RemoveAgent(a.ID)
	s.broadcastFailure(a.ID)
}

// broadcastFailure tells all frameworks that an agent is gone.
func (s *agents) broadcastFailure(id string) {
	e := &scheduler.Event{
		Type: scheduler.Event_FAILURE, Failure: &scheduler.Event_Failure{AgentID: &mesos.AgentID{Value: id}},
	}
	for _, fw := range s.Frameworks {
		fw.send(e)
	}
}

func agentURL(record link.AgentRecord) *mesos.URL {
	name, addr, _ := strings.Cut(record.PID, "@")
	ip, _, _ := strings.Cut(addr, ":")
	host, path := record.Info.Hostname, "/"+name
	return &mesos.URL{
		Scheme: "http", Path: &path,
		Address: mesos.Address{Hostname: &host, IP: &ip, Port: record.Info.GetPort()},
	}
}

// ip returns the agent's address from its PID.
func (a *Agent) ip() string { return a.url.Address.GetIP() }

func (a *Agent) place() constraints.Agent {
	return constraints.Agent{
		Hostname: a.Info.Hostname, Attributes: a.Info.Attributes,
		Region: region(a.Info.Domain), Zone: zone(a.Info.Domain),
	}
}

// text names an agent in messages.
func (a *Agent) text() string { return fmt.Sprintf("%s at %s (%s)", a.ID, a.PID, a.Info.Hostname) }

// usesAny tells whether a task or executor uses one of the volumes.
func (a *Agent) usesAny(volumes resources.List) bool {
	for _, used := range a.Used {
		for i := range volumes {
			if used.Unallocated().Contains(resources.List{volumes[i]}.Unallocated()) {
				return true
			}
		}
	}
	return false
}

// Allocated returns all used resources of the agent together.
func (a *Agent) Allocated() resources.List {
	var all resources.List
	for _, r := range a.Used {
		all = all.Plus(r)
	}
	return all
}

// Offered returns all resources in outstanding offers of the agent.
func (a *Agent) Offered() resources.List {
	var all resources.List
	for _, o := range a.Offers {
		all = all.Plus(o.Resources)
	}
	return all
}
