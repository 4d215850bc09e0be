package core

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/group"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/groups"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/matching"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/scheduler/reconciliation"
	"github.com/gantry-mesos/gantry/scheduler/roster"
	"github.com/gantry-mesos/gantry/scheduler/view"
	"github.com/gantry-mesos/gantry/scheduler/volumes"
)

// State is everything that the scheduler decides by. It is stepped by one
// goroutine and holds no lock.
type State struct {
	cfg Config
	now time.Time
	out *Effects

	framework view.Framework
	// subscribedAt is the time of the last subscription.
	subscribedAt time.Time
	roster       *roster.Roster
	deployments  deployments
	// book has the groups and the history of the tree.
	book *groups.Book
	// lastVersion keeps versions strictly increasing.
	lastVersion time.Time
	ports       servicePorts

	// market is where offers meet what waits for them.
	market *matching.Market
	kills  map[mesos.TaskID]*kill
	guard  guard
	recon  *reconciliation.Round
	timers timers

	// toSettle are Apps whose instances may have to be started or ended.
	toSettle []*appState
	// records are the ones that newRecord hands out next.
	records []instance.Instance
	// quiet says that nothing is launched any more.
	quiet bool
	// pictures shows readers what changes here.
	pictures *view.Builder
	// volumes is the account of persistent volumes.
	volumes   *volumes.Book
	announcer announcer
	ward      ward
}

// Stored is what a State starts from: all that was ever persisted and not dropped.
type Stored struct {
	Framework mesos.FrameworkID
	// Versions of Apps in any order.
	Versions []*app.Spec
	// Past are versions of Apps that are no more, which Edits or Deployments refer to.
	Past        []*app.Spec
	Groups      []*group.Group
	Edits       []*groups.Edit
	Instances   []*instance.Instance
	Deployments []*deployment.Deployment
	Troubles    map[app.ID]Trouble
	// Releases are forgotten instances whose data are still to be destroyed.
	Releases map[instance.ID]volumes.Release
	// Quotas are those set at run time, by the queue's path.
	Quotas map[string]fairshare.Quota
}

// New returns the State that continues from what was stored. now is the time
// of the start; place decides where instances go.
func New(cfg Config, place *placement.Cluster, stored Stored, now time.Time) *State {
	s := &State{
		cfg: cfg, now: now,
		framework: view.Framework{ID: stored.Framework},
		roster:    roster.New(),
		ports:     servicePorts{first: cfg.ServicePortMin, last: cfg.ServicePortMax, uses: map[int]int{}},
		kills:     map[mesos.TaskID]*kill{},
		timers:    timers{byKey: map[timerKey]*keyed{}},
		ward:      ward{apps: map[*appState]*ailing{}},
	}
	s.pictures = view.NewBuilder(subject{s})
	place.SetFramework(stored.Framework)
	s.guard.empty = len(stored.Versions) == 0
	s.market = matching.New(s.matchingConfig(), s.roster, place, &s.timers.queue, &s.now, stored.Quotas)
	s.volumes = volumes.New(homeKeeper{s}, s.roster, cfg.ConfirmAfter, &s.now, stored.Releases)
	s.observe()
	s.load(stored)
	s.record()
	return s
}

func (s *State) load(stored Stored) {
	versions := slices.Clone(stored.Versions)
	slices.SortFunc(versions, func(a, b *app.Spec) int { return a.Version.Compare(b.Version) })
	// Of Apps that a deployment has deleted by now older versions of Gantry kept a
	// definition here, to undo it; now it is among those of the past.
	gone := map[app.ID]bool{}
	for _, d := range stored.Deployments {
		for _, id := range deleted(d, d.Current) {
			gone[id] = true
		}
	}
	for _, v := range versions {
		if !gone[v.ID] {
			s.setSpec(v)
		}
		s.lastVersion = later(s.lastVersion, v.Version)
	}
	s.loadGroups(stored)
	for _, id := range slices.Sorted(maps.Keys(stored.Troubles)) {
		if a := s.app(id); a != nil {
			a.trouble = stored.Troubles[id]
			s.market.Rest(&a.App, a.trouble.DelayUntil)
		}
	}
	s.loadInstances(stored.Instances)
	s.deployments = newDeployments(stored.Deployments)
	for _, d := range s.deployments.all {
		s.affect(d)
		s.watchDeployment(d)
		s.lastVersion = later(s.lastVersion, d.Version)
	}
	for a := range s.apps {
		s.touch(a)
	}
}

// loadInstances has the stored instances join their Apps, those that have been
// in their condition for longest first. Those of an App that is gone have no place.
func (s *State) loadInstances(stored []*instance.Instance) {
	instances := slices.Clone(stored)
	slices.SortFunc(instances, func(a, b *instance.Instance) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.ID, b.ID))
	})
	of := map[app.ID][]*instance.Instance{}
	for _, i := range instances {
		of[i.App] = append(of[i.App], i)
	}
	for a := range s.apps {
		s.roster.Join(&a.App.App, of[a.Spec().ID]...)
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// setSpec makes spec the current definition of its App.
func (s *State) setSpec(spec *app.Spec) *appState {
	a := s.app(spec.ID)
	if a == nil {
		a = &appState{}
		s.roster.Add(&a.App.App, spec, a)
		a.page = view.NewPage(&a.App.App)
	} else {
		s.ports.count(a.Spec(), -1)
		a.Install(spec)
	}
	s.ports.count(spec, 1)
	s.market.Install(&a.App)
	s.touch(a)
	return a
}

// touch marks an App's picture as out of date and its instances to be looked at.
func (s *State) touch(a *appState) {
	if !a.settling {
		a.settling = true
		s.toSettle = append(s.toSettle, a)
	}
	s.pictures.Changed(&a.page)
}

// Step applies ev at time now and returns what must be done about it. It does
// not block and reads no clock; equal states and events give equal effects.
func (s *State) Step(now time.Time, ev Event) Effects {
	s.now = later(s.now, now)
	var out Effects
	s.out = &out
	switch e := ev.(type) {
	case Asked:
		s.command(e)
	case FromMesos:
		s.fromMesos(e.Event)
	case Resumed:
		s.resumed(e.Standing)
	case Tick:
	}
	s.fireTimers()
	s.settle()
	s.cull()
	s.destroyReleased()
	s.place()
	s.market.Steer()
	out.Wake = s.timers.queue.Next()
	s.out = nil
	return out
}

func (s *State) persist(c Change)           { s.out.Persist = append(room(s.out.Persist), c) }
func (s *State) call(c mesos.SchedulerCall) { s.out.Calls = append(s.out.Calls, MesosCall{c}) }

// roomMin is for how many effects of a kind there is room at first.
const roomMin = 16

// room doubles a list that is full: those of a large launch are long, and append
// would copy them once for every quarter more.
func room[T any](list []T) []T {
	if len(list) < cap(list) {
		return list
	}
	return slices.Grow(list, max(len(list), roomMin))
}

// nextVersion returns a version for a change made now: whole milliseconds, later than any before.
func (s *State) nextVersion() time.Time {
	v := s.now.UTC().Truncate(time.Millisecond)
	if !v.After(s.lastVersion) {
		v = s.lastVersion.Add(time.Millisecond)
	}
	s.lastVersion = v
	return v
}
