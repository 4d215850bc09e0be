package placement

import (
	"maps"
	"slices"

	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// Cluster is everything offered to the framework. Agents keep their place in
// the order in which they were first seen, also while nothing of them is offered.
type Cluster struct {
	cfg    Config
	agents []agent
	byID   map[mesos.AgentID]int32
	offers map[mesos.OfferID]Spot
	pools  map[string]*pool
	// fields and filters are what constraints look at, shared by all demands;
	// changes counts agents that turned out different from before.
	fields  map[string]*field
	filters map[filterKey]*filter
	// conditions are the constraints' static parts.
	conditions map[constraint.Constraint]*condition
	changes    int
	// plains are the demands that Apps share.
	plains map[plainKey]*Demand
	slabs  slabs
	// framework is the one that reservations are labelled with.
	framework mesos.FrameworkID
}

// agent is what is known of an agent apart from its resources.
type agent struct {
	// Site is never written to: what changes makes a new one.
	*mesos.Site
	// gpus says that it ever offered some.
	gpus     bool
	draining bool
}

// Spot is what one agent offers to one role: what one Accept may combine.
type Spot struct {
	pool  *pool
	agent int32
}

// NewCluster returns a cluster without offers.
func NewCluster(cfg Config) *Cluster {
	if cfg.Role == "" {
		cfg.Role = "*"
	}
	return &Cluster{
		cfg:     cfg,
		byID:    map[mesos.AgentID]int32{},
		offers:  map[mesos.OfferID]Spot{},
		pools:   map[string]*pool{},
		fields:  map[string]*field{},
		filters: map[filterKey]*filter{},

		conditions: map[constraint.Constraint]*condition{},
		plains:     map[plainKey]*Demand{},
	}
}

// Add makes an offer available. The cluster keeps o and never writes to it;
// neither may the caller. An offer that is already there is ignored.
func (c *Cluster) Add(o *mesos.Offer) {
	if _, known := c.offers[o.ID]; known {
		return
	}
	p := c.pool(o.Role)
	i := c.agent(o)
	p.grow(len(c.agents))
	s := &p.slots[i]
	s.add(o, p)
	if s.free[0].GPUs+s.free[1].GPUs > 0 && !c.agents[i].gpus {
		c.agents[i].gpus = true
		c.changes++
	}
	p.cover(s.free[0].Add(s.free[1]))
	p.memories[i] = memory{seen: p.now()}
	p.freed(i, false)
	c.offers[o.ID] = Spot{p, i}
}

// agent returns the index of the offer's agent, new or updated.
func (c *Cluster) agent(o *mesos.Offer) int32 {
	at := o.Site()
	i := c.enter(at)
	a := &c.agents[i]
	if a.SameSite(&at) {
		return i
	}
	c.changes++
	fresh := at
	a.Site = &fresh
	for _, f := range c.fields {
		f.leave(i)
		f.enter(i, &at)
	}
	return i
}

// enter returns the index of an agent, which becomes known if it was not.
func (c *Cluster) enter(at mesos.Site) int32 {
	if i, known := c.byID[at.AgentID]; known {
		return i
	}
	i := int32(len(c.agents))
	c.byID[at.AgentID] = i
	fresh := at
	c.agents = append(c.agents, agent{Site: &fresh})
	for _, f := range c.fields {
		f.enter(i, &at)
	}
	return i
}

// pool returns the pool of a role, "" being the cluster's default one.
func (c *Cluster) pool(role string) *pool {
	if role == "" {
		role = c.cfg.Role
	}
	p := c.pools[role]
	if p == nil {
		p = newPool(c, role)
		c.pools[role] = p
	}
	return p
}

// SetHomeRegion tells the region of the master, "" if it has none: Apps without
// a constraint on @region or @zone are kept to it from now on ("Marathon,
// constraints": region awareness). What runs elsewhere stays there.
func (c *Cluster) SetHomeRegion(region string) {
	if c.cfg.HomeRegion == region {
		return
	}
	c.cfg.HomeRegion = region
	// Filters that name the old region are of no use to anybody.
	clear(c.filters)
	c.changes++
}

// SetDraining excludes an agent from placing, as ahead of maintenance, or ends
// that. An agent that was never seen is ignored.
func (c *Cluster) SetDraining(id mesos.AgentID, draining bool) {
	i, known := c.byID[id]
	if !known || c.agents[i].draining == draining {
		return
	}
	c.agents[i].draining = draining
	for _, p := range c.pools {
		if int(i) < len(p.slots) {
			p.freed(i, true)
		}
	}
}

// Draining reports whether an agent is excluded from placing; see SetDraining.
func (c *Cluster) Draining(id mesos.AgentID) bool {
	i, known := c.byID[id]
	return known && c.agents[i].draining
}

// Agents is how many agents are known, also those that offer nothing now.
func (c *Cluster) Agents() int { return len(c.agents) }

// Len is how many offers there are.
func (c *Cluster) Len() int { return len(c.offers) }

// OfferIDs lists the offers, in the order of their ids.
func (c *Cluster) OfferIDs() []mesos.OfferID { return slices.Sorted(maps.Keys(c.offers)) }

// Peak returns the most that was ever offered of each agent, all of them
// together: an estimate of how large the part of the cluster is that the
// framework can get. Of several roles the larger sum counts, since most
// resources are offered to each of them in turn.
func (c *Cluster) Peak() resource.Vector {
	var v resource.Vector
	for _, p := range c.pools {
		v = v.Max(p.peak)
	}
	return v
}

// Offers returns the ids of the offers of one agent to one role ("" is the
// cluster's default role): what an Accept must name. The caller must not write to it.
func (c *Cluster) Offers(id mesos.AgentID, role string) []mesos.OfferID {
	i, known := c.byID[id]
	p := c.pool(role)
	if !known || int(i) >= len(p.slots) {
		return nil
	}
	return p.slots[i].ids
}

// Place finds the agent for one more instance of d and takes the resources.
// Without ok it fits nowhere; d.Rejections tells why. The instance counts for
// the constraints of d from now on; see Demand.Uncount for its end.
func (c *Cluster) Place(d *Demand) (a Assignment, ok bool) {
	i := d.find()
	if i < 0 {
		return Assignment{}, false
	}
	c.settle(d, i, "", &a)
	return a, true
}

// settle takes one instance of d from agent i.
func (c *Cluster) settle(d *Demand, i int32, me string, a *Assignment) {
	c.take(d, i, me, a)
	d.pool.update(i)
	d.placed(i)
}

// Undo gives back what an Assignment took, unless the agent's offers have
// changed since, and uncounts the instance. Each Assignment may be undone once.
func (c *Cluster) Undo(a Assignment) {
	s := &a.demand.pool.slots[a.agent]
	if s.epoch == a.epoch {
		s.giveBack(a)
		a.demand.pool.freed(a.agent, true)
	}
	a.demand.Uncount(*a.Site)
}

// roles returns the roles that ever got an offer or a demand, sorted.
func (c *Cluster) roles() []string { return slices.Sorted(maps.Keys(c.pools)) }
