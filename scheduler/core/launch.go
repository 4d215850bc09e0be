package core

import (
	"slices"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/scheduler/roster"
	"github.com/gantry-mesos/gantry/scheduler/volumes"
)

// offered takes new offers in, and looks on them for data.
func (s *State) offered(offers []mesos.Offer) {
	s.market.Offered(offers)
	for n := range offers {
		s.pictures.Saw(s.now, &offers[n])
	}
	s.framework.LastOffer = s.now
	s.volumes.Survey(offers, s.framework.ID)
}

// place has waiting instances launched on what is offered, in the order of the queues.
func (s *State) place() {
	if !s.market.Begin() {
		return
	}
	var at placement.Assignment
	var l launches
	for m := s.market.Next(&at); m != nil; m = s.market.Next(&at) {
		if l.tasks == 0 {
			s.makeRoom()
		}
		s.assign(m, &at, l.of(&at))
	}
	s.noteUnplaced(s.market.Unplaced())
	refuse := s.market.End(l.order)
	for _, spot := range l.order {
		call := l.bySpot[spot]
		call.Refuse = refuse
		s.out.Calls = append(s.out.Calls, call)
	}
}

// makeRoom prepares for the effects of a pass in which something is placed.
func (s *State) makeRoom() {
	n := s.market.Likely()
	s.out.Persist, s.out.Publish = slices.Grow(s.out.Persist, n), slices.Grow(s.out.Publish, n)
}

// launches are the calls of one pass, by what one ACCEPT may combine, order as they
// began, last the one that began last. recent, at spot, is what the last
// assignment became a part of: the next one mostly does, too.
type launches struct {
	bySpot       map[placement.Spot]*Launch
	order        []placement.Spot
	last, recent *Launch
	spot         placement.Spot
	tasks        int
}

// of returns the call that an assignment becomes a part of.
func (l *launches) of(at *placement.Assignment) *Launch {
	l.tasks++
	if spot := at.Spot(); l.recent == nil || spot != l.spot {
		l.spot, l.recent = spot, l.at(spot, at)
	}
	return l.recent
}

// at returns the call for a spot.
func (l *launches) at(spot placement.Spot, at *placement.Assignment) *Launch {
	call := l.bySpot[spot]
	if call == nil {
		// Agents are alike: this one will take about as many as the last one did.
		room := 1
		if l.last != nil {
			room = len(l.last.Tasks)
		} else {
			l.bySpot = map[placement.Spot]*Launch{}
		}
		call = &Launch{OfferIDs: at.Offers, Tasks: make([]TaskLaunch, 0, room)}
		l.bySpot[spot], l.last = call, call
		l.order = append(l.order, spot)
	}
	return call
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

// quiesce launches nothing any more.
func (s *State) quiesce() {
	s.quiet = true
	s.market.Quiesce()
}
