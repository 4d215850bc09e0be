package placement

import (
	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// Cluster is everything offered to the framework. Agents keep the place in
// the order in which they were first seen, also while nothing of them is offered.
type Cluster struct {
	cfg    Config
	agents []agent
	byID   map[mesos.AgentID]int32
	offers map[mesos.OfferID]place
	pools  map[string]*pool
}

// agent is what is known of an agent apart from its resources.
type agent struct {
	id         mesos.AgentID
	hostname   string
	domain     mesos.Domain
	attributes []mesos.Attribute
	draining   bool
}

// place says where an offer went.
type place struct {
	pool  *pool
	agent int32
}

// pool is all that is offered to one role; slots are indexed as the cluster's agents.
type pool struct {
	role  string
	slots []slot
}

// NewCluster returns a cluster without offers.
func NewCluster(cfg Config) *Cluster {
	if cfg.Role == "" {
		cfg.Role = "*"
	}
	return &Cluster{
		cfg:    cfg,
		byID:   map[mesos.AgentID]int32{},
		offers: map[mesos.OfferID]place{},
		pools:  map[string]*pool{},
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
	p.slots[i].add(o, p.role)
	c.offers[o.ID] = place{p, i}
}

// agent returns the index of the offer's agent, new or updated.
func (c *Cluster) agent(o *mesos.Offer) int32 {
	i, known := c.byID[o.AgentID]
	if !known {
		i = int32(len(c.agents))
		c.byID[o.AgentID] = i
		c.agents = append(c.agents, agent{id: o.AgentID})
	}
	a := &c.agents[i]
	a.hostname, a.domain, a.attributes = o.Hostname, o.Domain, o.Attributes
	return i
}

// pool returns the pool of a role.
func (c *Cluster) pool(role string) *pool {
	if role == "" {
		role = c.cfg.Role
	}
	p := c.pools[role]
	if p == nil {
		p = &pool{role: role}
		c.pools[role] = p
	}
	return p
}

func (p *pool) grow(agents int) {
	for len(p.slots) < agents {
		p.slots = append(p.slots, slot{})
	}
}

// Remove takes an offer away: rescinded, declined or used by an Accept. It
// reports whether the offer was there. What was placed on it cannot be undone
// any more; the rest of the agent's offers stays.
func (c *Cluster) Remove(id mesos.OfferID) bool {
	at, known := c.offers[id]
	if !known {
		return false
	}
	delete(c.offers, id)
	at.pool.slots[at.agent].remove(id)
	return true
}

// RemoveAll takes every offer away, as after a lost subscription. Agents stay known.
func (c *Cluster) RemoveAll() {
	for id := range c.offers {
		c.Remove(id)
	}
}

// SetDraining excludes an agent from placing, or ends that. An agent that was
// never seen is ignored.
func (c *Cluster) SetDraining(id mesos.AgentID, draining bool) {
	if i, known := c.byID[id]; known {
		c.agents[i].draining = draining
	}
}

// Len is how many offers there are.
func (c *Cluster) Len() int { return len(c.offers) }

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
	for i := range d.pool.slots {
		if !c.agents[i].draining && d.pool.slots[i].fits(d) {
			return c.take(d, int32(i)), true
		}
	}
	return Assignment{}, false
}

// Undo gives back what an Assignment took, unless its offers are gone, and
// uncounts the instance. Each Assignment may be undone once.
func (c *Cluster) Undo(a Assignment) {
	s := &a.demand.pool.slots[a.agent]
	if s.epoch == a.epoch {
		s.giveBack(a)
	}
}
