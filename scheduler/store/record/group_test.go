package record

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/group"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/groups"
	"github.com/gantry-mesos/gantry/scheduler/store"
)

func TestGroupsAndTheirHistoryAreLoaded(t *testing.T) {
	t.Parallel()
	was, is, gone := plain("/prod/web", at.Add(-time.Hour)), plain("/prod/web", at), plain("/prod/gone", at.Add(-time.Hour))
	prod := &group.Group{ID: "/prod", Version: at, Dependencies: []app.ID{"/db", "/infra/dns"}, EnforceRole: true}
	bare := *prod
	bare.Dependencies = nil
	e := &groups.Edit{
		Version: at, Home: "/", Before: at.Add(-time.Hour),
		Apps:   []groups.AppEdit{{ID: gone.ID, Was: gone}, {ID: "/prod/new", Is: plain("/prod/new", at)}, {ID: was.ID, Was: was, Is: is}},
		Groups: []groups.GroupEdit{{ID: "/old", Was: &group.Group{ID: "/old"}}, {ID: "/prod", Was: &bare, Is: prod}, {ID: "/prod/x", Is: &group.Group{ID: "/prod/x"}}},
	}
	first := &groups.Edit{Version: at.Add(-time.Hour), Home: "/prod", Apps: []groups.AppEdit{{ID: gone.ID, Is: gone}, {ID: was.ID, Is: was}}}
	j := open(t, t.TempDir())
	changes := []core.Change{
		core.PutApp{Spec: was}, core.PutApp{Spec: is}, core.PutApp{Spec: e.Apps[1].Is}, core.PutPast{Spec: gone}, core.PutPast{Spec: plain("/x", at)},
		core.PutGroup{Group: &group.Group{ID: "/", Version: at}}, core.PutGroup{Group: prod}, core.PutGroup{Group: &group.Group{ID: "/no"}},
		core.PutEdit{Edit: first}, core.PutEdit{Edit: e}, core.PutEdit{Edit: &groups.Edit{Version: at.Add(1e9), Home: "/"}},
		core.DropPast{ID: "/x", Version: at}, core.DropGroup{ID: "/no"}, core.DropEdit{Version: at.Add(1e9)},
	}
	if err := j.Append(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	got, err := j.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := core.Stored{
		Past: []*app.Spec{gone}, Groups: []*group.Group{{ID: "/", Version: at}, prod}, Edits: []*groups.Edit{first, e},
	}
	got.Versions = nil
	// The versions of groups inside edits mean nothing.
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("loaded differs (-want +got):\n%s", d)
	}
}

func TestALargeEditIsStoredInParts(t *testing.T) {
	t.Parallel()
	e := &groups.Edit{Version: at, Home: "/"}
	var changes []core.Change
	for i := range 2500 {
		s := plain(app.ID(fmt.Sprintf("/%s/app-%05d", strings.Repeat("long", 44), i)), at)
		e.Apps = append(e.Apps, groups.AppEdit{ID: s.ID, Is: s})
		changes = append(changes, core.PutApp{Spec: s})
	}
	long := app.ID("/" + strings.Repeat("d", 189))
	for i := range 5 {
		g := &group.Group{ID: app.ID(fmt.Sprintf("/g%d", i)), Version: at}
		for range group.DependenciesMax {
			g.Dependencies = append(g.Dependencies, long)
		}
		e.Groups = append(e.Groups, groups.GroupEdit{ID: g.ID, Was: g, Is: g})
		changes = append(changes, core.PutGroup{Group: g})
	}
	j := open(t, t.TempDir())
	if err := j.Append(t.Context(), append(changes, core.PutEdit{Edit: e})); err != nil {
		t.Fatal(err)
	}
	parts := keys(t, j, editPrefix)
	again := New(j.store) // as after a restart: the number of parts is known from loading
	got, err := again.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]*groups.Edit{e}, got.Edits); d != "" || len(parts) < 6 {
		t.Errorf("%d parts (-want +got):\n%s", len(parts), d)
	}
	if err := j.store.Append(t.Context(), []store.Change{{Key: parts[2]}}); err != nil {
		t.Fatal(err)
	}
	if _, err := New(j.store).Load(t.Context()); err == nil || !strings.Contains(err.Error(), "parts of it are missing") {
		t.Errorf("without a part: got %v", err)
	}
	if err := again.Append(t.Context(), []core.Change{core.DropEdit{Version: at}}); err != nil {
		t.Fatal(err)
	}
	if left := keys(t, j, editPrefix); left != nil {
		t.Errorf("left over: %v", left)
	}
}

func TestAnEditWithoutItsDefinitionIsRefused(t *testing.T) {
	t.Parallel()
	j := open(t, t.TempDir())
	err := j.Append(t.Context(), []core.Change{core.PutEdit{Edit: &groups.Edit{Version: at, Home: "/", Apps: []groups.AppEdit{{ID: "/x", Is: plain("/x", at)}}}}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = j.Load(t.Context())
	if e, ok := errors.AsType[*UnreadableError](err); !ok || e.Key != fmt.Sprintf("edit/%d", at.UnixMilli()) {
		t.Errorf("got %v", err)
	}
}

func keys(t *testing.T, j *Journal, prefix string) (found []string) {
	t.Helper()
	err := j.store.Load(t.Context(), func(key string, _ []byte) error {
		if strings.HasPrefix(key, prefix) {
			found = append(found, key)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
