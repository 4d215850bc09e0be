package group

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/pkg/app"
)

// graph is what Apps and groups depend on.
type graph struct{ apps, groups map[app.ID][]app.ID }

func (g graph) App(id app.ID) ([]app.ID, bool) { deps, ok := g.apps[id]; return deps, ok }
func (g graph) Group(id app.ID) []app.ID       { return g.groups[id] }

func (g graph) Below(group app.ID) []app.ID {
	ids := slices.Sorted(maps.Keys(g.apps))
	return slices.DeleteFunc(ids, func(id app.ID) bool { return !id.Within(group) })
}

// read reads "/app: /dep /dep", and "/group/: /dep" for a group.
func read(lines ...string) graph {
	g := graph{map[app.ID][]app.ID{}, map[app.ID][]app.ID{}}
	for _, line := range lines {
		name, rest, _ := strings.Cut(line, ":")
		deps := []app.ID{}
		for d := range strings.FieldsSeq(rest) {
			deps = append(deps, app.ID(d))
		}
		if of, ok := strings.CutSuffix(name, "/"); ok {
			g.groups[app.ID(of)] = deps
			continue
		}
		g.apps[app.ID(name)] = deps
	}
	return g
}

func TestLayers(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		lines []string
		want  string
	}{
		{"independent apps", []string{"/a", "/b"}, "/a=0 /b=0"},
		{"a chain", []string{"/a: /b", "/b: /c", "/c"}, "/a=2 /b=1 /c=0"},
		{"the longest chain counts", []string{"/a: /c /b", "/b: /c", "/c"}, "/a=2 /b=1 /c=0"},
		{"an unknown name", []string{"/a: /nowhere"}, "/a=0"},
		{"an app on a group", []string{"/a: /g", "/g/x: /b", "/g/h/y", "/b"}, "/a=2 /b=0 /g/h/y=0 /g/x=1"},
		{"a group on an app", []string{"/g/: /db", "/g/x", "/g/h/y", "/db"}, "/db=0 /g/h/y=1 /g/x=1"},
		{"a group on a group", []string{"/g/: /h", "/g/x", "/g/y: /g/x", "/h/z: /h/u", "/h/u"}, "/g/x=2 /g/y=3 /h/u=0 /h/z=1"},
		{"an app on its own group", []string{"/g/last: /g", "/g/x", "/g/y"}, "/g/last=1 /g/x=0 /g/y=0"},
		{"an app on the group beside it", []string{"/g/x: /g/db", "/g/db/y"}, "/g/db/y=0 /g/x=1"},
		{"a group on an empty one", []string{"/g/: /h", "/h/:", "/g/x"}, "/g/x=0"},
		{"an app on itself", []string{"/a: /a"}, "circle /a /a"},
		{"two apps", []string{"/a: /b", "/b: /a"}, "circle /a /b /a"},
		{"a circle behind an app", []string{"/a: /b", "/b: /c", "/c: /b"}, "circle /b /c /b"},
		{"a circle through groups", []string{"/g/: /h", "/h/: /g", "/g/x", "/h/y"}, "circle /g/x /h /h/y /g /g/x"},
		{"a circle through an app and a group", []string{"/a: /g", "/g/x: /a"}, "circle /a /g /g/x /a"},
		{"two that wait for their own group", []string{"/g/x: /g", "/g/y: /g"}, "circle /g/x /g/y /g/x"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			g := read(row.lines...)
			layers, err := Layers(g.Below(Root), g)
			if got := describe(layers, err); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

func describe(layers map[app.ID]int, err error) string {
	if e, ok := errors.AsType[*CycleError](err); ok {
		return "circle " + strings.Trim(fmt.Sprint(e.Cycle), "[]")
	}
	var words []string
	for _, id := range slices.Sorted(maps.Keys(layers)) {
		words = append(words, fmt.Sprintf("%s=%d", id, layers[id]))
	}
	return strings.Join(words, " ")
}

func TestACircleIsNamed(t *testing.T) {
	t.Parallel()
	_, err := Layers([]app.ID{"/a"}, read("/a: /b", "/b: /a"))
	if want := "Dependency graph has cyclic dependencies: /a -> /b -> /a"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Layers are those of the graph in which every App names every App it waits for.
func TestLayersAreThoseOfAllPairs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ids := []app.ID{"/a", "/b", "/g/x", "/g/y", "/g/h/z", "/k/u", "/k/v"}
		names := append([]app.ID{"/g", "/g/h", "/k", "/nowhere"}, ids...)
		some := rapid.SliceOfN(rapid.SampledFrom(names), 0, 2)
		g := graph{map[app.ID][]app.ID{}, map[app.ID][]app.ID{}}
		for _, id := range ids {
			g.apps[id] = some.Draw(t, string(id))
		}
		for _, id := range []app.ID{"/g", "/g/h", "/k"} {
			deps := slices.DeleteFunc(some.Draw(t, string(id)), func(d app.ID) bool { return d == id || d.Within(id) || id.Within(d) })
			g.groups[id] = deps
		}
		layers, err := Layers(ids, g)
		want, acyclic := naive(ids, g)
		if (err == nil) != acyclic {
			t.Fatalf("got %v, acyclic is %t", err, acyclic)
		}
		if d := cmp.Diff(want, layers); acyclic && d != "" {
			t.Fatalf("layers differ (-want +got):\n%s", d)
		}
	})
}

// naive relaxes all edges until nothing moves, or for longer than a chain can be.
func naive(ids []app.ID, g graph) (map[app.ID]int, bool) {
	edges := map[app.ID]map[app.ID]bool{}
	for _, id := range ids {
		edges[id] = map[app.ID]bool{}
		names := slices.Clone(g.apps[id])
		for above := range Above(id) {
			names = append(names, g.groups[above]...)
		}
		for _, name := range names {
			for _, other := range ids {
				if other == name || other.Within(name) && other != id {
					edges[id][other] = true
				}
			}
		}
	}
	depth := map[app.ID]int{}
	for range len(ids) + 1 {
		moved := false
		for id, to := range edges {
			for other := range to {
				if depth[id] < depth[other]+1 {
					depth[id], moved = depth[other]+1, true
				}
			}
		}
		if !moved {
			for _, id := range ids {
				depth[id] += 0
			}
			return depth, true
		}
	}
	return nil, false
}
