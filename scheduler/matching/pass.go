package matching

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/scheduler/roster"
)

// Begin begins a pass over all that waits. It returns false, and there is none, if
// nothing has changed on either side since the last one.
func (m *Market) Begin() bool {
	m.review()
	if m.quiet || !m.changed || !m.subscribed || m.cluster.Len() == 0 {
		return false
	}
	m.changed = false
	m.measure()
	m.fair.Wake()
	clear(m.unplaced)
	m.unplaced, m.overtaken = m.unplaced[:0], 0
	return true
}

// Next places the instance whose turn it is and says where; nil ends the pass. The
// instance has to get a launched one's record before the next one is placed.
func (m *Market) Next(at *placement.Assignment) *roster.Member {
	for {
		it, ok := m.fair.Next()
		if !ok {
			return nil
		}
		a := it.Owner.(*App) //nolint:forcetypeassert // line gives no other one
		member, ok := m.place(a, at)
		if !ok {
			m.fair.Skip(it)
			m.hoard(a, it)
			m.unplaced = append(m.unplaced, a)
			continue
		}
		m.fair.Placed(it, *m.now)
		m.overtake()
		return member
	}
}

// overtake notes on the Apps that were passed over that others are placed after
// their turn.
func (m *Market) overtake() {
	for ; m.overtaken < len(m.unplaced); m.overtaken++ {
		m.unplaced[m.overtaken].overtakenAt = *m.now
	}
}

// Unplaced lists the Apps that had instances left in this pass which fit nowhere.
// It holds until the next pass begins.
func (m *Market) Unplaced() []*App { return m.unplaced }

// End ends a pass: it takes out the offers of the spots that were placed on, and
// returns the filter for what is left of them.
func (m *Market) End(spots []placement.Spot) (refuse time.Duration) {
	if !m.unmet() {
		refuse = m.cfg.DeclineFor
	}
	m.wish.filtered = m.wish.filtered || refuse > 0 && len(spots) > 0
	for _, spot := range spots {
		m.cluster.RemoveSpot(spot)
	}
	m.review()
	return refuse
}

// offerTasks is about how many tasks an offer takes.
const offerTasks = 16

// Likely is about how many instances a pass places now.
func (m *Market) Likely() int { return min(m.roster.Waiting(), offerTasks*m.cluster.Len()) }

// place finds a place for the instance of the App that has waited longest.
func (m *Market) place(a *App, at *placement.Assignment) (*roster.Member, bool) {
	if a.Resident() {
		return m.placeResident(a, at)
	}
	var ok bool
	*at, ok = m.cluster.Place(m.plainOf(a))
	return a.First(), ok
}

// placeResident places the first waiting instance of a resident App that finds
// its volumes on offer, or, without any yet, an agent to have them made on.
func (m *Market) placeResident(a *App, at *placement.Assignment) (*roster.Member, bool) {
	d := m.Demand(a)
	for member := a.First(); member != nil; member = member.Next() {
		if m.takeHome(d, member, at) {
			return member, true
		}
	}
	return nil, false
}

// takeHome places one instance, at its home if it has one.
func (m *Market) takeHome(d *placement.Demand, member *roster.Member, at *placement.Assignment) (ok bool) {
	i := member.Is()
	if i.Home == nil {
		*at, ok = m.cluster.PlaceResident(d, string(i.ID), "")
		return ok
	}
	*at, ok = m.cluster.PlaceResident(d, string(i.ID), i.Home.AgentID)
	if ok && member.App().Counted(i) {
		// It counted for the constraints already, as one that will return.
		d.Uncount(site(i))
	}
	return ok
}

// plainOf returns what to place an App's next instance by.
func (m *Market) plainOf(a *App) *placement.Demand {
	if a.plain != nil && a.demand == nil && len(a.failures)+len(m.faulty) == 0 {
		return a.plain
	}
	return m.Demand(a)
}

// Demand is what placement knows the App by, with the instances that its
// constraints count; it is prepared if it was not needed before.
func (m *Market) Demand(a *App) *placement.Demand {
	if a.demand == nil {
		var counted []mesos.Site
		for i := range a.Instances {
			if a.Counted(i) {
				counted = append(counted, site(i))
			}
		}
		a.demand = m.cluster.Demand(&a.Spec().Run, counted)
		for id := range a.failures {
			a.demand.Avoid(id, m.failuresOn(a, id))
		}
		for id := range m.faulty {
			a.demand.Avoid(id, m.failuresOn(a, id))
		}
	}
	m.forgive(a)
	return a.demand
}
