package view

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/why"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/roster"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// stage is a Source, and what takes care of some Apps.
type stage struct {
	roster  *roster.Roster
	facts   Facts
	home    *why.Home
	queues  int
	shared  int
	changes uint64
}

func (s *stage) Framework() Framework                  { return Framework{ID: "f"} }
func (s *stage) Deployments() []*deployment.Deployment { return nil }
func (s *stage) Facts(*roster.App) Facts               { return s.facts }
func (s *stage) Home(*roster.App) *why.Home            { return s.home }
func (s *stage) Sharing() Sharing {
	s.shared++
	return Sharing{Queues: make([]fairshare.Share, s.queues)}
}

// Shared counts from 1, so that the first View shows the shares.
func (s *stage) Shared() uint64 { return s.changes + 1 }

func (s *stage) add(id app.ID, instances int) (p *Page) {
	a := &roster.App{}
	s.roster.Add(a, &app.Spec{ID: id, Version: start, Instances: instances}, nil)
	page := NewPage(a)
	for n := range instances {
		s.roster.Join(a, &instance.Instance{ID: instance.NewID(id, strconv.Itoa(n)), App: id, Condition: instance.Running, Goal: instance.GoalRunning, Version: start})
	}
	return &page
}

func TestViewsShareWhatHasNotChanged(t *testing.T) {
	t.Parallel()
	s := &stage{roster: roster.New()}
	b := NewBuilder(s)
	still, busy := s.add("/still", 1), s.add("/busy", 2)
	b.Changed(still)
	b.Changed(busy)
	first := b.Take(start)
	m := busy.app.Members()[0]
	s.roster.Put(m, m.Is().WithGoal(instance.GoalStopped))
	b.Changed(busy)
	second := b.Take(start.Add(time.Second))

	a1, _ := first.App("/still")
	a2, _ := second.App("/still")
	b1, _ := first.App("/busy")
	b2, _ := second.App("/busy")
	if a1 != a2 || b1 == b2 {
		t.Errorf("of the App without a change there is a new picture: %v, of the one with a change: %v", a1 != a2, b1 != b2)
	}
	if b1.Instances[0].Goal != instance.GoalRunning || b2.Instances[0].Goal != instance.GoalStopped || b1.Instances[1] != b2.Instances[1] {
		t.Errorf("instances before: %+v, after: %+v", b1.Instances, b2.Instances)
	}
}

func TestAnAppThatIsGoneMakesRoomForAnotherWithItsID(t *testing.T) {
	t.Parallel()
	s := &stage{roster: roster.New()}
	b := NewBuilder(s)
	old := s.add("/web", 2)
	b.Changed(old)
	before := b.Take(start)
	s.roster.Remove(old.app)
	b.Removed(old)
	fresh := s.add("/web", 1)
	b.Changed(fresh)
	if v := b.Take(start); v.AppCount() != 1 || v.Totals().Running != 1 {
		t.Errorf("got %d Apps with %d tasks, want the new one's 1 and 1", v.AppCount(), v.Totals().Running)
	}
	b.Changed(fresh)
	s.roster.Remove(fresh.app)
	b.Removed(fresh)
	if v := b.Take(start); v.AppCount() != 0 || v.Totals() != (roster.Counts{}) {
		t.Errorf("after its end: got %d Apps, %+v, want none", v.AppCount(), v.Totals())
	}
	if a, ok := before.App("/web"); !ok || len(a.Instances) != 2 {
		t.Errorf("the View from before has changed: %+v", a)
	}
	gone := s.add("/short", 1)
	b.Removed(gone)
	if v := b.Take(start); v.AppCount() != 0 || v.Totals() != (roster.Counts{}) {
		t.Errorf("one that came and went between two Views: got %d Apps, %+v", v.AppCount(), v.Totals())
	}
}

// TestTotalsAreThoseOfTheApps takes Views at any time between changes of any kind.
func TestTotalsAreThoseOfTheApps(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := &stage{roster: roster.New()}
		b := NewBuilder(s)
		pages := map[app.ID]*Page{}
		id := func() app.ID { return rapid.SampledFrom([]app.ID{"/a", "/a/b", "/c"}).Draw(t, "app") }
		t.Repeat(map[string]func(*rapid.T){
			"add": func(*rapid.T) {
				if i := id(); pages[i] == nil {
					pages[i] = s.add(i, rapid.IntRange(0, 3).Draw(t, "instances"))
					b.Changed(pages[i])
				}
			},
			"remove": func(*rapid.T) {
				if i := id(); pages[i] != nil {
					s.roster.Remove(pages[i].app)
					b.Removed(pages[i])
					delete(pages, i)
				}
			},
			"drop": func(*rapid.T) {
				if p := pages[id()]; p != nil && p.app.Len() > 0 {
					s.roster.Drop(p.app.Members()[0])
					b.Changed(p)
				}
			},
			"take": func(t *rapid.T) {
				v, want, got := b.Take(start), map[app.ID]int{}, map[app.ID]int{}
				for i, p := range pages {
					want[i] = p.app.Len()
				}
				sum := roster.Counts{}
				for a := range v.Apps {
					got[a.Spec.ID] = len(a.Instances)
					sum = sum.Plus(a.Counts)
				}
				if diff := cmp.Diff(want, got); diff != "" || sum != v.Totals() {
					t.Fatalf("instances (-want +got):\n%s\ntotals: got %+v, want %+v", diff, v.Totals(), sum)
				}
			},
		})
	})
}

func TestManySharesAreShownAFewTimesASecond(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ queues, want int }{{queuesMany, 4}, {queuesMany + 1, 2}} {
		s := &stage{roster: roster.New(), queues: row.queues}
		b := NewBuilder(s)
		b.Take(start)
		b.Take(start) // nothing has changed
		for n := 1; n <= 3; n++ {
			s.changes++
			b.Take(start.Add(time.Duration(n) * sharesPause / 3))
		}
		if s.shared != row.want {
			t.Errorf("%d queues: shown %d times, want %d", row.queues, s.shared, row.want)
		}
		s.changes++
		b.ShowShares()
		if b.Take(start.Add(sharesPause)); s.shared != row.want+1 {
			t.Errorf("%d queues: a new quota is not shown at once", row.queues)
		}
	}
}

func TestAgentsAreAsTheirLastOfferShowedThem(t *testing.T) {
	t.Parallel()
	b := NewBuilder(&stage{roster: roster.New()})
	b.Saw(start, &mesos.Offer{AgentID: "a1", Hostname: "old"})
	b.Saw(start, &mesos.Offer{AgentID: "a1", Hostname: "h1"})
	first := b.Take(start)
	b.Saw(start.Add(time.Minute), &mesos.Offer{AgentID: "a1", Hostname: "h2"})
	second := b.Take(start)
	for v, want := range map[*View]string{first: "h1", second: "h2"} {
		if got := v.Hostname("a1"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := second.Hostname("a2"); got != "a2" {
		t.Errorf("an agent that nobody knows: got %s, want its id", got)
	}
	if g, _ := second.Agent("a1"); !g.LastSeen.Equal(start.Add(time.Minute)) {
		t.Errorf("last seen: got %v", g.LastSeen)
	}
}

func TestFactsAreThoseOfTheTimeOfTheView(t *testing.T) {
	t.Parallel()
	s := &stage{roster: roster.New(), facts: Facts{Deployment: "d1", DelayUntil: start.Add(time.Minute), WaitsSince: start}}
	b := NewBuilder(s)
	p := s.add("/web", 1)
	p.Used(start)
	b.Changed(p)
	v := b.Take(start)
	a, _ := v.App("/web")
	if len(a.Deployments) != 1 || !a.Queue.DelayUntil.Equal(start.Add(time.Minute)) || !a.Queue.LastUsed.Equal(start) {
		t.Errorf("while it backs off: got %+v", a)
	}
	p.Served()
	b.Changed(p)
	a, _ = b.Take(start.Add(time.Minute)).App("/web")
	if !a.Queue.DelayUntil.IsZero() || !a.Queue.LastUsed.IsZero() {
		t.Errorf("when the back-off is over and nothing waits: got %+v", a.Queue)
	}
}

func TestAMissedHomeIsTheCauseOfAWait(t *testing.T) {
	t.Parallel()
	home := why.Home{Instance: "i1", Paths: []string{"data"}, Lack: why.HomeDraining}
	s := &stage{roster: roster.New(), home: &home}
	b := NewBuilder(s)
	b.Changed(s.add("/db", 1))
	a, _ := b.Take(start).App("/db")
	if diff := cmp.Diff(why.Cause(home), a.Queue.Cause); diff != "" {
		t.Errorf("cause (-want +got):\n%s", diff)
	}
}
