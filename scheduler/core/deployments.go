package core

import (
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
)

// deployments are those under way.
type deployments struct {
	// all are in the order in which they began.
	all   []*deployment.Deployment
	steps map[deployment.ID]*step
	// locks are by which of them an App, one that is gone included, is locked.
	locks map[app.ID]deployment.ID
}

// step is what a deployment is at, so that an App finds its action and the
// deployment what it waits for without a look at all of them.
type step struct {
	number int
	kinds  map[app.ID]deployment.ActionKind
	// blocker is the action that was last found not to be done.
	blocker int
}

func newDeployments(stored []*deployment.Deployment) deployments {
	ds := deployments{all: slices.Clone(stored), steps: map[deployment.ID]*step{}, locks: map[app.ID]deployment.ID{}}
	slices.SortFunc(ds.all, func(a, b *deployment.Deployment) int { return a.Started.Compare(b.Started) })
	for _, d := range ds.all {
		ds.lock(d)
	}
	return ds
}

func (ds *deployments) lock(d *deployment.Deployment) {
	for _, id := range d.Affected() {
		ds.locks[id] = d.ID
	}
}

// find returns the deployment with this id, nil if it is not under way.
func (ds *deployments) find(id deployment.ID) *deployment.Deployment {
	if i := slices.IndexFunc(ds.all, func(d *deployment.Deployment) bool { return d.ID == id }); i >= 0 {
		return ds.all[i]
	}
	return nil
}

func (ds *deployments) add(d *deployment.Deployment) {
	ds.all = append(ds.all, d)
	ds.lock(d)
}

// replace puts a new record of a deployment in the place of the old one.
func (ds *deployments) replace(old, d *deployment.Deployment) {
	ds.all[slices.Index(ds.all, old)] = d
}

func (ds *deployments) remove(d *deployment.Deployment) {
	ds.all = slices.DeleteFunc(slices.Clone(ds.all), func(o *deployment.Deployment) bool { return o.ID == d.ID })
	for _, id := range d.Affected() {
		if ds.locks[id] == d.ID {
			delete(ds.locks, id)
		}
	}
	delete(ds.steps, d.ID)
}

// locking lists the deployments that lock one of the Apps.
func (ds *deployments) locking(changes map[app.ID]deployment.Change) []*deployment.Deployment {
	var out []*deployment.Deployment
	by := map[deployment.ID]bool{}
	for id := range changes {
		if d, locked := ds.locks[id]; locked {
			by[d] = true
		}
	}
	for _, d := range ds.all {
		if by[d.ID] {
			out = append(out, d)
		}
	}
	return out
}

// of reports whether the deployment of a change is under way.
func (ds *deployments) of(version time.Time) bool {
	return slices.ContainsFunc(ds.all, func(d *deployment.Deployment) bool { return d.Version.Equal(version) })
}

// undo reports whether a definition is what a deployment under way goes back to when it is undone.
func (ds *deployments) undo(was *app.Spec) bool {
	d := ds.find(ds.locks[was.ID])
	return d != nil && d.Original[was.ID] == was
}

// step returns the step that a deployment is at.
func (ds *deployments) step(d *deployment.Deployment) *step {
	t := ds.steps[d.ID]
	if t == nil || t.number != d.Current {
		t = &step{number: d.Current, kinds: make(map[app.ID]deployment.ActionKind, len(d.Steps[d.Current]))}
		for _, act := range d.Steps[d.Current] {
			t.kinds[act.App] = act.Kind
		}
		ds.steps[d.ID] = t
	}
	return t
}
