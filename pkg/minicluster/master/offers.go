package master

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/minicluster/allocator"
	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
	"github.com/gantry-mesos/gantry/pkg/minicluster/validation"
)

// offers are the outstanding offers, and what schedulers say of those they want.
type offers struct {
	*base
	inverse *inverse
	rnd     *rand.Rand
}

// rescindAgent takes back all offers of an agent.
func (s *offers) rescindAgent(a *Agent) {
	for _, o := range a.Offers {
		s.rescind(o)
	}
	for _, o := range a.InverseOffers {
		s.inverse.rescind(o)
	}
}

// allocate runs the allocator and offers what it decided: one OFFERS event for each framework.
func (s *offers) allocate() {
	if !s.Leading || !s.RegistryRecovered {
		return
	}
	now := time.Now()
	byFramework := make(map[string][]*Offer)
	allocations := s.alloc.Run(now, s.rnd)
	s.measure(time.Since(now))
	for _, al := range allocations {
		fw, a := s.Frameworks[al.FrameworkID], s.Agents[al.AgentID]
		if fw == nil || !fw.Active || a == nil || !a.Active {
			s.alloc.Recovered(al.FrameworkID, al.AgentID, al.Resources, 0, now)
			continue
		}
		byFramework[fw.ID] = append(byFramework[fw.ID], s.make(fw, a, al, now))
	}
	for id, offers := range byFramework {
		slices.SortFunc(offers, func(x, y *Offer) int { return strings.Compare(x.AgentID, y.AgentID) })
		event := &scheduler.Event_Offers{Offers: make([]mesos.Offer, len(offers))}
		for i, o := range offers {
			event.Offers[i] = *o.Message
		}
		s.Frameworks[id].send(&scheduler.Event{Type: scheduler.Event_OFFERS, Offers: event})
	}
	s.inverse.ask()
}

// measure keeps the metrics of allocation runs.
func (s *offers) measure(took time.Duration) {
	const runs, name = "allocator/mesos/allocation_runs", "allocator/mesos/allocation_run_ms"
	ms := float64(took.Microseconds()) / 1000
	if s.Counters[runs] == 0 || ms < s.Counters[name+"/min"] {
		s.Counters[name+"/min"] = ms
	}
	s.Counters[name+"/max"] = max(ms, s.Counters[name+"/max"])
	s.Counters[name] = ms
	s.Counters[runs]++
	s.Counters[name+"/count"] = s.Counters[runs]
}

func (s *offers) make(fw *Framework, a *Agent, al allocator.Allocation, now time.Time) *Offer {
	o := &Offer{
		ID: s.ids.offer(), FrameworkID: fw.ID, AgentID: a.ID, Role: al.Role, Resources: al.Resources, Made: now,
	}
	role := al.Role
	m := &mesos.Offer{
		ID: mesos.OfferID{Value: o.ID}, FrameworkID: *fw.Info.ID, AgentID: *a.Info.ID, Hostname: a.Info.Hostname,
		URL: a.url, Domain: a.Info.Domain, Attributes: a.Info.Attributes, Resources: al.Resources,
		AllocationInfo: &mesos.Resource_AllocationInfo{Role: &role},
		Unavailability: s.unavailability(a),
	}
	if !validation.Has(&fw.Info, mesos.FrameworkInfo_Capability_MULTI_ROLE) {
		m.AllocationInfo = nil
		m.Resources = al.Resources.Unallocated()
	}
	if !validation.Has(&fw.Info, mesos.FrameworkInfo_Capability_RESERVATION_REFINEMENT) {
		m.Resources = resources.List(m.Resources).PreRefinement()
	}
	for id := range a.Executors[fw.ID] {
		m.ExecutorIDs = append(m.ExecutorIDs, mesos.ExecutorID{Value: id})
	}
	o.Message = m
	s.Offers[o.ID], fw.Offers[o.ID], a.Offers[o.ID] = o, o, o
	if s.cfg.OfferTimeout > 0 {
		o.timer = s.box.After(s.cfg.OfferTimeout, func() { s.rescind(o) })
	}
	return o
}

// forget takes an offer out of the books; what becomes of its resources is the caller's care.
func (s *offers) forget(o *Offer) {
	o.timer.Stop()
	delete(s.Offers, o.ID)
	if fw := s.Frameworks[o.FrameworkID]; fw != nil {
		delete(fw.Offers, o.ID)
	}
	if a := s.Agents[o.AgentID]; a != nil {
		delete(a.Offers, o.ID)
	}
}

// takeBack ends an offer silently. Its resources are not offered to the framework again for the time refuse.
func (s *offers) takeBack(o *Offer, refuse time.Duration) {
	s.forget(o)
	s.alloc.Recovered(o.FrameworkID, o.AgentID, o.Resources, refuse, time.Now())
}

// rescind ends an offer and tells the framework.
func (s *offers) rescind(o *Offer) { s.rescindFor(o, 0) }

// rescindFor is rescind with a filter, as for operator commands that need the resources.
func (s *offers) rescindFor(o *Offer, refuse time.Duration) {
	s.takeBack(o, refuse)
	if fw := s.Frameworks[o.FrameworkID]; fw != nil {
		fw.send(&scheduler.Event{
			Type: scheduler.Event_RESCIND, Rescind: &scheduler.Event_Rescind{OfferID: mesos.OfferID{Value: o.ID}},
		})
	}
}

// decline handles the call DECLINE. Unknown offers are ignored.
func (s *offers) decline(fw *Framework, c *scheduler.Call_Decline) {
	s.count("messages_decline_offers")
	refuse := refusal(c.Filters)
	for _, id := range c.OfferIDs {
		if o := fw.Offers[id.Value]; o != nil {
			s.takeBack(o, refuse)
		}
	}
}

// suppress handles the call SUPPRESS; one bad role makes it void.
func (s *offers) suppress(fw *Framework, roles []string) {
	s.count("messages_suppress_offers")
	roles, ok := fw.ownRoles(roles)
	if !ok {
		return
	}
	for _, role := range roles {
		fw.Suppressed[role] = true
	}
	s.alloc.Suppress(fw.ID, roles)
}

// revive handles the call REVIVE; one bad role makes it void.
func (s *offers) revive(fw *Framework, roles []string) {
	s.count("messages_revive_offers")
	roles, ok := fw.ownRoles(roles)
	if !ok {
		return
	}
	for _, role := range roles {
		delete(fw.Suppressed, role)
	}
	s.alloc.Revive(fw.ID, roles)
}

// refusal returns how long filters refuse resources: unset and negative mean 5 s, more than a year a year.
func refusal(f *mesos.Filters) time.Duration {
	if f == nil || f.RefuseSeconds == nil {
		return refuseDefault
	}
	v := *f.RefuseSeconds
	switch {
	case math.IsNaN(v) || v < 0:
		return refuseDefault
	case v > refuseMax.Seconds():
		return refuseMax
	}
	return time.Duration(v * float64(time.Second))
}

// The bounds of refuse_seconds.
const (
	refuseDefault = 5 * time.Second
	refuseMax     = 365 * 24 * time.Hour
)
