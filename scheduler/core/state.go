package core

import (
	"maps"
	"slices"
	"time"

	"github.com/google/btree"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/scheduler/reconciliation"
)

// State is everything that the scheduler decides by. It is stepped by one
// goroutine and holds no lock.
type State struct {
	cfg Config
	now time.Time
	out *Effects

	framework FrameworkView
	// subscribedAt is the time of the last subscription.
	subscribedAt time.Time
	apps         map[app.ID]*appState
	// order holds the ids of apps, sorted, for ranges of a group.
	order       *btree.BTreeG[app.ID]
	deployments []*deployment.Deployment
	turns       map[deployment.ID]*turn
	// holders are the deployments that Apps, those that are gone included, are affected by.
	holders map[app.ID]deployment.ID
	// lastVersion keeps versions strictly increasing.
	lastVersion time.Time
	// servicePorts counts how many Apps use a service port.
	servicePorts map[int]int

	cluster *placement.Cluster
	// fair is whose instance is next, hoards the agents held for Apps that starve.
	fair   *fairshare.Tree
	hoards map[app.ID]*hoard
	// quotas are those set at run time; seen is what measure found since the last
	// subscription, until measureUntil.
	quotas        map[string]fairshare.Quota
	seen          resource.Vector
	measureUntil  time.Time
	sharesChanged bool
	sharesShown   time.Time
	explains      explains
	demand        offerDemand
	agents        map[mesos.AgentID]*agentState
	// faulty are agents on which tasks of any App failed lately by the agent's fault.
	faulty    map[mesos.AgentID]failures
	kills     map[mesos.TaskID]*kill
	guard     guard
	recon     *reconciliation.Round
	timers    *timers
	deadlines deadlines

	// toSettle are Apps whose instances may have to be started or ended;
	// altered are those whose picture is out of date.
	toSettle, altered []*appState
	// resting holds the Apps with instances that want an offer but back off; all
	// others that want one stand in line.
	resting       map[app.ID]*appState
	agentsAltered []*agentState
	placeAgain    bool
	// records are the ones that newRecord hands out next.
	records []instance.Instance
	// quiet says that nothing is launched any more.
	quiet     bool
	view      *View
	disks     disks
	announcer announcer
}

// Stored is what a State starts from: all that was ever persisted and not dropped.
type Stored struct {
	Framework mesos.FrameworkID
	// Versions of Apps in any order.
	Versions    []*app.Spec
	Instances   []*instance.Instance
	Deployments []*deployment.Deployment
	Troubles    map[app.ID]Trouble
	// Releases are forgotten instances whose data are still to be destroyed.
	Releases map[instance.ID]Release
	// Quotas are those set at run time, by the queue's path.
	Quotas map[string]fairshare.Quota
}

// New returns the State that continues from what was stored. now is the time
// of the start; place decides where instances go.
func New(cfg Config, place *placement.Cluster, stored Stored, now time.Time) *State {
	s := &State{
		cfg: cfg, now: now, cluster: place,
		framework:    FrameworkView{ID: stored.Framework},
		apps:         map[app.ID]*appState{},
		order:        btree.NewOrderedG[app.ID](32),
		servicePorts: map[int]int{},
		turns:        map[deployment.ID]*turn{},
		holders:      map[app.ID]deployment.ID{},
		agents:       map[mesos.AgentID]*agentState{},
		faulty:       map[mesos.AgentID]failures{},
		resting:      map[app.ID]*appState{},
		kills:        map[mesos.TaskID]*kill{},
		timers:       newTimers(),
		fair:         fairshare.New(cfg.Fairness), hoards: map[app.ID]*hoard{}, sharesChanged: true,
		view: NewView(now, FrameworkView{}, nil, nil), disks: newDisks(stored.Releases),
	}
	place.SetFramework(stored.Framework)
	s.guard.empty = len(stored.Versions) == 0
	s.loadQuotas(stored.Quotas)
	s.load(stored)
	return s
}

func (s *State) load(stored Stored) {
	versions := slices.Clone(stored.Versions)
	slices.SortFunc(versions, func(a, b *app.Spec) int { return a.Version.Compare(b.Version) })
	// Of Apps that a deployment has deleted by now a definition is kept, to undo it.
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
	instances := slices.Clone(stored.Instances)
	slices.SortFunc(instances, func(a, b *instance.Instance) int {
		if c := a.Since.Compare(b.Since); c != 0 {
			return c
		}
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	for _, i := range instances {
		a := s.apps[i.App]
		if a == nil {
			continue
		}
		m := a.join(i)
		s.recharge(a, nil, i)
		s.watch(m)
		s.doubt(i)
	}
	for _, a := range s.apps {
		a.arrange(len(a.members))
	}
	for id, t := range stored.Troubles {
		if a := s.apps[id]; a != nil {
			a.trouble = t
			s.timers.set(t.DelayUntil, delayTimer, string(id))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.apps)) {
		s.noteWaiting(s.apps[id])
	}
	s.deployments = slices.Clone(stored.Deployments)
	slices.SortFunc(s.deployments, func(a, b *deployment.Deployment) int { return a.Started.Compare(b.Started) })
	for _, d := range s.deployments {
		s.hold(d)
		s.watchDeployment(d)
		s.lastVersion = later(s.lastVersion, d.Version)
	}
	for _, a := range s.apps {
		s.touch(a)
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
	a := s.apps[spec.ID]
	if a == nil {
		a = newAppState(spec)
		s.apps[spec.ID] = a
		s.order.ReplaceOrInsert(spec.ID)
	} else {
		s.countServicePorts(a.spec, -1)
		a.install(spec)
	}
	s.countServicePorts(spec, 1)
	a.plain = s.cluster.Plain(&spec.Run)
	s.enqueue(a)
	s.noteWaiting(a)
	s.touch(a)
	return a
}

// touch marks an App's picture as out of date and its instances to be looked at.
func (s *State) touch(a *appState) {
	if !a.settling {
		a.settling = true
		s.toSettle = append(s.toSettle, a)
	}
	s.alter(a)
}

// alter marks an App's picture as out of date.
func (s *State) alter(a *appState) {
	if !a.altered {
		a.altered = true
		s.altered = append(s.altered, a)
	}
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
	case Tick:
	}
	s.fireTimers()
	s.settle()
	s.destroyReleased()
	s.place()
	s.steerOffers()
	out.Wake = s.wake()
	s.out = nil
	return out
}

// fireTimers acts on every deadline that has passed.
func (s *State) fireTimers() {
	for m := s.deadlines.pop(s.now); m != nil; m = s.deadlines.pop(s.now) {
		s.instanceDue(m)
	}
	for {
		key, ok := s.timers.due(s.now)
		if !ok {
			return
		}
		switch key.kind {
		case delayTimer:
			s.placeAgain, s.demand.fresh = true, true
			if a := s.apps[app.ID(key.id)]; a != nil {
				s.noteWaiting(a)
				s.alter(a)
			}
		case deploymentTimer:
			s.deploymentDue(deployment.ID(key.id))
		case killTimer:
			s.killDue(mesos.TaskID(key.id))
		case reviveTimer:
			s.demand.due = true
		case reconcileTimer:
			s.reconcileDue()
		case implicitTimer:
			s.reconcileAll()
		case hoardTimer:
			s.placeAgain = true
		case trustTimer:
			s.trust()
		case sweepTimer:
		}
	}
}

// wake returns when the next deadline is, zero if there is none.
func (s *State) wake() time.Time {
	at, due := s.timers.next(), s.deadlines.next()
	if at.IsZero() || !due.IsZero() && due.Before(at) {
		return due
	}
	return at
}

func (s *State) persist(c ...Change)        { s.out.Persist = append(s.out.Persist, c...) }
func (s *State) call(c mesos.SchedulerCall) { s.out.Calls = append(s.out.Calls, MesosCall{c}) }

// nextVersion returns a version for a change made now: whole milliseconds, later than any before.
func (s *State) nextVersion() time.Time {
	v := s.now.UTC().Truncate(time.Millisecond)
	if !v.After(s.lastVersion) {
		v = s.lastVersion.Add(time.Millisecond)
	}
	s.lastVersion = v
	return v
}
