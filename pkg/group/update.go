package group

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gantry-mesos/gantry/pkg/app"
)

// Update is what a request wants of a group ("Marathon, PUT semantics"). A member
// that is nil leaves what is there; a list that is empty replaces it by nothing.
type Update struct {
	ID app.ID
	// Apps are complete definitions, with absolute ids.
	Apps         []*app.Spec
	Groups       []*Update
	Dependencies []app.ID
	EnforceRole  *bool
}

// DependenciesMax bounds the dependencies of a group, so that with the longest ids
// they fit into a record.
const DependenciesMax = 500

// Child resolves an id as it stands in a group's list: relative to the group, or
// absolute and directly in it.
func Child(in app.ID, ref string) (app.ID, error) {
	id := in.Resolve(ref)
	if id == in || id.Parent() != in {
		return id, fmt.Errorf("Identifier is not child of '%s'. Hint: use relative paths: got %q, expected one name, or %s and a name", in, ref, app.Canonical(string(in)+"/..."))
	}
	return id, nil
}

// Apply returns what the group is to be. Now is what it is, nil if there is none.
func (u *Update) Apply(now *Node) *Node {
	if now == nil {
		now = &Node{Group: Group{ID: u.ID}}
	}
	next := *now
	if u.Dependencies != nil {
		next.Dependencies = u.Dependencies
	}
	if u.EnforceRole != nil {
		next.EnforceRole = *u.EnforceRole
	}
	if u.Apps != nil {
		next.Apps = slices.Clone(u.Apps)
	}
	if u.Groups != nil {
		was := byID(now)
		next.Groups = make([]*Node, len(u.Groups))
		for i, g := range u.Groups {
			next.Groups[i] = g.Apply(was[g.ID])
		}
	}
	next.sort()
	return &next
}

func byID(n *Node) map[app.ID]*Node {
	groups := map[app.ID]*Node{}
	if n != nil {
		for _, g := range n.Groups {
			groups[g.ID] = g
		}
	}
	return groups
}

// Check returns all that is wrong with an Update of what is there, nil if there is
// no such group. The definitions of Apps are checked by package app.
func (u *Update) Check(now *Node) []app.Problem {
	var f findings
	u.check(now, "", &f)
	return f
}

type findings []app.Problem

func (f *findings) add(path, format string, args ...any) {
	*f = append(*f, app.Problem{Path: path, Text: fmt.Sprintf(format, args...)})
}

func (u *Update) check(now *Node, path string, f *findings) {
	if err := app.CheckGroup(u.ID); err != nil {
		f.add(path+"/id", "%v", err)
	}
	u.checkNames(now, path, f)
	u.checkDependencies(path, f)
	u.checkRole(now, path, f)
	was := byID(now)
	for i, g := range u.Groups {
		g.check(was[g.ID], element(path+"/groups", i), f)
	}
}

// checkNames sees to it that nothing in the group has the id of another thing.
func (u *Update) checkNames(now *Node, path string, f *findings) {
	groups, apps := map[app.ID]bool{}, map[app.ID]bool{}
	for i, g := range u.Groups {
		if groups[g.ID] {
			f.add(element(path+"/groups", i)+"/id", "group %s is named twice", g.ID)
		}
		groups[g.ID] = true
	}
	if u.Groups == nil {
		for id := range maps.Keys(byID(now)) {
			groups[id] = true
		}
	}
	for i, a := range u.Apps {
		switch at := element(path+"/apps", i) + "/id"; {
		case apps[a.ID]:
			f.add(at, "app %s is named twice", a.ID)
		case groups[a.ID]:
			f.add(at, "Groups and Applications may not have the same identifier: %s is both; rename one of them", a.ID)
		}
		apps[a.ID] = true
	}
	if u.Apps != nil || now == nil {
		return
	}
	kept := map[app.ID]bool{}
	for _, a := range now.Apps {
		kept[a.ID] = true
	}
	for i, g := range u.Groups {
		if kept[g.ID] {
			f.add(element(path+"/groups", i)+"/id", "Groups and Applications may not have the same identifier: app %s exists; rename one of them", g.ID)
		}
	}
}

func (u *Update) checkDependencies(path string, f *findings) {
	path += "/dependencies"
	if n := len(u.Dependencies); n > DependenciesMax {
		f.add(path, "has %d, expected at most %d; depend on a group that holds them", n, DependenciesMax)
		return
	}
	for i, d := range u.Dependencies {
		switch err := app.CheckGroup(d); {
		case err != nil:
			f.add(element(path, i), "%v", err)
		case d == u.ID, u.ID.Within(d), d.Within(u.ID):
			f.add(element(path, i), "Dependency graph has cyclic dependencies: group %s depends on %s, and one of them holds the other; what is in both would wait for itself", u.ID, d)
		}
	}
}

// checkRole: a role is that of a whole tenant, and changes before its Apps do.
func (u *Update) checkRole(now *Node, path string, f *findings) {
	if u.EnforceRole == nil {
		return
	}
	if !Top(u.ID) && *u.EnforceRole {
		f.add(path+"/enforceRole", "got true, but only a group at the top, such as %s, has a role of its own", topOf(u.ID))
	}
	if now != nil && now.EnforceRole != *u.EnforceRole && (u.Apps != nil || u.Groups != nil) {
		f.add(path+"/enforceRole", "enforceRole cannot change in the same request as services: change it first with PATCH /v2/groups%s", u.ID)
	}
}

func topOf(id app.ID) app.ID {
	for g := range Above(id) {
		if g == Root {
			break
		}
		id = g
	}
	return id
}

func element(path string, i int) string { return fmt.Sprintf("%s(%d)", path, i) }
