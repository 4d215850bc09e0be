package matching

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/instance"
)

func TestAPassPlacesWhatFitsAndTellsWhatDoesNot(t *testing.T) {
	t.Parallel()
	s := newScene(nil)
	web, big := s.app("/web", 1), s.app("/big", 8)
	s.waits(web, 3)
	s.waits(big, 1)
	s.offer(2, "a1")
	if n := s.Likely(); n != 4 {
		t.Errorf("likely to be placed: got %d, want all 4", n)
	}
	on, refuse := s.pass()
	is(t, "launched", on, "/web on a1", "/web on a1")
	if refuse != 0 {
		t.Errorf("what is left is refused for %v though something waits", refuse)
	}
	if left := s.Unplaced(); len(left) != 2 || !slices.Contains(left, big) || !slices.Contains(left, web) {
		t.Errorf("unplaced: got %d Apps, want both", len(left))
	}
	s.offer(1, "a2")
	if on, refuse = s.pass(); len(on) != 1 || refuse != 0 {
		t.Errorf("got %q and %v, want the last of /web", on, refuse)
	}
	if web.Waiting() != 0 || !web.WaitsSince().IsZero() {
		t.Errorf("/web waits since %v", web.WaitsSince())
	}
	s.offer(9, "a3")
	on, refuse = s.pass()
	is(t, "launched", on, "/big on a3")
	if refuse != s.cfg.DeclineFor || len(s.Unplaced()) != 0 {
		t.Errorf("what is left is refused for %v, unplaced are %d", refuse, len(s.Unplaced()))
	}
}

func TestThereIsAPassOnlyAfterSomethingChanged(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(s *scene, a *App){
		"an offer":               func(s *scene, _ *App) { s.offer(1, "a2") },
		"an instance that waits": func(s *scene, a *App) { s.waits(a, 1) },
		"an end of a rest": func(s *scene, a *App) {
			s.Rest(a, s.now.Add(time.Second))
			s.now = s.now.Add(time.Second)
			s.Due(a.rest)
		},
		"a user who wants it":     func(s *scene, _ *App) { s.Again() },
		"a quota":                 func(s *scene, _ *App) { _ = s.SetQuota("/web", limit(100)) },
		"a hold that is given up": func(s *scene, a *App) { s.hoards["/web"] = &hoard{app: a, demand: s.Demand(a)}; s.review() },
		"a new master":            func(s *scene, _ *App) { s.Subscribed("fw", ""); s.offer(1, "a1") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(nil)
			a := s.app("/web", 8)
			s.waits(a, 1)
			s.offer(1, "a1")
			if !s.Begin() || s.Begin() {
				t.Fatal("want one pass for the offer")
			}
			if change(s, a); !s.Begin() {
				t.Error("no pass")
			}
			if s.Begin() {
				t.Error("a second pass")
			}
		})
	}
	s := newScene(nil)
	if s.Begin() {
		t.Error("a pass without offers")
	}
	s.offer(1, "a1")
	s.Disconnected()
	if s.offer(1, "a1"); s.Begin() {
		t.Error("a pass without a master")
	}
	s.Subscribed("fw", "")
	s.Quiesce()
	if s.offer(1, "a1"); s.Begin() {
		t.Error("a pass after the end of launching")
	}
}

func TestTheMasterIsToldWhetherOffersAreWanted(t *testing.T) {
	t.Parallel()
	s := newScene(nil)
	s.after(0)
	s.after(time.Second)
	is(t, "nothing waits", s.told(), "Suppress")
	web := s.app("/web", 4)
	s.waits(web, 1)
	s.after(0)
	is(t, "something waits", s.told(), "Revive")
	for _, wait := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 4 * time.Second} {
		s.after(wait - time.Millisecond)
		is(t, "before its time", s.told())
		s.after(time.Millisecond)
		is(t, "again, after a pause that doubles up to a bound", s.told(), "Revive")
	}
	s.offer(1, "a1")
	s.after(time.Second)
	is(t, "too small", s.told(), "decline [o1] for 5m0s")
	s.waits(web, 1)
	s.after(0)
	is(t, "new, and a filter may hide its offer", s.told(), "Revive")
	s.offer(8, "a1")
	is(t, "launched", s.after(0), "/web on a1", "/web on a1")
	is(t, "all are placed", s.told(), "Suppress")
	s.Search(s.now.Add(time.Minute))
	s.after(0)
	is(t, "too early after the last one", s.told())
	s.after(time.Second)
	is(t, "a search", s.told(), "Revive")
	s.after(time.Minute)
	is(t, "the search is over", s.told(), "Suppress")
}

func TestAnAppThatRestsIsOutOfLineUntilItIsOver(t *testing.T) {
	t.Parallel()
	s := newScene(nil)
	a := s.app("/web", 1)
	s.waits(a, 1)
	s.Rest(a, s.now.Add(10*time.Second))
	s.offer(1, "a1")
	is(t, "launched", s.after(0))
	is(t, "its rest is long", s.told(), "decline [o1] for 5m0s")
	s.after(8500 * time.Millisecond)
	s.told()
	s.offer(1, "a1")
	is(t, "launched", s.after(0))
	is(t, "its rest ends soon, so that the offer is kept", s.told())
	is(t, "launched", s.after(1500*time.Millisecond), "/web on a1")

	s.waits(a, 1)
	s.Rest(a, s.now.Add(time.Hour))
	s.Rest(a, time.Time{})
	s.offer(1, "a1")
	is(t, "launched after the rest was ended", s.after(0), "/web on a1")
	s.Rest(a, s.now.Add(time.Hour))
	for _, m := range a.Members() {
		s.apps.Drop(m)
	}
	s.apps.Remove(&a.App)
	if s.Remove(a); a.rest.In() || s.fair.Len()+len(s.resting) > 0 || s.fair.Used().CPUs != 0 {
		t.Error("something is left of the App")
	}
}

func TestAQuotaHoldsUntilItIsUndone(t *testing.T) {
	t.Parallel()
	s := newScene(nil)
	a := s.app("/prod/web", 1)
	if err := s.SetQuota("/prod", nil); !errors.Is(err, ErrNoQuota) {
		t.Errorf("undoing nothing: got %v, want %v", err, ErrNoQuota)
	}
	bad := fairshare.Quota{Guarantee: limit(2).Limit, Limit: limit(1).Limit}
	if err := s.SetQuota("/prod", &bad); err == nil || len(s.Quotas()) > 0 {
		t.Errorf("a guarantee above the limit: got %v and %v", err, s.Quotas())
	}
	if err := s.SetQuota("/prod", limit(1)); err != nil || !s.Quotas()["/prod"] {
		t.Errorf("got %v and %v", err, s.Quotas())
	}
	s.waits(a, 3)
	s.offer(4, "a1")
	is(t, "up to the limit", s.after(0), "/prod/web on a1")
	s.offer(4, "a1")
	is(t, "above the limit", s.after(time.Second))
	before := s.Shared()
	for _, m := range a.Members() {
		if i := m.Is(); i.Condition.Live() {
			s.apps.Drop(m)
		}
	}
	s.offer(4, "a1")
	is(t, "after one has ended", s.after(time.Second), "/prod/web on a1")
	if s.Shared() == before {
		t.Error("the shares count as unchanged")
	}
	if err := s.SetQuota("/prod", nil); err != nil {
		t.Error(err)
	}
	s.offer(4, "a1")
	is(t, "without the limit", s.after(time.Second), "/prod/web on a1")
}

func TestAgentsThatFailAreTriedLast(t *testing.T) {
	t.Parallel()
	s := newScene(nil)
	web, api := s.app("/web", 1), s.app("/api", 1)
	run := func(a *App) string {
		s.waits(a, 1)
		s.offer(4, "a1", "a2")
		on := s.after(time.Second)
		if len(on) != 1 {
			t.Fatalf("launched: got %q, want one", on)
		}
		return on[0]
	}
	is(t, "the first", []string{run(web)}, "/web on a1")
	s.Avoid(web, "a1")
	is(t, "it failed on a1, and only it", []string{run(web), run(api)}, "/web on a2", "/api on a1")
	if n := s.Suspect("a1") + s.Suspect("a1"); n != 1+2 || len(s.Avoided()) != 1 {
		t.Errorf("got %d failures, %v avoided", n, s.Avoided())
	}
	is(t, "a1 fails everybody", []string{run(web), run(api)}, "/web on a2", "/api on a2")
	s.Works("a1")
	is(t, "a1 works again, but not for /web", []string{run(web), run(api)}, "/web on a2", "/api on a1")
	s.Suspect("a1")
	s.after(s.cfg.AvoidFor)
	is(t, "long ago", []string{run(web), run(api)}, "/web on a1", "/api on a1")
	if len(s.Avoided()) != 0 {
		t.Errorf("%v are avoided after all", s.Avoided())
	}
}

func TestAnAgentIsHeldForTheOneThatWasOvertakenForLong(t *testing.T) {
	t.Parallel()
	s := newScene(nil)
	large, small := s.app("/large", 4), s.app("/small", 1)
	large.hoardPause = time.Second // as after a hold that was of no use
	s.offer(4, "a1")
	s.after(0)
	s.waits(large, 1)
	for range 60 {
		s.waits(small, 1)
		s.offer(1, "a1")
		s.after(time.Second)
	}
	if held := s.Held(); len(held) != 1 || held[0].App != "/large" || held[0].Agent != "a1" {
		t.Fatalf("held: got %v, want a1 for /large", held)
	}
	s.told()
	s.offer(1, "a1")
	is(t, "launched", s.after(time.Second))
	is(t, "what becomes free there is kept, and more is asked for", s.told(), "Revive")
	s.offer(3, "a1")
	is(t, "launched", s.after(time.Second), "/large on a1")
	if len(s.Held()) > 0 || large.hoardPause != 0 {
		t.Errorf("left of the wait that is over: %v, %v", s.Held(), large.hoardPause)
	}

	s.waits(large, 1)
	h := &hoard{app: large, demand: s.Demand(large), agent: "a1", from: s.now, until: s.now}
	s.hoards["/large"] = h
	s.review()
	if len(s.Held()) > 0 || large.hoardPause != s.cfg.HoldFor || !large.hoardAfter.After(s.now) {
		t.Errorf("a hold that was of no use: held %v, next after %v", s.Held(), large.hoardPause)
	}
	s.hoards["/large"] = h
	if s.Lost("a1"); len(s.Held()) > 0 {
		t.Errorf("a lost agent is held: %v", s.Held())
	}
}

func TestAgentsInMaintenanceAreGivenBackOnceNothingRunsThere(t *testing.T) {
	t.Parallel()
	s := newScene(nil)
	a := s.app("/web", 1)
	s.waits(a, 1)
	s.offer(1, "a1")
	is(t, "launched", s.after(0), "/web on a1")
	s.told()
	s.Wanted([]mesos.InverseOffer{{ID: "i1", AgentID: "a1"}, {ID: "i2", AgentID: "a2"}})
	is(t, "a1 is in use", s.told(), "give back [i2]", "keep [i1]")

	window := func(from, length time.Duration) *mesos.Unavailability {
		return &mesos.Unavailability{Start: s.now.Add(from), Duration: length}
	}
	for name, row := range map[string]struct {
		window *mesos.Unavailability
		want   bool
	}{
		"none":          {nil, false},
		"soon":          {window(5*time.Minute, time.Hour), true},
		"later":         {window(6*time.Minute, time.Hour), false},
		"now":           {window(-time.Minute, time.Hour), true},
		"over":          {window(-2*time.Hour, time.Hour), false},
		"without limit": {window(-1000*time.Hour, 0), true},
	} {
		if got := s.maintained(row.window); got != row.want {
			t.Errorf("%s: maintained is %v, want %v", name, got, row.want)
		}
	}
	o := mesos.Offer{ID: "o9", AgentID: "a9", Role: "*", Unavailability: window(0, time.Hour)}
	s.Offered([]mesos.Offer{o})
	if !s.Draining("a9") || s.Draining("a1") || !s.Offering("a9", "*") || s.Offering("a1", "*") || s.Agents() != 2 {
		t.Error("want a9 to drain and to offer, a1 neither")
	}
	if s.Rescinded("o9"); s.Offering("a9", "*") {
		t.Error("a9 offers what was taken back")
	}
	if i := a.Members()[0].Is(); i.Condition != instance.Provisioned {
		t.Errorf("/web is %v", i.Condition)
	}
}
