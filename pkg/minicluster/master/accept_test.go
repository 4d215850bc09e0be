package master

import (
	"fmt"
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// resource is a scalar resource as JSON.
func resource(name string, v float64) string {
	return fmt.Sprintf(`{"name":%q,"type":"SCALAR","scalar":{"value":%v}}`, name, v)
}

// custom is a task with a custom executor as JSON.
func custom(id, agentID, executor string) string {
	return fmt.Sprintf(`{"name":"t","task_id":{"value":%q},"agent_id":{"value":%q},"resources":[%s],"executor":%s}`,
		id, agentID, resource("cpus", 0.1), executor)
}

const parked = `{"type":"CUSTOM","executor_id":{"value":"e"},"command":{"value":"x"},"resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":0.1}}]`

// TestTaskValidation launches each invalid task beside a valid one, which runs.
func TestTaskValidation(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).lead(t)
	a := r.agent(t, "cpus:4;mem:4096;disk:1000;ports:[31000-32000]")
	s := r.subscribe(t, "", frameworkInfo(""), "")
	with := func(more string) string { return commandTask("bad", a.id, ","+more) }
	cpus := func(list string) string {
		return strings.Replace(commandTask("bad", a.id, ""), `"resources":[`, `"resources":[`+list+`],"x":[`, 1)
	}
	rows := []struct{ name, task, want string }{
		{"empty id", commandTask("", a.id, ""), "ID must not be empty"},
		{"slash", commandTask("a/b", a.id, ""), "contains invalid characters"},
		{"dots", commandTask("..", a.id, ""), "is disallowed"},
		{"long id", commandTask(strings.Repeat("x", 256), a.id, ""), "greater than 255"},
		{"agent", commandTask("bad", "other", ""), "Task uses invalid agent other while agent " + a.id + " is expected"},
		{"grace period", with(`"kill_policy":{"grace_period":{"nanoseconds":-1}}`), "'kill_policy.grace_period' must be non-negative"},
		{"completion time", with(`"max_completion_time":{"nanoseconds":-1}`), "'max_completion_time' must be non-negative"},
		{"check type", with(`"check":{}`), "CheckInfo must specify 'type'"},
		{"check message", with(`"check":{"type":"TCP"}`), "Expecting 'tcp' to be set"},
		{"health check path", with(`"health_check":{"http":{"port":1,"path":"x"}}`), "must start with '/'"},
		{"health check scheme", with(`"health_check":{"type":"HTTP","http":{"port":1,"scheme":"ftp"}}`), "Unsupported HTTP health check scheme"},
		{"health check delay", with(`"health_check":{"type":"TCP","tcp":{"port":1},"delay_seconds":-1}`), "'delay_seconds' of health check to be non-negative"},
		{"no resources", cpus(""), "Task uses no resources"},
		{"negative", cpus(resource("cpus", -1)), "value < 0"},
		{"fractional gpus", cpus(resource("gpus", 0.5)), "must be an unsigned integer"},
		{"mixed formats", cpus(`{"name":"cpus","type":"SCALAR","scalar":{"value":1},"role":"test","reservations":[{"type":"STATIC","role":"test"}]}`), "must not be set"},
		{"foreign allocation", cpus(`{"name":"cpus","type":"SCALAR","scalar":{"value":1},"allocation_info":{"role":"x"}}`), "multiple allocation roles"},
		{"empty disk information", cpus(`{"name":"disk","type":"SCALAR","scalar":{"value":1},"disk":{}}`), "DiskInfo is set but empty"},
		{"unreserved volume", cpus(`{"name":"disk","type":"SCALAR","scalar":{"value":1},"disk":{"persistence":{"id":"v"},"volume":{"mode":"RW","container_path":"x"}}}`), "unreserved resources"},
		{"environment", strings.Replace(commandTask("bad", a.id, ""), `"value":"sleep 1"`, `"value":"x","environment":{"variables":[{"name":"A"}]}`, 1), "must have a value set"},
		{"container volume", with(`"container":{"type":"MESOS","volumes":[{"mode":"RW","container_path":"x"}]}`), "Only one of them should be set"},
		{"docker", with(`"container":{"type":"DOCKER"}`), "DockerInfo 'docker' is not set"},
		{"docker name", with(`"container":{"type":"DOCKER","docker":{"image":"i","parameters":[{"key":"name","value":"x"}]}}`), "must not be 'name'"},
		{"limit below", with(`"limits":{"cpus":{"value":0.5}}`), "must be at least as large"},
		{"limit of disk", with(`"limits":{"disk":{"value":1}}`), "Limits may only be set"},
		{"both", with(`"executor":` + parked + `}`), "one (but not both)"},
		{"default executor", custom("bad", a.id, `{"type":"DEFAULT","executor_id":{"value":"d"}}`), "'ExecutorInfo.type' must be 'CUSTOM'"},
		{"executor without command", custom("bad", a.id, `{"type":"CUSTOM","executor_id":{"value":"d"}}`), "'ExecutorInfo.command' must be set"},
		{"executor id", custom("bad", a.id, `{"executor_id":{"value":"a/b"},"command":{"value":"x"}}`), "ExecutorID is invalid"},
		{"executor's framework", custom("bad", a.id, parked+`,"framework_id":{"value":"x"}}`), "invalid FrameworkID"},
		{"share cgroups", with(`"container":{"type":"MESOS","linux_info":{"share_cgroups":false}}`), "share_cgroups"},
		{"too much", cpus(resource("cpus", 5)), "Total resources cpus(allocated: test):5 required by task and its executor is more than available"},
		{"port not offered", cpus(`{"name":"ports","type":"RANGES","ranges":{"range":[{"begin":80,"end":80}]}}`), "is more than available"},
	}
	for i, row := range rows {
		offer := s.offer()
		good := fmt.Sprintf("good%d", i)
		s.launch(offer, 0, row.task+","+commandTask(good, a.id, ""))
		got := s.status()
		if got.GetState() != mesos.TASK_ERROR || got.GetReason() != mesos.REASON_TASK_INVALID || got.UUID != nil {
			t.Errorf("%s: got %s %s, uuid %x", row.name, got.GetState(), got.GetReason(), got.UUID)
		}
		if !strings.Contains(got.GetMessage(), row.want) {
			t.Errorf("%s: got %q, want %q in it", row.name, got.GetMessage(), row.want)
		}
		if m := awaitMessage[link.RunTask](a); m.Task.TaskID.Value != good || !m.LaunchExecutor {
			t.Errorf("%s: the agent got %v, want %s", row.name, m.Task.TaskID, good)
		}
		a.update(s.id, good, mesos.TASK_FINISHED, good)
		s.status()
		s.call(`"type":"ACKNOWLEDGE","acknowledge":{"agent_id":{"value":%q},"task_id":{"value":%q},"uuid":%q}`,
			a.id, good, base64Of(good))
	}
}

func TestOfferSetValidation(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).lead(t)
	a := r.agent(t, "cpus:4;mem:4096")
	s := r.subscribe(t, "", frameworkInfo(""), "")
	first := s.offer()
	b := r.agent(t, "cpus:4;mem:4096")
	second := s.offer()
	other := r.subscribe(t, "", strings.Replace(frameworkInfo(""), `["test"]`, `["x"]`, 1), "")
	ids := func(names ...string) string {
		out := make([]string, len(names))
		for i, n := range names {
			out[i] = fmt.Sprintf(`{"value":%q}`, n)
		}
		return strings.Join(out, ",")
	}
	accept := func(from *sched, list string) *mesos.TaskStatus {
		from.call(`"type":"ACCEPT","accept":{"offer_ids":[%s],"operations":[{"type":"LAUNCH","launch":{"task_infos":[%s]}}]}`,
			list, commandTask("t", a.id, ""))
		return from.status()
	}
	for _, row := range []struct {
		from       *sched
		list, want string
	}{
		{s, "", "No offers specified"},
		{s, ids("nope"), "Offer nope is no longer valid"},
		{other, ids(first.ID.Value), "has invalid framework"},
	} {
		got := accept(row.from, row.list)
		if got.GetState() != mesos.TASK_DROPPED || got.GetReason() != mesos.REASON_INVALID_OFFERS ||
			!strings.Contains(got.GetMessage(), "Task launched with invalid offers: ") || !strings.Contains(got.GetMessage(), row.want) {
			t.Errorf("got %s %s %q, want %q in it", got.GetState(), got.GetReason(), got.GetMessage(), row.want)
		}
	}
	if got := accept(s, ids(first.ID.Value, second.ID.Value)); !strings.Contains(got.GetMessage(), "one single agent") {
		t.Errorf("offers of %s and %s: got %q", a.id, b.id, got.GetMessage())
	}
	again := s.offer()
	if got := accept(s, ids(again.ID.Value, again.ID.Value)); !strings.Contains(got.GetMessage(), "Duplicate offer") {
		t.Errorf("twice the same: got %q", got.GetMessage())
	}
}

func TestExecutorIdentity(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).lead(t)
	a := r.agent(t, "cpus:4;mem:4096")
	s := r.subscribe(t, "", frameworkInfo(""), "")
	s.launch(s.offer(), 0, custom("t1", a.id, parked+`}`)+","+custom("t2", a.id, parked+`,"labels":{"labels":[{"key":"x"}]}}`))
	if m := awaitMessage[link.RunTask](a); !m.LaunchExecutor || m.Task.Executor.FrameworkID.GetValue() != s.id {
		t.Errorf("first task: got launch %v, framework %v", m.LaunchExecutor, m.Task.Executor.FrameworkID)
	}
	if m := awaitMessage[link.RunTask](a); m.LaunchExecutor {
		t.Error("the second task launches the executor again")
	}
	offer := s.offer()
	if len(offer.ExecutorIDs) != 1 || offer.ExecutorIDs[0].Value != "e" {
		t.Errorf("executor ids in the offer: got %v", offer.ExecutorIDs)
	}
	if got := resources.List(offer.Resources).Scalar("cpus"); got != 3700 {
		t.Errorf("cpus left: got %d, want 3700, the executor counted once", got)
	}
	s.launch(offer, 0, custom("t3", a.id, parked+`,"data":"AAAA"}`))
	if got := s.status().GetMessage(); !strings.Contains(got, "ExecutorInfo is not compatible with existing ExecutorInfo") {
		t.Errorf("other data: got %q", got)
	}
	a.conn.Send(link.ExitedExecutor{
		AgentID: mesos.AgentID{Value: a.id}, FrameworkID: mesos.FrameworkID{Value: s.id},
		ExecutorID: mesos.ExecutorID{Value: "e"}, Status: 9,
	})
	failure := s.want(scheduler.Event_FAILURE).Failure
	if failure.GetStatus() != 9 || failure.ExecutorID.GetValue() != "e" || failure.AgentID.GetValue() != a.id {
		t.Errorf("failure: got %v", failure)
	}
}

func TestTaskGroups(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).lead(t)
	a := r.agent(t, "cpus:4;mem:4096;disk:1000")
	s := r.subscribe(t, "", frameworkInfo(""), "")
	executor := func(more string) string {
		return fmt.Sprintf(`{"type":"DEFAULT","executor_id":{"value":"g"},"framework_id":{"value":%q},"resources":[%s,%s,%s]%s}`,
			s.id, resource("cpus", 0.1), resource("mem", 32), resource("disk", 10), more)
	}
	small := strings.NewReplacer(`"value":0.1`, `"value":0.001`).Replace(executor(""))
	group := func(executor, tasks string) {
		s.call(`"type":"ACCEPT","accept":{"offer_ids":[{"value":%q}],"filters":{"refuse_seconds":0},"operations":[
			{"type":"LAUNCH_GROUP","launch_group":{"executor":%s,"task_group":{"tasks":[%s]}}}]}`, s.offer().ID.Value, executor, tasks)
	}
	two := commandTask("t1", a.id, "") + "," + commandTask("t2", a.id, "")
	for name, row := range map[string]struct{ executor, tasks, want string }{
		"no type":             {strings.Replace(executor(""), `"type":"DEFAULT",`, "", 1), two, "'ExecutorInfo.type' must be set"},
		"no framework":        {strings.Replace(executor(""), `"framework_id"`, `"x"`, 1), two, "'ExecutorInfo.framework_id' must be set"},
		"command":             {executor(`,"command":{"value":"x"}`), two, "must not be set for 'DEFAULT'"},
		"little cpu":          {small, two, "less CPUs"},
		"no disk":             {strings.Replace(executor(""), `"disk"`, `"bandwidth"`, 1), two, "uses no disk"},
		"one bad task":        {executor(""), commandTask("t1", a.id, "") + "," + commandTask("t2", "x", ""), "invalid agent"},
		"same id":             {executor(""), commandTask("t1", a.id, "") + "," + commandTask("t1", a.id, ""), "duplicate ID"},
		"docker":              {executor(""), two[:len(two)-1] + `,"container":{"type":"DOCKER","docker":{"image":"i"}}}`, "not supported on the task"},
		"limits while shared": {executor(""), two[:len(two)-1] + `,"limits":{"cpus":{"value":2}}}`, "share_cgroups"},
		"too much":            {strings.Replace(executor(""), `"value":32`, `"value":4096`, 1), two, "required by task group and its executor are more than available"},
	} {
		group(row.executor, row.tasks)
		for range 2 {
			got := s.status()
			if got.GetState() != mesos.TASK_ERROR || got.GetReason() != mesos.REASON_TASK_GROUP_INVALID || !strings.Contains(got.GetMessage(), row.want) {
				t.Errorf("%s: got %s %s %q, want %q in it", name, got.GetState(), got.GetReason(), got.GetMessage(), row.want)
			}
		}
	}
	group(executor(""), two)
	if m := awaitMessage[link.RunTaskGroup](a); len(m.Group.Tasks) != 2 || !m.LaunchExecutor {
		t.Errorf("group: got %d tasks, launch %v", len(m.Group.Tasks), m.LaunchExecutor)
	}
}

func TestReserveCreateLaunchDestroy(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).lead(t)
	a := r.agent(t, "cpus:4;mem:4096;disk:1000")
	info := strings.Replace(frameworkInfo(`,"principal":"p"`), `{"type":"MULTI_ROLE"}`, `{"type":"MULTI_ROLE"},{"type":"RESERVATION_REFINEMENT"}`, 1)
	s := r.subscribe(t, "", info, "")
	reserved := `{"name":"disk","type":"SCALAR","scalar":{"value":64},"reservations":[{"type":"DYNAMIC","role":"test","principal":"p"}]%s}`
	disk := fmt.Sprintf(reserved, "")
	volume := fmt.Sprintf(reserved, `,"disk":{"persistence":{"id":"v","principal":"p"},"volume":{"mode":"RW","container_path":"data"}}`)
	use := strings.Replace(commandTask("t", a.id, ""), `"resources":[`, `"resources":[`+volume+`,`, 1)
	s.call(`"type":"ACCEPT","accept":{"offer_ids":[{"value":%q}],"operations":[
		{"type":"RESERVE","id":{"value":"op1"},"reserve":{"resources":[%s]}},
		{"type":"CREATE","create":{"volumes":[%s]}},
		{"type":"LAUNCH","launch":{"task_infos":[%s]}},
		{"type":"DESTROY","id":{"value":"op2"},"destroy":{"volumes":[%s]}}]}`, s.offer().ID.Value, disk, volume, use, volume)
	refused := s.want(scheduler.Event_UPDATE_OPERATION_STATUS).UpdateOperationStatus.Status
	if refused.State != mesos.OPERATION_ERROR || refused.OperationID.GetValue() != "op2" || refused.UUID != nil {
		t.Errorf("destroying a volume in use: got %v", refused)
	}
	reserve := awaitMessage[link.ApplyOperation](a)
	if reserve.Operation.Reserve.Resources[0].AllocationInfo != nil {
		t.Error("the agent is told about allocation_info")
	}
	create := awaitMessage[link.ApplyOperation](a)
	awaitMessage[link.RunTask](a)
	finish := func(op link.ApplyOperation, status string) {
		a.conn.Send(link.OperationUpdate{
			AgentID: mesos.AgentID{Value: a.id}, FrameworkID: op.FrameworkID, OperationUUID: op.UUID,
			Status: mesos.OperationStatus{
				OperationID: op.Operation.ID, State: mesos.OPERATION_FINISHED, UUID: &mesos.UUID{Value: uuidOf(status)},
			},
		})
	}
	finish(create, "s2")
	if ack := awaitMessage[link.OperationAcknowledgement](a); string(ack.OperationUUID) != string(create.UUID) {
		t.Error("the master does not acknowledge an operation without id")
	}
	finish(reserve, "s1")
	done := s.want(scheduler.Event_UPDATE_OPERATION_STATUS).UpdateOperationStatus.Status
	if done.State != mesos.OPERATION_FINISHED || done.UUID == nil || done.AgentID.GetValue() != a.id {
		t.Errorf("finished reservation: got %v", done)
	}
	s.call(`"type":"ACKNOWLEDGE_OPERATION_STATUS","acknowledge_operation_status":{"agent_id":{"value":%q},"operation_id":{"value":"op1"},"uuid":%q}`,
		a.id, base64Of("s1"))
	awaitMessage[link.OperationAcknowledgement](a)
	s.call(`"type":"RECONCILE_OPERATIONS","reconcile_operations":{"operations":[{"operation_id":{"value":"op1"},"agent_id":{"value":%q}}]}`, a.id)
	if got := s.want(scheduler.Event_UPDATE_OPERATION_STATUS).UpdateOperationStatus.Status; got.State != mesos.OPERATION_UNKNOWN {
		t.Errorf("reconciliation of an acknowledged operation: got %s", got.State)
	}
	a.update(s.id, "t", mesos.TASK_FINISHED, "end")
	s.status()
	s.call(`"type":"REVIVE"`)
	offer := s.offer()
	want := "disk(allocated: test)(reservations: [(DYNAMIC,test,p)])[v:data]:64"
	if got := resources.List(offer.Resources).String(); !strings.Contains(got, want) {
		t.Errorf("offer: got %s, want %s in it", got, want)
	}
}

func TestUnusedPartIsDeclinedByTheFilters(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).lead(t)
	a := r.agent(t, "cpus:4;mem:4096")
	s := r.subscribe(t, "", frameworkInfo(""), "")
	s.launch(s.offer(), 3600, commandTask("t1", a.id, ""))
	awaitMessage[link.RunTask](a)
	r.view(t, func(st *State) {
		if n := len(st.Offers); n != 0 {
			t.Errorf("offers: got %d, want 0", n)
		}
	})
	s.call(`"type":"REVIVE"`)
	s.launch(s.offer(), 0, commandTask("t2", a.id, ""))
	if got := resources.List(s.offer().Resources).Scalar("cpus"); got != 2000 {
		t.Errorf("cpus left: got %d, want 2000", got)
	}
}
