package record

import (
	"errors"
	"fmt"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/store"
)

func plain(id app.ID, version time.Time) *app.Spec {
	s := app.Default()
	s.ID, s.Cmd = id, "true"
	n := *app.Normalize(&s, app.DefaultRules())
	n.Version = version
	return &n
}

// many is a deployment of n Apps with ids as long as they may be.
func many(n int) (*deployment.Deployment, []core.Change) {
	d := &deployment.Deployment{
		ID: "0d3c2a9e-4a57-4c55-9a53-5f0e4f0c8c11", Version: at, State: deployment.Active, Started: at, Progressed: at,
		Steps: make([]deployment.Step, 3), Original: map[app.ID]*app.Spec{}, Target: map[app.ID]*app.Spec{},
	}
	var changes []core.Change
	for i := range n {
		id := app.ID(fmt.Sprintf("/%s/app-%05d", strings.Repeat("long", 44), i))
		was, is := plain(id, at.Add(-time.Hour)), plain(id, at)
		d.Original[id], d.Target[id] = was, is
		for k := range d.Steps {
			d.Steps[k] = append(d.Steps[k], deployment.Action{Kind: deployment.ScaleApplication, App: id})
		}
		changes = append(changes, core.PutApp{Spec: was}, core.PutApp{Spec: is})
	}
	return d, append(changes, core.PutDeployment{Deployment: d})
}

func TestALargeDeploymentIsStoredInParts(t *testing.T) {
	t.Parallel()
	d, changes := many(2500)
	j := open(t, t.TempDir())
	if err := j.Append(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	if err := j.Append(t.Context(), []core.Change{core.PutProgress{ID: d.ID, Current: 2, Progressed: at.Add(time.Minute)}}); err != nil {
		t.Fatal(err)
	}
	got, err := j.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	is := got.Deployments[0]
	if is.Current != 2 || !is.Progressed.Equal(at.Add(time.Minute)) {
		t.Errorf("at step %d since %v", is.Current, is.Progressed)
	}
	if diff := cmp.Diff(d.Steps, is.Steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	for id, want := range d.Original {
		if !is.Original[id].Version.Equal(want.Version) || !is.Target[id].Version.Equal(d.Target[id].Version) {
			t.Fatalf("app %s: got %v and %v", id, is.Original[id], is.Target[id])
		}
	}
	again := New(j.store) // as after a restart: the number of parts is known from loading
	if _, err := again.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := again.Append(t.Context(), []core.Change{core.DropDeployment{ID: d.ID}}); err != nil {
		t.Fatal(err)
	}
	err = j.store.Load(t.Context(), func(key string, _ []byte) error {
		if !strings.HasPrefix(key, appPrefix) {
			t.Errorf("%s is left of the dropped deployment", key)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestADeploymentThatLacksSomethingIsNamed(t *testing.T) {
	t.Parallel()
	d, changes := many(2)
	for name, row := range map[string]struct {
		damage store.Change
		says   string
	}{
		"a part of its plan": {store.Change{Key: planKey(d.ID, 0)}, "0 parts of its plan, 1 are needed"},
		"a definition":       {store.Change{Key: appKey(changes[0].(core.PutApp).Spec.ID, millis(at))}, "refers to version 2026-01-02T03:04:05.678Z of app /long"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := open(t, t.TempDir())
			if err := j.Append(t.Context(), changes); err != nil {
				t.Fatal(err)
			}
			if err := j.store.Append(t.Context(), []store.Change{row.damage}); err != nil {
				t.Fatal(err)
			}
			if _, err := j.Load(t.Context()); err == nil || !strings.Contains(err.Error(), row.says) || !strings.Contains(err.Error(), string(d.ID)) {
				t.Errorf("got %v, want it to say %q", err, row.says)
			}
		})
	}
}

func TestWhatIsTooLargeForARecordIsTold(t *testing.T) {
	t.Parallel()
	j, s := open(t, t.TempDir()), spec(t)
	s.Args = nil
	least := sort.Search(store.ValueMax+1, func(n int) bool {
		s.Cmd = strings.Repeat("x", n)
		_, tooLarge := errors.AsType[*TooLargeError](j.Storable(s))
		return tooLarge
	})
	for n, fits := range map[int]bool{least - 1: true, least: false} {
		s.Cmd = strings.Repeat("x", n)
		if err := j.Append(t.Context(), []core.Change{core.PutApp{Spec: s}}); (err == nil) != fits {
			t.Errorf("a command of %d bytes is written with %v", n, err)
		}
	}
	s.Cmd = strings.Repeat("x", least)
	if err := j.Storable(s); err == nil || !strings.Contains(err.Error(), "takes 458753 bytes as it is stored, the limit is 458752") {
		t.Errorf("got %v", err)
	}
}
