package view

import (
	"cmp"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/scheduler/roster"
)

// Unplaced notes that Apps found no place, and keeps for readers why. Counting the
// reasons looks at every one of the agents for each App; above a bound those that
// were counted longest ago come first. demand tells what placement knows of an App,
// and which instance waits for its home, nil if none does.
func (b *Builder) Unplaced(now time.Time, pages []*Page, agents int, demand func(*roster.App) (*placement.Demand, *instance.Instance)) {
	for _, p := range pages {
		b.Changed(p)
		p.tell().LastUnused = now
	}
	slices.SortFunc(pages, func(x, y *Page) int {
		return cmp.Or(x.queue.explainedAt.Compare(y.queue.explainedAt), cmp.Compare(x.app.Spec().ID, y.app.Spec().ID))
	})
	b.budget.refill(now)
	for _, p := range pages {
		if b.budget.checks <= 0 {
			return
		}
		b.budget.checks -= agents
		d, homesick := demand(p.app)
		p.explain(now, b.source.Facts(p.app).WaitsSince, d, homesick)
	}
}

// explainChecksMax bounds the agents that are looked at for explanations in
// half a second, some ten nanoseconds each: a hundredth of the time at most.
const explainChecksMax = 1 << 18

// budget is how many agents may still be looked at for explanations.
type budget struct {
	checks int
	since  time.Time
}

// refill adds what may be spent since the last time.
func (b *budget) refill(now time.Time) {
	passed := min(now.Sub(b.since), time.Second)
	b.checks = min(b.checks+int(passed.Milliseconds())*explainChecksMax/500, explainChecksMax)
	b.since = now
}

// unusedOffersMax is how many of the offers that were of no use are shown.
const unusedOffersMax = 20

// explain keeps why the App's instances, the oldest of which has waited since
// then, find no place.
func (p *Page) explain(now, since time.Time, d *placement.Demand, homesick *instance.Instance) {
	q := p.tell()
	q.explainedAt = now
	if !q.attemptSince.Equal(since) {
		q.attemptSince = since
		d.BeginAttempt()
	}
	var r placement.Rejections
	if homesick != nil {
		r = d.RejectionsOf(string(homesick.ID), homesick.Home.AgentID)
	} else {
		r = d.Rejections()
	}
	q.Processed, q.Unused = r.Attempt.Processed, r.Attempt.Refused()
	q.Rejections, q.Attempt = r.LastOffers.Tallies(), r.Attempt.Tallies()
	q.Cause = placement.Explain(&p.app.Spec().Run, r)
	q.UnusedOffers = unusedOffers(now, d.Unused(unusedOffersMax), q.UnusedOffers)
}

// unusedOffers lists the offers that are of no use now, then earlier ones of
// other agents.
func unusedOffers(now time.Time, unused []placement.Unused, earlier []UnusedOffer) []UnusedOffer {
	var out []UnusedOffer
	for _, u := range unused {
		out = append(out, UnusedOffer{Offer: u.Offer, Reason: u.Reason, At: now})
	}
	for _, e := range earlier {
		again := func(o UnusedOffer) bool { return o.Offer.AgentID == e.Offer.AgentID }
		if len(out) < unusedOffersMax && !slices.ContainsFunc(out, again) {
			out = append(out, e)
		}
	}
	return out
}
