package agent

import (
	"math/rand/v2"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/logfield"
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

// quiet ends all attempts to register.
func (m *masterState) quiet() {
	m.retry.Stop()
	m.ping.Stop()
}

// receiver takes what arrives over one connection to a master.
type receiver struct{ upstream *upstream }

// Receive implements link.Receiver.
func (r receiver) Receive(c *link.Conn, m link.Message) {
	r.upstream.box.Post(func() { r.upstream.receive(c, m) })
}

// Closed implements link.Receiver.
func (r receiver) Closed(c *link.Conn) {
	r.upstream.box.Post(func() {
		if r.upstream.master.conn == c {
			// As with Mesos, a broken connection alone changes nothing: the detector or missing pings will.
			r.upstream.master.conn = nil
		}
	})
}

func jitter(most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	return rand.N(most) //nolint:gosec // spreads load, guards nothing
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

// receive handles one message of the master.
func (a *Agent) receive(c *link.Conn, m link.Message) {
	if c != a.master.conn {
		return
	}
	switch m := m.(type) {
	case link.Registered:
		a.upstream.registered(m)
	case link.Reregistered:
		a.upstream.reregistered(m)
	case link.Ping:
		a.upstream.pinged(m)
	case link.ShutdownAgent:
		a.log.Warn("shut down by the master", logfield.Reason(m.Message))
		a.ending.destroyAll(ErrRemoved)
	case link.RunTask:
		a.launching.runTask(m)
	case link.RunTaskGroup:
		a.launching.runGroup(m)
	case link.KillTask:
		a.ending.kill(m.FrameworkID.Value, m.TaskID, m.KillPolicy)
	case link.StatusAcknowledgement:
		a.statuses.acknowledged(m)
	case link.FrameworkToExecutor:
		a.subscriptions.toExecutor(m)
	case link.ShutdownExecutor:
		a.ending.shutdownByID(m)
	case link.ShutdownFramework:
		a.ending.shutdownFramework(m.FrameworkID.Value)
	case link.UpdateFramework:
		a.upstream.updateFramework(m)
	case link.ApplyOperation:
		a.operations.apply(m)
	case link.OperationAcknowledgement:
		a.operations.acknowledge(m)
	case link.Drain:
		a.ending.drain(m.Config)
	case link.StopDraining:
		a.draining.stop()
	default:
		a.log.Warn("unexpected message", zap.Stringer("class", m.Class()))
	}
}
