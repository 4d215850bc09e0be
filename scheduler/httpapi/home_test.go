package httpapi

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

func TestAResidentInstanceIsListedAsLongAsItHasItsData(t *testing.T) {
	t.Parallel()
	staged := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	home := &instance.Home{
		Site: mesos.Site{AgentID: "a1", Hostname: "h1", Domain: mesos.Domain{Region: "r", Zone: "z"}}, Role: "db",
		Volumes: []instance.Volume{{ContainerPath: "data", PersistenceID: "db.instance-1#data"}},
	}
	i := &instance.Instance{
		ID: "db.instance-1", App: "/db", Version: staged, Goal: instance.GoalRunning, Condition: instance.Running, Incarnation: 2,
		Site: home.Site, Role: "db", StagedAt: staged, StartedAt: staged, Home: home,
	}
	waiting := i.Rescheduled(staged, staged)
	want := api.Task{
		ID: "db.instance-1._app.2", AppID: "/db", Host: "h1", SlaveID: "a1", Region: "r", Zone: "z", Role: "db",
		Ports: []int{}, ServicePorts: []int{}, IPAddresses: []api.IPAddress{}, HealthCheckResults: []api.HealthCheckResult{},
		LocalVolumes: []api.LocalVolume{{RunSpecID: "/db", ContainerPath: "data", UUID: "1", PersistenceID: "db.instance-1#data"}},
	}
	for _, row := range []struct {
		name  string
		is    *instance.Instance
		state string
		at    time.Time
	}{
		{"running", i, "TASK_RUNNING", staged},
		{"waiting for its home", waiting, "TASK_STAGING", time.Time{}},
		{"stopped", waiting.WithGoal(instance.GoalStopped), "TASK_KILLED", time.Time{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			want := want
			want.State = row.state
			want.Version, want.StagedAt, want.StartedAt = api.Time{Time: row.at}, api.Time{Time: row.at}, api.Time{Time: row.at}
			got := tasksOf(&view.App{Spec: &app.Spec{ID: "/db"}, Instances: []*instance.Instance{row.is}}, time.Now())
			if d := cmp.Diff(got, []api.Task{want}); d != "" {
				t.Errorf("tasks (-got +want):\n%s", d)
			}
		})
	}
	if got := tasksOf(&view.App{Spec: &app.Spec{ID: "/db"}, Instances: []*instance.Instance{waiting.At(nil)}}, time.Now()); len(got) > 0 {
		t.Errorf("an ordinary waiting instance: got %v, want nothing", got)
	}
}
