package agent

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

const parked = "env > env.txt; exec sleep 1000"

// launchCustom launches tasks of one parked custom executor and waits until its process is up.
func (r *rig) launchCustom(f mesos.FrameworkInfo, tasks ...string) (sandbox string) {
	r.t.Helper()
	for i, id := range tasks {
		r.master.send(link.RunTask{Framework: f, Task: customTask(id, "e1", parked), LaunchExecutor: i == 0})
	}
	err := eventually(func() error {
		v := r.view()
		if len(v.Frameworks) == 0 || len(v.Frameworks[0].Executors) == 0 {
			return errTimeout
		}
		sandbox = v.Frameworks[0].Executors[0].Directory
		data, err := os.ReadFile(filepath.Join(sandbox, "env.txt"))
		if err == nil && !bytes.Contains(data, []byte("MESOS_EXECUTOR_ID")) {
			err = errTimeout
		}
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return sandbox
}

func (r *rig) executorPid() int {
	r.t.Helper()
	var list []ContainerView
	// The process may be up before the agent has noted it.
	err := eventually(func() (err error) {
		list, err = r.agent.Containers(r.t.Context(), false, false)
		if err == nil && (len(list) != 1 || list[0].Status.ExecutorPID == nil) {
			err = fmt.Errorf("got containers %v, want one with a pid", list)
		}
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return int(*list[0].Status.ExecutorPID)
}

func TestEnvironmentOfCustomExecutor(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).registered()
	sandbox := r.launchCustom(frameworkInfo(true), "t1")
	data, err := os.ReadFile(filepath.Join(sandbox, "env.txt"))
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSpace(string(data)), "\n")
	slices.Sort(got)
	got = slices.DeleteFunc(got, func(s string) bool {
		return strings.HasPrefix(s, "_=") || strings.HasPrefix(s, "SHLVL=") || strings.HasPrefix(s, "OLDPWD=")
	})
	want := []string{
		"LIBPROCESS_IP=127.0.0.1", "LIBPROCESS_PORT=0", "MESOS_AGENT_ENDPOINT=" + r.agent.Address(), "MESOS_CHECKPOINT=1",
		"MESOS_DIRECTORY=" + sandbox, "MESOS_EXECUTOR_ID=e1", "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD=5secs",
		"MESOS_FRAMEWORK_ID=F", "MESOS_HTTP_COMMAND_EXECUTOR=0", "MESOS_RECOVERY_TIMEOUT=15mins", "MESOS_SANDBOX=" + sandbox,
		"MESOS_SLAVE_ID=M-S0", "MESOS_SLAVE_PID=slave(1)@" + r.agent.Address(), "MESOS_SUBSCRIPTION_BACKOFF_MAX=2secs",
		"PATH=" + defaultPath, "PWD=" + sandbox,
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("environment (-got +want):\n%s", diff)
	}
	if got, err := os.Readlink(filepath.Join(filepath.Dir(sandbox), "latest")); err != nil || got != sandbox {
		t.Errorf("latest: got %q, %v, want %q", got, err, sandbox)
	}
}

func TestUpdateIsAcknowledgedToTheExecutorOnceStored(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).registered()
	r.master.acknowledge(false)
	r.launchCustom(frameworkInfo(true), "t1")
	if got := r.update("e1", status("t1", mesos.TASK_RUNNING)); got != http.StatusForbidden {
		t.Errorf("update before subscription: got %d, want 403", got)
	}
	x := r.subscribe("e1", nil)
	x.next(executor.Event_SUBSCRIBED)
	x.next(executor.Event_LAUNCH)
	first := status("t1", mesos.TASK_RUNNING)
	for range 2 { // the second is a duplicate
		r.update("e1", first)
		if got := x.next(executor.Event_ACKNOWLEDGED).Acknowledged.UUID; !bytes.Equal(got, first.UUID) {
			t.Fatalf("got acknowledgement of %x, want %x", got, first.UUID)
		}
	}
	last := status("t1", mesos.TASK_FINISHED)
	r.update("e1", last)
	x.next(executor.Event_ACKNOWLEDGED)
	u := await[link.StatusUpdate](t, r.master, nil)
	r.master.send(link.StatusAcknowledgement{AgentID: u.AgentID, FrameworkID: u.FrameworkID, TaskID: u.Status.TaskID, UUID: u.Status.UUID})
	u = await[link.StatusUpdate](t, r.master, nil)
	if !bytes.Equal(u.Status.UUID, last.UUID) {
		t.Errorf("got update %x, want %x: one at a time, no duplicates", u.Status.UUID, last.UUID)
	}
}

func TestKilledExecutorFailsItsTasks(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).registered()
	r.launchCustom(frameworkInfo(true), "t1", "t2")
	x := r.subscribe("e1", nil)
	x.next(executor.Event_SUBSCRIBED)
	x.next(executor.Event_LAUNCH)
	x.next(executor.Event_LAUNCH)
	if err := syscall.Kill(r.executorPid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if got := await[link.ExitedExecutor](t, r.master, nil).Status; got != 9 {
		t.Errorf("got status %d, want 9", got)
	}
	for _, id := range []string{"t1", "t2"} {
		if s := awaitState(t, r.master, id, mesos.TASK_FAILED); s.GetReason() != mesos.REASON_EXECUTOR_TERMINATED {
			t.Errorf("got reason %v", s.GetReason())
		}
	}
	r.idle()
}

func TestKillBeforeDelivery(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).registered()
	r.launchCustom(frameworkInfo(true), "t1")
	r.master.send(link.KillTask{FrameworkID: mesos.FrameworkID{Value: "F"}, TaskID: mesos.TaskID{Value: "t1"}})
	s := awaitState(t, r.master, "t1", mesos.TASK_KILLED)
	if s.GetReason() != mesos.REASON_TASK_KILLED_DURING_LAUNCH || s.GetSource() != mesos.SOURCE_AGENT {
		t.Errorf("got %v from %v", s.GetReason(), s.GetSource())
	}
	r.subscribe("e1", nil).next(executor.Event_SHUTDOWN)
}

func TestShutdownGraceThenKill(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.ExecutorShutdownGracePeriod = 200 * time.Millisecond }).registered()
	sandbox := r.launchCustom(frameworkInfo(true), "t1")
	x := r.subscribe("e1", nil)
	x.next(executor.Event_SUBSCRIBED)
	x.next(executor.Event_LAUNCH)
	r.master.send(link.ShutdownExecutor{FrameworkID: mesos.FrameworkID{Value: "F"}, ExecutorID: mesos.ExecutorID{Value: "e1"}})
	x.next(executor.Event_SHUTDOWN)
	y := r.subscribe("e1", nil)
	y.next(executor.Event_SHUTDOWN)
	y.ended()
	if got := await[link.ExitedExecutor](t, r.master, nil).Status; got != 9 {
		t.Errorf("got status %d, want 9", got)
	}
	awaitState(t, r.master, "t1", mesos.TASK_FAILED)
	if left := processesOf(sandbox); len(left) > 0 {
		t.Errorf("processes %v survive", left)
	}
}

func TestRegistrationTimeout(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.ExecutorRegistrationTimeout = 500 * time.Millisecond }).registered()
	r.launchCustom(frameworkInfo(true), "t1")
	s := awaitState(t, r.master, "t1", mesos.TASK_FAILED)
	if s.GetReason() != mesos.REASON_EXECUTOR_REGISTRATION_TIMEOUT || s.GetMessage() != "Executor did not register within 500ms" {
		t.Errorf("got %v: %s", s.GetReason(), s.GetMessage())
	}
}

func TestBadURIFailsTheLaunch(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).registered()
	task := customTask("t1", "e1", parked)
	task.Executor.Command.URIs = []mesos.CommandInfo_URI{{Value: "file:///no/such/file"}}
	r.master.send(link.RunTask{Framework: frameworkInfo(true), Task: task, LaunchExecutor: true})
	if got := await[link.ExitedExecutor](t, r.master, nil).Status; got != 256 {
		t.Errorf("got status %d, want 256", got)
	}
	s := awaitState(t, r.master, "t1", mesos.TASK_FAILED)
	if s.GetReason() != mesos.REASON_CONTAINER_LAUNCH_FAILED || !strings.HasPrefix(s.GetMessage(), "Failed to launch container: Failed to fetch all URIs") {
		t.Errorf("got %v: %s", s.GetReason(), s.GetMessage())
	}
	r.idle()
}

func TestExecutorReconnectsAfterAgentRestart(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.ExecutorReregistrationTimeout = 2 * time.Second }).registered()
	r.launchCustom(frameworkInfo(true), "t1", "t2")
	x := r.subscribe("e1", nil)
	x.next(executor.Event_SUBSCRIBED)
	x.next(executor.Event_LAUNCH)
	x.next(executor.Event_LAUNCH)
	r.kill()
	x.ended()
	r.start()
	up := status("t1", mesos.TASK_RUNNING)
	x = r.subscribe("e1", &executor.Call_Subscribe{
		UnacknowledgedTasks:   []mesos.TaskInfo{customTask("t1", "e1", parked)},
		UnacknowledgedUpdates: []executor.Call_Update{{Status: up}},
	})
	x.next(executor.Event_SUBSCRIBED)
	x.next(executor.Event_ACKNOWLEDGED)
	if got := r.update("e1", status("t1", mesos.TASK_RUNNING)); got != http.StatusServiceUnavailable {
		t.Errorf("update during recovery: got %d, want 503", got)
	}
	await[link.Reregister](t, r.master, nil)
	s := await(t, r.master, func(u link.StatusUpdate) bool { return u.Status.GetState() == mesos.TASK_RUNNING }).Status
	if !bytes.Equal(s.UUID, up.UUID) {
		t.Errorf("got update %x, want %x", s.UUID, up.UUID)
	}
	if s := awaitState(t, r.master, "t2", mesos.TASK_DROPPED); s.GetReason() != mesos.REASON_AGENT_RESTARTED {
		t.Errorf("got reason %v", s.GetReason())
	}
}

func TestAbsentExecutorIsDestroyedAfterAgentRestart(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.ExecutorReregistrationTimeout = 200 * time.Millisecond }).registered()
	sandbox := r.launchCustom(frameworkInfo(true), "t1")
	x := r.subscribe("e1", nil)
	x.next(executor.Event_SUBSCRIBED)
	r.kill()
	r.start()
	if got := await[link.ExitedExecutor](t, r.master, nil).Status; got != 9 {
		t.Errorf("got status %d, want 9", got)
	}
	s := awaitState(t, r.master, "t1", mesos.TASK_GONE)
	if s.GetMessage() != "Executor did not reregister within 200ms" {
		t.Errorf("got message %q", s.GetMessage())
	}
	if left := processesOf(sandbox); len(left) > 0 {
		t.Errorf("processes %v survive", left)
	}
}

func TestExecutorWithoutCheckpointDiesWithTheAgent(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).registered()
	sandbox := r.launchCustom(frameworkInfo(false), "t1")
	r.kill()
	r.start()
	if again := await[link.Reregister](t, r.master, nil); len(again.Tasks)+len(again.Executors) > 0 {
		t.Errorf("got %d tasks and %d executors, want none", len(again.Tasks), len(again.Executors))
	}
	if left := processesOf(sandbox); len(left) > 0 {
		t.Errorf("processes %v survive", left)
	}
}

func TestExecutorIsAdoptedAfterTheProgramWasKilled(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.ExecutorReregistrationTimeout = 2 * time.Second }).registered()
	sandbox := r.launchCustom(frameworkInfo(true), "t1")
	r.subscribe("e1", nil).next(executor.Event_SUBSCRIBED)
	pid := r.executorPid()
	r.kill()
	r.abandonHost()
	r.start()
	x := r.subscribe("e1", &executor.Call_Subscribe{UnacknowledgedTasks: []mesos.TaskInfo{customTask("t1", "e1", parked)}})
	x.next(executor.Event_SUBSCRIBED)
	await[link.Reregister](t, r.master, nil)
	if got := r.executorPid(); got != pid {
		t.Errorf("got pid %d, want %d", got, pid)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	awaitState(t, r.master, "t1", mesos.TASK_FAILED)
	if left := processesOf(sandbox); len(left) > 0 {
		t.Errorf("processes %v survive", left)
	}
}

func TestShutdownOfTheAgentLeavesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).registered()
	sandbox := r.launchCustom(frameworkInfo(true), "t1")
	r.agent.Shutdown(t.Context())
	await[link.Unregister](t, r.master, nil)
	if err := <-r.done; err != nil {
		t.Error(err)
	}
	r.stop = nil
	if left := processesOf(sandbox); len(left) > 0 {
		t.Errorf("processes %v survive", left)
	}
}

func TestExecutorThatNeverReadsHarmsNobody(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).registered()
	f := frameworkInfo(true)
	r.launchCustom(f, "t1")
	resp := r.post(&executor.Call{Type: executor.Call_SUBSCRIBE, Subscribe: &executor.Call_Subscribe{}}, "e1")
	defer resp.Body.Close()
	data := make([]byte, 64<<10)
	for range 1500 { // far more than any socket buffer and than may wait
		r.master.send(link.FrameworkToExecutor{FrameworkID: *f.ID, ExecutorID: mesos.ExecutorID{Value: "e1"}, Data: data})
	}
	r.master.send(link.RunTask{Framework: f, Task: commandTask("t2", "exit 0"), LaunchExecutor: true})
	await(t, r.master, func(u link.StatusUpdate) bool {
		return u.Status.TaskID.Value == "t2" && u.Status.GetState() == mesos.TASK_FINISHED
	})
}

func TestGarbageOnTheExecutorAPI(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).registered()
	for name, tt := range map[string]struct {
		kind, body string
		want       int
	}{
		"no type":          {"", "{}", http.StatusBadRequest},
		"other type":       {"text/plain", "{}", http.StatusUnsupportedMediaType},
		"broken JSON":      {"application/json", "{", http.StatusBadRequest},
		"broken protobuf":  {"application/x-protobuf", "\xff\xff", http.StatusBadRequest},
		"no ids":           {"application/json", "{}", http.StatusBadRequest},
		"unknown":          {"application/json", `{"type":"UPDATE","executor_id":{"value":"e"},"framework_id":{"value":"f"}}`, http.StatusBadRequest},
		"heartbeat":        {"application/json", `{"type":"HEARTBEAT","executor_id":{"value":"e"},"framework_id":{"value":"f"}}`, http.StatusAccepted},
		"missing subcall":  {"application/json", `{"type":"SUBSCRIBE","executor_id":{"value":"e"},"framework_id":{"value":"f"}}`, http.StatusBadRequest},
		"unknown executor": {"application/json", `{"type":"SUBSCRIBE","executor_id":{"value":"e"},"framework_id":{"value":"f"},"subscribe":{}}`, http.StatusBadRequest},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+r.agent.Address()+"/slave(1)/api/v1/executor", strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Close = true
		if tt.kind != "" {
			req.Header.Set("Content-Type", tt.kind)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != tt.want {
			t.Errorf("%s: got %d, want %d", name, resp.StatusCode, tt.want)
		}
	}
}
