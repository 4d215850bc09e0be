package agent

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/logfield"
	ids "github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

// upstream is the registration with the leading master.
type upstream struct {
	*base
	draining   *draining
	operations *operations
	ledger     *ledger
	statuses   *statuses
	ending     *ending
	receive    func(c *link.Conn, m link.Message)
}

// detect follows the leading master until the agent ends.
func (s *upstream) detect(ctx context.Context) {
	previous := ""
	for {
		leader, err := s.cfg.Detector.Detect(ctx, previous)
		if err != nil {
			return
		}
		previous = leader
		s.box.Post(func() { s.follow(leader) })
	}
}

// follow turns to a new leader: forget the old one, wait a little, register.
func (s *upstream) follow(leader string) {
	s.log.Info("leading master detected", logfield.Address(leader))
	m := &s.master
	if m.conn != nil {
		m.conn.Close()
		m.conn = nil
	}
	m.leader, m.registered, m.attempts = leader, false, 0
	m.retry.Stop()
	m.ping.Stop()
	s.statuses.pause()
	if s.phase != running && s.phase != disconnected {
		return
	}
	s.phase = disconnected
	if leader != "" {
		m.retry = s.box.After(jitter(s.cfg.RegistrationBackoffFactor), s.register)
	}
}

// register sends the registration and arranges its repetition.
func (s *upstream) register() {
	m := &s.master
	if m.registered || m.leader == "" || s.phase != disconnected {
		return
	}
	if m.conn == nil {
		conn, err := s.cfg.Network.Dial(s.address(), m.leader, receiver{s})
		if err == nil {
			m.conn = conn
		}
	}
	if m.conn != nil {
		s.send(s.registration())
	}
	m.attempts++
	// A short factor is for tests, where a lost answer must not take long either.
	wait := s.cfg.RegistrationBackoffFactor << min(m.attempts, 16)
	wait = min(wait, registrationBackoffMax)
	m.retry = s.box.After(wait/2+jitter(wait/2)+time.Millisecond, s.register)
}

func (s *upstream) registration() link.Message {
	record := link.AgentRecord{
		Info: s.info, PID: s.pid(), Version: Version, Capabilities: Capabilities(), Total: s.operations.total,
	}
	if s.info.ID == nil {
		return link.Register{AgentRecord: record}
	}
	m := link.Reregister{AgentRecord: record, Draining: s.draining.config, Operations: s.operations.records()}
	for _, f := range s.ledger.sorted() {
		m.Frameworks = append(m.Frameworks, f.info)
		for _, e := range f.list() {
			if !e.kind.generated() && e.state != terminated {
				m.Executors = append(m.Executors, link.ExecutorRecord{FrameworkID: *f.info.ID, Info: e.info})
			}
			for _, t := range e.all() {
				m.Tasks = append(m.Tasks, s.statuses.task(e, t))
			}
		}
	}
	for _, f := range s.ledger.finished {
		done := link.CompletedFramework{Framework: f.info}
		for _, e := range f.completed {
			for _, t := range e.completed {
				done.Tasks = append(done.Tasks, s.statuses.task(e, t))
			}
		}
		m.CompletedFrameworks = append(m.CompletedFrameworks, done)
	}
	return m
}

func (s *upstream) registered(m link.Registered) {
	if s.phase != disconnected {
		return
	}
	id := m.AgentID
	s.info.ID = &id
	s.warn("checkpoint agent", s.store.SaveAgent(&s.info))
	s.log.Info("registered", logfield.Agent(ids.AgentID(id.Value)))
	s.connected(m.MasterID, m.PingTimeout)
}

func (s *upstream) reregistered(m link.Reregistered) {
	if s.phase != disconnected && s.phase != running {
		return
	}
	s.log.Info("registered again", logfield.Agent(ids.AgentID(m.AgentID.Value)))
	s.connected(m.MasterID, m.PingTimeout)
	for _, r := range m.Reconciliations {
		s.statuses.reconcile(r)
	}
	if m.Drain != nil {
		s.ending.drain(*m.Drain)
	}
}

func (s *upstream) connected(masterID string, timeout time.Duration) {
	m := &s.master
	m.registered, m.attempts, m.id = true, 0, masterID
	m.retry.Stop()
	if m.pingTimeout = timeout; timeout <= 0 {
		m.pingTimeout = pingTimeoutDefault
	}
	s.phase = running
	s.watchPings()
	s.statuses.resume()
	s.operations.resend()
	waiting := m.waiting
	m.waiting = nil
	for _, f := range waiting {
		f()
	}
}

func (s *upstream) pinged(m link.Ping) {
	s.send(link.Pong{AgentID: s.agentID()})
	if s.phase != running {
		return
	}
	if !m.Connected {
		s.registerAgain()
		return
	}
	s.watchPings()
}

func (s *upstream) watchPings() {
	s.master.ping.Stop()
	s.master.ping = s.box.After(s.master.pingTimeout, func() {
		s.log.Warn("no ping from the master, registering again", zap.Duration("timeout", s.master.pingTimeout))
		if s.master.conn != nil {
			s.master.conn.Close()
			s.master.conn = nil
		}
		s.registerAgain()
	})
}

func (s *upstream) registerAgain() {
	s.master.registered = false
	s.master.ping.Stop()
	s.master.retry.Stop()
	s.phase = disconnected
	s.statuses.pause()
	s.master.retry = s.box.After(jitter(s.cfg.RegistrationBackoffFactor), s.register)
}

// updateFramework learns a framework's new description; that it is subscribed again makes its updates due.
func (s *upstream) updateFramework(m link.UpdateFramework) {
	id := m.Framework.GetID().GetValue()
	if f := s.ledger.framework(id); f != nil {
		f.info = m.Framework
		if f.checkpoints() {
			s.warn("checkpoint framework", s.store.SaveFramework(s.id(), &f.info))
		}
	}
	s.statuses.resend(id)
}

// onceRegistered runs f after the next registration, or soon if there is none. The end of executors at recovery waits
// for it so that the master still hears of it; with Mesos the destruction of containers takes as long.
func (s *upstream) onceRegistered(f func()) {
	done := false
	run := func() {
		if !done {
			done = true
			f()
		}
	}
	s.master.waiting = append(s.master.waiting, run)
	s.box.After(registrationPatience, run)
}

// registrationPatience bounds what waits for the first registration after a recovery.
const registrationPatience = time.Second
