package groups

import (
	"cmp"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/group"
)

// Edit is what one accepted change made of the tree. It is immutable, and refers
// to definitions that are kept as long as it is.
type Edit struct {
	// Version is that of the change, by which the Edit is known.
	Version time.Time
	// Home is the deepest group that holds all that was changed.
	Home app.ID
	// Before is the Version of the Edit before it at its Home, zero if it is the first.
	Before time.Time
	// Apps and Groups are what was changed, by id.
	Apps   []AppEdit
	Groups []GroupEdit
}

// AppEdit is what a change made of an App.
type AppEdit struct {
	ID app.ID
	// Was is nil for an App that the change made, Is for one that it deletes.
	Was, Is *app.Spec
}

// GroupEdit is what a change made of a group; nil as with Apps. That only
// something in it has changed is not noted.
type GroupEdit struct {
	ID      app.ID
	Was, Is *group.Group
}

// Empty reports whether nothing was changed.
func (e *Edit) Empty() bool { return len(e.Apps)+len(e.Groups) == 0 }

// settle puts the changes in order and finds out where they are at home.
func (e *Edit) settle() {
	slices.SortFunc(e.Apps, func(a, b AppEdit) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(e.Groups, func(a, b GroupEdit) int { return cmp.Compare(a.ID, b.ID) })
	first := true
	hold := func(g app.ID) {
		if first {
			e.Home, first = g, false
		}
		for g != e.Home && !g.Within(e.Home) {
			e.Home = e.Home.Parent()
		}
	}
	for _, a := range e.Apps {
		hold(a.ID.Parent())
	}
	for _, g := range e.Groups {
		hold(g.ID.Parent())
	}
}

// touches reports whether something in a group, or the group itself, was changed.
func (e *Edit) touches(id app.ID) bool {
	if holds(id, e.Home) {
		return true
	}
	if !holds(e.Home, id) {
		return false
	}
	return slices.ContainsFunc(e.Apps, func(a AppEdit) bool { return a.ID.Within(id) }) ||
		slices.ContainsFunc(e.Groups, func(g GroupEdit) bool { return holds(id, g.ID) })
}

// removes reports whether a group is gone with the change.
func (e *Edit) removes(id app.ID) bool {
	return slices.ContainsFunc(e.Groups, func(g GroupEdit) bool { return g.ID == id && g.Is == nil })
}

// holds reports whether a group is, or holds, what has this id.
func holds(g, id app.ID) bool { return id == g || id.Within(g) }
