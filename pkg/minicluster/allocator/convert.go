package allocator

import (
	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// Convert replaces resources allocated to a framework by others on the same agent, as reservations and volumes do, and
// changes the agent's total likewise. Both lists carry allocation_info.
func (a *Allocator) Convert(frameworkID, agentID string, consumed, converted resources.List) {
	fw, ag := a.frameworks[frameworkID], a.agents[agentID]
	if fw == nil || ag == nil {
		return
	}
	for role, list := range byRole(consumed) {
		fw.give(agentID, role, list)
		a.account(fw, role, list, -1)
	}
	for role, list := range byRole(converted) {
		fw.take(agentID, role, list)
		q := make(Quantities, len(list))
		list.Quantities(q, 1)
		a.tree.add(role, q)
		fw.client(role).add(q)
	}
	ag.allocated = ag.allocated.Minus(consumed.Unallocated()).Plus(converted.Unallocated())
	a.setTotal(ag, ag.total.Minus(consumed.Unallocated()).Plus(converted.Unallocated()))
}

// ConvertFree replaces free resources of an agent by others; it reports false and changes nothing if they are not
// free. The lists carry no allocation_info.
func (a *Allocator) ConvertFree(agentID string, consumed, converted resources.List) bool {
	ag := a.agents[agentID]
	if ag == nil || !ag.free.Contains(consumed) {
		return false
	}
	a.setTotal(ag, ag.total.Minus(consumed).Plus(converted))
	return true
}
