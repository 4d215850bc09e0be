package core

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// agentState is an agent as the State knows it.
type agentState struct {
	// The facts are those of the last offer, which came at seen.
	id         mesos.AgentID
	hostname   string
	domain     mesos.Domain
	attributes []mesos.Attribute
	seen       time.Time
	// altered says that the list of agents whose picture is out of date has it.
	altered bool
}

// saw notes that an agent made an offer.
func (s *State) saw(o *mesos.Offer) {
	g := s.agents[o.AgentID]
	if g == nil {
		g = &agentState{id: o.AgentID}
		s.agents[o.AgentID] = g
	}
	g.hostname, g.domain, g.attributes, g.seen = o.Hostname, o.Domain, o.Attributes, s.now
	if !g.altered {
		g.altered = true
		s.agentsAltered = append(s.agentsAltered, g)
	}
}

func (g *agentState) view() *AgentView {
	return &AgentView{ID: g.id, Hostname: g.hostname, Domain: g.domain, Attributes: g.attributes, LastSeen: g.seen}
}
