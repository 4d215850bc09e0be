package core

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// agentState is an agent as the State knows it.
type agentState struct {
	// The facts are those of the last offer, which came at seen.
	mesos.Site
	seen time.Time
	// altered says that the list of agents whose picture is out of date has it.
	altered bool
}

// saw notes that an agent made an offer.
func (s *State) saw(o *mesos.Offer) {
	g := s.agents[o.AgentID]
	if g == nil {
		g = &agentState{}
		s.agents[o.AgentID] = g
	}
	g.Site, g.seen = o.Site(), s.now
	if !g.altered {
		g.altered = true
		s.agentsAltered = append(s.agentsAltered, g)
	}
}

func (g *agentState) view() *AgentView {
	return &AgentView{Site: g.Site, LastSeen: g.seen}
}
