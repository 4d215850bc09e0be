package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/api"
)

func TestTasksAreListedWithWhatHoldsOfThem(t *testing.T) {
	t.Parallel()
	at := api.Time{Time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	version := api.Time{Time: at.Add(-time.Hour)}
	alive := []api.HealthCheckResult{{Alive: true}}
	volumes := []api.LocalVolume{{ContainerPath: "data"}, {ContainerPath: "logs"}}
	tasks := []api.Task{
		{ID: "db.1", State: "TASK_RUNNING", Host: "h1", StagedAt: at, StartedAt: at, LocalVolumes: volumes, Version: version, HealthCheckResults: alive},
		{ID: "db.2", State: "TASK_STAGING", Host: "h2", LocalVolumes: volumes},
		{ID: "db.3", State: "TASK_KILLED", Host: "h3", LocalVolumes: volumes[:1]},
		{ID: "web.1", State: "TASK_UNREACHABLE", Host: "h1", StagedAt: at, StartedAt: at, HealthCheckResults: alive},
		{ID: "web.2", State: "TASK_RUNNING", Host: "h1", StagedAt: at, StartedAt: at, HealthCheckResults: []api.HealthCheckResult{{Alive: true}, {ConsecutiveFailures: 3}}},
	}
	var out strings.Builder
	if err := (&cli{output: "table"}).printTasks(&out, tasks); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"TASK STATE HEALTH HOST PORTS STARTED VERSION VOLUMES",
		"db.1 running healthy h1 - 2026-03-01T12:00:00.000Z 2026-03-01T11:00:00.000Z data,logs",
		"db.2 waiting - h2 - - - data,logs",
		"db.3 stopped - h3 - - - data",
		"web.1 unreachable - h1 - 2026-03-01T12:00:00.000Z - -",
		"web.2 running unhealthy (3) h1 - 2026-03-01T12:00:00.000Z - -",
	}
	var got []string
	for line := range strings.Lines(out.String()) {
		got = append(got, strings.Join(strings.Fields(line), " "))
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("table (-got +want):\n%s", d)
	}
}

func TestAnAppIsShownWithWhatItsChecksHaveFound(t *testing.T) {
	t.Parallel()
	status, code, yes, no := 503, 3, true, false
	running := func(n string, c *api.CheckResult, r ...api.HealthCheckResult) api.Task {
		return api.Task{ID: "web." + n, State: "TASK_RUNNING", Host: "h1", CheckResult: c, HealthCheckResults: r}
	}
	tasks := []api.Task{
		running("1", &api.CheckResult{HTTP: &api.CheckResultHTTP{StatusCode: &status}}, api.HealthCheckResult{ConsecutiveFailures: 2, LastFailureCause: "refused"}),
		running("2", &api.CheckResult{Command: &api.CheckResultCommand{ExitCode: &code}}, api.HealthCheckResult{Alive: true}),
		running("3", &api.CheckResult{TCP: &api.CheckResultTCP{Succeeded: &yes}}),
		running("4", &api.CheckResult{TCP: &api.CheckResultTCP{Succeeded: &no}}),
		running("5", &api.CheckResult{TCP: &api.CheckResultTCP{}}),
	}
	var out strings.Builder
	if err := (&cli{output: "table"}).printApp(&out, api.App{ID: "/web", AppState: api.AppState{
		Tasks: tasks,
		ReadinessCheckResults: []api.ReadinessCheckResult{
			{Name: "ready", TaskID: "web.1", LastResponse: &api.ReadinessResponse{Status: 503, Body: "warming up\n"}}, {Name: "ready", TaskID: "web.2", Ready: true},
			{Name: "ready", TaskID: "web.3"},
		},
	}}, nil); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(out.String()), " ")
	for _, want := range []string{
		"unhealthy web.1: 2 failure(s) in a row: refused", "check result web.1: status 503", "check result web.2: exit code 3", "check result web.3: connected",
		"check result web.4: no connection", "check result web.5: none", "not ready web.1: ready, status 503: warming up not ready web.3: ready",
		"CHECK web.1 running unhealthy (2) h1 - - - status 503",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
}
