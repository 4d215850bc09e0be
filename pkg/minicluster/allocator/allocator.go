// Package allocator decides which resources of which agents are offered to which framework and role: Mesos'
// hierarchical DRF allocator with offer filters, suppression, quota and weights.
//
// An [Allocator] is a plain data structure. It has no goroutine, no clock and no randomness of its own: time and the
// order of agents come in by arguments. It is not safe for concurrent use. It keeps the books of what is allocated,
// which includes what is offered and not answered yet; everything else about offers is left to the caller.
package allocator

import (
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/minicluster/constraints"
	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// Options are the settings of an allocator.
type Options struct {
	// Interval is the least lifetime of an offer filter.
	Interval time.Duration
	// MinAllocatable are alternatives of least quantities; what satisfies none is not offered. Empty: all is offered.
	MinAllocatable []Quantities
	// ExcludedFromShare are resource names that do not count for dominant shares.
	ExcludedFromShare []string
	// FilterGPU keeps agents with gpus from frameworks that do not know of gpus.
	FilterGPU bool
	// Region is the master's region, "" if it has no domain.
	Region string
}

// Quantities are amounts of scalar resources in thousandths, by name.
type Quantities map[string]int64

// Allocation is the outcome of a run for one agent, framework and role. Resources carry allocation_info.
type Allocation struct {
	FrameworkID string
	AgentID     string
	Role        string
	Resources   resources.List
}

// Allocator keeps agents, frameworks and what is allocated to whom.
type Allocator struct {
	opts       Options
	excluded   map[string]bool
	agents     map[string]*agent
	frameworks map[string]*framework
	tree       *tree
	total      Quantities
	quotas     map[string]Quota

	dirty    map[string]bool // agents to look at in the next run
	dirtyAll bool
}

type agent struct {
	id        string
	place     constraints.Agent
	active    bool
	gpus      bool
	total     resources.List
	allocated resources.List // without allocation_info
	free      resources.List // total - allocated
}

// New returns an empty allocator.
func New(opts Options) *Allocator {
	a := &Allocator{
		opts: opts, excluded: make(map[string]bool), agents: make(map[string]*agent),
		frameworks: make(map[string]*framework), total: make(Quantities), quotas: make(map[string]Quota),
		dirty: make(map[string]bool),
	}
	for _, name := range opts.ExcludedFromShare {
		a.excluded[name] = true
	}
	a.tree = newTree(a.share)
	return a
}

// AddAgent adds an agent and marks it for the next run. What is allocated on it is told by [Allocator.Allocated].
func (a *Allocator) AddAgent(id string, place constraints.Agent, total resources.List, active bool) {
	ag := &agent{id: id, place: place, active: active}
	a.agents[id] = ag
	a.setTotal(ag, total)
	a.Trigger(id)
}

// RemoveAgent forgets an agent, what is allocated on it and the filters for it.
func (a *Allocator) RemoveAgent(id string) {
	ag := a.agents[id]
	if ag == nil {
		return
	}
	for _, fw := range a.frameworks {
		fw.dropFilters(id)
		for role, list := range fw.allocated[id] {
			a.account(fw, role, list, -1)
		}
		delete(fw.allocated, id)
	}
	ag.total.Quantities(a.total, -1)
	delete(a.agents, id)
	delete(a.dirty, id)
	a.tree.touch()
}

// SetAgentActive offers an agent from the next batch on, or stops that.
func (a *Allocator) SetAgentActive(id string, active bool) {
	if ag := a.agents[id]; ag != nil {
		ag.active = active
	}
}

// SetAgentPlace changes an agent's host name, attributes and domain, and drops the filters for it.
func (a *Allocator) SetAgentPlace(id string, place constraints.Agent) {
	if ag := a.agents[id]; ag != nil {
		ag.place = place
		for _, fw := range a.frameworks {
			fw.dropFilters(id)
		}
	}
}

// SetAgentTotal changes an agent's total resources.
func (a *Allocator) SetAgentTotal(id string, total resources.List) {
	if ag := a.agents[id]; ag != nil {
		a.setTotal(ag, total)
	}
}

func (a *Allocator) setTotal(ag *agent, total resources.List) {
	ag.total.Quantities(a.total, -1)
	total.Quantities(a.total, 1)
	ag.total = total
	ag.gpus = total.Scalar("gpus") > 0
	ag.free = total.Minus(ag.allocated)
	a.tree.touch()
}

// Free returns what is neither used nor offered on an agent.
func (a *Allocator) Free(id string) resources.List {
	if ag := a.agents[id]; ag != nil {
		return ag.free
	}
	return nil
}

// Allocated tells that a framework uses resources (with allocation_info) on an agent, also unknown to the allocator
// before: after a master failover, or beyond what the agent has.
func (a *Allocator) Allocated(frameworkID, agentID string, used resources.List) {
	fw, ag := a.frameworks[frameworkID], a.agents[agentID]
	if fw == nil || ag == nil || len(used) == 0 {
		return
	}
	for role, list := range byRole(used) {
		fw.take(agentID, role, list)
		a.account(fw, role, list, 1)
	}
	ag.allocated = ag.allocated.Plus(used.Unallocated())
	ag.free = ag.total.Minus(ag.allocated)
}

// Recovered tells that resources (with allocation_info) are no longer allocated. With refuse > 0 the framework does
// not want them, or less, for that long; it counts from now.
func (a *Allocator) Recovered(frameworkID, agentID string, rs resources.List, refuse time.Duration, now time.Time) {
	fw, ag := a.frameworks[frameworkID], a.agents[agentID]
	if len(rs) == 0 {
		return
	}
	if ag != nil {
		plain := rs.Unallocated()
		ag.allocated = ag.allocated.Minus(plain)
		ag.free = ag.total.Minus(ag.allocated)
	}
	if fw == nil {
		return
	}
	for role, list := range byRole(rs) {
		if ag != nil {
			fw.give(agentID, role, list)
			a.account(fw, role, list, -1)
		}
		if refuse > 0 && fw.active && ag != nil && fw.roles[role] != nil {
			fw.addFilter(agentID, role, list.Unallocated(), now.Add(max(refuse, a.opts.Interval)))
		}
	}
}

// account adds allocated resources to the sums that make the shares.
func (a *Allocator) account(fw *framework, role string, list resources.List, sign int64) {
	q := make(Quantities, 4)
	list.Quantities(q, sign)
	a.tree.add(role, q)
	c := fw.client(role)
	c.add(q)
	if sign > 0 {
		a.tree.count(role)
		c.count++
	}
}

func byRole(list resources.List) map[string]resources.List {
	if len(list) == 0 {
		return nil
	}
	role := resources.AllocatedTo(&list[0])
	same := true
	for i := range list {
		same = same && resources.AllocatedTo(&list[i]) == role
	}
	if same {
		return map[string]resources.List{role: list}
	}
	out := make(map[string]resources.List)
	for _, r := range list {
		role := resources.AllocatedTo(&r)
		out[role] = append(out[role], r)
	}
	return out
}

// Trigger marks an agent for the next run.
func (a *Allocator) Trigger(agentID string) { a.dirty[agentID] = true }

// TriggerAll marks all agents for the next run.
func (a *Allocator) TriggerAll() { a.dirtyAll = true }

// Triggered tells whether something is marked for the next run.
func (a *Allocator) Triggered() bool { return a.dirtyAll || len(a.dirty) > 0 }

// candidates returns the marked agents that have something to give, in random order, and unmarks them.
func (a *Allocator) candidates(rnd *rand.Rand) []*agent {
	var ids []string
	if a.dirtyAll {
		ids = slices.Collect(maps.Keys(a.agents))
	} else {
		ids = slices.Collect(maps.Keys(a.dirty))
	}
	slices.Sort(ids) // so that the order depends on rnd alone
	clear(a.dirty)
	a.dirtyAll = false
	found := make([]*agent, 0, len(ids))
	for _, id := range ids {
		if ag := a.agents[id]; ag != nil && ag.active && len(ag.free) > 0 {
			found = append(found, ag)
		}
	}
	rnd.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
	return found
}

// SetWeight sets the weight of a role, 1 if never set.
func (a *Allocator) SetWeight(role string, weight float64) { a.tree.setWeight(role, weight) }

// DominantShare returns the dominant share of a role, not divided by its weight.
func (a *Allocator) DominantShare(role string) float64 {
	if n := a.tree.nodes[role]; n != nil {
		return a.share(n.allocated, 1)
	}
	return 0
}

// Filters returns the number of offer filters alive, by role.
func (a *Allocator) Filters(now time.Time) map[string]int {
	n := make(map[string]int)
	for _, fw := range a.frameworks {
		for role, st := range fw.roles {
			for _, fs := range st.filters {
				for _, f := range fs {
					if f.until.After(now) {
						n[role]++
					}
				}
			}
		}
	}
	return n
}

// share is the dominant share: the largest part of any kind of resource of the cluster, divided by the weight.
func (a *Allocator) share(q Quantities, weight float64) float64 {
	share := 0.0
	for name, v := range q {
		if total := a.total[name]; total > 0 && !a.excluded[name] {
			share = max(share, float64(v)/float64(total))
		}
	}
	return share / weight
}
