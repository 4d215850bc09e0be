package api_test

import (
	"encoding/json"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/pkg/runspec"
)

var (
	told    = time.Date(2026, 3, 1, 12, 34, 56, 789e6, time.UTC)
	version = event.Time{Time: told.Add(-time.Minute).In(time.FixedZone("", 3600))}
	plan    = &event.Plan{ID: "d1", Version: version, Steps: []event.Step{{Actions: []event.Action{{Action: "ScaleApplication", App: "/web"}}}}}
	check   = &app.HealthCheck{Protocol: app.HealthMesosTCP, Interval: time.Second}
	healthy = true
)

// events are all that Marathon's stream knows, each with the file of its JSON.
var events = []event.Event{
	&event.AppPosted{ClientIP: "10.0.0.1", URI: "/v2/apps", Definition: &app.Spec{ID: "/web", Run: runspec.Run{Cmd: "a < b"}, Version: version.Time}},
	&event.StatusUpdate{
		SlaveID: "a1", TaskID: "web.instance-1._app.1", TaskStatus: "TASK_RUNNING", Message: `say "hi"`, AppID: "/web", Host: "h1",
		IPAddresses: event.Addresses{"10.0.0.2", "fe80::1"}, Ports: event.Ports{31000}, Version: version, Reason: "REASON_RECONCILIATION",
	},
	&event.InstanceChanged{InstanceID: "web.instance-1", Condition: "Running", RunSpecID: "/web", AgentID: "a1", Host: "h1", RunSpecVersion: version},
	&event.UnknownInstanceTerminated{InstanceID: "web.instance-1", RunSpecID: "/web", Condition: "Killed"},
	&event.InstanceHealthChanged{InstanceID: "web.instance-1", RunSpecID: "/web", RunSpecVersion: version, Healthy: &healthy},
	&event.HealthStatusChanged{AppID: "/web", InstanceID: "web.instance-1", TaskID: "web.instance-1._app.1", Version: version, Alive: true},
	&event.HealthCheckFailed{AppID: "/web", InstanceID: "web.instance-1", TaskID: "web.instance-1._app.1", HealthCheck: check},
	&event.HealthCheckAdded{AppID: "/web", Version: version, HealthCheck: check},
	&event.HealthCheckRemoved{AppID: "/web"},
	&event.UnhealthyInstanceKilled{
		AppID: "/web", TaskID: "web.instance-1._app.1", InstanceID: "web.instance-1", Version: version, Reason: "refused", Host: "h1", SlaveID: "a1",
	},
	&event.GroupChanged{GroupID: "/", Version: version},
	&event.GroupChangeFailed{GroupID: "/", Version: version, Reason: "locked"},
	&event.DeploymentSuccess{ID: "d1", Plan: plan},
	&event.DeploymentFailed{ID: "d1", Plan: plan, Reason: "cancelled"},
	&event.DeploymentInfo{Plan: plan, CurrentStep: &plan.Steps[0]},
	&event.DeploymentStepSuccess{Plan: plan, CurrentStep: &plan.Steps[0]},
	&event.DeploymentStepFailure{Plan: plan, CurrentStep: &plan.Steps[0]},
	&event.AppTerminated{AppID: "/web"},
	&event.PodCreated{ClientIP: "10.0.0.1", URI: "/v2/pods"},
	&event.PodUpdated{ClientIP: "10.0.0.1", URI: "/v2/pods/p"},
	&event.PodDeleted{ClientIP: "10.0.0.1", URI: "/v2/pods/p"},
	&event.SchedulerRegistered{FrameworkID: "fw", Master: "m1"},
	&event.SchedulerReregistered{Master: "m1"},
	&event.SchedulerDisconnected{},
	&event.StreamAttached{RemoteAddress: "10.0.0.1:4000"},
	&event.StreamDetached{RemoteAddress: "10.0.0.1:4000"},
	&event.FrameworkMessage{ExecutorID: "e1", SlaveID: "a1", Message: "hello"},
}

func TestEventsHaveMarathonsMembers(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/events.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]map[string]any
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, e := range events {
		seen[e.Type()] = true
		b, err := api.AppendEvent([]byte("data: "), event.Entry{Number: 7, At: told, Event: e}, true)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(b[len("data: "):], &got); err != nil {
			t.Fatalf("%s: %v in %s", e.Type(), err, b)
		}
		if got["eventType"] != e.Type() || got["timestamp"] != "2026-03-01T12:34:56.789Z" {
			t.Errorf("%s: envelope is wrong: %s", e.Type(), b)
		}
		delete(got, "eventType")
		delete(got, "timestamp")
		if posted, ok := got["appDefinition"].(map[string]any); ok {
			got["appDefinition"] = map[string]any{"id": posted["id"], "cmd": posted["cmd"], "version": posted["version"]}
		}
		if d := cmp.Diff(want[e.Type()], got); d != "" {
			t.Errorf("%s (-want +got):\n%s", e.Type(), d)
		}
	}
	for name := range want {
		if !seen[name] {
			t.Errorf("no event has the name %s", name)
		}
	}
}

func TestPlansHaveRootsUnlessTheyAreLight(t *testing.T) {
	t.Parallel()
	for _, e := range events {
		if field := reflect.ValueOf(e).Elem().FieldByName("Plan"); !field.IsValid() {
			continue
		}
		b, err := api.AppendEvent(nil, event.Entry{At: told, Event: e}, false)
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Plan struct {
				ID               string
				Original, Target map[string]any
			}
		}
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		want := map[string]any{
			"id": "/", "apps": []any{}, "groups": []any{}, "pods": []any{}, "dependencies": []any{}, "version": "2026-03-01T12:33:56.789Z",
		}
		if d := cmp.Diff(want, got.Plan.Original); d != "" || got.Plan.ID != "d1" {
			t.Errorf("%s: original (-want +got):\n%s", e.Type(), d)
		}
		if d := cmp.Diff(want, got.Plan.Target); d != "" {
			t.Errorf("%s: target (-want +got):\n%s", e.Type(), d)
		}
	}
}

func TestWhatATaskDoesNotHaveIsAnEmptyList(t *testing.T) {
	t.Parallel()
	b, err := api.AppendEvent(nil, event.Entry{At: told, Event: &event.StatusUpdate{}}, true)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ports", "ipAddresses"} {
		if d := cmp.Diff([]any{}, got[name]); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}
