package sim

import (
	"maps"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/core/coretest"
)

// standing is how an agent stands with the master ("Mesos, agent registration and liveness").
type standing uint8

const (
	// registered agents are known and may be connected.
	registered standing = iota + 1
	// recovered agents were read from the registry after a failover and have yet to return.
	recovered
	unreachable
	gone
)

// record is what the master knows of an agent.
type record struct {
	agent *agent
	// total is what the agent has, after operations that may still be on their way to it.
	total     coretest.Stock
	standing  standing
	connected bool
	// kills wait for the agent to be connected again.
	kills []mesos.TaskID
	// epoch counts the changes of standing and connection, to void old deadlines.
	epoch int
}

// known is what the master knows of a task.
type known struct {
	id    mesos.TaskID
	agent mesos.AgentID
	state mesos.TaskState
	// freed says that its resources may be offered again.
	freed   bool
	uses    coretest.Stock
	healthy *bool
	// end is the id of the terminal update that was last forwarded.
	end string
}

// offer is an outstanding offer.
type offer struct {
	id    mesos.OfferID
	agent mesos.AgentID
	uses  coretest.Stock
}

// refusal hides resources of an agent for a time.
type refusal struct {
	uses  coretest.Stock
	until time.Time
}

// master is the leading master. One that fails forgets all but the registry.
type master struct {
	w  *world
	up bool
	// stream is the subscription, 0 while the framework is not connected.
	stream, streams int
	// last is when the last event of the stream arrives.
	last       time.Time
	agents     map[mesos.AgentID]*record
	tasks      map[mesos.TaskID]*known
	offers     map[mesos.OfferID]*offer
	refusals   map[mesos.AgentID][]refusal
	suppressed bool
	allocating bool
	offered    int
	framework  mesos.FrameworkID
}

func newMaster(w *world) *master {
	m := &master{w: w, up: true, agents: map[mesos.AgentID]*record{}}
	m.forget()
	return m
}

// forget drops all that is not in the registry.
func (m *master) forget() {
	m.tasks, m.offers, m.refusals = map[mesos.TaskID]*known{}, map[mesos.OfferID]*offer{}, map[mesos.AgentID][]refusal{}
}

// fail lets the leading master die; another one leads after a while.
func (m *master) fail() {
	w := m.w
	if !m.up {
		return
	}
	w.logf("master fails")
	m.up, m.stream = false, 0
	m.forget()
	for _, id := range slices.Sorted(maps.Keys(m.agents)) {
		r := m.agents[id]
		r.connected, r.kills = false, nil
		r.epoch++
		if r.standing == registered {
			r.standing = recovered
		}
	}
	for _, a := range w.agents {
		a.unlinkIf(a.id)
	}
	w.sched.disconnect()
	w.after(w.between(time.Second, 20*time.Second), m.lead)
}

// reregisterTimeout is how long a disconnected or recovered agent may take to return.
const reregisterTimeout = 10 * time.Minute

func (m *master) lead() {
	m.w.logf("master leads")
	m.up = true
	for _, id := range slices.Sorted(maps.Keys(m.agents)) {
		r := m.agents[id]
		if r.standing == recovered {
			m.deadline(r, id, reregisterTimeout)
		}
	}
}

// deadline marks an agent as unreachable unless something changes before.
func (m *master) deadline(r *record, id mesos.AgentID, d time.Duration) {
	epoch := r.epoch
	m.w.after(d, func() {
		if m.up && r.epoch == epoch && m.agents[id] == r {
			m.unreachable(r, id)
		}
	})
}

// subscribe starts a new subscription in the place of any other one.
func (m *master) subscribe() bool {
	if !m.up {
		return false
	}
	m.lostStream()
	if m.framework == "" {
		m.framework = "fw"
	}
	m.streams++
	m.stream, m.suppressed = m.streams, false
	m.send(mesos.Subscribed{FrameworkID: m.framework})
	for _, id := range slices.Sorted(maps.Keys(m.agents)) {
		if r := m.agents[id]; r.connected {
			r.agent.toAgent(r.agent.resend)
		}
	}
	m.allocateSoon()
	return true
}

// lostStream notices that the subscription has ended: offers and filters go with it.
func (m *master) lostStream() {
	m.stream = 0
	m.offers, m.refusals = map[mesos.OfferID]*offer{}, map[mesos.AgentID][]refusal{}
}

// send puts an event on its way to the scheduler, in order; without a
// subscription it is lost.
func (m *master) send(ev mesos.SchedulerEvent) {
	w := m.w
	stream := m.stream
	if stream == 0 {
		return
	}
	d := w.between(time.Millisecond, 30*time.Millisecond)
	if w.chance(w.faults.slow) {
		d = w.between(time.Millisecond, 5*time.Second)
	}
	at := w.now.Add(d)
	if m.last.After(at) {
		at = m.last
	}
	m.last = at
	w.at(at, func() {
		if _, first := ev.(mesos.Subscribed); first && m.stream != stream {
			w.sched.subscribeSoon()
			return
		}
		w.sched.receive(stream, ev)
	})
}

// tell sends an update of the master's own, which is not repeated.
func (m *master) tell(id mesos.TaskID, agent mesos.AgentID, state mesos.TaskState, reason mesos.Reason, healthy *bool) {
	m.send(mesos.Update{Status: mesos.TaskStatus{
		TaskID: id, State: state, Source: mesos.SourceMaster, Reason: reason, AgentID: agent, Timestamp: m.w.now, Healthy: healthy,
	}})
}

// call carries out a call of the subscription with this number.
func (m *master) call(stream int, c core.Call) {
	if !m.up || stream == 0 || stream != m.stream {
		return
	}
	switch c := c.(type) {
	case *core.Launch:
		m.accept(c)
	case core.MesosCall:
		m.mesosCall(c.SchedulerCall)
	}
}

func (m *master) mesosCall(c mesos.SchedulerCall) {
	switch c := c.(type) {
	case mesos.Accept:
		m.accept(&core.Launch{OfferIDs: c.OfferIDs, Prepare: c.Operations, Refuse: c.Refuse})
	case mesos.Decline:
		for _, id := range c.OfferIDs {
			m.decline(id, c.Refuse)
		}
	case mesos.Suppress:
		m.suppressed = true
	case mesos.Revive:
		m.suppressed = false
		clear(m.refusals)
		m.allocateSoon()
	case mesos.Kill:
		m.kill(c)
	case mesos.Acknowledge:
		m.acknowledge(c)
	case mesos.Reconcile:
		m.reconcile(c)
	default:
		m.w.fail("unexpected call %T", c)
	}
}

// kill forwards a kill; one of an unknown task is answered like a question about it.
func (m *master) kill(c mesos.Kill) {
	t := m.tasks[c.TaskID]
	if t == nil {
		m.explain(mesos.TaskOnAgent{TaskID: c.TaskID, AgentID: c.AgentID})
		return
	}
	if c.AgentID != "" && c.AgentID != t.agent {
		return
	}
	r := m.agents[t.agent]
	if !r.connected {
		r.kills = append(r.kills, c.TaskID)
		return
	}
	r.agent.toAgent(func() { r.agent.kill(c.TaskID) })
}

func (m *master) acknowledge(c mesos.Acknowledge) {
	r := m.agents[c.AgentID]
	if r == nil || !r.connected {
		return
	}
	if t := m.tasks[c.TaskID]; t != nil && t.end == string(c.UUID) {
		delete(m.tasks, c.TaskID)
	}
	r.agent.toAgent(func() { r.agent.acknowledge(c.TaskID, c.UUID) })
}

// reconcile answers what is known of the tasks; none means all.
func (m *master) reconcile(c mesos.Reconcile) {
	for _, t := range c.Tasks {
		m.explain(t)
	}
	if len(c.Tasks) > 0 {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(m.tasks)) {
		m.explain(mesos.TaskOnAgent{TaskID: id})
	}
}

// explain answers a question about one task ("Mesos, reconciliation").
func (m *master) explain(q mesos.TaskOnAgent) {
	state := mesos.TaskUnknown
	r := m.agents[q.AgentID]
	t := m.tasks[q.TaskID]
	switch {
	case t != nil:
		m.tell(t.id, t.agent, t.state, mesos.ReasonReconciliation, t.healthy)
		return
	case r == nil && q.AgentID == "" && m.recovering():
		return
	case r == nil:
	case r.standing == recovered:
		return
	case r.standing == registered:
		state = mesos.TaskGone
	case r.standing == unreachable:
		state = mesos.TaskUnreachable
	case r.standing == gone:
		state = mesos.TaskGoneByOperator
	}
	m.tell(q.TaskID, q.AgentID, state, mesos.ReasonReconciliation, nil)
}

func (m *master) recovering() bool {
	for _, r := range m.agents {
		if r.standing == recovered {
			return true
		}
	}
	return false
}

// update forwards an agent's update and notes what it says.
func (m *master) update(a *agent, st mesos.TaskStatus, live bool) {
	if t := m.tasks[st.TaskID]; t != nil {
		t.state, t.healthy = st.State, st.Healthy
		t.freed = t.freed || !live
		if st.State.Terminal() {
			t.end = string(st.UUID)
		}
	}
	if m.agents[a.id].standing == registered {
		m.send(mesos.Update{Status: st})
	}
}

// latest hears that a task has ended whose earlier updates are still under way.
func (m *master) latest(a *agent, id mesos.TaskID, live bool) {
	if t := m.tasks[id]; t != nil && t.agent == a.id {
		t.freed = t.freed || !live
	}
}

// accept carries out operations and launches tasks on offers. If one of these
// is void, nothing happens.
func (m *master) accept(l *core.Launch) {
	var on *record
	valid := true
	left := coretest.Stock{}
	for _, id := range l.OfferIDs {
		o := m.offers[id]
		if o == nil || m.agents[o.agent] == nil || !m.agents[o.agent].connected {
			valid = false
			continue
		}
		on = m.agents[o.agent]
		left = left.With(o.uses)
	}
	if !valid || on == nil {
		for _, id := range l.OfferIDs {
			m.decline(id, l.Refuse)
		}
		for _, t := range l.Tasks {
			m.tell(t.Instance.TaskID(), t.Instance.AgentID, mesos.TaskDropped, mesos.ReasonInvalidOffers, nil)
		}
		return
	}
	for _, op := range l.Prepare {
		if after, ok := left.Operate(op); ok && !m.w.chance(m.w.faults.crash) {
			left = after
			on.total, _ = on.total.Operate(op)
			on.agent.toAgent(func() { on.agent.operate(op) })
		}
	}
	for _, t := range l.Tasks {
		left = m.launch(on, t, left)
	}
	for _, id := range l.OfferIDs {
		m.decline(id, l.Refuse)
	}
}

// launch starts a task on what is left of the offers and returns what is left then.
func (m *master) launch(on *record, t core.TaskLaunch, left coretest.Stock) coretest.Stock {
	id, uses := t.Instance.TaskID(), coretest.StockOf(t.Resources, t.ExecutorResources)
	if m.tasks[id] != nil {
		m.w.fail("task %s is launched a second time", id)
	}
	if !left.Has(uses) {
		m.tell(id, t.Instance.AgentID, mesos.TaskError, mesos.ReasonTaskInvalid, nil)
		return left
	}
	m.w.check.accepted(on.agent, t.Instance)
	m.tasks[id] = &known{id: id, agent: on.agent.id, state: mesos.TaskStaging, uses: uses}
	on.agent.toAgent(func() { on.agent.run(t) })
	return left.Without(uses)
}
