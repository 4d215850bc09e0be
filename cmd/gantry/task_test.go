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
	}
	var got []string
	for line := range strings.Lines(out.String()) {
		got = append(got, strings.Join(strings.Fields(line), " "))
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("table (-got +want):\n%s", d)
	}
}
