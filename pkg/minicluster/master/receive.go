package master

import (
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

// receiver passes what an agent sends into the actor.
type receiver struct{ m *Master }

// Receive implements link.Receiver.
func (r receiver) Receive(c *link.Conn, msg link.Message) {
	r.m.box.Feed(func() { r.m.a.receive(c, msg) })
}

// Closed implements link.Receiver.
func (r receiver) Closed(c *link.Conn) {
	r.m.box.Feed(func() { r.m.a.agents.closed(c) })
}

// receive handles one message of an agent. A master that does not serve drops all; agents repeat themselves.
func (s *actor) receive(c *link.Conn, msg link.Message) {
	if !s.Leading || !s.RegistryRecovered {
		return
	}
	switch m := msg.(type) {
	case link.Register:
		s.count("messages_register_slave")
		s.admission.register(c, m)
		return
	case link.Reregister:
		s.count("messages_reregister_slave")
		s.admission.reregister(c, m)
		return
	}
	a := s.agents.byConn[c]
	if a == nil {
		return
	}
	switch m := msg.(type) {
	case link.Unregister:
		s.count("messages_unregister_slave")
		if m.AgentID.Value == a.ID {
			s.count("slave_removals/reason_unregistered")
			s.agents.drop(a, "the agent unregistered")
		}
	case link.Pong:
		a.waiting, a.missed = false, 0
	case link.StatusUpdate:
		s.tasks.reported(a, m)
	case link.ExitedExecutor:
		s.executors.exited(a, m)
	case link.ExecutorToFramework:
		s.executors.message(a, m)
	case link.OperationUpdate:
		s.operations.reported(a, m)
	}
}
