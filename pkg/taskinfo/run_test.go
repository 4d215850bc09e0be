package taskinfo_test

import (
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
)

// What owns a run need not be an App: its path and version are all that a task
// tells of it, and one Builder keeps two owners of the same run apart.
func TestARunIsLaunchedWithoutAnApp(t *testing.T) {
	t.Parallel()
	run := &runspec.Run{
		Cmd: "report", Resources: resource.Vector{CPUs: 100, Mem: resource.Units(32)},
		Ports: []runspec.Port{{HostPort: new(int), Protocol: "tcp"}},
	}
	b := taskinfo.NewBuilder(installed())
	for _, id := range []string{"/nightly/report", "/weekly/report"} {
		owner := runspec.Owner{ID: id, Version: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
		info, err := b.Build(taskinfo.Launch{
			Run: run, Owner: owner, InstanceID: "r1", TaskID: "r1._app.1", FrameworkID: "f", AgentID: "a", Hostname: "h", HostPorts: []uint32{31000},
		})
		if err != nil {
			t.Fatal(err)
		}
		task, err := taskinfo.Parse(info)
		if err != nil {
			t.Fatal(err)
		}
		if string(task.AppID) != id || !task.AppVersion.Equal(owner.Version) || task.Command.Line != "report" || task.Ports[0].Host != 31000 {
			t.Errorf("the executor sees %+v, want the run of %s", task, id)
		}
		want := mesos.Variable{Name: "MARATHON_APP_ID", Value: id}
		found := false
		for _, v := range task.Environment {
			found = found || v == want
		}
		if !found {
			t.Errorf("environment %v lacks %v", task.Environment, want)
		}
	}
}
