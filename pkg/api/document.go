package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/gantry-mesos/gantry/pkg/app"
)

// Document is the parsed body of a request about Apps. It can be applied any
// number of times and never changes.
type Document struct{ root value }

// ParseDocument reads a body; its error is an *Error with status 400.
func ParseDocument(data []byte) (Document, error) {
	v, err := parse(data)
	return Document{v}, err
}

// Path is where the document stands in the body, "" if it is all of it, "(2)" for
// the third of a list.
func (d Document) Path() string { return d.root.path }

// fresh is the document with an empty report, so that problems are not counted twice.
func (d Document) fresh() value {
	return value{path: d.root.path, v: d.root.v, r: newReport()}
}

// List returns the elements of an array, as the forms for many Apps take them;
// each must name its App, and each App once.
func (d Document) List() ([]Document, error) {
	root := d.fresh()
	elements, ok := root.elements()
	if !ok && !root.present() {
		root.wrongType("jsarray", "an array of apps")
	}
	seen := map[app.ID]bool{}
	docs := make([]Document, 0, len(elements))
	for _, e := range elements {
		docs = append(docs, Document{e})
		if !e.present() {
			e.wrongType("jsobject", "an object")
		}
		if !e.object() || !e.member("id").required("the app's path, such as \"/web\"") {
			continue
		}
		id, ok := e.member("id").text()
		if ok && seen[app.Canonical(id)] {
			e.member("id").fail(fmt.Sprintf("app %s is named twice", app.Canonical(id)))
		}
		seen[app.Canonical(id)] = true
	}
	return docs, root.r.err()
}

// ID returns the id that the document names, ok is false if it names none.
func (d Document) ID() (id app.ID, ok bool) {
	s, ok := d.root.member("id").v.(string)
	return app.Canonical(s), ok
}

// Restore returns the version that a document asks to make current again: it
// holds a version and nothing else but perhaps an id. With other members beside
// it a version is an error, as an update cannot change what an App's version is;
// but an App as the API shows it, which versionInfo tells, may be sent back.
func (d Document) Restore() (version Time, ok bool, err error) {
	root := d.fresh()
	v := root.member("version")
	if !v.present() || !root.object() {
		return Time{}, false, nil
	}
	others := slices.DeleteFunc(root.names(), func(name string) bool { return name == "version" || name == "id" })
	if slices.Contains(others, "versionInfo") {
		return Time{}, false, nil
	}
	if len(others) > 0 {
		v.fail("a version stands alone, to make that version current again; leave it out to change " + others[0])
		return Time{}, false, root.r.err()
	}
	s, ok := v.text()
	if ok {
		if version, err = ParseTime(s); err != nil {
			v.fail(err.Error())
		}
	}
	return version, ok, root.r.err()
}

// Create reads a complete definition. The id that the URL names, if any, is
// used when the document has none and must agree with it when it has.
func (rd Reader) Create(d Document, id app.ID) (*app.Spec, error) {
	root := d.fresh()
	m, isObject := root.v.(map[string]any)
	if isObject && id != "" {
		if err := sameID(d, id); err != nil {
			return nil, err
		}
		root.v = with(m, "id", string(id))
	}
	return rd.spec(root)
}

// Update applies a partial update to a stored definition: each member that is
// present replaces the stored one entirely, then defaults and checks apply to
// the whole ("Marathon, HTTP API, Apps").
func (rd Reader) Update(d Document, base *app.Spec) (*app.Spec, error) {
	root := d.fresh()
	if !root.object() {
		if !root.present() {
			root.wrongType("jsobject", "an object")
		}
		return nil, root.r.err()
	}
	if err := sameID(d, base.ID); err != nil {
		return nil, err
	}
	merged, err := tree(base)
	if err != nil {
		return nil, err
	}
	dropReplaced(merged, root)
	given, _ := root.v.(map[string]any)
	for _, name := range root.names() {
		merged[name] = given[name]
	}
	merged["id"] = string(base.ID)
	root.v = merged
	rd.Rules.Roles = append(slices.Clone(rd.Rules.Roles), base.Role)
	rd.Default = func() app.Spec { return app.Spec{} } // what base lacks is not there
	return rd.spec(root)
}

// dropReplaced removes stored members that an older or alternative form in the
// update replaces.
func dropReplaced(merged map[string]any, update value) {
	given := func(name string) bool { return update.member(name).present() }
	if given("uris") {
		delete(merged, "fetch")
	}
	if given("ports") || given("ipAddress") {
		delete(merged, "portDefinitions")
	}
	if given("ipAddress") || update.member("container").member("docker").member("network").present() {
		delete(merged, "networks")
	}
	if given("cmd") && !given("args") {
		delete(merged, "args")
	}
	if given("args") && !given("cmd") {
		delete(merged, "cmd")
	}
}

// tree is the canonical JSON of a definition as a tree.
func tree(s *app.Spec) (map[string]any, error) {
	data, err := json.Marshal(FromSpec(s))
	if err != nil {
		return nil, fmt.Errorf("write app %s: %w", s.ID, err)
	}
	v, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("read app %s back: %w", s.ID, err)
	}
	m, _ := v.v.(map[string]any)
	return m, nil
}

func sameID(d Document, id app.ID) error {
	named, ok := d.ID()
	if !ok || named == id {
		return nil
	}
	return &Error{Status: http.StatusUnprocessableEntity, Message: messageInvalidObject, Details: []Detail{
		{Path: d.root.path + "/id", Errors: []string{fmt.Sprintf("got %q, expected %q, which the URL names; an app's id cannot change", named, id)}},
	}}
}

// with returns a copy of m with one member set.
func with(m map[string]any, name string, v any) map[string]any {
	out := maps.Clone(m)
	out[name] = v
	return out
}
