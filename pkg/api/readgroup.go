package api

import (
	"errors"
	"net/http"
	"slices"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/group"
)

// GroupRequest is what a body asks of a group: exactly one of its members is set.
type GroupRequest struct {
	// Update says what the group is to be.
	Update *group.Update
	// Version asks to bring the group at this version back.
	Version Time
	// ScaleBy multiplies the instances of all Apps in the group, at any depth.
	ScaleBy *float64
}

// scaleMax bounds scaleBy; it keeps instances within an int.
const scaleMax = 100_000

// GroupID returns the group that a body is about, whose path is at: its id is
// absolute or relative to that. With same, the last name of the path, or the whole
// of it without a slash, stand for the path itself, as in a body that names the
// group that its URL names.
func (d Document) GroupID(at app.ID, same bool) (app.ID, error) {
	root := d.fresh()
	if !root.object() {
		if !root.present() {
			root.wrongType("jsobject", "an object")
		}
		return "", root.r.err()
	}
	ref, ok := root.member("id").text()
	if !ok {
		return at, root.r.err()
	}
	id := at.Resolve(ref)
	if same && (app.Canonical(ref) == at || at != group.Root && at.Parent().Resolve(ref) == at) {
		id = at
	}
	if err := app.CheckGroup(id); err != nil {
		root.member("id").fail(err.Error())
		return "", invalid(messageInvalidObject, root.r.problems)
	}
	return id, nil
}

// GroupContext is what a body about a group is read against.
type GroupContext struct {
	// ID is the group's.
	ID app.ID
	// Now is what the group is, nil if there is none.
	Now *group.Node
	// Enforced says that Apps of a group at the top take its name as role.
	Enforced func(top app.ID) bool
}

// Group reads what a body asks of a group ("Marathon, PUT semantics"). The error
// is an *Error: 422 with all problems.
func (rd Reader) Group(d Document, c GroupContext) (GroupRequest, error) {
	root := d.fresh()
	g := groupReader{Reader: rd, c: c, root: root}
	if c.Now != nil {
		g.was = map[app.ID]*app.Spec{}
		for a := range c.Now.Specs {
			g.was[a.ID] = a
		}
	}
	var out GroupRequest
	switch {
	case root.member("scaleBy").present():
		if by, ok := g.only("scaleBy").number(0, scaleMax); ok {
			out.ScaleBy = &by
		}
	case root.member("version").present() && !shown(root):
		out.Version = g.version(g.only("version"))
	default:
		out.Update = g.update(root, c.ID, c.Enforced(topOf(c.ID)))
	}
	if err := root.r.err(); err != nil {
		return out, err
	}
	if out.Update != nil {
		g.problems = append(g.problems, out.Update.Check(c.Now)...)
	}
	if len(g.problems) > 0 {
		return out, invalid(messageInvalidObject, g.problems)
	}
	return out, rd.idle(g.unknown(root))
}

// shown reports whether an object is a group as the API shows it: only there are pods.
func shown(v value) bool { return v.member("pods").present() }

// groupReader reads one body.
type groupReader struct {
	Reader
	c    GroupContext
	root value
	was  map[app.ID]*app.Spec
	// problems are those of what reads well.
	problems []app.Problem
}

// only returns a member that stands alone, but for the id.
func (g *groupReader) only(name string) value {
	v := g.root.member(name)
	others := slices.DeleteFunc(g.root.names(), func(other string) bool { return other == name || other == "id" })
	if len(others) > 0 {
		v.fail("not allowed in conjunction with other properties: leave out " + others[0] + ", or leave this out")
	}
	return v
}

func (g *groupReader) version(v value) (version Time) {
	s, ok := v.text()
	if !ok {
		return Time{}
	}
	version, err := ParseTime(s)
	if err != nil {
		v.fail(err.Error())
	}
	return version
}

// update reads a group, and the groups in it.
func (g *groupReader) update(v value, id app.ID, enforced bool) *group.Update {
	u := &group.Update{ID: id}
	if yes, ok := v.member("enforceRole").boolean(); ok {
		u.EnforceRole = &yes
		if group.Top(id) {
			enforced = yes
		}
	}
	if pods, _ := v.member("pods").elements(); len(pods) > 0 {
		v.member("pods").fail("pods are not run by this scheduler; leave them out")
	}
	if by := v.member("scaleBy"); by.present() && v.path != "" {
		by.fail("stands only at the top of a request")
	}
	if version := v.member("version"); version.present() && v.path != "" && !shown(v) {
		version.fail("stands only at the top of a request")
	}
	if list, ok := v.member("dependencies").elements(); ok {
		u.Dependencies = []app.ID{}
		for _, e := range list {
			if ref, ok := e.element(); ok {
				u.Dependencies = append(u.Dependencies, id.Parent().Resolve(ref))
			}
		}
	}
	if list, ok := v.member("apps").elements(); ok {
		u.Apps = make([]*app.Spec, 0, len(list))
		for _, e := range list {
			if spec := g.app(e, id, enforced); spec != nil {
				u.Apps = append(u.Apps, spec)
			}
		}
	}
	if list, ok := v.member("groups").elements(); ok {
		u.Groups = make([]*group.Update, 0, len(list))
		for _, e := range list {
			if child, ok := g.child(e, id); ok {
				u.Groups = append(u.Groups, g.update(e, child, enforced || group.Top(child) && g.c.Enforced(child)))
			}
		}
	}
	return u
}

// child returns the id of something in the list of a group.
func (g *groupReader) child(e value, in app.ID) (app.ID, bool) {
	if !e.present() {
		e.wrongType("jsobject", "an object")
	}
	if !e.object() || !e.member("id").required("its path, relative to the group, such as \"web\"") {
		return "", false
	}
	ref, ok := e.member("id").text()
	if !ok {
		return "", false
	}
	id, err := group.Child(in, ref)
	if err != nil {
		g.problems = append(g.problems, app.Problem{Path: e.path + "/id", Text: err.Error()})
		return "", false
	}
	return id, true
}

// app reads a complete definition; its problems are noted.
func (g *groupReader) app(e value, in app.ID, enforced bool) *app.Spec {
	id, ok := g.child(e, in)
	if !ok {
		return nil
	}
	m, _ := e.v.(map[string]any)
	rd := g.Reader
	rd.Rules = rd.Rules.In(id.Tenant(), enforced, g.was[id])
	spec, err := rd.spec(value{path: e.path, v: with(m, "id", string(id)), r: newReport()})
	if err == nil && g.was[id] != nil {
		err = AsInvalid(prefixed(app.ValidateUpdate(g.was[id], spec), e.path))
	}
	if err != nil {
		g.note(err)
		return nil
	}
	return spec
}

// note takes up what is wrong with a definition.
func (g *groupReader) note(err error) {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		e = &Error{Status: http.StatusUnprocessableEntity, Details: []Detail{{Path: "/", Errors: []string{err.Error()}}}}
	}
	for _, d := range e.Details {
		for _, text := range d.Errors {
			p := app.Problem{Path: d.Path, Text: text}
			if e.Message == messageInvalidJSON {
				g.root.r.problems = append(g.root.r.problems, p)
			} else {
				g.problems = append(g.problems, p)
			}
		}
	}
}

// unknown lists members of groups that nobody knows; definitions have been looked
// at as they were read.
func (g *groupReader) unknown(v value) []app.Problem {
	known := []string{"id", "apps", "groups", "pods", "dependencies", "enforceRole", "version", "scaleBy"}
	var out []app.Problem
	for _, name := range v.names() {
		if !slices.Contains(known, name) {
			out = append(out, app.Problem{Path: v.path + "/" + name, Text: "is no member that is known here" + suggestion(name, known)})
		}
	}
	groups, _ := v.member("groups").elements()
	for _, e := range groups {
		out = append(out, g.unknown(e)...)
	}
	return out
}

// topOf is the group at the top that is, or holds, a group; "/" for the root.
func topOf(id app.ID) app.ID {
	if group.Top(id) {
		return id
	}
	return id.Tenant()
}

// PatchRole reads the body of a PATCH of a group, which has one member.
func (d Document) PatchRole() (enforce bool, err error) {
	root := d.fresh()
	if !root.object() && !root.present() {
		root.wrongType("jsobject", "an object")
	}
	for _, name := range root.names() {
		if name != "enforceRole" {
			root.member(name).fail("only enforceRole can be changed by PATCH; use PUT")
		}
	}
	v := root.member("enforceRole")
	if v.required("true or false") {
		enforce, _ = v.boolean()
	}
	return enforce, root.r.err()
}
