package record

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	gantryv1 "github.com/gantry-mesos/gantry/proto/gantry/v1"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/core/coretest"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/scheduler/store"
)

// changed are defaults of another version of the API: no member has the value that
// it has now.
func changed() app.Spec {
	grace, tty := 9*time.Second, true
	return app.Spec{
		Instances: 7, KillSelect: app.OldestFirst, Backoff: app.Backoff{Initial: time.Minute, Factor: 3, Max: time.Hour},
		Run: runspec.Run{
			Resources: resource.Vector{CPUs: resource.Units(2), Mem: resource.Units(999), Disk: resource.Units(5), GPUs: resource.Units(1)},
			User:      "operator", KillGracePeriod: &grace, TTY: &tty,
		},
	}
}

// running is an instance of an App that runs.
func running(s *app.Spec) *instance.Instance {
	id := instance.NewID(s.ID, "00000000-0000-4000-8000-000000000001")
	return &instance.Instance{
		ID: id, App: s.ID, Version: s.Version, Goal: instance.GoalRunning, Condition: instance.Running, Since: s.Version, Incarnation: 1,
		Site: mesos.Site{AgentID: "a1", Hostname: "h1"}, Resources: s.Resources, Role: s.Role,
	}
}

// started says what a scheduler does at once that starts with what is stored.
func started(t *testing.T, stored core.Stored) []string {
	t.Helper()
	cfg := core.DefaultConfig()
	cfg.Rand = rand.New(rand.NewPCG(1, 1))
	s := core.New(cfg, placement.NewCluster(placement.Config{}), stored, at)
	eff := s.Step(at, core.FromMesos{Event: mesos.Subscribed{FrameworkID: stored.Framework}})
	return coretest.NewNames().Describe(eff)
}

// An App that the API of one version made of little is what it was, and what runs
// of it is up to date, whatever the API of the next version makes of the same request.
func TestAnotherDefaultOfTheAPIChangesNoStoredApp(t *testing.T) {
	t.Parallel()
	const request = `{"id": "/web", "cmd": "sleep 1"}`
	rules := app.DefaultRules()
	then, err := api.Reader{Rules: rules}.App([]byte(request))
	if err != nil {
		t.Fatal(err)
	}
	rules.GPUs = true
	next := api.Reader{Rules: rules, Default: changed}
	if now, err := next.App([]byte(request)); err != nil || cmp.Equal(then, now) || now.User != "operator" {
		t.Fatalf("the API fills in %+v (%v): this proves nothing", now, err)
	}
	then.Version, then.LastConfigChangeAt = at, at
	shown, err := api.Marshal(api.FromSpec(then))
	if err != nil {
		t.Fatal(err)
	}
	today := appRecord(then)
	older := *today
	older.Spec, older.Json = nil, shown
	for name, r := range map[string]*gantryv1.AppRecord{"today's record": today, "a record of format 2": &older} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := open(t, t.TempDir())
			writes := []store.Change{must(put(appKey(then.ID, r.VersionMs), r)), must(encode(core.PutInstance{Instance: running(then)})), must(encode(core.PutFramework{ID: "fw"}))}
			if err := j.store.Append(t.Context(), writes); err != nil {
				t.Fatal(err)
			}
			stored, err := j.Load(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]*app.Spec{then}, stored.Versions, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("loaded (-want +got):\n%s", diff)
			}
			for _, line := range started(t, stored) {
				if strings.HasPrefix(line, "persist") || strings.HasPrefix(line, "call kill") {
					t.Errorf("the scheduler does at once: %s", line)
				}
			}
		})
	}
}

func must(c store.Change, err error) store.Change {
	if err != nil {
		panic(err)
	}
	return c
}

// An update of one member leaves alone what the defaults say of the others.
func TestAnotherDefaultOfTheAPIChangesNothingInAnUpdate(t *testing.T) {
	t.Parallel()
	rules := app.DefaultRules()
	rules.GPUs = true
	base, err := api.Reader{Rules: rules}.App([]byte(`{"id": "/web", "cmd": "sleep 1"}`))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := api.ParseDocument([]byte(`{"instances": 3}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := api.Reader{Rules: rules, Default: changed}.Update(doc, base)
	if err != nil {
		t.Fatal(err)
	}
	want := *base
	want.Instances = 3
	if diff := cmp.Diff(&want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("updated (-want +got):\n%s", diff)
	}
}

// The API's reader would read definitions of older formats otherwise if its
// defaults were other ones; what the journal reads of them is in the golden files.
func TestDefinitionsOfOlderFormatsAreReadWithTheDefaultsOfThen(t *testing.T) {
	t.Parallel()
	for _, old := range []string{"format1", "format2"} {
		affected := 0
		for _, c := range dumped(t, "testdata/"+old+".txt") {
			if !strings.HasPrefix(c.Key, appPrefix) {
				continue
			}
			var r gantryv1.AppRecord
			if err := get(c.Value, &r); err != nil {
				t.Fatal(err)
			}
			want, err := specOfJSON(r.Json)
			if err != nil {
				t.Fatal(err)
			}
			rules := app.Rules{Roles: []string{want.Role}, GPUs: true, Secrets: true, ExternalVolumes: true, AnyDockerParameter: true, MaxInstances: app.InstancesMax}
			got, err := api.Reader{Rules: rules, Default: changed}.App(r.Json)
			if err != nil {
				t.Fatal(err)
			}
			if !cmp.Equal(want, got, cmpopts.EquateEmpty()) {
				affected++
			}
		}
		if affected == 0 {
			t.Errorf("%s: other defaults would make no difference: this proves nothing", old)
		}
	}
}
