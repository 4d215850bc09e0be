package groups

import (
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/group"
)

// Book has all groups and their history. Only one goroutine uses it.
type Book struct {
	Tree
	// max is how many Edits of one home are kept beside those that somebody holds.
	max int
	// homes are the Edits by where they are at home, the oldest first.
	homes map[app.ID][]*Edit
	// refs counts the mentions of each definition.
	refs map[*app.Spec]int
	// shown says that somebody has a picture of the Tree as it is.
	shown bool
}

// New returns a Book of what was stored, in any order. The root group is there in
// any case; as long as nothing was ever changed its version is 1970-01-01, as in Marathon.
func New(editsMax int, stored []*group.Group, edits []*Edit) *Book {
	b := &Book{Tree: NewTree(stored...), max: max(editsMax, 1), homes: map[app.ID][]*Edit{}, refs: map[*app.Spec]int{}}
	if b.Group(group.Root) == nil {
		b.groups.ReplaceOrInsert(&group.Group{ID: group.Root, Version: time.Unix(0, 0).UTC()})
	}
	edits = slices.Clone(edits)
	slices.SortFunc(edits, func(x, y *Edit) int { return x.Version.Compare(y.Version) })
	for _, e := range edits {
		b.add(e)
	}
	return b
}

// Picture returns the Tree as it is now, which later changes leave alone.
func (b *Book) Picture() Tree {
	b.shown = true
	return b.Tree
}

// own makes sure that nobody has a picture of what is about to be changed.
func (b *Book) own() {
	if b.shown {
		b.Tree, b.shown = Tree{groups: b.groups.Clone(), edits: b.edits.Clone()}, false
	}
}

// Put adds a group, or replaces it.
func (b *Book) Put(g *group.Group) {
	b.own()
	b.groups.ReplaceOrInsert(g)
}

// Drop removes a group. The root stays.
func (b *Book) Drop(id app.ID) {
	b.own()
	b.groups.Delete(&group.Group{ID: id})
}

// Edit returns the Edit with this version, nil if there is none.
func (b *Book) Edit(version time.Time) *Edit {
	e, _ := b.edits.Get(&Edit{Version: version})
	return e
}

// Edits calls yield for each Edit, the oldest first.
func (b *Book) Edits(yield func(*Edit) bool) { b.edits.Ascend(yield) }

// Refers reports whether an Edit mentions a definition.
func (b *Book) Refers(s *app.Spec) bool { return b.refs[s] > 0 }

// Add notes an Edit, the newest of all, and completes it: its order, Home and
// Before. It returns the Edits that are forgotten for it; those that hold returns
// true for are kept.
func (b *Book) Add(e *Edit, hold func(*Edit) bool) (forgotten []*Edit) {
	e.settle()
	if of := b.homes[e.Home]; len(of) > 0 {
		e.Before = of[len(of)-1].Version
	}
	b.own()
	b.add(e)
	return b.trim(e.Home, hold)
}

func (b *Book) add(e *Edit) {
	b.edits.ReplaceOrInsert(e)
	b.homes[e.Home] = append(b.homes[e.Home], e)
	b.mention(e, 1)
}

func (b *Book) mention(e *Edit, by int) {
	for _, a := range e.Apps {
		for _, s := range []*app.Spec{a.Was, a.Is} {
			if s == nil {
				continue
			}
			if b.refs[s] += by; b.refs[s] == 0 {
				delete(b.refs, s)
			}
		}
	}
}

// trim forgets the oldest Edits of a home beyond those that are kept. One that is
// held keeps the newer ones, too, since history has no holes.
func (b *Book) trim(home app.ID, hold func(*Edit) bool) (forgotten []*Edit) {
	for len(b.homes[home]) > b.max && !hold(b.homes[home][0]) {
		e := b.homes[home][0]
		forgotten = append(append(forgotten, e), b.forget(e)...)
	}
	return forgotten
}

// forget drops an Edit, and with it what was at home in the groups that it
// removed, which nobody can get at any more.
func (b *Book) forget(e *Edit) (others []*Edit) {
	b.remove(e)
	for _, g := range e.Groups {
		if g.Is != nil {
			continue
		}
		for home, of := range b.homes {
			if !holds(g.ID, home) {
				continue
			}
			for _, o := range of {
				if o.Version.Before(e.Version) {
					b.remove(o)
					others = append(others, o)
				}
			}
		}
	}
	slices.SortFunc(others, func(x, y *Edit) int { return x.Version.Compare(y.Version) })
	return others
}

func (b *Book) remove(e *Edit) {
	b.edits.Delete(e)
	b.mention(e, -1)
	of := slices.DeleteFunc(slices.Clone(b.homes[e.Home]), func(o *Edit) bool { return o == e })
	if b.homes[e.Home] = of; len(of) == 0 {
		delete(b.homes, e.Home)
	}
}
