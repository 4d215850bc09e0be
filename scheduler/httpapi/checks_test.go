package httpapi

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/checkup"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// checkedTask is a running task of /web with three health checks: one that succeeds, one
// that fails, and one without a result.
func checkedTask() *instance.Instance {
	const pace = 10 * time.Second
	return &instance.Instance{
		ID: "web.instance-1", App: "/web", Incarnation: 2, Goal: instance.GoalRunning, Condition: instance.Running, Since: noon, Version: noon,
		Checks: &instance.Checks{
			Report: &checkup.Report{
				Health: []checkup.Result{
					checkup.Result{}.Passed(noon, pace), checkup.Result{}.Passed(noon.Add(time.Second), pace).Failed(noon.Add(2*time.Second), pace, "refused"), {},
				},
				Readiness: []checkup.Readiness{{Name: "up", Response: &checkup.Response{Status: 503, ContentType: "text/plain", Body: "wait"}}},
			},
			General: &mesos.CheckStatus{Type: mesos.CheckCommand, Result: new(int64(3))},
		},
	}
}

func TestATasksResultsAreThoseOfNow(t *testing.T) {
	t.Parallel()
	got := renderTaskWith(&app.Spec{ID: "/web"}, checkedTask(), nil, noon.Add(35*time.Second))
	data, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var shown struct {
		Results []map[string]any `json:"healthCheckResults"`
		Check   any              `json:"checkResult"`
	}
	if err := json.Unmarshal(data, &shown); err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{
		{
			"alive": true, "consecutiveFailures": 0.0, "firstSuccess": "2026-03-01T12:00:00.000Z", "lastSuccess": "2026-03-01T12:00:30.000Z",
			"instanceId": "web.instance-1", "taskId": "web.instance-1._app.2",
		},
		{
			"alive": false, "consecutiveFailures": 4.0, "firstSuccess": "2026-03-01T12:00:01.000Z", "lastSuccess": "2026-03-01T12:00:01.000Z",
			"lastFailure": "2026-03-01T12:00:32.000Z", "lastFailureCause": "refused", "instanceId": "web.instance-1", "taskId": "web.instance-1._app.2",
		},
	}
	if diff := cmp.Diff(shown.Results, want); diff != "" {
		t.Errorf("results (-got +want):\n%s", diff)
	}
	if diff := cmp.Diff(shown.Check, any(map[string]any{"command": map[string]any{"exitCode": 3.0}})); diff != "" {
		t.Errorf("check (-got +want):\n%s", diff)
	}
}

func TestAGeneralCheckIsShownAsMesosDoes(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]*mesos.CheckStatus{
		`{"http":{"statusCode":200}}`: {Type: mesos.CheckHTTP, Result: new(int64(200))},
		`{"http":{}}`:                 {Type: mesos.CheckHTTP},
		`{"tcp":{"succeeded":true}}`:  {Type: mesos.CheckTCP, Result: new(int64(1))},
		`{"tcp":{"succeeded":false}}`: {Type: mesos.CheckTCP, Result: new(int64(0))},
		`{"tcp":{}}`:                  {Type: mesos.CheckTCP},
		`{"command":{"exitCode":0}}`:  {Type: mesos.CheckCommand, Result: new(int64(0))},
		`{"command":{}}`:              {Type: mesos.CheckCommand},
	} {
		got, err := (&api.Task{CheckResult: checkResult(c)}).AppendJSON(nil)
		if err != nil {
			t.Fatal(err)
		}
		var shown struct {
			Check json.RawMessage `json:"checkResult"`
		}
		if err := json.Unmarshal(got, &shown); err != nil || string(shown.Check) != want {
			t.Errorf("got %s, %v, want %s", shown.Check, err, want)
		}
	}
}

func TestReadinessIsShownWithItsAnswer(t *testing.T) {
	t.Parallel()
	spec := &app.Spec{ID: "/web", Version: noon, LastConfigChangeAt: noon}
	old := checkedTask()
	old.ID, old.Version = "web.instance-0", noon.Add(-time.Hour)
	staging := checkedTask()
	staging.ID, staging.Condition = "web.instance-2", instance.Staging
	a := &view.App{Spec: spec, Instances: []*instance.Instance{old, checkedTask(), staging}}
	v := view.New(noon, view.Framework{}, []*view.App{a}, nil)
	answer := &api.ReadinessResponse{Status: 503, ContentType: "text/plain", Body: "wait"}
	want := []api.ReadinessCheckResult{
		{Name: "up", TaskID: "web.instance-0._app.2", LastResponse: answer}, {Name: "up", TaskID: "web.instance-1._app.2", LastResponse: answer},
	}
	if diff := cmp.Diff(newPicture(v).state(a, embeds{readiness: true}).ReadinessCheckResults, want); diff != "" {
		t.Errorf("of the App (-got +want):\n%s", diff)
	}
	d := &deployment.Deployment{
		Steps:  []deployment.Step{{{Kind: deployment.RestartApplication, App: "/web"}, {Kind: deployment.StopApplication, App: "/gone"}}},
		Target: map[app.ID]*app.Spec{"/web": spec},
	}
	actions := renderDeployment(v, d).CurrentActions
	if diff := cmp.Diff(actions[0].ReadinessCheckResults, want[1:]); diff != "" || actions[1].ReadinessCheckResults == nil || len(actions[1].ReadinessCheckResults) > 0 {
		t.Errorf("of the deployment (-got +want):\n%s and %v", diff, actions[1].ReadinessCheckResults)
	}
}
