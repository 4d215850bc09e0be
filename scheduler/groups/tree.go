package groups

import (
	"maps"
	"slices"
	"time"

	"github.com/google/btree"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/group"
)

// Tree is a picture of the groups and of their history. Nothing reached from it
// may be written to. The zero value has no group.
type Tree struct {
	groups *btree.BTreeG[*group.Group]
	edits  *btree.BTreeG[*Edit]
}

// NewTree makes a Tree of just these groups, without history.
func NewTree(groups ...*group.Group) Tree {
	t := Tree{
		groups: btree.NewG(32, func(a, b *group.Group) bool { return a.ID < b.ID }),
		edits:  btree.NewG(32, func(a, b *Edit) bool { return a.Version.Before(b.Version) }),
	}
	for _, g := range groups {
		t.groups.ReplaceOrInsert(g)
	}
	return t
}

// Group returns the group with this id, nil if there is none.
func (t Tree) Group(id app.ID) *group.Group {
	if t.groups == nil {
		return nil
	}
	g, _ := t.groups.Get(&group.Group{ID: id})
	return g
}

// Len is how many groups there are.
func (t Tree) Len() int {
	if t.groups == nil {
		return 0
	}
	return t.groups.Len()
}

// Below calls yield for each group in a group, at any depth, in the order of ids.
func (t Tree) Below(id app.ID, yield func(*group.Group) bool) {
	if t.groups == nil {
		return
	}
	start := id + "/"
	if id == group.Root {
		start = "/0"
	}
	t.groups.AscendGreaterOrEqual(&group.Group{ID: start}, func(g *group.Group) bool { return g.ID.Within(id) && yield(g) })
}

// Versions lists the versions of a group that At knows, the newest first: those
// of the Edits that touched it and left it there, and since which nothing of it has
// been forgotten.
func (t Tree) Versions(id app.ID) []time.Time {
	var all []time.Time
	if g := t.Group(id); g != nil {
		all = append(all, g.Version)
	}
	if t.edits == nil {
		return all
	}
	begins := t.begins(id)
	t.edits.Descend(func(e *Edit) bool {
		if e.Version.Before(begins) {
			return false
		}
		if e.touches(id) && !e.removes(id) && (len(all) == 0 || e.Version.Before(all[len(all)-1])) {
			all = append(all, e.Version)
		}
		return true
	})
	return all
}

// begins returns the version of the newest Edit of a group that has been forgotten.
func (t Tree) begins(id app.ID) (at time.Time) {
	seen := map[app.ID]bool{}
	t.edits.Ascend(func(e *Edit) bool {
		if !seen[e.Home] && (holds(id, e.Home) || holds(e.Home, id)) && e.Before.After(at) {
			at = e.Before
		}
		seen[e.Home] = true
		return true
	})
	return at
}

// At returns a group as it was at one of its Versions, nil if it is none of them,
// or if the group was not there. Apps are those that are in the group now.
func (t Tree) At(id app.ID, version time.Time, apps func(yield func(*app.Spec) bool)) *group.Node {
	if !slices.ContainsFunc(t.Versions(id), version.Equal) {
		return nil
	}
	groups, specs := map[app.ID]*group.Group{}, map[app.ID]*app.Spec{}
	if g := t.Group(id); g != nil {
		groups[id] = g
	}
	t.Below(id, func(g *group.Group) bool { groups[g.ID] = g; return true })
	for s := range apps {
		specs[s.ID] = s
	}
	t.edits.Descend(func(e *Edit) bool {
		if !e.Version.After(version) {
			return false
		}
		e.undo(id, groups, specs)
		return true
	})
	g := groups[id]
	if g == nil {
		return nil
	}
	of := *g
	of.Version = version
	return group.Build(of, maps.Values(groups), maps.Values(specs))
}

// undo takes what an Edit made of a group back.
func (e *Edit) undo(id app.ID, groups map[app.ID]*group.Group, specs map[app.ID]*app.Spec) {
	for _, a := range e.Apps {
		switch {
		case !a.ID.Within(id):
		case a.Was == nil:
			delete(specs, a.ID)
		default:
			specs[a.ID] = a.Was
		}
	}
	for _, g := range e.Groups {
		switch {
		case !holds(id, g.ID):
		case g.Was == nil:
			delete(groups, g.ID)
		default:
			groups[g.ID] = g.Was
		}
	}
}
