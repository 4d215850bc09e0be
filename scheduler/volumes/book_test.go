package volumes

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/scheduler/roster"
)

const confirm = 10 * time.Second

// scene is a Book of one App's instances, with a Keeper that writes down what it is told.
type scene struct {
	*Book
	t     *testing.T
	app   *roster.App
	now   time.Time
	heard []string
}

func newScene(t *testing.T, stored map[instance.ID]Release) *scene {
	t.Helper()
	s := &scene{t: t, app: &roster.App{}, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	r := roster.New()
	r.Add(s.app, &app.Spec{ID: "/db"}, nil)
	s.Book = New(s, r, confirm, &s.now, stored)
	r.Observe(s.Doubt, s.Free)
	return s
}

func (s *scene) say(format string, args ...any) {
	s.heard = append(s.heard, fmt.Sprintf(format, args...))
}

func (s *scene) Released(id instance.ID, r Release) { s.say("released %s at %s", id, r.Agent) }
func (s *scene) Finished(id instance.ID)            { s.say("finished %s", id) }
func (s *scene) Unclaimed(id instance.ID, agent mesos.AgentID) {
	s.say("unclaimed %s at %s", id, agent)
}
func (s *scene) Doubtful(m *roster.Member)  { s.say("doubtful %s", m.Is().ID) }
func (s *scene) Search(until time.Time)     { s.say("search for %v", until.Sub(s.now)) }
func (s *scene) NeverMade(m *roster.Member) { s.say("never made %s", m.Is().ID); s.roster.Drop(m) }
func (s *scene) AtHome(m *roster.Member, o *mesos.Offer) {
	s.say("at home %s on %s", m.Is().ID, o.AgentID)
}
func (s *scene) Returned(m *roster.Member) {
	s.say("returned %s", m.Is().ID)
	s.roster.Put(m, m.Is().Rescheduled(s.now, time.Time{}))
}

// has adds an instance whose home is agent a1.
func (s *scene) has(n int, c instance.Condition, made bool) *roster.Member {
	id := instance.ID(fmt.Sprintf("db.instance-%d", n))
	s.roster.Join(s.app, &instance.Instance{
		ID: id, App: "/db", Goal: instance.GoalRunning, Condition: c, Since: s.now, Incarnation: 1,
		Home: &instance.Home{Site: mesos.Site{AgentID: "a1"}, Role: "db", Made: made, Volumes: []instance.Volume{
			{ContainerPath: "data", PersistenceID: placement.VolumeID(string(id), "data")},
		}},
	})
	return s.roster.Find(id)
}

// offers surveys one offer of an agent with the volumes of these instances, made by a framework.
func (s *scene) offers(agent mesos.AgentID, maker string, owners ...int) {
	o := mesos.Offer{AgentID: agent, Role: "db"}
	for _, n := range owners {
		id := fmt.Sprintf("db.instance-%d", n)
		o.Resources = append(o.Resources, mesos.Resource{
			Name: mesos.Disk, Disk: &mesos.DiskInfo{PersistenceID: placement.VolumeID(id, "data")},
			Reservations: []mesos.Reservation{{Role: "db", Labels: []mesos.Label{
				{Key: placement.InstanceLabel, Value: id}, {Key: placement.FrameworkLabel, Value: maker},
			}}},
		})
	}
	s.Survey([]mesos.Offer{o}, "fw")
}

func (s *scene) want(heard ...string) {
	s.t.Helper()
	if diff := cmp.Diff(heard, s.heard); diff != "" {
		s.t.Errorf("heard (-want +got):\n%s", diff)
	}
	s.heard = nil
}

func TestAHomeThatWasNeverMadeIsGivenUpOnceItsAgentOffers(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	s.has(1, instance.Scheduled, false)
	s.offers("a1", "fw")
	s.want()
	s.now = s.now.Add(confirm)
	s.offers("a2", "fw")
	s.want()
	s.offers("a1", "fw")
	s.want("never made db.instance-1", "released db.instance-1 at a1", "search for 2m0s")
}

func TestAReleaseEndsOnceItsAgentOffersNothingOfIt(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	m := s.has(1, instance.Running, true)
	s.roster.Drop(m)
	s.want("released db.instance-1 at a1", "search for 2m0s")
	if s.Keeps("db.instance-1") || !s.Keeps("db.instance-2") {
		t.Error("what is released is kept, or the other way round")
	}
	s.offers("a1", "fw", 1)
	if !s.Found() || s.Found() {
		t.Error("what is on offer is found once")
	}
	s.Destroyed()
	s.want("search for 2m0s")
	s.Stray(m.Is().TaskID(), true)
	s.heard = nil
	s.offers("a1", "fw")
	s.now = s.now.Add(2 * confirm)
	s.offers("a1", "fw")
	s.want()
	s.Stray(m.Is().TaskID(), false)
	s.heard = nil
	s.offers("a1", "fw")
	s.now = s.now.Add(2*confirm - 1)
	s.offers("a1", "fw")
	s.want()
	s.now = s.now.Add(1)
	s.offers("a1", "fw")
	s.want("finished db.instance-1")
}

func TestUnclaimedVolumesWaitForAUser(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	s.offers("a1", "another", 7)
	s.want()
	s.offers("a1", "fw", 7, 8)
	s.offers("a1", "fw", 7)
	s.want("unclaimed db.instance-7 at a1", "unclaimed db.instance-8 at a1")
	if s.Book.Unclaimed() != 2 || s.Found() {
		t.Errorf("%d unclaimed, want 2 and nothing to destroy", s.Book.Unclaimed())
	}
	s.has(8, instance.Running, true)
	s.Confirm()
	s.want("released db.instance-7 at a1", "search for 2m0s")
	if s.Book.Unclaimed() != 0 {
		t.Errorf("%d unclaimed after they were confirmed", s.Book.Unclaimed())
	}
}

func TestAVolumeOnOfferSaysWhereItsInstanceIsAtHome(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	m := s.has(1, instance.Running, true)
	s.offers("a2", "fw", 1)
	s.want()
	lost := *m.Is()
	lost.Condition = instance.Unreachable
	s.roster.Put(m, &lost)
	s.want("search for 2m0s")
	s.Glance()
	s.want("doubtful db.instance-1", "search for 2m0s")
	s.offers("a2", "fw", 1)
	s.want("returned db.instance-1", "at home db.instance-1 on a2")
	s.now = s.now.Add(searchFor)
	s.Glance()
	s.want()
}

func TestAGlanceForgetsReleasesOfAgentsThatStayAway(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s := newScene(t, map[instance.ID]Release{
		"db.instance-1": {Agent: "a1", Role: "db", Since: now.Add(-releaseMax - 1)},
		"db.instance-2": {Agent: "a1", Role: "db", Since: now.Add(-releaseMax)},
	})
	s.Glance()
	s.want("finished db.instance-1", "search for 5s")
}

func TestWhatTheMasterRefusedWasNeverMade(t *testing.T) {
	t.Parallel()
	home := &instance.Home{Site: mesos.Site{AgentID: "a1"}}
	made := &instance.Home{Site: mesos.Site{AgentID: "a1"}, Made: true}
	for name, row := range map[string]struct {
		home   *instance.Home
		end    instance.Condition
		status mesos.TaskStatus
		stays  bool
		goal   instance.Goal
	}{
		"no valid offers":    {home, instance.Dropped, mesos.TaskStatus{Source: mesos.SourceMaster, Reason: mesos.ReasonInvalidOffers}, false, instance.GoalRunning},
		"an invalid task":    {home, instance.Errored, mesos.TaskStatus{Source: mesos.SourceMaster}, true, instance.GoalDecommissioned},
		"lost on the way":    {home, instance.Gone, mesos.TaskStatus{Source: mesos.SourceMaster}, true, instance.GoalRunning},
		"failed on its way":  {home, instance.Errored, mesos.TaskStatus{Source: mesos.SourceAgent}, true, instance.GoalRunning},
		"a home that exists": {made, instance.Errored, mesos.TaskStatus{Source: mesos.SourceMaster}, true, instance.GoalRunning},
	} {
		over := AfterRefusal(&instance.Instance{Home: row.home, Condition: row.end, Goal: instance.GoalRunning}, row.status)
		if (over.Home != nil) != row.stays || over.Goal != row.goal {
			t.Errorf("%s: home %v, goal %v", name, over.Home, over.Goal)
		}
	}
}
