package core

import (
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/scheduler/roster"
	"github.com/gantry-mesos/gantry/scheduler/volumes"
)

// offered takes new offers in; agents about to be maintained are not placed on.
func (s *State) offered(offers []mesos.Offer) {
	for n := range offers {
		o := &offers[n]
		s.cluster.Add(o)
		s.cluster.SetDraining(o.AgentID, s.maintained(o.Unavailability))
		s.pictures.Saw(s.now, o)
	}
	s.placeAgain, s.framework.LastOffer = true, s.now
	s.volumes.Survey(offers, s.framework.ID)
}

// maintained reports whether a maintenance window has begun or begins soon.
func (s *State) maintained(u *mesos.Unavailability) bool {
	if u == nil || s.cfg.IgnoreMaintenance {
		return false
	}
	over := u.Duration > 0 && s.now.After(u.Start.Add(u.Duration))
	return !over && !s.now.Add(s.cfg.MaintenanceLead).Before(u.Start)
}

// place puts waiting instances on what is offered and has them launched, in
// the order of the queues. It looks again only after something changed on
// either side.
func (s *State) place() {
	s.release()
	if s.quiet || !s.placeAgain || !s.framework.Subscribed || s.cluster.Len() == 0 {
		return
	}
	s.placeAgain = false
	s.measure()
	s.fair.Wake()
	t := newTry()
	for {
		it, ok := s.fair.Next()
		if !ok {
			break
		}
		a, _ := it.Owner.(*appState)
		m, at, ok := s.placeNext(a)
		if !ok {
			s.fair.Skip(it)
			s.hoard(a, it)
			t.unplaced = append(t.unplaced, a)
			continue
		}
		if t.tasks == 0 {
			s.makeRoom()
		}
		s.fair.Placed(it, s.now)
		t.overtake(s.now)
		s.assign(m, &at, t.launch(&at))
	}
	s.noteUnplaced(t.unplaced)
	s.launch(t)
	s.release()
}

// offerTasks is about how many tasks an offer takes.
const offerTasks = 16

// makeRoom prepares for the effects of a pass in which something is placed.
func (s *State) makeRoom() {
	n := min(s.roster.Waiting(), offerTasks*s.cluster.Len())
	s.out.Persist, s.out.Publish = slices.Grow(s.out.Persist, n), slices.Grow(s.out.Publish, n)
}

// placeNext finds a place for the instance of the App that has waited longest.
func (s *State) placeNext(a *appState) (m *roster.Member, at placement.Assignment, ok bool) {
	if a.Resident() {
		return s.placeResident(a)
	}
	at, ok = s.cluster.Place(s.plainOf(a))
	return a.First(), at, ok
}

// try is one pass over all that waits.
type try struct {
	// launches are by what one ACCEPT may combine, order as they began, last the
	// one that began last.
	launches map[placement.Spot]*Launch
	order    []placement.Spot
	last     *Launch
	tasks    int
	// unplaced are the Apps that had instances left which fit nowhere; the first
	// overtaken of them had others placed after their turn.
	unplaced  []*appState
	overtaken int
}

func newTry() *try { return &try{launches: map[placement.Spot]*Launch{}} }

// launch returns the call that an assignment becomes a part of.
func (t *try) launch(at *placement.Assignment) *Launch {
	t.tasks++
	spot := at.Spot()
	l := t.launches[spot]
	if l == nil {
		// Agents are alike: this one will take about as many as the last one did.
		room := 1
		if t.last != nil {
			room = len(t.last.Tasks)
		}
		l = &Launch{OfferIDs: at.Offers, Tasks: make([]TaskLaunch, 0, room)}
		t.launches[spot], t.last = l, l
		t.order = append(t.order, spot)
	}
	return l
}

// assign makes an instance a launched one and adds it to the call.
func (s *State) assign(m *roster.Member, at *placement.Assignment, l *Launch) {
	a, was := ownerOf(m), m.Is()
	var home *instance.Home
	if a.Resident() && was.Home == nil {
		home = volumes.HomeFor(was.ID, &a.Spec().Run, at)
	}
	next := was.Launched(s.newRecord(), s.now, a.Spec().Version, &instance.Place{
		Site: at.Site, HostPorts: at.HostPorts, Resources: a.Spec().Resources, Role: at.Role, Home: home,
	})
	s.roster.Put(m, next)
	l.Prepare = append(l.Prepare, at.Operations...)
	l.Tasks = append(l.Tasks, TaskLaunch{Spec: a.Spec(), Instance: next, Resources: at.Resources, ExecutorResources: at.Executor})
}

// newRecord returns room for the record of a launch. They are made by the dozen:
// the task's first status puts another one in its place, so that all of them are
// soon let go together.
func (s *State) newRecord() *instance.Instance {
	if len(s.records) == 0 {
		s.records = make([]instance.Instance, 24)
	}
	i := &s.records[0]
	s.records = s.records[1:]
	return i
}

// launch sends the calls; what these leave of their offers is declined.
func (s *State) launch(t *try) {
	refuse := s.cfg.DeclineFor
	if s.unmet() {
		refuse = 0
	}
	s.demand.filtered = s.demand.filtered || refuse > 0 && len(t.order) > 0
	for _, spot := range t.order {
		l := t.launches[spot]
		l.Refuse = refuse
		s.cluster.RemoveSpot(spot)
		s.out.Calls = append(s.out.Calls, l)
	}
}

// plainOf returns what to place an App's next instance by.
func (s *State) plainOf(a *appState) *placement.Demand {
	if a.plain != nil && a.demand == nil && len(a.failures)+len(s.faulty) == 0 {
		return a.plain
	}
	return s.demandOf(a)
}

// demandOf prepares an App for placement, with the instances its constraints count.
func (s *State) demandOf(a *appState) *placement.Demand {
	if a.demand == nil {
		var counted []mesos.Site
		for i := range a.Instances {
			if a.Counted(i) {
				counted = append(counted, site(i))
			}
		}
		a.demand = s.cluster.Demand(&a.Spec().Run, counted)
		for id := range a.failures {
			a.demand.Avoid(id, s.failuresOn(a, id))
		}
		for id := range s.faulty {
			a.demand.Avoid(id, s.failuresOn(a, id))
		}
	}
	s.forgive(a)
	return a.demand
}

// unmet reports whether something that may be launched now has not been.
func (s *State) unmet() bool {
	return !s.quiet && (s.fair.Len() > s.fair.Limited() || s.volumes.Searching())
}

// offerDemand is what the master was told about our wish for offers.
type offerDemand struct {
	suppressed bool
	// filtered says that filters may hide offers that would be useful by now.
	filtered bool
	// fresh says that new demand came up since the last revive, due that it is time to ask again.
	fresh, due bool
	last       time.Time
	wait       time.Duration
}

// steerOffers gives back what is not used and tells the master whether offers
// are wanted: suppressed while nothing waits, revived when something does, and
// again with growing pauses for as long as it finds no place, since a revive
// may be lost or race with a decline.
func (s *State) steerOffers() {
	if !s.framework.Subscribed {
		return
	}
	s.decline()
	if s.unmet() {
		s.revive()
		return
	}
	s.timers.cancel(reviveTimer, "")
	s.demand.wait, s.demand.due = 0, false
	if s.fair.Len()-s.fair.Limited()+len(s.resting) == 0 && !s.demand.suppressed {
		s.demand.suppressed = true
		s.call(mesos.Suppress{})
	}
}

// decline gives back all offers, unless an App's back-off ends soon, but for
// those of agents that are held for an App.
func (s *State) decline() {
	if s.cluster.Len() == 0 || s.soonLaunchable() {
		return
	}
	if ids := s.cluster.RemoveUnheld(); len(ids) > 0 {
		s.demand.filtered = true
		s.call(mesos.Decline{OfferIDs: ids, Refuse: s.cfg.DeclineFor})
	}
}

func (s *State) soonLaunchable() bool {
	for _, a := range s.resting {
		if until := a.trouble.DelayUntil; until.After(s.now) && until.Before(s.now.Add(s.cfg.OfferHold)) {
			return true
		}
	}
	return false
}

func (s *State) revive() {
	d := &s.demand
	switch {
	case d.suppressed, d.due, d.filtered && d.fresh:
	case d.wait == 0:
		d.wait = s.cfg.ReviveEvery
		s.timers.set(s.now.Add(d.wait), reviveTimer, "")
		return
	default:
		return
	}
	if earliest := d.last.Add(s.cfg.ReviveEvery); !d.last.IsZero() && s.now.Before(earliest) {
		s.timers.set(earliest, reviveTimer, "")
		return
	}
	if d.fresh || d.wait == 0 {
		d.wait = s.cfg.ReviveEvery
	} else {
		d.wait = min(2*d.wait, s.cfg.ReviveMax)
	}
	d.suppressed, d.filtered, d.fresh, d.due, d.last = false, false, false, false, s.now
	s.call(mesos.Revive{})
	s.timers.set(s.now.Add(d.wait), reviveTimer, "")
}

// inverse answers requests for agents back: yes once nothing of ours runs there.
func (s *State) inverse(offers []mesos.InverseOffer) {
	busy := map[mesos.AgentID]bool{}
	for a := range s.apps {
		for i := range a.Instances {
			if i.Condition.Live() {
				busy[i.AgentID] = true
			}
		}
	}
	var accept, refuse []mesos.OfferID
	for _, o := range offers {
		if busy[o.AgentID] {
			refuse = append(refuse, o.ID)
			continue
		}
		accept = append(accept, o.ID)
	}
	if accept != nil {
		s.call(mesos.AcceptInverseOffers{OfferIDs: accept})
	}
	if refuse != nil {
		s.call(mesos.DeclineInverseOffers{OfferIDs: refuse})
	}
}
