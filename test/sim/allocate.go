package sim

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/core/coretest"
)

// role is the only one there is: agents are offered to it, and reserved for it.
const role = "db"

// executorCost is what every executor needs.
var executorCost = resource.Vector{CPUs: resource.FromFloat(0.1), Mem: resource.Units(16)}

// allocationEvery is the time between two rounds of offers.
const allocationEvery = time.Second

// allocateSoon has rounds of offers begin, which go on while offers are wanted.
func (m *master) allocateSoon() {
	if m.allocating {
		return
	}
	m.allocating = true
	m.w.after(m.w.between(0, allocationEvery), m.allocate)
}

func (m *master) allocate() {
	m.allocating = false
	if !m.up || m.stream == 0 || m.suppressed {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(m.agents)) {
		if m.agents[id].connected {
			m.offer(id)
		}
	}
	m.rescindSome()
	m.allocating = true
	m.w.after(allocationEvery, m.allocate)
}

// offer offers all that an agent has free, unless a filter hides it.
func (m *master) offer(id mesos.AgentID) {
	uses := m.free(id)
	sum := resource.Vector{}
	for _, p := range uses {
		sum = sum.Add(p.Amount)
	}
	if sum.CPUs < resource.FromFloat(0.01) && sum.Mem < resource.Units(32) {
		return
	}
	for _, f := range m.refusals[id] {
		if m.w.now.Before(f.until) && f.uses.Has(uses) {
			return
		}
	}
	m.offered++
	o := &offer{id: mesos.OfferID(fmt.Sprintf("o%d", m.offered)), agent: id, uses: uses}
	m.offers[o.id] = o
	out := mesos.Offer{
		ID: o.id, FrameworkID: m.framework, AgentID: id, Hostname: m.agents[id].agent.host, Role: role, Resources: uses.Resources(m.framework, role),
	}
	m.w.check.offered(o)
	m.send(mesos.Offers{Offers: []mesos.Offer{out}})
}

// free is what no task uses and no offer holds.
func (m *master) free(id mesos.AgentID) coretest.Stock {
	var used []coretest.Stock
	for _, t := range m.tasks {
		if t.agent == id && !t.freed {
			used = append(used, t.uses)
		}
	}
	for _, o := range m.offers {
		if o.agent == id {
			used = append(used, o.uses)
		}
	}
	return m.agents[id].total.Without(used...)
}

// decline takes an offer back; what was not used is hidden for a time.
func (m *master) decline(id mesos.OfferID, refuse time.Duration) {
	o := m.offers[id]
	if o == nil {
		return
	}
	delete(m.offers, id)
	if refuse > 0 {
		m.refusals[o.agent] = append(m.refusals[o.agent], refusal{uses: o.uses, until: m.w.now.Add(refuse)})
	}
}

// rescindSome takes offers back that are out, now and then.
func (m *master) rescindSome() {
	for _, id := range slices.Sorted(maps.Keys(m.offers)) {
		if m.w.chance(m.w.faults.lose) {
			delete(m.offers, id)
			m.send(mesos.Rescind{OfferID: id})
		}
	}
}
