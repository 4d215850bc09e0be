package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/group"
)

func nowhere(app.ID) bool { return false }

// drawGroup makes up a tree of groups with small Apps.
func drawGroup(t *rapid.T, id app.ID, depth int) *group.Node {
	name := func(label string) string { return rapid.SampledFrom([]string{"a", "b", "c-1", "d.e"}).Draw(t, label) }
	n := &group.Node{Group: group.Group{ID: id}}
	n.Dependencies = rapid.SliceOfN(rapid.SampledFrom([]app.ID{"/elsewhere", "/elsewhere/x", "/y"}), 0, 2).Draw(t, "dependencies")
	taken := map[string]bool{}
	for range rapid.IntRange(0, 2).Draw(t, "apps") {
		if own := name("app"); !taken[own] {
			taken[own] = true
			s := app.Default()
			s.ID, s.Cmd, s.Instances = id.Resolve(own), "run "+own, rapid.IntRange(0, 9).Draw(t, "instances")
			n.Apps = append(n.Apps, app.Normalize(&s, app.DefaultRules()))
		}
	}
	for range rapid.IntRange(0, 2).Draw(t, "groups") {
		if own := name("group"); depth > 0 && !taken[own] {
			taken[own] = true
			n.Groups = append(n.Groups, drawGroup(t, id.Resolve(own), depth-1))
		}
	}
	slices.SortFunc(n.Apps, func(a, b *app.Spec) int { return strings.Compare(string(a.ID), string(b.ID)) })
	slices.SortFunc(n.Groups, func(a, b *group.Node) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return n
}

// A group that is printed and read again is the same.
func TestAGroupIsReadAsItIsPrinted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := drawGroup(t, "/g/h", 3)
		data, err := json.Marshal(FromGroup(want))
		if err != nil {
			t.Fatal(err)
		}
		d, err := ParseDocument(data)
		if err != nil {
			t.Fatal(err)
		}
		id, err := d.GroupID(group.Root, false)
		if err != nil || id != want.ID {
			t.Fatalf("got id %s, %v", id, err)
		}
		req, err := Reader{Rules: app.DefaultRules(), Strict: true}.Group(d, GroupContext{ID: id, Enforced: nowhere})
		if err != nil {
			t.Fatalf("%v\n%s", err, data)
		}
		if diff := cmp.Diff(want, req.Update.Apply(nil), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("differs (-want +got):\n%s", diff)
		}
	})
}

func TestWhichGroupABodyIsAbout(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		at   app.ID
		body string
		same bool
		want app.ID
	}{
		{"/", `{}`, false, "/"},
		{"/", `{"id":null}`, true, "/"},
		{"/", `{"id":"/"}`, true, "/"},
		{"/", `{"id":"a/b"}`, false, "/a/b"},
		{"/", `{"id":"/a"}`, true, "/a"},
		{"/a", `{}`, true, "/a"},
		{"/a", `{"id":"b"}`, false, "/a/b"},
		{"/a", `{"id":"b"}`, true, "/a/b"},
		{"/a", `{"id":"/b"}`, true, "/b"},
		{"/a", `{"id":"/a"}`, true, "/a"},
		{"/a", `{"id":"a"}`, false, "/a/a"},
		{"/a", `{"id":"a"}`, true, "/a"},
		{"/a/b", `{"id":"b"}`, true, "/a/b"},
		{"/a/b", `{"id":"a/b"}`, true, "/a/b"},
		{"/a/b", `{"id":"../c"}`, true, "/a/c"},
	} {
		d, err := ParseDocument([]byte(row.body))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := d.GroupID(row.at, row.same); got != row.want || err != nil {
			t.Errorf("%s at %s, same=%t: got %s, %v, want %s", row.body, row.at, row.same, got, err, row.want)
		}
	}
}

func TestReferencesInAGroupAreRelative(t *testing.T) {
	t.Parallel()
	d, err := ParseDocument([]byte(`{"id":"/a/b","dependencies":["db","/x"],"apps":[{"id":"web","cmd":"x","dependencies":["cache","../db"]}],"groups":[{"id":"c","dependencies":["d"]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	req, err := Reader{Rules: app.DefaultRules()}.Group(d, GroupContext{ID: "/a/b", Enforced: nowhere})
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(req.Update.Dependencies, req.Update.Apps[0].Dependencies, req.Update.Groups[0].Dependencies)
	if want := "[/a/db /x] [/a/b/cache /a/db] [/a/b/d]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTheOtherRequestsOfAGroup(t *testing.T) {
	t.Parallel()
	read := func(body string) GroupRequest {
		d, err := ParseDocument([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		req, err := Reader{Rules: app.DefaultRules()}.Group(d, GroupContext{ID: "/a", Enforced: nowhere})
		if err != nil {
			t.Fatal(err)
		}
		return req
	}
	if req := read(`{"id":"/a","scaleBy":1.5}`); req.ScaleBy == nil || *req.ScaleBy != 1.5 || req.Update != nil {
		t.Errorf("scaleBy: got %+v", req)
	}
	if req := read(`{"version":"2026-03-01T12:34:56.789Z"}`); req.Version.String() != "2026-03-01T12:34:56.789Z" || req.Update != nil {
		t.Errorf("version: got %+v", req)
	}
	if req := read(`{"version":"2026-03-01T12:34:56.789Z","pods":[],"apps":[]}`); req.Update == nil || !req.Version.IsZero() {
		t.Errorf("as shown: got %+v", req)
	}
}

// Whatever a body holds, it is read or refused with what is wrong where.
func FuzzGroup(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[]`, `{"id":"/a","apps":[{"id":"x","cmd":"y"}],"groups":[{"id":"b","groups":[{"id":"c"}]}],"dependencies":["/d"],"enforceRole":false}`,
		`{"scaleBy":2}`, `{"version":"2026-03-01T12:34:56.789Z"}`, `{"apps":[null,{"id":5},{"id":"../x"}]}`, `{"groups":[{"id":"b","pods":[{}]}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := ParseDocument(data)
		if err != nil {
			return
		}
		id, err := d.GroupID("/at", true)
		if err != nil {
			return
		}
		req, err := Reader{Rules: app.DefaultRules()}.Group(d, GroupContext{ID: id, Enforced: nowhere})
		if err != nil {
			if e, ok := errors.AsType[*Error](err); !ok || len(e.Details) == 0 || e.Details[0].Path == "" {
				t.Fatalf("got %#v", err)
			}
			return
		}
		if req.Update != nil {
			for n := range req.Update.Apply(nil).All {
				if n.ID != id && !n.ID.Within(id) {
					t.Fatalf("%s is not in %s", n.ID, id)
				}
			}
		}
	})
}
