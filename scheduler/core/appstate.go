package core

import (
	"cmp"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// appState is what the State keeps of one App. What a launch touches comes first,
// close together: with many Apps, fetching it from memory is most of the work.
type appState struct {
	spec *app.Spec
	// plain is what placement prepared for all Apps that are like this one for it,
	// nil if that is not enough. demand is what it prepared for this one alone, nil
	// until it is needed.
	plain, demand *placement.Demand
	// failures are the agents that the App failed on lately.
	failures map[mesos.AgentID]failures
	// first and last are the ends of the list of instances that want an offer, in
	// the order in which they began to; nWaiting is how many they are, and
	// waitsSince when the oldest began to, zero while there is none.
	first, last *member
	nWaiting    int
	waitsSince  time.Time
	// queue is what is told of those that wait, nil as long as there is nothing to tell.
	queue *QueueView
	// hoardPause is how long hoardAfter was put off the last time in this wait.
	hoardPause time.Duration
	// resident says that spec has persistent volumes.
	resident bool
	// deleted says that the App is gone once its last instance is; gone that it is.
	deleted, gone bool
	// settling, altered and resting say that the State's lists of those have it.
	settling, altered, resting bool
	tally                      deployment.Tally
	counts                     Counts
	// charge is what the App's tasks use, and count for in the queue of queuePath.
	charge    charge
	queuePath string
	priority  int

	versions []*app.Spec // newest first; the first is spec
	// members are its instances, ordered by id.
	members []*member
	// current remembers which versions (Unix milliseconds) have the configuration of spec.
	current map[int64]bool
	trouble Trouble
	// excused is how many launches in a row have failed by the fault of agents.
	excused int
	// hoardAfter is when agents may be held for the App again, explainedAt when
	// its rejections were last counted.
	hoardAfter, explainedAt time.Time
	// overtakenAt is when others were last placed after it had its turn in vain.
	overtakenAt time.Time
	// attemptSince is the beginning of the wait that the rejections are counted for.
	attemptSince time.Time
	// deployment is the active one that holds the App, nil if none.
	deployment *deployment.Deployment
	// shown is the App in the last View, nil before the first.
	shown *AppView
}

func newAppState(spec *app.Spec) *appState {
	a := &appState{}
	a.install(spec)
	return a
}

// install makes spec the current definition and judges all instances anew.
func (a *appState) install(spec *app.Spec) {
	a.spec, a.resident = spec, spec.HasPersistentVolumes()
	a.versions = slices.Insert(a.versions, 0, spec)
	a.judge()
}

// judge works out again which versions are current and what follows from it.
func (a *appState) judge() {
	a.current = map[int64]bool{}
	for _, v := range a.versions {
		a.current[v.Version.UnixMilli()] = sameConfig(v, a.spec)
	}
	a.tally, a.counts, a.nWaiting, a.demand = deployment.Tally{}, Counts{}, 0, nil
	for i := range a.instances {
		a.count(i, 1)
	}
}

// instances calls yield for each of the App's instances in the order of ids.
func (a *appState) instances(yield func(*instance.Instance) bool) {
	for _, m := range a.members {
		if !yield(m.is) {
			return
		}
	}
}

func (a *appState) find(id instance.ID) (int, bool) {
	return slices.BinarySearchFunc(a.members, id, func(m *member, id instance.ID) int { return cmp.Compare(m.is.ID, id) })
}

// member returns the App's instance with this id, nil if there is none.
func (a *appState) member(id instance.ID) *member {
	if n, ok := a.find(id); ok {
		return a.members[n]
	}
	return nil
}

// join makes a new instance one of the App's. Nobody finds it by its id until
// arrange has put it in its place: many are put there at once.
func (a *appState) join(i *instance.Instance) *member {
	m := &member{app: a, is: i}
	a.members = append(a.members, m)
	a.count(i, 1)
	a.lineUp(m)
	return m
}

// insertMax is up to how many new members are put in their places one by one.
const insertMax = 16

// arrange puts the last n members, which have just joined, in their places.
func (a *appState) arrange(n int) {
	all, old := a.members, a.members[:len(a.members)-n]
	fresh := slices.Clone(all[len(old):])
	if n <= insertMax {
		a.members = old
		for _, m := range fresh {
			at, _ := a.find(m.is.ID)
			a.members = slices.Insert(a.members, at, m)
		}
		return
	}
	slices.SortFunc(fresh, func(x, y *member) int { return cmp.Compare(x.is.ID, y.is.ID) })
	for at := len(all) - 1; len(fresh) > 0; at-- {
		from := &fresh
		if len(old) > 0 && old[len(old)-1].is.ID > fresh[len(fresh)-1].is.ID {
			from = &old
		}
		last := len(*from) - 1
		all[at] = (*from)[last]
		*from = (*from)[:last]
	}
}

// put replaces a record and keeps the counts right.
func (a *appState) put(m *member, i *instance.Instance) {
	a.count(m.is, -1)
	m.is = i
	a.count(i, 1)
	a.lineUp(m)
}

func (a *appState) drop(m *member) {
	if n, ok := a.find(m.is.ID); ok {
		a.count(m.is, -1)
		a.members = slices.Delete(a.members, n, n+1)
		if m.lined {
			a.unline(m)
		}
	}
}

// lineUp puts an instance that wants an offer behind those that do already, and
// takes one that wants none any more out of their list.
func (a *appState) lineUp(m *member) {
	switch waits := m.waits(); {
	case waits == m.lined:
	case !waits:
		a.unline(m)
	case a.last == nil:
		m.lined, a.first, a.last = true, m, m
	default:
		m.lined, m.before, a.last.behind, a.last = true, a.last, m, m
	}
}

// served notes that none of the App's instances wants an offer any more.
func (a *appState) served() { a.waitsSince, a.queue, a.hoardPause = time.Time{}, nil, 0 }

func (a *appState) unline(m *member) {
	if m.before != nil {
		m.before.behind = m.behind
	} else {
		a.first = m.behind
	}
	if m.behind != nil {
		m.behind.before = m.before
	} else {
		a.last = m.before
	}
	m.lined, m.before, m.behind = false, nil, nil
}

// version returns the definition with this version, nil if it is not kept.
func (a *appState) version(v time.Time) *app.Spec {
	for _, s := range a.versions {
		if s.Version.Equal(v) {
			return s
		}
	}
	return nil
}

// ran returns the definition that an instance was made from, by which it is
// judged; the current one if that is not kept any more.
func (a *appState) ran(i *instance.Instance) *app.Spec {
	if spec := a.version(i.Version); spec != nil {
		return spec
	}
	return a.spec
}

// ready reports whether the instance does its work as far as its own version
// checks that: a check that was added later says nothing about it.
func (a *appState) ready(i *instance.Instance) bool {
	if i.Condition != instance.Running {
		return false
	}
	return i.Healthy != nil && *i.Healthy || len(a.ran(i).HealthChecks) == 0
}

func (a *appState) outdated(i *instance.Instance) bool {
	return !i.Version.Equal(a.spec.Version) && i.Condition != instance.Scheduled && !a.current[i.Version.UnixMilli()]
}

// count adds (by 1) or takes (by -1) an instance to or from the counts.
func (a *appState) count(i *instance.Instance, by int) {
	if i.Condition == instance.Scheduled && i.Goal == instance.GoalRunning {
		a.nWaiting += by
	}
	a.countShown(i, by)
	switch {
	case i.Goal == instance.GoalDecommissioned:
		if i.Condition != instance.UnreachableInactive {
			a.tally.Outgoing += by
		}
	case i.Goal == instance.GoalStopped:
		if i.Condition.Live() && !i.Condition.OutOfSight() {
			a.tally.Outgoing += by
		}
	case i.Condition == instance.UnreachableInactive:
		a.tally.Inactive += by
	case a.outdated(i):
		a.tally.Old += by
		if a.ready(i) {
			a.tally.OldReady += by
		}
		a.countLost(i, by)
	default:
		a.tally.Fresh += by
		if a.ready(i) {
			a.tally.FreshReady += by
		}
		a.countLost(i, by)
	}
}

func (a *appState) countLost(i *instance.Instance, by int) {
	if i.Condition == instance.Unreachable {
		a.tally.Lost += by
	}
}

// countShown keeps the counts that the API shows.
func (a *appState) countShown(i *instance.Instance, by int) {
	switch i.Condition {
	case instance.Provisioned, instance.Staging, instance.Starting:
		a.counts.Staged += by
	case instance.Running:
		a.counts.Running += by
		switch {
		case i.Healthy == nil:
		case *i.Healthy:
			a.counts.Healthy += by
		default:
			a.counts.Unhealthy += by
		}
	case instance.Scheduled, instance.Killing, instance.Unreachable, instance.UnreachableInactive, instance.Finished,
		instance.Failed, instance.Killed, instance.Errored, instance.Gone, instance.Dropped, instance.Unknown:
	default:
	}
}

// launchable reports whether something of the App may be launched at now.
func (a *appState) launchable(now time.Time) bool {
	return a.nWaiting > 0 && !a.trouble.DelayUntil.After(now)
}

// copies lists the instances that a deployment may end, of one kind.
func (a *appState) copies(keep func(*instance.Instance) bool) []deployment.Copy {
	var out []deployment.Copy
	for i := range a.instances {
		if i.Goal == instance.GoalRunning && keep(i) {
			out = append(out, deployment.Copy{Instance: i, Ready: a.ready(i)})
		}
	}
	return out
}
