package group

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/pkg/app"
)

// tree makes a group from ids; those that end in a slash are groups.
func tree(of app.ID, ids ...string) *Node {
	var groups []*Group
	var apps []*app.Spec
	for _, id := range ids {
		if g, ok := strings.CutSuffix(id, "/"); ok {
			groups = append(groups, &Group{ID: app.ID(g)})
			continue
		}
		apps = append(apps, &app.Spec{ID: app.ID(id), Instances: 1})
	}
	return Build(Group{ID: of}, slices.Values(groups), slices.Values(apps))
}

// list is the inverse of tree.
func list(n *Node) (ids []string) {
	for g := range n.All {
		if g != n {
			ids = append(ids, string(g.ID)+"/")
		}
		for _, a := range g.Apps {
			ids = append(ids, string(a.ID))
		}
	}
	return ids
}

func TestATreeFollowsFromIDs(t *testing.T) {
	t.Parallel()
	n := tree("/a", "/a/x", "/a/b/c/deep", "/a/empty/", "/a/b-c/y", "/a/b/z", "/other/w/", "/a/")
	want := []string{"/a/x", "/a/b/", "/a/b/z", "/a/b/c/", "/a/b/c/deep", "/a/b-c/", "/a/b-c/y", "/a/empty/"}
	if d := cmp.Diff(want, list(n)); d != "" {
		t.Errorf("tree differs (-want +got):\n%s", d)
	}
}

func apps(ids ...string) []*app.Spec {
	out := []*app.Spec{}
	for _, id := range ids {
		out = append(out, &app.Spec{ID: app.ID(id)})
	}
	return out
}

func TestAnUpdateReplacesWhatItNames(t *testing.T) {
	t.Parallel()
	now := tree("/a", "/a/x", "/a/y", "/a/b/one", "/a/b/c/two", "/a/d/three")
	for _, row := range []struct {
		name string
		u    Update
		want []string
	}{
		{"nothing", Update{}, list(now)},
		{"apps", Update{Apps: apps("/a/y", "/a/z")}, []string{"/a/y", "/a/z", "/a/b/", "/a/b/one", "/a/b/c/", "/a/b/c/two", "/a/d/", "/a/d/three"}},
		{"no apps", Update{Apps: apps()}, []string{"/a/b/", "/a/b/one", "/a/b/c/", "/a/b/c/two", "/a/d/", "/a/d/three"}},
		{"groups, of which one is kept as it is", Update{Groups: []*Update{{ID: "/a/b"}}}, []string{"/a/x", "/a/y", "/a/b/", "/a/b/one", "/a/b/c/", "/a/b/c/two"}},
		{"groups inside", Update{Groups: []*Update{{ID: "/a/b", Groups: []*Update{}}, {ID: "/a/new", Apps: apps("/a/new/n")}}},
			[]string{"/a/x", "/a/y", "/a/b/", "/a/b/one", "/a/new/", "/a/new/n"}},
		{"no groups", Update{Groups: []*Update{}}, []string{"/a/x", "/a/y"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			row.u.ID = "/a"
			if p := row.u.Check(now); p != nil {
				t.Fatalf("refused: %v", p)
			}
			if d := cmp.Diff(row.want, list(row.u.Apply(now))); d != "" {
				t.Errorf("tree differs (-want +got):\n%s", d)
			}
			if d := cmp.Diff([]string{"/a/x", "/a/y", "/a/b/", "/a/b/one", "/a/b/c/", "/a/b/c/two", "/a/d/", "/a/d/three"}, list(now)); d != "" {
				t.Errorf("what was there has changed (-want +got):\n%s", d)
			}
		})
	}
}

func TestAnUpdateMakesAGroup(t *testing.T) {
	t.Parallel()
	yes := true
	u := Update{ID: "/a", Apps: apps("/a/x"), Dependencies: []app.ID{"/b"}, EnforceRole: &yes, Groups: []*Update{{ID: "/a/b"}}}
	n := u.Apply(nil)
	if d := cmp.Diff([]string{"/a/x", "/a/b/"}, list(n)); d != "" || !n.EnforceRole || !slices.Equal(n.Dependencies, u.Dependencies) {
		t.Errorf("got %+v: %s", n, d)
	}
}

func TestWhatAnUpdateMayNotSay(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	now := tree("/a", "/a/x", "/a/b/")
	many := make([]app.ID, DependenciesMax+1)
	for _, row := range []struct {
		name string
		u    Update
		path string
		text string
	}{
		{"an id with capitals", Update{ID: "/A"}, "/id", "lower-case"},
		{"a long id", Update{ID: app.ID("/" + strings.Repeat("a", 200))}, "/id", "201"},
		{"an app twice", Update{Apps: apps("/a/y", "/a/y")}, "/apps(1)/id", "named twice"},
		{"a group twice", Update{Groups: []*Update{{ID: "/a/c"}, {ID: "/a/c"}}}, "/groups(1)/id", "named twice"},
		{"an app and a group of one id", Update{Apps: apps("/a/c"), Groups: []*Update{{ID: "/a/c"}}}, "/apps(0)/id", "Groups and Applications may not have the same identifier"},
		{"an app with the id of a group that stays", Update{Apps: apps("/a/b")}, "/apps(0)/id", "Groups and Applications may not have the same identifier"},
		{"a group with the id of an app that stays", Update{Groups: []*Update{{ID: "/a/x"}}}, "/groups(0)/id", "Groups and Applications may not have the same identifier"},
		{"a bad dependency", Update{Dependencies: []app.ID{"/b", "/B"}}, "/dependencies(1)", "lower-case"},
		{"itself as a dependency", Update{Dependencies: []app.ID{"/a"}}, "/dependencies(0)", "Dependency graph has cyclic dependencies"},
		{"what is in it as a dependency", Update{Dependencies: []app.ID{"/a/b"}}, "/dependencies(0)", "Dependency graph has cyclic dependencies"},
		{"what holds it as a dependency", Update{Groups: []*Update{{ID: "/a/b", Dependencies: []app.ID{"/a"}}}}, "/groups(0)/dependencies(0)", "Dependency graph has cyclic dependencies"},
		{"too many dependencies", Update{Dependencies: many}, "/dependencies", "at most 500"},
		{"a role below the top", Update{Groups: []*Update{{ID: "/a/b", EnforceRole: &yes}}}, "/groups(0)/enforceRole", "such as /a"},
		{"another role beside apps", Update{EnforceRole: &yes, Apps: apps()}, "/enforceRole", "PATCH /v2/groups/a"},
		{"the same role beside apps", Update{EnforceRole: &no, Apps: apps()}, "", ""},
		{"no role below the top", Update{Groups: []*Update{{ID: "/a/b", EnforceRole: &no}}}, "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if row.u.ID == "" {
				row.u.ID = "/a"
			}
			got := row.u.Check(now)
			switch {
			case row.path == "" && got == nil:
			case len(got) != 1 || got[0].Path != row.path || !strings.Contains(got[0].Text, row.text):
				t.Errorf("got %v, want %q at %s", got, row.text, row.path)
			}
		})
	}
}

func TestTheRoleOfANewGroupComesWithItsApps(t *testing.T) {
	t.Parallel()
	yes := true
	u := Update{ID: "/a", EnforceRole: &yes, Apps: apps("/a/x")}
	if p := u.Check(nil); p != nil {
		t.Errorf("refused: %v", p)
	}
}

func TestIDsInAListAreRelativeOrChildren(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		in       app.ID
		ref      string
		want     app.ID
		accepted bool
	}{
		{"/a", "x", "/a/x", true},
		{"/a", "./x", "/a/x", true},
		{"/a", "/a/x", "/a/x", true},
		{"/", "x", "/x", true},
		{"/", "/x", "/x", true},
		{"/a", "../x", "/x", false},
		{"/a", "/b/x", "/b/x", false},
		{"/a", "b/x", "/a/b/x", false},
		{"/a", "", "/a", false},
	} {
		got, err := Child(row.in, row.ref)
		if got != row.want || (err == nil) != row.accepted {
			t.Errorf("%q in %s: got %s, %v", row.ref, row.in, got, err)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "Identifier is not child of '"+string(row.in)+"'. Hint: use relative paths") {
			t.Errorf("%q in %s: got %v", row.ref, row.in, err)
		}
	}
}

func TestScalingRoundsUp(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		n    int
		by   float64
		want int
	}{{3, 1.5, 5}, {10, 1.1, 11}, {0, 7, 0}, {4, 0, 0}, {4, 0.5, 2}, {1, 0.01, 1}, {2, 1, 2}} {
		n := tree("/a", "/a/b/x")
		n.Groups[0].Apps[0].Instances = row.n
		if got := n.Scaled(row.by).Groups[0].Apps[0].Instances; got != row.want {
			t.Errorf("%d by %v: got %d, want %d", row.n, row.by, got, row.want)
		}
		if n.Groups[0].Apps[0].Instances != row.n {
			t.Error("what was there has changed")
		}
	}
}

// Whatever tree there is, an Update that names all of another makes it that one.
func TestAnUpdateWithEverythingIsWhatComesOut(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) *Node {
			return tree("/", rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) string {
				id := "/" + strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"g0", "g1", "g2"}), 1, 4).Draw(t, "groups"), "/") + "/"
				return id + rapid.SampledFrom([]string{"", "app0", "app1"}).Draw(t, "app")
			}), 0, 12, func(s string) string { return s }).Draw(t, label)...)
		}
		before, after := draw("before"), draw("after")
		u := whole(after)
		if p := u.Check(before); p != nil {
			t.Fatalf("refused: %v", p)
		}
		if d := cmp.Diff(after, u.Apply(before), cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("differs (-want +got):\n%s", d)
		}
		if d := cmp.Diff(before, (&Update{ID: "/"}).Apply(before)); d != "" {
			t.Fatalf("an empty update changes something (-want +got):\n%s", d)
		}
	})
}

// whole is the Update that names all of a group.
func whole(n *Node) *Update {
	u := &Update{ID: n.ID, Apps: append([]*app.Spec{}, n.Apps...), Groups: []*Update{}}
	for _, g := range n.Groups {
		u.Groups = append(u.Groups, whole(g))
	}
	return u
}
