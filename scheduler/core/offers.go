package core

import (
	"maps"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// heldOffer is an offer that was neither used nor given back yet.
type heldOffer struct {
	agent mesos.AgentID
	role  string
}

// offered takes new offers in; agents about to be maintained are not placed on.
func (s *State) offered(offers []mesos.Offer) {
	for n := range offers {
		o := &offers[n]
		s.cluster.Add(o)
		s.cluster.SetDraining(o.AgentID, s.maintained(o.Unavailability))
		s.offers[o.ID] = heldOffer{agent: o.AgentID, role: o.Role}
		s.agents[o.AgentID] = &AgentView{ID: o.AgentID, Hostname: o.Hostname, Domain: o.Domain, Attributes: o.Attributes, LastSeen: s.now}
		s.agentsChanged[o.AgentID] = true
	}
	s.placeAgain = true
}

// maintained reports whether a maintenance window has begun or begins soon.
func (s *State) maintained(u *mesos.Unavailability) bool {
	if u == nil {
		return false
	}
	over := u.Duration > 0 && s.now.After(u.Start.Add(u.Duration))
	return !over && !s.now.Add(s.cfg.MaintenanceLead).Before(u.Start)
}

func (s *State) withdraw(id mesos.OfferID) {
	s.cluster.Remove(id)
	delete(s.offers, id)
}

func (s *State) withdrawAgent(agent mesos.AgentID) {
	for id, o := range s.offers {
		if o.agent == agent {
			s.withdraw(id)
		}
	}
}

func (s *State) withdrawAll() {
	s.cluster.RemoveAll()
	clear(s.offers)
}

// launchKey names the offers that one ACCEPT may combine.
type launchKey struct {
	agent mesos.AgentID
	role  string
}

// place puts waiting instances on what is offered and has them launched, in
// the order of the queues. It looks again only after something changed on
// either side.
func (s *State) place() {
	if s.quiet || !s.placeAgain || !s.framework.Subscribed || len(s.offers) == 0 {
		return
	}
	s.placeAgain = false
	s.release()
	s.line()
	launches := map[launchKey]*Launch{}
	var order []launchKey
	tried := map[app.ID]*appState{}
	for {
		it, ok := s.fair.Next()
		if !ok {
			break
		}
		a := s.apps[it.App]
		tried[it.App] = a
		i, at, ok := s.placeNext(a)
		if !ok {
			s.fair.Skip(it)
			s.hoard(a, it.Since)
			continue
		}
		s.fair.Take(it, s.now)
		key := launchKey{at.Agent, at.Role}
		if launches[key] == nil {
			launches[key] = &Launch{OfferIDs: at.Offers}
			order = append(order, key)
		}
		a.queue.LastUsed = s.now
		s.assign(a, i, at, launches[key])
	}
	s.noteAttempts(tried)
	s.accept(order, launches)
}

// placeNext finds a place for the instance of the App that has waited longest.
func (s *State) placeNext(a *appState) (i *instance.Instance, at placement.Assignment, ok bool) {
	if i = a.nextWaiting(); i == nil {
		return nil, at, false
	}
	if at, ok = s.cluster.Place(s.demandOf(a)); !ok {
		a.putBack(i)
	}
	return i, at, ok
}

// accept sends the launches; what they leave of their offers is declined.
func (s *State) accept(order []launchKey, launches map[launchKey]*Launch) {
	refuse := s.cfg.DeclineFor
	if s.unmet() {
		refuse = 0
	}
	for _, key := range order {
		l := launches[key]
		l.Refuse = refuse
		s.demand.filtered = s.demand.filtered || refuse > 0
		for _, id := range l.OfferIDs {
			s.withdraw(id)
		}
		s.out.Calls = append(s.out.Calls, *l)
	}
}

// assign stores an instance as launched and adds it to the call.
func (s *State) assign(a *appState, i *instance.Instance, at placement.Assignment, l *Launch) {
	next := i.Launched(s.now, a.spec.Version, instance.Place{
		AgentID: at.Agent, Hostname: at.Hostname, Domain: at.Domain, Attributes: at.Attributes,
		HostPorts: at.HostPorts, Resources: a.spec.Resources, Role: at.Role,
	})
	s.store(a, next)
	l.Prepare = append(l.Prepare, at.Operations...)
	l.Tasks = append(l.Tasks, TaskLaunch{Spec: a.spec, Instance: next, Resources: at.Resources, ExecutorResources: at.Executor})
}

// demandOf prepares an App for placement, with the instances its constraints count.
func (s *State) demandOf(a *appState) *placement.Demand {
	if a.demand == nil {
		var counted []placement.Site
		for _, i := range a.instances {
			if a.counted(i) {
				counted = append(counted, site(i))
			}
		}
		a.demand = s.cluster.Demand(a.spec, counted)
		for id, f := range a.failures {
			a.demand.Avoid(id, f.count)
		}
	}
	s.forgive(a)
	return a.demand
}

// unmet reports whether something that may be launched now has not been.
func (s *State) unmet() bool {
	if s.quiet {
		return false
	}
	for _, a := range s.waiting {
		if a.launchable(s.now) {
			return true
		}
	}
	return false
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
	if len(s.waiting) == 0 && !s.demand.suppressed {
		s.demand.suppressed = true
		s.call(mesos.Suppress{})
	}
}

// decline gives back all offers, unless an App's back-off ends soon, but for
// those of agents that are held for an App.
func (s *State) decline() {
	if len(s.offers) == 0 || s.soonLaunchable() {
		return
	}
	ids := slices.DeleteFunc(slices.Sorted(maps.Keys(s.offers)), s.cluster.Holds)
	if len(ids) == 0 {
		return
	}
	for _, id := range ids {
		s.withdraw(id)
	}
	s.demand.filtered = true
	s.call(mesos.Decline{OfferIDs: ids, Refuse: s.cfg.DeclineFor})
}

func (s *State) soonLaunchable() bool {
	for _, a := range s.waiting {
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
	for _, a := range s.apps {
		for _, i := range a.instances {
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
