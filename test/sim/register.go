package sim

import (
	"maps"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// register takes an agent in that has just connected, with what it runs.
func (m *master) register(a *agent) {
	id, total := a.id, a.total
	var has []known
	for _, t := range a.sorted() {
		k := known{id: t.id, agent: id, state: t.state, freed: !t.live, uses: t.uses, healthy: t.healthy}
		if len(t.updates) > 0 {
			k.state, k.healthy = t.updates[0].State, t.updates[0].Healthy
		}
		has = append(has, k)
	}
	a.toMaster(func() {
		r := m.agents[id]
		if r != nil && r.standing == gone {
			a.die()
			return
		}
		m.replaced(a)
		if r == nil {
			r = &record{agent: a}
			m.agents[id] = r
		}
		if r.total != nil && !r.total.Has(total) {
			m.rescindAll(id)
		}
		r.total = total
		was := r.standing
		r.standing, r.connected = registered, true
		r.epoch++
		m.w.logf("agent %s registers", id)
		m.merge(r, id, has, was == unreachable)
		for _, t := range r.kills {
			a.toAgent(func() { a.kill(t) })
		}
		r.kills = nil
		a.toAgent(a.resend)
		m.allocateSoon()
	})
}

// merge brings the master's tasks and the agent's together: what the agent
// lacks it has to answer for, what the master lacks it learns.
func (m *master) merge(r *record, id mesos.AgentID, has []known, refresh bool) {
	there := map[mesos.TaskID]bool{}
	for _, k := range has {
		there[k.id] = true
		if old := m.tasks[k.id]; old != nil {
			old.state, old.freed, old.healthy = k.state, old.freed || k.freed, k.healthy
			continue
		}
		m.tasks[k.id] = &k
		if refresh {
			m.tell(k.id, id, k.state, mesos.ReasonAgentReregistered, k.healthy)
		}
	}
	for _, t := range slices.Sorted(maps.Keys(m.tasks)) {
		if m.tasks[t].agent == id && !there[t] {
			r.agent.toAgent(func() { r.agent.missing(t) })
		}
	}
}

// replaced removes the disconnected agent that had the address of a new one.
func (m *master) replaced(a *agent) {
	for _, id := range slices.Sorted(maps.Keys(m.agents)) {
		if r := m.agents[id]; r.agent == a && id != a.id && r.standing == registered && !r.connected {
			m.remove(r, id, mesos.TaskLost, mesos.ReasonAgentRemoved)
			delete(m.agents, id)
		}
	}
}

// broken notices that an agent's connection has ended.
func (m *master) broken(id mesos.AgentID) {
	r := m.agents[id]
	if r == nil || !r.connected {
		return
	}
	m.w.logf("agent %s is disconnected", id)
	r.connected = false
	r.epoch++
	m.rescindAll(id)
	// A host that is gone fails its pings after 75 s, a broken connection alone has longer.
	d := 75 * time.Second
	if m.w.chance(0.2) {
		d = reregisterTimeout
	}
	m.deadline(r, id, d)
}

// unreachable marks an agent that was silent for too long.
func (m *master) unreachable(r *record, id mesos.AgentID) {
	m.w.logf("agent %s is unreachable", id)
	r.agent.unlinkIf(id)
	r.standing, r.connected = unreachable, false
	r.epoch++
	m.remove(r, id, mesos.TaskUnreachable, mesos.ReasonAgentRemoved)
}

// gone removes an agent for good, as an operator does.
func (m *master) gone(id mesos.AgentID) {
	r := m.agents[id]
	if !m.up || r == nil || r.standing == recovered {
		return
	}
	m.w.logf("agent %s is marked as gone", id)
	r.agent.unlinkIf(id)
	r.standing, r.connected = gone, false
	r.epoch++
	m.remove(r, id, mesos.TaskGoneByOperator, mesos.ReasonAgentRemovedByOperator)
}

// remove takes an agent's offers and tasks off the books and tells the framework.
func (m *master) remove(r *record, id mesos.AgentID, state mesos.TaskState, reason mesos.Reason) {
	r.kills = nil
	m.rescindAll(id)
	if r.agent.id == id {
		for _, t := range r.agent.tasks {
			t.lost = true
		}
	}
	for _, t := range slices.Sorted(maps.Keys(m.tasks)) {
		if m.tasks[t].agent == id {
			delete(m.tasks, t)
			m.tell(t, id, state, reason, nil)
		}
	}
	m.send(mesos.Failure{AgentID: id})
}

func (m *master) rescindAll(agent mesos.AgentID) {
	for _, id := range slices.Sorted(maps.Keys(m.offers)) {
		if m.offers[id].agent == agent {
			delete(m.offers, id)
			m.send(mesos.Rescind{OfferID: id})
		}
	}
}
