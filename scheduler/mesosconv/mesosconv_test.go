package mesosconv

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/instance"
)

func task(t *testing.T, id, more string) core.TaskLaunch {
	t.Helper()
	spec, err := api.Reader{Rules: app.Rules{Roles: []string{"*"}, Secrets: true, MaxInstances: 9}}.App([]byte(`{"id": "` + id + `", "cmd": "x", "portDefinitions": []` + more + `}`))
	if err != nil {
		t.Fatal(err)
	}
	resources := []mesos.Resource{{Name: mesos.CPUs, Type: mesos.Scalar, Scalar: 1000, AllocationRole: "*"}, {Name: mesos.Mem, Type: mesos.Scalar, Scalar: 128000, AllocationRole: "*"}}
	return core.TaskLaunch{
		Spec: spec, Resources: resources, ExecutorResources: resources[:1],
		Instance: &instance.Instance{ID: instance.NewID(spec.ID, "u"), App: spec.ID, Incarnation: 2, Site: mesos.Site{AgentID: "a1", Hostname: "h"}, Role: "*"},
	}
}

func TestALaunchBecomesOneAcceptOfAllItsTasks(t *testing.T) {
	t.Parallel()
	c := New(taskinfo.Options{Executor: taskinfo.ExecutorSource{Path: "/bin/gantry-executor"}})
	reserve := mesos.Reserve{}
	launch := &core.Launch{
		OfferIDs: []mesos.OfferID{"o1", "o2"}, Prepare: []mesos.Operation{reserve}, Refuse: time.Minute,
		Tasks: []core.TaskLaunch{task(t, "/a", ""), task(t, "/b", "")},
	}
	call, failed := c.Call("fw", launch)
	accept, ok := call.(mesos.Accept)
	if !ok || len(failed) != 0 {
		t.Fatalf("got %T, failed %v", call, failed)
	}
	if d := cmp.Diff([]mesos.OfferID{"o1", "o2"}, accept.OfferIDs); d != "" || accept.Refuse != time.Minute {
		t.Errorf("refuse %v, offers (-want +got):\n%s", accept.Refuse, d)
	}
	if len(accept.Operations) != 2 {
		t.Fatalf("%d operations, want the reservation and then the launch", len(accept.Operations))
	}
	launched, _ := accept.Operations[1].(mesos.Launch)
	var ids []mesos.TaskID
	for _, info := range launched.Tasks {
		ids = append(ids, info.TaskID)
		if info.AgentID != "a1" || info.Executor == nil || info.Executor.FrameworkID != "fw" {
			t.Errorf("task %s: agent %s, executor %+v", info.TaskID, info.AgentID, info.Executor)
		}
	}
	if d := cmp.Diff([]mesos.TaskID{"a.instance-u._app.2", "b.instance-u._app.2"}, ids); d != "" {
		t.Errorf("tasks (-want +got):\n%s", d)
	}
}

func TestATaskThatCannotBeBuiltIsReportedAndTheOthersGoOn(t *testing.T) {
	t.Parallel()
	secret := `, "env": {"P": {"secret": "s"}}, "secrets": {"s": {"source": "x"}}`
	c := New(taskinfo.Options{Executor: taskinfo.ExecutorSource{Path: "/bin/gantry-executor"}})
	call, failed := c.Call("fw", &core.Launch{Tasks: []core.TaskLaunch{task(t, "/bad", secret), task(t, "/good", "")}})
	if len(failed) != 1 || failed[0].TaskID != "bad.instance-u._app.2" || failed[0].State != mesos.TaskError || !strings.Contains(failed[0].Message, "secret") {
		t.Errorf("failed %+v", failed)
	}
	accept, _ := call.(mesos.Accept)
	if launched, _ := accept.Operations[0].(mesos.Launch); len(launched.Tasks) != 1 || launched.Tasks[0].TaskID != "good.instance-u._app.2" {
		t.Errorf("launched %+v", launched)
	}
	call, failed = c.Call("fw", &core.Launch{OfferIDs: []mesos.OfferID{"o"}, Tasks: []core.TaskLaunch{task(t, "/bad", secret)}})
	if accept, _ := call.(mesos.Accept); len(accept.Operations) != 0 || len(failed) != 1 {
		t.Errorf("nothing to launch: %+v, failed %d", accept, len(failed))
	}
}

func TestOtherCallsAreMesosCallsAsTheyAre(t *testing.T) {
	t.Parallel()
	call, failed := New(taskinfo.Options{}).Call("fw", core.MesosCall{SchedulerCall: mesos.Revive{Roles: []string{"x"}}})
	if d := cmp.Diff(mesos.SchedulerCall(mesos.Revive{Roles: []string{"x"}}), call); d != "" || failed != nil {
		t.Errorf("differs (-want +got):\n%s", d)
	}
}
