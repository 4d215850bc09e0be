package deployment

import (
	"maps"
	"slices"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/group"
)

// Change is what a deployment does to one App.
type Change struct {
	// Original is nil for a new App, Target for one to be deleted.
	Original, Target *app.Spec
	// Restart says that running instances have to be replaced.
	Restart bool
}

// Tree is what there was before the changes of a plan.
type Tree interface {
	// Spec returns an App's definition, nil if there is none.
	Spec(id app.ID) *app.Spec
	// Below lists the Apps below a group at any depth, in the order of ids.
	Below(group app.ID) []app.ID
	// Needs returns what a group depends on, nil if there is no such group.
	Needs(group app.ID) []app.ID
}

// Plan returns the steps for changes ("Marathon, deployments"): Apps are
// stopped (those that depend on others first), new ones registered, and then
// every layer of dependencies scaled or restarted, lowest first. Needs are what
// groups depend on from now on, for those where that changes. It fails with a
// *group.CycleError.
func Plan(changes map[app.ID]Change, needs map[app.ID][]app.ID, before Tree) ([]Step, error) {
	var going, coming []app.ID
	for _, id := range slices.Sorted(maps.Keys(changes)) {
		if changes[id].Target == nil {
			going = append(going, id)
		} else {
			coming = append(coming, id)
		}
	}
	is := newAfter(changes, needs, before)
	up, err := group.Layers(slices.Concat(coming, is.concerned()), is)
	if err != nil {
		return nil, err
	}
	down, err := group.Layers(going, was{before})
	if err != nil {
		down = nil // it was so before, and must not keep anybody from deleting it
	}
	return steps(changes, going, coming, up, down), nil
}

func steps(changes map[app.ID]Change, going, coming []app.ID, up, down map[app.ID]int) []Step {
	var starting Step
	stopping, moving := map[int]Step{}, map[int]Step{}
	for _, id := range going {
		stopping[down[id]] = append(stopping[down[id]], Action{StopApplication, id})
	}
	for _, id := range coming {
		c := changes[id]
		kind := ScaleApplication
		switch {
		case c.Original == nil:
			starting = append(starting, Action{StartApplication, id})
		case c.Restart && c.Target.Instances > 0:
			kind = RestartApplication
		}
		moving[up[id]] = append(moving[up[id]], Action{kind, id})
	}
	var steps []Step
	for _, layer := range slices.Backward(slices.Sorted(maps.Keys(stopping))) {
		steps = append(steps, stopping[layer])
	}
	if starting != nil {
		steps = append(steps, starting)
	}
	for _, layer := range slices.Sorted(maps.Keys(moving)) {
		steps = append(steps, moving[layer])
	}
	return steps
}

// was is what depended on what.
type was struct{ Tree }

func (w was) App(id app.ID) ([]app.ID, bool) { return needsOf(w.Spec(id)) }
func (w was) Group(id app.ID) []app.ID       { return w.Needs(id) }

func needsOf(s *app.Spec) ([]app.ID, bool) {
	if s == nil {
		return nil, false
	}
	return s.Dependencies, true
}

// after is what depends on what once the changes are made.
type after struct {
	was
	changes map[app.ID]Change
	needs   map[app.ID][]app.ID
	// fresh are the Apps that come, by id.
	fresh []app.ID
}

func newAfter(changes map[app.ID]Change, needs map[app.ID][]app.ID, before Tree) after {
	a := after{was: was{before}, changes: changes, needs: needs}
	for id, c := range changes {
		if c.Target != nil && before.Spec(id) == nil {
			a.fresh = append(a.fresh, id)
		}
	}
	slices.Sort(a.fresh)
	return a
}

// concerned lists the Apps that may wait for something else now though they are
// not changed themselves: a circle must not go unnoticed.
func (a after) concerned() (ids []app.ID) {
	for _, g := range slices.Sorted(maps.Keys(a.needs)) {
		if len(a.needs[g]) > 0 {
			ids = append(ids, a.Below(g)...)
		}
	}
	return ids
}

func (a after) App(id app.ID) ([]app.ID, bool) {
	if c, ok := a.changes[id]; ok {
		return needsOf(c.Target)
	}
	return a.was.App(id)
}

func (a after) Group(id app.ID) []app.ID {
	if needs, ok := a.needs[id]; ok {
		return needs
	}
	return a.was.Group(id)
}

func (a after) Below(id app.ID) []app.ID {
	there := slices.DeleteFunc(slices.Clone(a.was.Below(id)), func(other app.ID) bool {
		_, ok := a.App(other)
		return !ok
	})
	first := 0
	if id != group.Root {
		first, _ = slices.BinarySearch(a.fresh, id+"/")
	}
	for _, f := range a.fresh[first:] {
		if !f.Within(id) {
			break
		}
		there = append(there, f)
	}
	slices.Sort(there)
	return slices.Compact(there)
}
