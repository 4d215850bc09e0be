package core

import (
	"github.com/gantry-mesos/gantry/pkg/why"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/matching"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/scheduler/roster"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// View returns the picture of the State as it is now, for readers. What the State
// does is the same whether, and when, it is looked at.
func (s *State) View() *view.View { return s.pictures.Take(s.now) }

// subject is the State as the Builder of its pictures sees it.
type subject struct{ s *State }

// Framework implements view.Source.
func (v subject) Framework() view.Framework {
	f := v.s.framework
	f.AgentsAvoided = v.s.market.Avoided()
	return f
}

// Deployments implements view.Source.
func (v subject) Deployments() []*deployment.Deployment { return v.s.deployments.all }

// Facts implements view.Source.
func (v subject) Facts(ledger *roster.App) view.Facts {
	a := stateOf(ledger)
	f := view.Facts{Leaving: a.deleted, Failure: a.trouble.Failure, DelayUntil: a.trouble.DelayUntil, WaitsSince: a.WaitsSince()}
	if w := v.s.ward.apps[a]; w != nil {
		f.Spared = w.spared
	}
	if a.deployment != nil {
		f.Deployment = a.deployment.ID
	}
	return f
}

// Home implements view.Source.
func (v subject) Home(ledger *roster.App) *why.Home { return v.s.missedHome(ledger) }

// Shared implements view.Source.
func (v subject) Shared() uint64 { return v.s.market.Shared() }

// Sharing implements view.Source.
func (v subject) Sharing() view.Sharing {
	m := v.s.market
	sh := view.Sharing{Mode: m.Mode(), Total: m.Total(), Queues: m.Shares(), Set: m.Quotas()}
	for _, h := range m.Held() {
		sh.Held = append(sh.Held, view.Held(h))
	}
	return sh
}

// noteUnplaced keeps for readers why Apps found no place.
func (s *State) noteUnplaced(unplaced []*matching.App) {
	if len(unplaced) == 0 {
		return
	}
	pages := make([]*view.Page, len(unplaced))
	for n, a := range unplaced {
		pages[n] = &stateOf(&a.App).page
	}
	s.pictures.Unplaced(s.now, pages, s.market.Agents(), func(ledger *roster.App) (*placement.Demand, *instance.Instance) {
		return s.market.Demand(&stateOf(ledger).App), homesick(ledger)
	})
}
