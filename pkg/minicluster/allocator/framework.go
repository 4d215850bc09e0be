package allocator

import (
	"slices"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/constraints"
	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// Framework describes a framework to the allocator.
type Framework struct {
	Roles      []string
	Suppressed []string
	// The capabilities that matter here.
	Revocable, GPU, Shared, Refinement, RegionAware bool
	// Constraints restrict the agents by role; nil: none.
	Constraints *constraints.Filter
	// MinAllocatable overrides the allocator's by role.
	MinAllocatable map[string][]Quantities
}

type framework struct {
	id     string
	spec   Framework
	active bool
	// roles are the subscribed roles.
	roles map[string]*subscription
	// clients are the shares inside of each role, also of former roles with allocations left.
	clients map[string]*client
	// allocated is by agent and role, with allocation_info.
	allocated map[string]map[string]resources.List
}

type subscription struct {
	suppressed bool
	filters    map[string][]filter // by agent
}

type filter struct {
	refused resources.List // without allocation_info
	until   time.Time
}

// client is a framework as it shares in a role.
type client struct {
	allocated Quantities
	count     int
}

func (c *client) add(q Quantities) {
	for name, v := range q {
		c.allocated[name] += v
	}
}

func (f *framework) client(role string) *client {
	c := f.clients[role]
	if c == nil {
		c = &client{allocated: make(Quantities)}
		f.clients[role] = c
	}
	return c
}

// AddFramework adds a framework, with nothing allocated. An active one marks all agents for the next run.
func (a *Allocator) AddFramework(id string, spec Framework, active bool) {
	f := &framework{
		id: id, active: active, roles: make(map[string]*subscription), clients: make(map[string]*client),
		allocated: make(map[string]map[string]resources.List),
	}
	a.frameworks[id] = f
	a.apply(f, spec)
	if active {
		a.TriggerAll()
	}
}

// UpdateFramework changes what is known of a framework. Roles whose suppression ends lose their filters. Nothing is
// marked for the next run.
func (a *Allocator) UpdateFramework(id string, spec Framework) {
	if f := a.frameworks[id]; f != nil {
		a.apply(f, spec)
	}
}

func (a *Allocator) apply(f *framework, spec Framework) {
	for role := range f.roles {
		if !slices.Contains(spec.Roles, role) {
			delete(f.roles, role)
			a.tree.unsubscribe(role, f)
		}
	}
	for _, role := range spec.Roles {
		st := f.roles[role]
		if st == nil {
			st = &subscription{filters: make(map[string][]filter)}
			f.roles[role] = st
			a.tree.subscribe(role, f)
		}
		suppressed := slices.Contains(spec.Suppressed, role)
		if st.suppressed && !suppressed {
			clear(st.filters)
		}
		st.suppressed = suppressed
	}
	f.spec = spec
}

// RemoveFramework forgets a framework and gives back all it has.
func (a *Allocator) RemoveFramework(id string) {
	f := a.frameworks[id]
	if f == nil {
		return
	}
	for agentID, roles := range f.allocated {
		for role, list := range roles {
			a.account(f, role, list, -1)
			if ag := a.agents[agentID]; ag != nil {
				ag.allocated = ag.allocated.Minus(list.Unallocated())
				ag.free = ag.total.Minus(ag.allocated)
			}
		}
	}
	for role := range f.roles {
		a.tree.unsubscribe(role, f)
	}
	delete(a.frameworks, id)
}

// ActivateFramework makes offers to a framework again and marks all agents for the next run.
func (a *Allocator) ActivateFramework(id string) {
	if f := a.frameworks[id]; f != nil && !f.active {
		f.active = true
		a.TriggerAll()
	}
}

// DeactivateFramework stops offers to a framework and drops its filters.
func (a *Allocator) DeactivateFramework(id string) {
	if f := a.frameworks[id]; f != nil {
		f.active = false
		for _, st := range f.roles {
			clear(st.filters)
		}
	}
}

// Suppress stops offers for roles of a framework.
func (a *Allocator) Suppress(id string, roles []string) {
	if f := a.frameworks[id]; f != nil {
		for _, role := range roles {
			if st := f.roles[role]; st != nil {
				st.suppressed = true
			}
		}
	}
}

// Revive undoes suppression, drops the filters of the roles and marks all agents for the next run.
func (a *Allocator) Revive(id string, roles []string) {
	if f := a.frameworks[id]; f != nil {
		for _, role := range roles {
			if st := f.roles[role]; st != nil {
				st.suppressed = false
				clear(st.filters)
			}
		}
		a.TriggerAll()
	}
}

func (f *framework) dropFilters(agentID string) {
	for _, st := range f.roles {
		delete(st.filters, agentID)
	}
}

func (f *framework) addFilter(agentID, role string, refused resources.List, until time.Time) {
	if st := f.roles[role]; st != nil {
		st.filters[agentID] = append(st.filters[agentID], filter{refused: refused, until: until})
	}
}

// filtered tells whether a living filter refuses all of offered. Dead filters are dropped on the way.
func (f *framework) filtered(agentID, role string, offered resources.List, now time.Time) bool {
	st := f.roles[role]
	fs := st.filters[agentID]
	if len(fs) == 0 {
		return false
	}
	fs = slices.DeleteFunc(fs, func(x filter) bool { return !x.until.After(now) })
	if len(fs) == 0 {
		delete(st.filters, agentID)
		return false
	}
	st.filters[agentID] = fs
	for _, x := range fs {
		if x.refused.Contains(offered) {
			return true
		}
	}
	return false
}

func (f *framework) take(agentID, role string, list resources.List) {
	roles := f.allocated[agentID]
	if roles == nil {
		roles = make(map[string]resources.List)
		f.allocated[agentID] = roles
	}
	roles[role] = roles[role].Plus(list)
}

func (f *framework) give(agentID, role string, list resources.List) {
	roles := f.allocated[agentID]
	rest := roles[role].Minus(list)
	if len(rest) > 0 {
		roles[role] = rest
		return
	}
	delete(roles, role)
	if len(roles) == 0 {
		delete(f.allocated, agentID)
	}
}

// acceptable returns the part of list that the framework's capabilities allow.
func (f *framework) acceptable(list resources.List) resources.List {
	return list.Filter(func(r *mesos.Resource) bool {
		return (r.Revocable == nil || f.spec.Revocable) && (r.Shared == nil || f.spec.Shared) &&
			(len(r.Reservations) < 2 || f.spec.Refinement)
	})
}
