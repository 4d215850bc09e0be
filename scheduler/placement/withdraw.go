package placement

import "github.com/gantry-mesos/gantry/pkg/mesos"

// Remove takes an offer away, as when it was rescinded. It reports whether the
// offer was there. What was placed on it cannot be undone any more; the rest of
// the agent's offers stays.
func (c *Cluster) Remove(id mesos.OfferID) bool {
	at, known := c.offers[id]
	if !known {
		return false
	}
	delete(c.offers, id)
	at.pool.slots[at.agent].remove(id)
	at.pool.update(at.agent)
	return true
}

// RemoveSpot takes all offers of a spot away, as when an Accept used them. What
// is left of them is remembered for Rejections.
func (c *Cluster) RemoveSpot(at Spot) {
	at.pool.remember(at.agent)
	c.removeSpot(at)
}

func (c *Cluster) removeSpot(at Spot) {
	s := &at.pool.slots[at.agent]
	for _, id := range s.ids {
		delete(c.offers, id)
	}
	s.clear()
	at.pool.update(at.agent)
}

// RemoveAgent takes all offers of an agent away, as when it was lost.
func (c *Cluster) RemoveAgent(id mesos.AgentID) {
	i, known := c.byID[id]
	if !known {
		return
	}
	for _, p := range c.pools {
		if p.offers(i) {
			c.removeSpot(Spot{p, i})
		}
		p.forget(i)
	}
}

// RemoveUnheld takes all offers away but those of agents that are held for
// somebody, and returns their ids by role and in the order of agents. What is
// left of them is remembered for Rejections.
func (c *Cluster) RemoveUnheld() []mesos.OfferID {
	if len(c.offers) == 0 {
		return nil
	}
	ids := make([]mesos.OfferID, 0, len(c.offers))
	for _, role := range c.roles() {
		p := c.pools[role]
		for i := range p.slots {
			if s := &p.slots[i]; len(s.ids) > 0 && s.heldFor == nil {
				ids = append(ids, s.ids...)
				c.RemoveSpot(Spot{p, int32(i)})
			}
		}
	}
	return ids
}

// RemoveAll takes every offer away, as after a lost subscription. Agents stay known.
func (c *Cluster) RemoveAll() {
	for _, p := range c.pools {
		for i := range p.slots {
			if len(p.slots[i].ids) > 0 {
				c.removeSpot(Spot{p, int32(i)})
			}
			p.forget(int32(i))
		}
	}
}
