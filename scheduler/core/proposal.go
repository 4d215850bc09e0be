package core

import (
	"maps"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/group"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/groups"
)

// proposal is what a command wants to make of the tree.
type proposal struct {
	apps map[app.ID]deployment.Change
	// groups may be nil until complete adds those that the Apps need.
	groups map[app.ID]groups.GroupEdit
	// of is the group that the command names, "" if it names Apps.
	of app.ID
}

// at is the group that the change counts as one of.
func (p *proposal) at() app.ID {
	if p.of != "" {
		return p.of
	}
	return groupOf(slices.Collect(maps.Keys(p.apps)))
}

// needs are what groups depend on from now on, for those where that changes.
func (p *proposal) needs() map[app.ID][]app.ID {
	needs := map[app.ID][]app.ID{}
	for id, g := range p.groups {
		if g.Is == nil {
			needs[id] = nil
		} else if g.Was == nil || !slices.Equal(g.Was.Dependencies, g.Is.Dependencies) {
			needs[id] = g.Is.Dependencies
		}
	}
	return needs
}

// Needs returns what a group depends on.
func (s *State) Needs(id app.ID) []app.ID {
	if g := s.book.Group(id); g != nil {
		return g.Dependencies
	}
	return nil
}

// complete makes the groups above new Apps and groups a part of the change.
func (s *State) complete(p *proposal) {
	fresh := map[app.ID]groups.GroupEdit{}
	need := func(id app.ID) {
		for above := range group.Above(id) {
			given, ok := p.groups[above]
			switch {
			case ok && given.Is == nil: // something else still needs it
				delete(p.groups, above)
			case !ok && s.book.Group(above) == nil:
				fresh[above] = groups.GroupEdit{ID: above, Is: &group.Group{ID: above}}
			}
		}
	}
	for id, c := range p.apps {
		if c.Target != nil {
			need(id)
		}
	}
	for id, g := range p.groups {
		if g.Is != nil {
			need(id)
		}
	}
	if p.groups == nil {
		p.groups = fresh
		return
	}
	maps.Copy(p.groups, fresh)
}

// distinct fails if something would be an App and a group.
func (s *State) distinct(p *proposal) error {
	isApp := func(id app.ID) bool { return s.app(id) != nil || p.apps[id].Target != nil }
	for _, id := range slices.Sorted(maps.Keys(p.groups)) {
		if g := p.groups[id]; g.Was == nil && g.Is != nil && isApp(id) {
			return &PathTakenError{App: id, New: firstBelow(p, id)}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(p.apps)) {
		if c := p.apps[id]; c.Original != nil || c.Target == nil {
			continue
		}
		if g, changed := p.groups[id]; !changed && s.book.Group(id) != nil || g.Is != nil {
			return &PathTakenError{App: id, New: id}
		}
		if len(s.roster.Below(id)) > 0 { // what is left of a group that goes
			return &PathTakenError{App: id, New: id}
		}
	}
	return nil
}

// firstBelow is what a new group is made for: the first App in it, or else itself.
func firstBelow(p *proposal, id app.ID) app.ID {
	for _, other := range slices.Sorted(maps.Keys(p.apps)) {
		if other.Within(id) && p.apps[other].Target != nil {
			return other
		}
	}
	return id
}

// edit notes in the book what the change makes of the tree, and has it stored.
func (s *State) edit(p *proposal, version time.Time) {
	e := &groups.Edit{Version: version}
	for id, c := range p.apps {
		if c.Original == c.Target {
			continue
		}
		was := c.Original
		if a := s.app(id); a != nil && a.deleted { // by an Edit before this one
			was = nil
		}
		e.Apps = append(e.Apps, groups.AppEdit{ID: id, Was: was, Is: c.Target})
	}
	for _, g := range p.groups {
		if !g.Was.Same(g.Is) {
			e.Groups = append(e.Groups, g)
		}
	}
	if e.Empty() {
		return
	}
	for _, old := range s.book.Add(e, s.heldEdit) {
		s.persist(DropEdit{Version: old.Version})
		s.forgetPast(old)
	}
	s.persist(PutEdit{Edit: e})
	s.regroup(e)
}

// heldEdit reports whether an Edit is still needed for what it began: to undo its
// deployment, or to know after a restart that an App is to go.
func (s *State) heldEdit(e *groups.Edit) bool {
	if s.deployments.of(e.Version) {
		return true
	}
	return slices.ContainsFunc(e.Apps, func(a groups.AppEdit) bool {
		of := s.app(a.ID)
		return a.Is == nil && of != nil && of.deleted
	})
}

// forgetPast drops the definitions of Apps that are no more which only a
// forgotten Edit mentioned. Those of other Apps go when these change next.
func (s *State) forgetPast(old *groups.Edit) {
	for _, a := range old.Apps {
		for _, spec := range []*app.Spec{a.Was, a.Is} {
			if spec == nil || s.book.Refers(spec) || s.deployments.undo(spec) {
				continue
			}
			if of := s.app(a.ID); of == nil || of.Version(spec.Version) != spec {
				s.persist(DropPast{ID: a.ID, Version: spec.Version})
			}
		}
	}
}

// regroup carries out what an Edit says of groups, and gives all that hold what it
// changed its version.
func (s *State) regroup(e *groups.Edit) {
	touched := map[app.ID]bool{}
	touch := func(id app.ID) {
		for above := range group.Above(id) {
			touched[above] = true
		}
	}
	for _, a := range e.Apps {
		touch(a.ID)
	}
	for _, g := range e.Groups {
		touch(g.ID)
		if touched[g.ID] = g.Is != nil; g.Is != nil {
			s.book.Put(g.Is)
			continue
		}
		s.book.Drop(g.ID)
		s.persist(DropGroup{ID: g.ID})
	}
	for _, id := range slices.Sorted(maps.Keys(touched)) {
		if g := s.book.Group(id); g != nil {
			next := *g
			next.Version = e.Version
			s.book.Put(&next)
			s.persist(PutGroup{Group: &next})
		}
	}
	s.pictures.Regrouped(s.book.Picture())
}

// undoGroups returns what undoes a deployment's change of groups, beside that of
// Apps. What others have changed since, or put into a group, is left alone.
func (s *State) undoGroups(d *deployment.Deployment, apps map[app.ID]deployment.Change) map[app.ID]groups.GroupEdit {
	back := map[app.ID]groups.GroupEdit{}
	e := s.book.Edit(d.Version)
	if e == nil {
		return back
	}
	for _, g := range slices.Backward(e.Groups) { // what is in a group comes behind it
		is := s.book.Group(g.ID)
		if !is.Same(g.Is) || g.Was == nil && s.used(g.ID, apps, back) {
			continue
		}
		back[g.ID] = groups.GroupEdit{ID: g.ID, Was: is, Is: g.Was}
	}
	return back
}

// used reports whether something stays in a group that is to be removed.
func (s *State) used(id app.ID, apps map[app.ID]deployment.Change, going map[app.ID]groups.GroupEdit) bool {
	for _, a := range s.roster.Below(id) {
		if c, goes := apps[a]; !s.app(a).deleted && (!goes || c.Target != nil) {
			return true
		}
	}
	inside := false
	s.book.Below(id, func(g *group.Group) bool {
		e, goes := going[g.ID]
		inside = !goes || e.Is != nil
		return !inside
	})
	return inside
}

// loadGroups takes up the groups. Those above Apps of older versions of Gantry, which
// stored none, were last changed with the newest of these. An App that is older than
// the Edit which deleted it is on its way out.
func (s *State) loadGroups(stored Stored) {
	s.book = groups.New(s.cfg.VersionsMax, stored.Groups, stored.Edits)
	for e := range s.book.Edits {
		s.lastVersion = later(s.lastVersion, e.Version)
		for _, edit := range e.Apps {
			if a := s.app(edit.ID); a != nil && edit.Is == nil && a.Spec().Version.Before(e.Version) {
				a.deleted = true
			}
		}
	}
	known := map[app.ID]bool{}
	for _, g := range stored.Groups {
		known[g.ID] = true
	}
	for a := range s.apps {
		if a.deleted {
			continue
		}
		for above := range group.Above(a.Spec().ID) {
			g := s.book.Group(above)
			switch {
			case g == nil:
				s.book.Put(&group.Group{ID: above, Version: a.Spec().Version})
			case !known[above] && g.Version.Before(a.Spec().Version):
				s.book.Put(&group.Group{ID: above, Version: a.Spec().Version})
			}
		}
	}
	s.pictures.Regrouped(s.book.Picture())
}
