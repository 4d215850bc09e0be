package matching

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	"github.com/gantry-mesos/gantry/pkg/timer"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/scheduler/roster"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// scene is a Market with Apps of one cpu an instance, and what it told the master.
type scene struct {
	*Market
	now    time.Time
	queue  timer.Queue
	apps   *roster.Roster
	called []string
	offers int
	made   int
}

func newScene(change func(*Config)) *scene {
	s := &scene{now: start, apps: roster.New()}
	cfg := Config{
		AvoidFor: 10 * time.Minute, StarveAfter: time.Minute, HoldFor: 5 * time.Minute, DeclineFor: 5 * time.Minute,
		OfferKeep: 2 * time.Second, MaintenanceLead: 5 * time.Minute, ReviveEvery: time.Second, ReviveMax: 4 * time.Second,
		Of: func(a *roster.App) *App {
			own, _ := a.Owner().(*App)
			return own
		},
		Call: s.call,
	}
	if change != nil {
		change(&cfg)
	}
	s.Market = New(cfg, s.apps, placement.NewCluster(placement.Config{}), &s.queue, &s.now, nil)
	s.apps.Observe(s.Changed)
	s.Subscribed("fw", "")
	return s
}

func (s *scene) call(c mesos.SchedulerCall) {
	switch c := c.(type) {
	case mesos.Decline:
		s.called = append(s.called, fmt.Sprintf("decline %v for %v", c.OfferIDs, c.Refuse))
	case mesos.AcceptInverseOffers:
		s.called = append(s.called, fmt.Sprintf("give back %v", c.OfferIDs))
	case mesos.DeclineInverseOffers:
		s.called = append(s.called, fmt.Sprintf("keep %v", c.OfferIDs))
	default:
		s.called = append(s.called, fmt.Sprintf("%T", c)[len("mesos."):])
	}
}

// told returns what the master was told since the last time.
func (s *scene) told() []string {
	told := s.called
	s.called = nil
	return told
}

// app adds an App whose instances need so many cpus.
func (s *scene) app(id app.ID, cpus int) *App {
	a := &App{}
	s.apps.Add(&a.App, spec(id, cpus, start), a)
	s.Install(a)
	return a
}

func spec(id app.ID, cpus int, version time.Time) *app.Spec {
	return &app.Spec{ID: id, Version: version, Run: runspec.Run{Cmd: "run", Role: "*", Resources: resource.Vector{CPUs: resource.Units(int64(cpus))}}}
}

// waits adds n instances that wait to an App.
func (s *scene) waits(a *App, n int) {
	for range n {
		s.made++
		id := instance.NewID(a.Spec().ID, fmt.Sprintf("%08d-0000-0000-0000-000000000000", s.made))
		s.apps.Join(&a.App, &instance.Instance{
			ID: id, App: a.Spec().ID, Version: a.Spec().Version, Goal: instance.GoalRunning, Condition: instance.Scheduled, Since: s.now,
		})
	}
}

// offer brings an offer of cpus on each of the agents.
func (s *scene) offer(cpus int, agents ...mesos.AgentID) {
	var offers []mesos.Offer
	for _, id := range agents {
		s.offers++
		offers = append(offers, mesos.Offer{
			ID: mesos.OfferID(fmt.Sprint("o", s.offers)), AgentID: id, Hostname: string(id), Role: "*",
			Resources: []mesos.Resource{{Name: mesos.CPUs, Type: mesos.Scalar, Scalar: resource.Units(int64(cpus)), AllocationRole: "*"}},
		})
	}
	s.Offered(offers)
}

// pass launches what can be, as the core does, and returns where, in order.
func (s *scene) pass() (on []string, refuse time.Duration) {
	if !s.Begin() {
		return nil, -1
	}
	var at placement.Assignment
	var spots []placement.Spot
	for m := s.Next(&at); m != nil; m = s.Next(&at) {
		on = append(on, fmt.Sprintf("%s on %s", m.App().Spec().ID, at.AgentID))
		s.apps.Put(m, m.Is().Launched(&instance.Instance{}, s.now, m.App().Spec().Version, &instance.Place{
			Site: at.Site, Resources: m.App().Spec().Resources, Role: at.Role,
		}))
		if !slices.Contains(spots, at.Spot()) {
			spots = append(spots, at.Spot())
		}
	}
	return on, s.End(spots)
}

// after lets time pass, does what is due and then what follows.
func (s *scene) after(d time.Duration) []string {
	s.now = s.now.Add(d)
	for t := s.queue.Pop(s.now); t != nil; t = s.queue.Pop(s.now) {
		due, _ := t.(*Timer)
		s.Due(due)
	}
	on, _ := s.pass()
	s.Steer()
	return on
}

func limit(cpus int) *fairshare.Quota {
	return &fairshare.Quota{Limit: resource.Vector{CPUs: resource.Units(int64(cpus))}}
}

// is checks what a test got, in order.
func is(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}
