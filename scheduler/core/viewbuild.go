package core

import (
	"cmp"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/matching"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// View returns the picture of the State as it is now. Its cost grows with what
// changed since the last one, not with the whole.
func (s *State) View() *View {
	framework := s.framework
	framework.AgentsAvoided = s.market.Avoided()
	v := &View{
		At: s.now, Framework: framework, Deployments: slices.Clone(s.deployments.all),
		apps: s.view.apps.Clone(), agents: s.view.agents.Clone(), tasks: s.view.tasks, Sharing: s.view.Sharing,
	}
	if s.market.Shared() != s.sharesShown || len(s.altered) > 0 {
		s.showShares(v)
	}
	for _, a := range s.altered {
		a.altered = false
		if a.shown != nil {
			v.tasks = v.tasks.Plus(a.shown.Counts.Negative())
		}
		if a.gone {
			v.hide(a)
			continue
		}
		a.shown = s.appView(a)
		v.tasks = v.tasks.Plus(a.shown.Counts)
		v.apps.ReplaceOrInsert(a.shown)
	}
	for _, g := range s.agentsAltered {
		g.altered = false
		v.agents.ReplaceOrInsert(g.view())
	}
	clear(s.altered)
	clear(s.agentsAltered)
	s.altered, s.agentsAltered = s.altered[:0], s.agentsAltered[:0]
	s.view = v
	return v
}

// hide takes an App that is gone off the picture, unless a new one has its id.
func (v *View) hide(a *appState) {
	if a.shown == nil {
		return
	}
	if is, ok := v.apps.Get(a.shown); ok && is == a.shown {
		v.apps.Delete(a.shown)
	}
	a.shown = nil
}

func (s *State) appView(a *appState) *AppView {
	v := &AppView{
		Spec: a.Spec(), Versions: slices.Clone(a.Versions()), Instances: make([]*instance.Instance, a.Len()),
		LastFailure: a.trouble.Failure, Counts: a.Counts(),
	}
	if a.queue != nil {
		v.Queue = *a.queue
	}
	n := 0
	for i := range a.Instances {
		v.Instances[n] = i
		n++
	}
	if a.deployment != nil {
		v.Deployments = []deployment.ID{a.deployment.ID}
	}
	v.Queue.Waiting, v.Queue.Since = a.Waiting(), a.WaitsSince()
	if a.trouble.DelayUntil.After(s.now) {
		v.Queue.DelayUntil = a.trouble.DelayUntil
	}
	if text := s.explainHome(a); text != "" {
		v.Queue.Explanation = text
	}
	return v
}

// tell returns what is told of the App's waiting instances, to be added to.
func (a *appState) tell() *QueueView {
	if a.queue == nil {
		a.queue = &QueueView{}
	}
	return a.queue
}

// noteAttempts keeps for readers why Apps found no place. Counting the reasons
// looks at every offer for each of them; above a bound those that were counted
// longest ago come first.
func (s *State) noteAttempts(apps []*matching.App) {
	if len(apps) == 0 {
		return
	}
	unplaced := make([]*appState, len(apps))
	for n := range apps {
		a := stateOf(&apps[n].App)
		unplaced[n] = a
		s.alter(a)
		a.tell().LastUnused = s.now
	}
	slices.SortFunc(unplaced, func(a, b *appState) int {
		return cmp.Or(a.explainedAt.Compare(b.explainedAt), cmp.Compare(a.Spec().ID, b.Spec().ID))
	})
	s.explains.refill(s.now)
	for _, a := range unplaced {
		if s.explains.checks <= 0 {
			return
		}
		s.explains.checks -= s.market.Agents()
		a.explainedAt = s.now
		a.explain(s.now, s.market.Demand(&a.App))
	}
}

// explainChecksMax bounds the agents that are looked at for explanations in
// half a second, some ten nanoseconds each: a hundredth of the time at most.
const explainChecksMax = 1 << 18

// explains is how many agents may still be looked at for explanations.
type explains struct {
	checks int
	since  time.Time
}

// refill adds what may be spent since the last time.
func (e *explains) refill(now time.Time) {
	passed := min(now.Sub(e.since), time.Second)
	e.checks = min(e.checks+int(passed.Milliseconds())*explainChecksMax/500, explainChecksMax)
	e.since = now
}

// unusedOffersMax is how many of the offers that were of no use are shown.
const unusedOffersMax = 20

// explain keeps why the App's instances find no place.
func (a *appState) explain(now time.Time, d *placement.Demand) {
	if !a.attemptSince.Equal(a.WaitsSince()) {
		a.attemptSince = a.WaitsSince()
		d.BeginAttempt()
	}
	r := a.rejections(d)
	q := a.tell()
	q.Processed, q.Unused = r.Attempt.Processed, r.Attempt.Refused()
	q.Rejections, q.Attempt = rejectionCounts(r.LastOffers), rejectionCounts(r.Attempt)
	q.Explanation = placement.Explain(&a.Spec().Run, r)
	q.UnusedOffers = unusedOffers(now, d.Unused(unusedOffersMax), q.UnusedOffers)
}

// unusedOffers lists the offers that are of no use now, then earlier ones of
// other agents.
func unusedOffers(now time.Time, unused []placement.Unused, earlier []UnusedOffer) []UnusedOffer {
	var out []UnusedOffer
	for _, u := range unused {
		out = append(out, UnusedOffer{Offer: u.Offer, Reason: u.Reason.String(), At: now})
	}
	for _, e := range earlier {
		again := func(o UnusedOffer) bool { return o.Offer.AgentID == e.Offer.AgentID }
		if len(out) < unusedOffersMax && !slices.ContainsFunc(out, again) {
			out = append(out, e)
		}
	}
	return out
}

func rejectionCounts(f placement.Funnel) []RejectionCount {
	tallies := f.Tallies()
	out := make([]RejectionCount, len(tallies))
	for n, t := range tallies {
		out[n] = RejectionCount{Reason: t.Reason.String(), Declined: t.Declined, Processed: t.Processed}
	}
	return out
}
