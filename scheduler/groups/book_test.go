package groups

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/group"
)

var began = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func at(n int) time.Time { return began.Add(time.Duration(n) * time.Second) }

// model is what is there at one version.
type model struct {
	groups map[app.ID]*group.Group
	apps   map[app.ID]*app.Spec
}

func (m model) clone() model { return model{maps.Clone(m.groups), maps.Clone(m.apps)} }

// content is what is in a group, without the versions of groups, which history does not tell.
func (m model) content(id app.ID) *group.Node {
	if m.groups[id] == nil {
		return nil
	}
	return plain(group.Build(*m.groups[id], maps.Values(m.groups), maps.Values(m.apps)))
}

func plain(n *group.Node) *group.Node {
	if n != nil {
		for g := range n.All {
			g.Version = time.Time{}
		}
	}
	return n
}

// world plays the scheduler: it makes changes, keeps what every version was, and
// starts again from what is stored.
type world struct {
	t    *rapid.T
	now  model
	past map[time.Time]model
	book *Book
	max  int
	tick int
}

// change makes a change and notes it.
func (w *world) change(do func(m model)) {
	was := w.now.clone()
	do(w.now)
	e := &Edit{Version: at(w.tick)}
	for id := range merged(was.apps, w.now.apps) {
		if was.apps[id] != w.now.apps[id] {
			e.Apps = append(e.Apps, AppEdit{id, was.apps[id], w.now.apps[id]})
		}
	}
	for id := range merged(was.groups, w.now.groups) {
		if was.groups[id] != w.now.groups[id] {
			e.Groups = append(e.Groups, GroupEdit{id, was.groups[id], w.now.groups[id]})
		}
	}
	if e.Empty() {
		return
	}
	w.tick++
	for _, g := range e.Groups {
		if g.Is == nil {
			w.book.Drop(g.ID)
		} else {
			w.book.Put(g.Is)
		}
	}
	w.book.Add(e, func(*Edit) bool { return false })
	for id := range w.now.groups {
		if e.touches(id) {
			g := *w.now.groups[id]
			g.Version = e.Version
			w.now.groups[id] = &g
			w.book.Put(&g)
		}
	}
	w.past[e.Version] = w.now.clone()
}

func merged[V any](a, b map[app.ID]V) map[app.ID]V {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func (m model) below(g app.ID) (apps, groups []app.ID) {
	for id := range m.apps {
		if id.Within(g) {
			apps = append(apps, id)
		}
	}
	for id := range m.groups {
		if id.Within(g) {
			groups = append(groups, id)
		}
	}
	return apps, groups
}

func (w *world) step() {
	g := rapid.SampledFrom([]app.ID{"/a", "/b", "/a/x", "/a/y", "/a/x/deep"}).Draw(w.t, "group")
	switch rapid.IntRange(0, 5).Draw(w.t, "deed") {
	case 0, 1: // an App is put, with the groups above it
		id := g + app.ID(fmt.Sprintf("/app%d", rapid.IntRange(0, 1).Draw(w.t, "app")))
		w.change(func(m model) {
			m.apps[id] = &app.Spec{ID: id, Version: at(w.tick)}
			for above := range group.Above(id) {
				if m.groups[above] == nil {
					m.groups[above] = &group.Group{ID: above}
				}
			}
		})
	case 2: // a group gets dependencies
		w.change(func(m model) {
			if old := m.groups[g]; old != nil {
				next := *old
				next.Dependencies = []app.ID{app.ID(fmt.Sprintf("/d%d", w.tick))}
				m.groups[g] = &next
			}
		})
	case 3: // a group is removed
		w.change(func(m model) {
			apps, groups := m.below(g)
			for _, id := range apps {
				delete(m.apps, id)
			}
			for _, id := range append(groups, g) {
				delete(m.groups, id)
			}
		})
	case 4: // all Apps of a group are changed, or removed
		gone := rapid.Bool().Draw(w.t, "gone")
		w.change(func(m model) {
			apps, _ := m.below(g)
			for _, id := range apps {
				m.apps[id] = &app.Spec{ID: id, Version: at(w.tick)}
				if gone {
					delete(m.apps, id)
				}
			}
		})
	case 5: // the scheduler starts again
		var groups []*group.Group
		w.book.groups.Ascend(func(g *group.Group) bool { groups = append(groups, g); return true })
		w.book = New(w.max, groups, slices.Collect(w.book.Edits))
	}
}

// check compares each version of each group that the book knows with what was.
func (w *world) check() {
	apps := maps.Values(w.now.apps)
	for _, g := range []app.ID{"/", "/a", "/b", "/a/x", "/a/y", "/a/x/deep"} {
		versions := w.book.Versions(g)
		if now := w.now.groups[g]; now != nil && w.tick > 0 && g != "/" && (len(versions) == 0 || !versions[0].Equal(now.Version)) {
			w.t.Fatalf("%s of %v has versions %v", g, now.Version, versions)
		}
		in := func(yield func(*app.Spec) bool) {
			for s := range apps {
				if s.ID.Within(g) && !yield(s) {
					return
				}
			}
		}
		for _, v := range versions {
			if v.Unix() == 0 {
				continue // the root before the first change
			}
			got, want := plain(w.book.At(g, v, in)), w.past[v].content(g)
			if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
				w.t.Fatalf("%s at %v differs (-want +got):\n%s", g, v, d)
			}
		}
	}
	for s := range w.book.refs {
		if !w.book.Refers(s) {
			w.t.Fatal("a definition without mentions is kept")
		}
	}
}

// Whatever is done to a tree, each version that a group has is what it was.
func TestEveryVersionOfAGroupIsWhatItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := &world{t: t, past: map[time.Time]model{}, max: rapid.IntRange(1, 4).Draw(t, "max")}
		w.now = model{map[app.ID]*group.Group{"/": {ID: "/"}}, map[app.ID]*app.Spec{}}
		w.book = New(w.max, nil, nil)
		for range rapid.IntRange(1, 50).Draw(t, "steps") {
			w.step()
		}
		w.check()
	})
}

func TestABusyGroupDoesNotEatTheHistoryOfAnother(t *testing.T) {
	t.Parallel()
	b := New(3, nil, nil)
	add := func(n int, id app.ID) []*Edit {
		return b.Add(&Edit{Version: at(n), Apps: []AppEdit{{ID: id, Is: &app.Spec{ID: id}}}}, func(*Edit) bool { return false })
	}
	add(0, "/quiet/app")
	for n := 1; n < 10; n++ {
		add(n, "/busy/app")
	}
	if got := b.Versions("/quiet"); len(got) != 1 || !got[0].Equal(at(0)) {
		t.Errorf("quiet group: got %v", got)
	}
	if got := b.Versions("/busy"); len(got) != 3 || !got[2].Equal(at(7)) {
		t.Errorf("busy group: got %v", got)
	}
	b.Put(&group.Group{ID: "/", Version: at(9)})
	if got := b.Versions("/"); len(got) != 3 || !got[0].Equal(at(9)) || !got[2].Equal(at(7)) {
		t.Errorf("root: got %v", got)
	}
}

func TestAHeldEditIsKept(t *testing.T) {
	t.Parallel()
	b := New(2, nil, nil)
	hold := func(e *Edit) bool { return e.Version.Equal(at(0)) }
	for n := range 5 {
		if got := b.Add(&Edit{Version: at(n), Apps: []AppEdit{{ID: "/a/app", Is: &app.Spec{}}}}, hold); got != nil {
			t.Fatalf("%v is forgotten", got[0].Version)
		}
	}
	got := b.Add(&Edit{Version: at(5), Apps: []AppEdit{{ID: "/a/app", Is: &app.Spec{}}}}, func(*Edit) bool { return false })
	if len(got) != 4 || b.Edit(at(0)) != nil || b.Edit(at(4)) == nil {
		t.Errorf("forgotten: %d", len(got))
	}
}

func TestAPictureStaysAsItIs(t *testing.T) {
	t.Parallel()
	b := New(2, []*group.Group{{ID: "/a"}}, nil)
	p := b.Picture()
	b.Put(&group.Group{ID: "/b"})
	b.Drop("/a")
	b.Add(&Edit{Version: at(1), Groups: []GroupEdit{{ID: "/b", Is: &group.Group{ID: "/b"}}}}, func(*Edit) bool { return false })
	if p.Group("/a") == nil || p.Group("/b") != nil || p.edits.Len() != 0 || p.Len() != 2 {
		t.Error("the picture has changed")
	}
	if b.Group("/a") != nil || b.Group("/b") == nil || b.Picture().Len() != 2 {
		t.Error("the book has not changed")
	}
}

func TestWhatIsBelowAGroup(t *testing.T) {
	t.Parallel()
	tree := NewTree(&group.Group{ID: "/"}, &group.Group{ID: "/a"}, &group.Group{ID: "/a-b"}, &group.Group{ID: "/a/x"}, &group.Group{ID: "/0"})
	for of, want := range map[app.ID][]app.ID{"/": {"/0", "/a", "/a-b", "/a/x"}, "/a": {"/a/x"}, "/a-b": nil} {
		var got []app.ID
		tree.Below(of, func(g *group.Group) bool { got = append(got, g.ID); return true })
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("below %s (-want +got):\n%s", of, d)
		}
	}
	if (Tree{}).Group("/") != nil || (Tree{}).Versions("/") != nil {
		t.Error("a tree without anything has a group")
	}
}
