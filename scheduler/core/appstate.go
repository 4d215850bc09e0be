package core

import (
	"slices"
	"sort"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// appState is what the State keeps of one App.
type appState struct {
	spec     *app.Spec
	versions []*app.Spec // newest first; the first is spec
	// instances are ordered by id.
	instances []*instance.Instance
	tally     deployment.Tally
	counts    Counts
	// current remembers which versions (Unix milliseconds) have the configuration of spec.
	current map[int64]bool
	// waiting holds scheduled instances in the order they began to wait; ids that
	// wait no more are skipped when met.
	waiting  []instance.ID
	nWaiting int
	// demand is what placement prepared for spec, nil until something is placed.
	demand  *placement.Demand
	trouble Trouble
	queue   QueueView
	// queuePath is the queue that charge, what the App's tasks use, counts for.
	queuePath string
	charge    charge
	// failures are the agents that the App failed on lately.
	failures map[mesos.AgentID]failures
	// hoardAfter is when agents may be held for the App again, explainedAt when
	// its rejections were last counted.
	hoardAfter, explainedAt time.Time
	// deployment is the active one that holds the App, nil if none.
	deployment *deployment.Deployment
	// deleted says that the App is gone once its last instance is.
	deleted bool
}

func newAppState(spec *app.Spec) *appState {
	a := &appState{}
	a.install(spec)
	return a
}

// install makes spec the current definition and judges all instances anew.
func (a *appState) install(spec *app.Spec) {
	a.spec = spec
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
	for _, i := range a.instances {
		a.count(i, 1)
	}
}

func (a *appState) find(id instance.ID) (int, bool) {
	n := sort.Search(len(a.instances), func(i int) bool { return a.instances[i].ID >= id })
	return n, n < len(a.instances) && a.instances[n].ID == id
}

func (a *appState) instance(id instance.ID) *instance.Instance {
	if n, ok := a.find(id); ok {
		return a.instances[n]
	}
	return nil
}

// put replaces or adds a record and keeps the counts right.
func (a *appState) put(i *instance.Instance) {
	n, ok := a.find(i.ID)
	if ok {
		a.count(a.instances[n], -1)
		a.instances[n] = i
	} else {
		a.instances = slices.Insert(a.instances, n, i)
	}
	a.count(i, 1)
	if i.Condition == instance.Scheduled && i.Goal == instance.GoalRunning {
		a.waiting = append(a.waiting, i.ID)
	}
}

func (a *appState) drop(id instance.ID) {
	if n, ok := a.find(id); ok {
		a.count(a.instances[n], -1)
		a.instances = slices.Delete(a.instances, n, n+1)
	}
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

// ready reports whether the instance does its work as far as the App checks that.
func (a *appState) ready(i *instance.Instance) bool {
	if i.Condition != instance.Running {
		return false
	}
	return len(a.spec.HealthChecks) == 0 || i.Healthy != nil && *i.Healthy
}

func (a *appState) outdated(i *instance.Instance) bool {
	return i.Condition != instance.Scheduled && !a.current[i.Version.UnixMilli()]
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
	case i.Condition == instance.UnreachableInactive:
		a.tally.Inactive += by
	case a.outdated(i):
		a.tally.Old += by
		if a.ready(i) {
			a.tally.OldReady += by
		}
	default:
		a.tally.Fresh += by
		if a.ready(i) {
			a.tally.FreshReady += by
		}
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

// nextWaiting removes and returns the instance that has waited longest, nil if none waits.
func (a *appState) nextWaiting() *instance.Instance {
	for len(a.waiting) > 0 {
		id := a.waiting[0]
		a.waiting = a.waiting[1:]
		if i := a.instance(id); i != nil && i.Condition == instance.Scheduled && i.Goal == instance.GoalRunning {
			return i
		}
	}
	return nil
}

// putBack returns an instance taken by nextWaiting to the front.
func (a *appState) putBack(i *instance.Instance) {
	a.waiting = slices.Insert(a.waiting, 0, i.ID)
}

// launchable reports whether something of the App may be launched at now.
func (a *appState) launchable(now time.Time) bool {
	return a.nWaiting > 0 && !a.trouble.DelayUntil.After(now)
}

// copies lists the instances that a deployment may end, of one kind.
func (a *appState) copies(keep func(*instance.Instance) bool) []deployment.Copy {
	var out []deployment.Copy
	for _, i := range a.instances {
		if i.Goal != instance.GoalDecommissioned && keep(i) {
			out = append(out, deployment.Copy{Instance: i, Ready: a.ready(i)})
		}
	}
	return out
}
