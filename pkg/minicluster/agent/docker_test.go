package agent

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

const testImage = "gantry-agent-test:busybox"

// busyboxImage imports an image with nothing but a static busybox.
var busyboxImage = sync.OnceValue(func() error {
	path, err := exec.LookPath("busybox")
	if err != nil {
		return fmt.Errorf("%w: apt-get install -y busybox-static", err)
	}
	program, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	add := func(h *tar.Header, data []byte) {
		h.Size = int64(len(data))
		err = firstError(err, w.WriteHeader(h))
		if len(data) > 0 {
			_, e := w.Write(data)
			err = firstError(err, e)
		}
	}
	add(&tar.Header{Name: "bin/busybox", Mode: 0o755, Typeflag: tar.TypeReg}, program)
	for _, name := range []string{"sh", "sleep", "env", "test", "cat", "touch", "true"} {
		add(&tar.Header{Name: "bin/" + name, Linkname: "busybox", Typeflag: tar.TypeSymlink}, nil)
	}
	if err = firstError(err, w.Close()); err != nil {
		return err
	}
	cmd := exec.Command("docker", "import", "--change", "ENV PATH=/bin", "-", testImage)
	cmd.Stdin = &buf
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("docker import: %w: %s; install and start the engine: apt-get install -y docker.io && dockerd", err, out)
	}
	return nil
})

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

func dockerTask(id, value string) mesos.TaskInfo {
	t := commandTask(id, value)
	t.Container = &mesos.ContainerInfo{
		Type: mesos.ContainerInfo_DOCKER.Enum(),
		Docker: &mesos.ContainerInfo_DockerInfo{
			Image: testImage, Network: mesos.ContainerInfo_DockerInfo_HOST.Enum(),
		},
	}
	return t
}

func newDockerRig(t *testing.T) *rig {
	t.Helper()
	if err := busyboxImage(); err != nil {
		t.Fatal(err)
	}
	return newRig(t, func(c *Config) { c.Containerizers = []string{"docker", "mesos"} }).registered()
}

func TestDockerTask(t *testing.T) {
	t.Parallel()
	r := newDockerRig(t)
	f := frameworkInfo(true, mesos.FrameworkInfo_Capability_TASK_KILLING_STATE)
	task := dockerTask("d1", "echo out; echo err >&2; trap 'exit 0' TERM; while true; do sleep 0.1; done")
	r.master.send(link.RunTask{Framework: f, Task: task, LaunchExecutor: true})
	awaitState(t, r.master, "d1", mesos.TASK_STARTING)
	s := awaitState(t, r.master, "d1", mesos.TASK_RUNNING)
	var inspect []map[string]any
	if err := json.Unmarshal(s.Data, &inspect); err != nil || len(inspect) != 1 {
		t.Errorf("data is no output of docker inspect: %v", err)
	}
	if got := s.ContainerStatus.NetworkInfos[0].IPAddresses[0].GetIPAddress(); got != "127.0.0.1" {
		t.Errorf("got IP %s, want the agent's", got)
	}
	dir := r.view().Frameworks[0].Executors[0].Directory
	if err := eventually(func() error {
		out, err := os.ReadFile(dir + "/stdout")
		if err == nil && string(out) != "out\n" {
			err = errTimeout
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	list, err := r.agent.Containers(t.Context(), false, false)
	if err != nil || len(list) != 1 || list[0].Usage.Processes == 0 {
		t.Errorf("got containers %v, %v, want one that uses something", list, err)
	}
	r.master.send(link.KillTask{FrameworkID: *f.ID, TaskID: task.TaskID})
	awaitState(t, r.master, "d1", mesos.TASK_KILLING)
	if s := awaitState(t, r.master, "d1", mesos.TASK_KILLED); s.GetMessage() != "Container exited with status 0" {
		t.Errorf("got message %q", s.GetMessage())
	}
	r.idle()
}

func TestDockerTaskThatCanNotRun(t *testing.T) {
	t.Parallel()
	closed := closedPort(t)
	for _, tt := range []struct {
		name    string
		change  func(*mesos.TaskInfo)
		message string
	}{
		{"missing command", func(task *mesos.TaskInfo) {
			shell := false
			task.Command = command("/no/such/binary")
			task.Command.Shell = &shell
		}, "Container exited with status 127"},
		{"missing image", func(task *mesos.TaskInfo) { task.Container.Docker.Image = closed + "/none:x" }, "Failed to launch container: Failed to run 'docker"},
		{"port that is not offered", func(task *mesos.TaskInfo) {
			task.Container.Docker.Network = mesos.ContainerInfo_DockerInfo_BRIDGE.Enum()
			task.Container.Docker.PortMappings = []mesos.ContainerInfo_DockerInfo_PortMapping{{HostPort: 31099, ContainerPort: 80}}
		}, "Failed to create docker run options: Port [31099] not included in resources"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newDockerRig(t)
			task := dockerTask("d1", "exit 0")
			tt.change(&task)
			r.master.send(link.RunTask{Framework: frameworkInfo(true), Task: task, LaunchExecutor: true})
			u := await(t, r.master, func(u link.StatusUpdate) bool { return u.Status.GetState() == mesos.TASK_FAILED })
			if !strings.HasPrefix(u.Status.GetMessage(), tt.message) {
				t.Errorf("got message %q, want %q", u.Status.GetMessage(), tt.message)
			}
		})
	}
}

func TestDockerTaskIsGoneWithItsExecutor(t *testing.T) {
	t.Parallel()
	r := newDockerRig(t)
	r.master.send(link.RunTask{Framework: frameworkInfo(true), Task: dockerTask("d1", "sleep 1000"), LaunchExecutor: true})
	awaitState(t, r.master, "d1", mesos.TASK_STARTING)
	awaitState(t, r.master, "d1", mesos.TASK_RUNNING)
	name := dockerPrefix + r.view().Frameworks[0].Executors[0].ContainerID
	r.kill()
	if err := r.host.Close(); err != nil {
		t.Error(err)
	}
	if out, err := exec.CommandContext(t.Context(), "docker", "inspect", name).CombinedOutput(); err == nil {
		t.Errorf("container %s is left: %s", name, out)
	}
}

func TestCustomExecutorInsideDocker(t *testing.T) {
	t.Parallel()
	r := newDockerRig(t)
	task := customTask("t1", "e1", "env > $MESOS_SANDBOX/env.txt; exec sleep 1000")
	task.Executor.Container = dockerTask("", "").Container
	r.master.send(link.RunTask{Framework: frameworkInfo(true), Task: task, LaunchExecutor: true})
	var env []byte
	if err := eventually(func() error {
		v := r.view()
		if len(v.Frameworks) == 0 {
			return errTimeout
		}
		var err error
		env, err = os.ReadFile(v.Frameworks[0].Executors[0].Directory + "/env.txt")
		if err == nil && !bytes.Contains(env, []byte("MESOS_AGENT_ENDPOINT=")) {
			err = errTimeout
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(env, []byte("MESOS_SANDBOX=/mnt/mesos/sandbox\n")) {
		t.Errorf("got environment %s", env)
	}
	r.subscribe("e1", nil).next(executor.Event_SUBSCRIBED)
	name := dockerPrefix + r.view().Frameworks[0].Executors[0].ContainerID
	if out, err := exec.CommandContext(t.Context(), "docker", "kill", name).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := await[link.ExitedExecutor](t, r.master, nil).Status; got != 9 {
		t.Errorf("got status %d, want 9", got)
	}
	awaitState(t, r.master, "t1", mesos.TASK_FAILED)
}

func TestDockerHealthCheckByCommand(t *testing.T) {
	t.Parallel()
	r := newDockerRig(t)
	task := dockerTask("d1", "sleep 1000")
	delay, interval, failures := 0.0, 0.05, uint32(2)
	task.HealthCheck = &mesos.HealthCheck{
		Type: mesos.HealthCheck_COMMAND, Command: command("test -f /mnt/mesos/sandbox/healthy"), DelaySeconds: &delay,
		IntervalSeconds: &interval, GracePeriodSeconds: &delay, ConsecutiveFailures: &failures,
	}
	task.KillPolicy = &mesos.KillPolicy{GracePeriod: &mesos.DurationInfo{Nanoseconds: int64(10 * time.Millisecond)}}
	r.master.send(link.RunTask{Framework: frameworkInfo(true), Task: task, LaunchExecutor: true})
	u := await(t, r.master, func(u link.StatusUpdate) bool { return u.Status.GetState() == mesos.TASK_KILLED })
	if u.Status.Healthy == nil || *u.Status.Healthy {
		t.Errorf("got healthy %v, want false", u.Status.Healthy)
	}
}

// closedPort returns an address at which nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	return addr
}
