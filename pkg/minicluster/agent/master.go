package agent

import (
	"context"
	"math/rand/v2"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/logfield"
	ids "github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
	"github.com/gantry-mesos/gantry/pkg/minicluster/mailbox"
)

const (
	registrationBackoffMax = time.Minute
	// pingTimeoutDefault is Mesos' 15 s times 5, used until the master has told its own.
	pingTimeoutDefault = 75 * time.Second
)

// masterState is what the agent knows of the leading master.
type masterState struct {
	leader      string // link address, "" = none
	id          string
	conn        *link.Conn
	registered  bool
	attempts    int
	retry       *mailbox.Timer
	ping        *mailbox.Timer
	pingTimeout time.Duration
	waiting     []func() // to be run after the next registration
}

// receiver takes what arrives over one connection to a master.
type receiver struct{ agent *Agent }

// Receive implements link.Receiver.
func (r receiver) Receive(c *link.Conn, m link.Message) {
	r.agent.box.Post(func() { r.agent.receive(c, m) })
}

// Closed implements link.Receiver.
func (r receiver) Closed(c *link.Conn) {
	r.agent.box.Post(func() {
		if r.agent.master.conn == c {
			// As with Mesos, a broken connection alone changes nothing: the detector or missing pings will.
			r.agent.master.conn = nil
		}
	})
}

// detect follows the leading master until the agent ends.
func (a *Agent) detect(ctx context.Context) {
	previous := ""
	for {
		leader, err := a.cfg.Detector.Detect(ctx, previous)
		if err != nil {
			return
		}
		previous = leader
		a.box.Post(func() { a.follow(leader) })
	}
}

// follow turns to a new leader: forget the old one, wait a little, register.
func (a *Agent) follow(leader string) {
	a.log.Info("leading master detected", logfield.Address(leader))
	m := &a.master
	if m.conn != nil {
		m.conn.Close()
		m.conn = nil
	}
	m.leader, m.registered, m.attempts = leader, false, 0
	m.retry.Stop()
	m.ping.Stop()
	a.updates.Pause()
	if a.phase != running && a.phase != disconnected {
		return
	}
	a.phase = disconnected
	if leader != "" {
		m.retry = a.box.After(jitter(a.cfg.RegistrationBackoffFactor), a.register)
	}
}

func jitter(most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	return rand.N(most) //nolint:gosec // spreads load, guards nothing
}

// register sends the registration and arranges its repetition.
func (a *Agent) register() {
	m := &a.master
	if m.registered || m.leader == "" || a.phase != disconnected {
		return
	}
	if m.conn == nil {
		conn, err := a.cfg.Network.Dial(a.Address(), m.leader, receiver{a})
		if err == nil {
			m.conn = conn
		}
	}
	if m.conn != nil {
		a.send(a.registration())
	}
	m.attempts++
	// A short factor is for tests, where a lost answer must not take long either.
	wait := a.cfg.RegistrationBackoffFactor << min(m.attempts, 16)
	wait = min(wait, registrationBackoffMax)
	m.retry = a.box.After(wait/2+jitter(wait/2)+time.Millisecond, a.register)
}

func (a *Agent) registration() link.Message {
	record := link.AgentRecord{
		Info: a.info, PID: a.PID(), Version: Version, Capabilities: Capabilities(), Total: a.total,
	}
	if a.info.ID == nil {
		return link.Register{AgentRecord: record}
	}
	m := link.Reregister{AgentRecord: record, Draining: a.draining, Operations: a.operations.records(a)}
	for _, f := range a.sortedFrameworks() {
		m.Frameworks = append(m.Frameworks, f.info)
		for _, e := range f.list() {
			if !e.kind.generated() && e.state != terminated {
				m.Executors = append(m.Executors, link.ExecutorRecord{FrameworkID: *f.info.ID, Info: e.info})
			}
			for _, t := range e.all() {
				m.Tasks = append(m.Tasks, a.record(e, t))
			}
		}
	}
	for _, f := range a.finished {
		done := link.CompletedFramework{Framework: f.info}
		for _, e := range f.completed {
			for _, t := range e.completed {
				done.Tasks = append(done.Tasks, a.record(e, t))
			}
		}
		m.CompletedFrameworks = append(m.CompletedFrameworks, done)
	}
	return m
}

// Capabilities are those of a current Mesos agent.
func Capabilities() []mesos.AgentInfo_Capability_Type {
	return []mesos.AgentInfo_Capability_Type{
		mesos.AgentInfo_Capability_MULTI_ROLE, mesos.AgentInfo_Capability_HIERARCHICAL_ROLE,
		mesos.AgentInfo_Capability_RESERVATION_REFINEMENT, mesos.AgentInfo_Capability_RESOURCE_PROVIDER,
		mesos.AgentInfo_Capability_RESIZE_VOLUME, mesos.AgentInfo_Capability_AGENT_OPERATION_FEEDBACK,
		mesos.AgentInfo_Capability_AGENT_DRAINING, mesos.AgentInfo_Capability_TASK_RESOURCE_LIMITS,
	}
}

// send passes a message to the master; without a connection it is lost, as on a broken wire.
func (a *Agent) send(m link.Message) {
	if a.master.conn != nil {
		a.master.conn.Send(m)
	}
}

// receive handles one message of the master.
func (a *Agent) receive(c *link.Conn, m link.Message) {
	if c != a.master.conn {
		return
	}
	switch m := m.(type) {
	case link.Registered:
		a.registered(m)
	case link.Reregistered:
		a.reregistered(m)
	case link.Ping:
		a.pinged(m)
	case link.ShutdownAgent:
		a.log.Warn("shut down by the master", logfield.Reason(m.Message))
		a.destroyAll(ErrRemoved)
	case link.RunTask:
		a.runTask(m)
	case link.RunTaskGroup:
		a.runTaskGroup(m)
	case link.KillTask:
		a.killTask(m.FrameworkID.Value, m.TaskID, m.KillPolicy)
	case link.StatusAcknowledgement:
		a.acknowledged(m)
	case link.FrameworkToExecutor:
		a.frameworkMessage(m)
	case link.ShutdownExecutor:
		a.shutdownExecutorByID(m)
	case link.ShutdownFramework:
		a.shutdownFramework(m.FrameworkID.Value)
	case link.UpdateFramework:
		a.updateFramework(m)
	case link.ApplyOperation:
		a.applyOperation(m)
	case link.OperationAcknowledgement:
		a.operations.acknowledge(m)
	case link.Drain:
		a.drain(m.Config)
	case link.StopDraining:
		a.stopDraining()
	default:
		a.log.Warn("unexpected message", zap.Stringer("class", m.Class()))
	}
}

func (a *Agent) registered(m link.Registered) {
	if a.phase != disconnected {
		return
	}
	id := m.AgentID
	a.info.ID = &id
	a.warn("checkpoint agent", a.store.SaveAgent(&a.info))
	a.log.Info("registered", logfield.Agent(ids.AgentID(id.Value)))
	a.connected(m.MasterID, m.PingTimeout)
}

func (a *Agent) reregistered(m link.Reregistered) {
	if a.phase != disconnected && a.phase != running {
		return
	}
	a.log.Info("registered again", logfield.Agent(ids.AgentID(m.AgentID.Value)))
	a.connected(m.MasterID, m.PingTimeout)
	for _, r := range m.Reconciliations {
		a.reconcile(r)
	}
	if m.Drain != nil {
		a.drain(*m.Drain)
	}
}

func (a *Agent) connected(masterID string, timeout time.Duration) {
	m := &a.master
	m.registered, m.attempts, m.id = true, 0, masterID
	m.retry.Stop()
	if m.pingTimeout = timeout; timeout <= 0 {
		m.pingTimeout = pingTimeoutDefault
	}
	a.phase = running
	a.watchPings()
	a.updates.Resume(a.now())
	a.armRetry()
	a.operations.resend(a)
	waiting := m.waiting
	m.waiting = nil
	for _, f := range waiting {
		f()
	}
}

// reconcile reports tasks that the master believes to be here and that are not.
func (a *Agent) reconcile(r link.TaskReconciliation) {
	f := &framework{info: r.Framework}
	for _, id := range r.TaskIDs {
		if known := a.framework(f.id()); known != nil {
			if _, t := known.findTask(id.Value); t != nil {
				continue
			}
		}
		status := a.newStatus(id, f.lost(mesos.TASK_DROPPED), mesos.REASON_RECONCILIATION,
			"Reconciliation: task unknown to the agent")
		a.updateWithoutTask(f, "", status)
	}
}

func (a *Agent) pinged(m link.Ping) {
	a.send(link.Pong{AgentID: a.agentID()})
	if a.phase != running {
		return
	}
	if !m.Connected {
		a.registerAgain()
		return
	}
	a.watchPings()
}

func (a *Agent) watchPings() {
	a.master.ping.Stop()
	a.master.ping = a.box.After(a.master.pingTimeout, func() {
		a.log.Warn("no ping from the master, registering again", zap.Duration("timeout", a.master.pingTimeout))
		if a.master.conn != nil {
			a.master.conn.Close()
			a.master.conn = nil
		}
		a.registerAgain()
	})
}

func (a *Agent) registerAgain() {
	a.master.registered = false
	a.master.ping.Stop()
	a.master.retry.Stop()
	a.phase = disconnected
	a.updates.Pause()
	a.master.retry = a.box.After(jitter(a.cfg.RegistrationBackoffFactor), a.register)
}

// updateFramework learns a framework's new description; that it is subscribed again makes its updates due.
func (a *Agent) updateFramework(m link.UpdateFramework) {
	id := m.Framework.GetID().GetValue()
	if f := a.framework(id); f != nil {
		f.info = m.Framework
		if f.checkpoints() {
			a.warn("checkpoint framework", a.store.SaveFramework(a.id(), &f.info))
		}
	}
	a.updates.Resend(a.now(), id)
	a.armRetry()
}
