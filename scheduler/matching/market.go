package matching

import (
	"maps"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/timer"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/scheduler/roster"
)

// Config holds what the Market depends on beside what it hears of.
type Config struct {
	// Fairness is how the queues share the cluster.
	Fairness fairshare.Config
	// AvoidFor is how long an agent on which an App failed is tried after all others.
	AvoidFor time.Duration
	// StarveAfter is how long an instance waits until an agent is held for it, and
	// HoldFor how long each time.
	StarveAfter, HoldFor time.Duration
	// DeclineFor is the filter of an offer that nothing waits for or fits in.
	DeclineFor time.Duration
	// OfferKeep is how long offers are kept for an App whose rest is about to end.
	OfferKeep time.Duration
	// MaintenanceLead is how long before a maintenance window an agent gets nothing
	// new. With IgnoreMaintenance windows do not matter.
	MaintenanceLead   time.Duration
	IgnoreMaintenance bool
	// ReviveEvery and ReviveMax bound how often offers are asked for while something
	// waits: first after ReviveEvery, then doubling.
	ReviveEvery, ReviveMax time.Duration

	// Of returns the Market's part of an App of the roster.
	Of func(*roster.App) *App
	// Call has a call sent to Mesos after the step.
	Call func(mesos.SchedulerCall)
}

// Market is where offers meet what waits for them. One goroutine steps it.
type Market struct {
	cfg     Config
	of      func(*roster.App) *App
	roster  *roster.Roster
	cluster *placement.Cluster
	timers  *timer.Queue
	now     *time.Time

	// subscribed says that there is a master to call, quiet that nothing is
	// launched any more.
	subscribed, quiet bool
	// fair is whose instance is next.
	fair *fairshare.Tree
	// resting are the Apps with instances that want an offer but rest; all others
	// that want one stand in line.
	resting map[app.ID]*App
	// changed says that something is new on either side since the last pass.
	changed bool
	// unplaced are the Apps that had instances left in the last pass which fit
	// nowhere; the first overtaken of them had others placed after their turn.
	unplaced  []*App
	overtaken int
	wish      wish
	// hoards are the agents held for Apps that starve.
	hoards map[app.ID]*hoard
	// faulty are agents on which tasks of any App failed lately by the agent's fault.
	faulty map[mesos.AgentID]*suspicion
	// quotas are those set at run time.
	quotas map[string]fairshare.Quota
	// seen is what measure found since the last subscription, until measureUntil.
	seen         resource.Vector
	measureUntil time.Time
	// shares counts the changes of what Shares and Held tell.
	shares uint64
}

// New returns the Market of the Apps in a roster and the offers in a cluster, with
// the quotas that were set at run time. now points to the time, which the caller
// keeps right; what is due comes out of the timers as a *Timer.
func New(cfg Config, r *roster.Roster, c *placement.Cluster, timers *timer.Queue, now *time.Time, quotas map[string]fairshare.Quota) *Market {
	m := &Market{
		cfg: cfg, of: cfg.Of, roster: r, cluster: c, timers: timers, now: now,
		fair: fairshare.New(cfg.Fairness), resting: map[app.ID]*App{}, hoards: map[app.ID]*hoard{},
		faulty: map[mesos.AgentID]*suspicion{}, quotas: map[string]fairshare.Quota{}, shares: 1,
	}
	m.wish.timer.due = reviveDue
	for path, q := range quotas {
		m.quotas[path] = q
		m.fair.SetQuota(path, q)
	}
	return m
}

// Timer is something of the Market that has to be done at some time.
type Timer struct {
	timer.Timer
	due due
	// app is whose rest is over.
	app *App
}

// due says what a Timer is about.
type due uint8

const (
	restDue due = iota + 1
	reviveDue
	hoardDue
	trustDue
	searchDue
)

// Due acts on a timer. It returns the App whose rest is over, nil if it was about
// something else.
func (m *Market) Due(t *Timer) *App {
	switch t.due {
	case restDue:
		m.Again()
		m.line(t.app)
		return t.app
	case reviveDue:
		m.wish.due = true
	case hoardDue:
		m.changed = true
	case trustDue:
		m.trust()
	case searchDue:
	}
	return nil
}

// Again has the offers in hand looked at again, and more of them asked for: there
// is something new to be placed.
func (m *Market) Again() { m.changed, m.wish.fresh = true, true }

// Subscribed starts over with a (new) master: its offers are new.
func (m *Market) Subscribed(framework mesos.FrameworkID, region string) {
	m.subscribed, m.changed = true, true
	m.seen, m.measureUntil = resource.Vector{}, m.now.Add(measureFor)
	m.cluster.SetHomeRegion(region)
	m.cluster.SetFramework(framework)
	m.cluster.RemoveAll()
	m.wish.forget()
}

// Disconnected drops all offers: there is no master that stands by them.
func (m *Market) Disconnected() {
	m.subscribed = false
	m.cluster.RemoveAll()
	m.timers.Cancel(&m.wish.timer)
}

// OnHand lists the offers, in the order of their ids.
func (m *Market) OnHand() []mesos.OfferID { return m.cluster.OfferIDs() }

// Quiesce lets nothing be launched any more.
func (m *Market) Quiesce() { m.quiet = true }

// Offered takes new offers in; agents about to be maintained are not placed on.
func (m *Market) Offered(offers []mesos.Offer) {
	for n := range offers {
		o := &offers[n]
		m.cluster.Add(o)
		m.cluster.SetDraining(o.AgentID, m.maintained(o.Unavailability))
	}
	m.changed = true
}

// maintained reports whether a maintenance window has begun or begins soon.
func (m *Market) maintained(u *mesos.Unavailability) bool {
	if u == nil || m.cfg.IgnoreMaintenance {
		return false
	}
	over := u.Duration > 0 && m.now.After(u.Start.Add(u.Duration))
	return !over && !m.now.Add(m.cfg.MaintenanceLead).Before(u.Start)
}

// Rescinded drops an offer that the master has taken back.
func (m *Market) Rescinded(id mesos.OfferID) { m.cluster.Remove(id) }

// Lost takes a lost agent out of account; what was held there is looked for elsewhere.
func (m *Market) Lost(agent mesos.AgentID) {
	m.cluster.RemoveAgent(agent)
	m.cluster.Forget(agent)
	m.seen, m.measureUntil = resource.Vector{}, time.Time{}
	m.unhoardAgent(agent)
}

// Reclaim takes the offers out on which resources are reserved, for instances,
// that are not kept, and returns what is to be done on them to free those.
func (m *Market) Reclaim(kept func(instance string) bool) []placement.Cleanup {
	all := m.cluster.Cleanups(kept)
	for _, c := range all {
		for _, id := range c.Offers {
			m.cluster.Remove(id)
		}
	}
	return all
}

// Offering reports whether an agent has anything on offer for a role.
func (m *Market) Offering(agent mesos.AgentID, role string) bool {
	return len(m.cluster.Offers(agent, role)) > 0
}

// Draining reports whether an agent is in maintenance or about to be.
func (m *Market) Draining(agent mesos.AgentID) bool { return m.cluster.Draining(agent) }

// Agents is how many agents are known.
func (m *Market) Agents() int { return m.cluster.Agents() }

// Offers is how many offers are kept.
func (m *Market) Offers() int { return m.cluster.Len() }

// Resting lists the Apps with instances that want an offer and may not launch yet, ordered.
func (m *Market) Resting() []app.ID { return slices.Sorted(maps.Keys(m.resting)) }

// Suppressed reports whether the master was told to send no offers.
func (m *Market) Suppressed() bool { return m.wish.suppressed }
