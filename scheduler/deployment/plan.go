package deployment

import (
	"maps"
	"slices"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/app"
)

// Change is what a deployment does to one App.
type Change struct {
	// Original is nil for a new App, Target for one to be deleted.
	Original, Target *app.Spec
	// Restart says that running instances have to be replaced.
	Restart bool
}

// CycleError says that Apps depend on each other in a circle.
type CycleError struct{ Cycle []app.ID }

func (e *CycleError) Error() string {
	names := make([]string, len(e.Cycle))
	for i, id := range e.Cycle {
		names[i] = string(id)
	}
	return "dependencies form a circle: " + strings.Join(names, " -> ")
}

// Apps are the definitions as they were before the changes of a plan.
type Apps interface {
	// Spec returns an App's definition, nil if there is none.
	Spec(id app.ID) *app.Spec
	// Below lists the Apps below a group at any depth, in the order of ids.
	Below(group app.ID) []app.ID
}

// Plan returns the steps for changes ("Marathon, deployments"): Apps are
// stopped (those that depend on others first), new ones registered, and then
// every layer of dependencies scaled or restarted, lowest first. It fails with
// a *CycleError.
func Plan(changes map[app.ID]Change, before Apps) ([]Step, error) {
	layers, err := layersOf(before, changes)
	if err != nil {
		return nil, err
	}
	stopping := map[int]Step{}
	var starting Step
	moving := map[int]Step{}
	for _, id := range slices.Sorted(maps.Keys(changes)) {
		c := changes[id]
		switch {
		case c.Target == nil:
			stopping[layers[id]] = append(stopping[layers[id]], Action{StopApplication, id})
			continue
		case c.Original == nil:
			starting = append(starting, Action{StartApplication, id})
		}
		kind := ScaleApplication
		if c.Original != nil && c.Restart && c.Target.Instances > 0 {
			kind = RestartApplication
		}
		moving[layers[id]] = append(moving[layers[id]], Action{kind, id})
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
	return steps, nil
}

// layersOf gives each changed App the length of its longest chain of
// dependencies. Apps to be deleted use their original definition.
func layersOf(before Apps, changes map[app.ID]Change) (map[app.ID]int, error) {
	l := &layering{before: before, changes: changes, depth: map[app.ID]int{}, state: map[app.ID]visit{}}
	for _, id := range slices.Sorted(maps.Keys(changes)) {
		if _, err := l.visit(id); err != nil {
			return nil, err
		}
	}
	return l.depth, nil
}

type visit uint8

const (
	visiting visit = iota + 1
	visited
)

type layering struct {
	before  Apps
	changes map[app.ID]Change
	depth   map[app.ID]int
	state   map[app.ID]visit
	stack   []app.ID
}

func (l *layering) visit(id app.ID) (int, error) {
	switch l.state[id] {
	case visited:
		return l.depth[id], nil
	case visiting:
		return 0, &CycleError{Cycle: append(slices.Clone(l.stack[slices.Index(l.stack, id):]), id)}
	}
	l.state[id] = visiting
	l.stack = append(l.stack, id)
	depth := 0
	for _, dep := range l.dependencies(id) {
		d, err := l.visit(dep)
		if err != nil {
			return 0, err
		}
		depth = max(depth, d+1)
	}
	l.stack = l.stack[:len(l.stack)-1]
	l.state[id] = visited
	l.depth[id] = depth
	return depth, nil
}

func (l *layering) spec(id app.ID) *app.Spec {
	if c, ok := l.changes[id]; ok && c.Target != nil {
		return c.Target
	}
	return l.before.Spec(id)
}

// dependencies lists the Apps that id waits for: those named, and all Apps of
// groups named. Names of nothing are ignored, as Marathon does.
func (l *layering) dependencies(id app.ID) []app.ID {
	spec := l.spec(id)
	if spec == nil {
		return nil
	}
	var deps []app.ID
	for _, name := range spec.Dependencies {
		if l.spec(name) != nil {
			deps = append(deps, name)
			continue
		}
		below := l.before.Below(name)
		for other, c := range l.changes {
			if c.Original == nil && other.Within(name) {
				below = append(below, other)
			}
		}
		slices.Sort(below)
		deps = append(deps, slices.DeleteFunc(below, func(other app.ID) bool { return other == id })...)
	}
	return deps
}
