package group

import (
	"slices"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/app"
)

// Graph is what waits for what.
type Graph interface {
	// App returns what an App names as its dependencies; ok is false if there is no such App.
	App(id app.ID) (dependencies []app.ID, ok bool)
	// Group returns what a group names as its own, nil if there is no such group.
	Group(id app.ID) []app.ID
	// Below lists the Apps in a group, at any depth, in the order of ids.
	Below(group app.ID) []app.ID
}

// CycleError says that Apps, or groups of them, depend on each other in a circle.
type CycleError struct {
	// Cycle begins and ends with the same id.
	Cycle []app.ID
}

func (e *CycleError) Error() string {
	names := make([]string, len(e.Cycle))
	for i, id := range e.Cycle {
		names[i] = string(id)
	}
	return "Dependency graph has cyclic dependencies: " + strings.Join(names, " -> ")
}

// Layers gives each of the Apps the length of its longest chain of dependencies
// ("Marathon, dependencies"). An App depends on the Apps that it names, on all Apps
// of the groups that it names, and on what the groups that hold it depend on; never
// on itself. Names of nothing are ignored, as in Marathon. It fails with a
// *CycleError if one of the Apps is in a circle, or leads into one.
func Layers(apps []app.ID, g Graph) (map[app.ID]int, error) {
	l := &layering{graph: g, state: map[app.ID]visit{}, depth: map[app.ID]int{}}
	layers := make(map[app.ID]int, len(apps))
	for _, id := range apps {
		depth, err := l.app(id)
		if err != nil {
			return nil, err
		}
		layers[id] = depth
	}
	return layers, nil
}

type visit uint8

const (
	visiting visit = iota + 1
	visited
)

// layering is a search in depth. Apps and groups are its nodes: the depth of a
// group is the largest of the Apps in it, so that each is looked at once, however
// many depend on it.
type layering struct {
	graph Graph
	state map[app.ID]visit
	depth map[app.ID]int
	stack []app.ID
}

// enter begins with a node unless it is done; known says that it is.
func (l *layering) enter(id app.ID) (known bool, err error) {
	switch l.state[id] {
	case visited:
		return true, nil
	case visiting:
		return false, &CycleError{Cycle: append(slices.Clone(l.stack[slices.Index(l.stack, id):]), id)}
	}
	l.state[id] = visiting
	l.stack = append(l.stack, id)
	return false, nil
}

func (l *layering) leave(id app.ID, depth int) int {
	l.stack = l.stack[:len(l.stack)-1]
	l.state[id], l.depth[id] = visited, depth
	return depth
}

func (l *layering) app(id app.ID) (int, error) {
	known, err := l.enter(id)
	if known || err != nil {
		return l.depth[id], err
	}
	depth := 0
	names, _ := l.graph.App(id)
	for _, name := range names {
		d, err := l.after(id, name)
		if err != nil {
			return 0, err
		}
		depth = max(depth, d)
	}
	for above := range Above(id) {
		for _, name := range l.graph.Group(above) {
			if id == name || id.Within(name) {
				continue
			}
			d, err := l.after(id, name)
			if err != nil {
				return 0, err
			}
			depth = max(depth, d)
		}
	}
	return l.leave(id, depth), nil
}

// after returns the layer of an App as far as it waits for what has this name.
func (l *layering) after(id, name app.ID) (int, error) {
	if _, ok := l.graph.App(name); ok {
		d, err := l.app(name)
		return d + 1, err
	}
	if id.Within(name) {
		return l.highest(slices.DeleteFunc(slices.Clone(l.graph.Below(name)), func(other app.ID) bool { return other == id }))
	}
	known, err := l.enter(name)
	if known || err != nil {
		return l.depth[name], err
	}
	depth, err := l.highest(l.graph.Below(name))
	if err != nil {
		return 0, err
	}
	return l.leave(name, depth), nil
}

// highest returns the layer of what waits for all of these, 0 if there are none.
func (l *layering) highest(apps []app.ID) (int, error) {
	depth := 0
	for _, id := range apps {
		d, err := l.app(id)
		if err != nil {
			return 0, err
		}
		depth = max(depth, d+1)
	}
	return depth, nil
}
