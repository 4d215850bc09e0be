package executor_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/executor"
	"github.com/gantry-mesos/gantry/executor/loop"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/execapi"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
)

// image is the test's own, imported for this run.
var image = fmt.Sprintf("gantry-test-executor:%d", os.Getpid()) // set once, read by tests

func TestMain(m *testing.M) {
	if err := importImage(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if out, err := exec.Command("docker", "rmi", "-f", image).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "remove %s: %v: %s\n", image, err, out)
		code = 1
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func importImage() error {
	program, err := os.ReadFile("/bin/busybox")
	if err != nil {
		return fmt.Errorf("no static busybox: install it with: apt-get install busybox-static: %w", err)
	}
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	_ = w.WriteHeader(&tar.Header{Name: "bin/busybox", Mode: 0o755, Size: int64(len(program))})
	_, _ = w.Write(program)
	for _, name := range []string{"sh", "sleep", "echo", "httpd", "test", "touch", "rm"} {
		_ = w.WriteHeader(&tar.Header{Name: "bin/" + name, Linkname: "busybox", Typeflag: tar.TypeSymlink, Mode: 0o777})
	}
	if err := w.Close(); err != nil {
		return err
	}
	cmd := exec.Command("docker", "import", "-", image)
	cmd.Stdin = &archive
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("no Docker engine: install it with: apt-get install docker.io, and start dockerd: %w: %s", err, out)
	}
	return nil
}

// run is an executor at work in this process, under a testAgent.
type run struct {
	*testAgent
	cfg  executor.Config
	done chan error
	stop context.CancelFunc
}

func start(t *testing.T) *run {
	t.Helper()
	a := newTestAgent(t)
	r := &run{testAgent: a, cfg: config(t, a), done: make(chan error, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	r.stop = cancel
	t.Cleanup(func() { cancel(); <-r.done })
	go func() {
		r.done <- executor.Run(ctx, r.cfg, zap.NewNop())
		close(r.done)
	}()
	return r
}

func config(t *testing.T, a *testAgent) executor.Config {
	t.Helper()
	cfg := executor.Default()
	dir := t.TempDir()
	cfg.Agent = execapi.Config{
		FrameworkID: "f1", ExecutorID: mesos.ExecutorID("e-" + strings.ReplaceAll(t.Name(), "/", "-")), AgentID: "a1", AgentEndpoint: a.address, Directory: dir, Sandbox: dir,
		Checkpoint: true, RecoveryTimeout: time.Minute, BackoffMax: 20 * time.Millisecond, ShutdownGracePeriod: 10 * time.Second,
	}
	return cfg
}

// task builds a TaskInfo as the scheduler does.
func task(t *testing.T, edit func(*app.Spec), hostPorts ...uint32) mesos.TaskInfo {
	t.Helper()
	grace := time.Second
	s := &app.Spec{ID: "/web", Run: runspec.Run{Cmd: "exit 0", Resources: resource.Vector{CPUs: 100, Mem: resource.Units(32)}, KillGracePeriod: &grace}}
	edit(s)
	id := fmt.Sprintf("web.instance-%d-%s._app.1", os.Getpid(), strings.NewReplacer("/", "-", "_", "-").Replace(t.Name()))
	info, err := taskinfo.Build(taskinfo.Launch{Run: &s.Run, Owner: s.Owner(), Readiness: s.Readiness, Check: s.Check, TaskID: mesos.TaskID(id), InstanceID: "web.instance", FrameworkID: "f1", AgentID: "a1", Hostname: "localhost", HostPorts: hostPorts},
		taskinfo.Options{Executor: taskinfo.ExecutorSource{Path: "/gantry-executor"}})
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func inDocker(line string) func(*app.Spec) {
	return func(s *app.Spec) {
		s.Cmd = line
		s.Container = &app.Container{Kind: app.Docker, Image: image}
		s.Networks = []app.Network{{Mode: app.Bridge}}
	}
}

func asProcess(line string) func(*app.Spec) { return func(s *app.Spec) { s.Cmd = line } }

// kinds runs a test for both runtimes.
func kinds(t *testing.T, test func(t *testing.T, kind func(string) func(*app.Spec))) {
	t.Helper()
	for name, kind := range map[string]func(string) func(*app.Spec){"docker": inDocker, "process": asProcess} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, kind)
		})
	}
}

func TestExecutor_runs_a_task_to_its_end(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, kind func(string) func(*app.Spec)) {
		t.Helper()
		r := start(t)
		r.send(mesos.LaunchTask{Task: task(t, kind("echo id $MESOS_TASK_ID; echo oops >&2; exit 3"))})
		got := r.awaitState(mesos.TaskFailed)
		if !strings.Contains(got.Message, "exited with status 3") || got.ExecutorID != r.cfg.Agent.ExecutorID {
			t.Errorf("got %+v, want the exit status and the executor's id", got)
		}
		if err := <-r.done; err != nil {
			t.Errorf("executor ended with %v, want nil after the last acknowledgement", err)
		}
		if got, want := r.states(), "STARTING RUNNING FAILED"; got != want {
			t.Errorf("got updates %s, want %s", got, want)
		}
		for file, want := range map[string]string{"stdout": "id " + string(got.TaskID) + "\n", "stderr": "oops\n"} {
			if text, err := os.ReadFile(filepath.Join(r.cfg.Agent.Sandbox, file)); err != nil || string(text) != want {
				t.Errorf("%s: got %q, %v; want %q", file, text, err, want)
			}
		}
	})
}

func TestExecutor_kills_gently_and_then_by_force(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, kind func(string) func(*app.Spec)) {
		t.Helper()
		r := start(t)
		info := task(t, kind("trap 'echo ignored' TERM; echo ready; while :; do sleep 0.02; done"))
		r.send(mesos.LaunchTask{Task: info})
		r.awaitState(mesos.TaskRunning)
		stdout := filepath.Join(r.cfg.Agent.Sandbox, "stdout")
		awaitFile(t, stdout, "ready")
		r.send(mesos.KillTask{TaskID: info.TaskID, Policy: &mesos.KillPolicy{GracePeriod: time.Hour}})
		awaitFile(t, stdout, "ignored")
		r.send(mesos.KillTask{TaskID: info.TaskID, Policy: &mesos.KillPolicy{}})
		r.awaitState(mesos.TaskKilled)
		if err := <-r.done; err != nil {
			t.Error(err)
		}
		if got, want := r.states(), "STARTING RUNNING KILLING KILLED"; got != want {
			t.Errorf("got updates %s, want %s", got, want)
		}
	})
}

func awaitFile(t *testing.T, path, text string) {
	t.Helper()
	waitFor(t, path+" with "+text, func() bool {
		got, err := os.ReadFile(path)
		return err == nil && strings.Contains(string(got), text)
	})
}

func TestExecutor_survives_a_restart_of_its_agent(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, kind func(string) func(*app.Spec)) {
		t.Helper()
		r := start(t)
		info := task(t, kind("while [ ! -e $MESOS_SANDBOX/end ]; do sleep 0.02; done; exit 4"))
		r.send(mesos.LaunchTask{Task: info})
		r.awaitState(mesos.TaskRunning)
		r.testAgent.stop()
		if err := os.WriteFile(filepath.Join(r.cfg.Agent.Sandbox, "end"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		r.start()
		r.awaitState(mesos.TaskFailed)
		if err := <-r.done; err != nil {
			t.Error(err)
		}
		if got, want := r.states(), "STARTING RUNNING FAILED"; got != want {
			t.Errorf("got updates %s, want %s", got, want)
		}
	})
}

func TestExecutor_tells_again_what_was_not_acknowledged(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.mu.Lock()
	r.hold = true
	r.mu.Unlock()
	r.send(mesos.LaunchTask{Task: task(t, asProcess("exec sleep 1000"))})
	r.awaitState(mesos.TaskRunning)
	r.testAgent.stop()
	r.mu.Lock()
	r.hold = false
	r.mu.Unlock()
	r.start()
	waitFor(t, "second subscription", func() bool { r.mu.Lock(); defer r.mu.Unlock(); return r.subscribed == 2 })
	r.mu.Lock()
	un := r.repeated[1]
	r.mu.Unlock()
	if len(un.Tasks) != 1 || describe(un.Updates) != "STARTING RUNNING" {
		t.Errorf("got %d tasks and updates %s; want the task and STARTING RUNNING", len(un.Tasks), describe(un.Updates))
	}
	r.send(mesos.ShutdownExecutor{})
	r.awaitState(mesos.TaskKilled)
	if err := <-r.done; err != nil {
		t.Error(err)
	}
}

func TestExecutor_reports_health_of_a_command_and_leaves_the_end_to_the_scheduler(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, kind func(string) func(*app.Spec)) {
		t.Helper()
		r := start(t)
		info := task(t, func(s *app.Spec) {
			kind("touch $MESOS_SANDBOX/fine; echo ready; while :; do sleep 0.02; done")(s)
			s.HealthChecks = []app.HealthCheck{{Protocol: app.HealthCommand, Command: "test -e $MESOS_SANDBOX/fine", Interval: time.Millisecond, Timeout: 10 * time.Second, GracePeriod: time.Minute, MaxConsecutiveFailures: 2}}
		})
		r.send(mesos.LaunchTask{Task: info})
		r.await(func(st mesos.TaskStatus) bool {
			return st.Healthy != nil && *st.Healthy && st.Reason == mesos.ReasonTaskHealthCheck
		})
		if err := os.Remove(filepath.Join(r.cfg.Agent.Sandbox, "fine")); err != nil {
			t.Fatal(err)
		}
		got := r.await(func(st mesos.TaskStatus) bool { return strings.Contains(st.Message, "(2 in a row)") })
		if got.State != mesos.TaskRunning || got.Healthy == nil || *got.Healthy || !strings.Contains(got.Message, "health check COMMAND: exit code 1 (2 in a row)") {
			t.Errorf("got %+v, want an unhealthy task with the check's words", got)
		}
		if h := reported(t, got).Health[0]; h.Failures != 2 || h.FirstSuccess.IsZero() || h.LastFailure.Before(h.LastSuccess) || h.Cause != "exit code 1" {
			t.Errorf("reported %+v", h)
		}
		r.send(mesos.KillTask{TaskID: info.TaskID})
		r.awaitState(mesos.TaskKilled)
		if err := <-r.done; err != nil {
			t.Error(err)
		}
	})
}

func TestExecutor_ends_gracefully_with_its_context(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, kind func(string) func(*app.Spec)) {
		t.Helper()
		r := start(t)
		r.send(mesos.LaunchTask{Task: task(t, kind("trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.02; done"))})
		r.awaitState(mesos.TaskRunning)
		awaitFile(t, filepath.Join(r.cfg.Agent.Sandbox, "stdout"), "ready")
		r.stop()
		r.awaitState(mesos.TaskKilled)
		if err := <-r.done; err != nil {
			t.Error(err)
		}
		awaitFile(t, filepath.Join(r.cfg.Agent.Sandbox, "stdout"), "bye")
	})
}

func TestExecutor_tells_what_cannot_be_run(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		edit  func(*app.Spec)
		state mesos.TaskState
		want  string
	}{
		"image":     {func(s *app.Spec) { inDocker("x")(s); s.Container.Image = "127.0.0.1:1/none:1" }, mesos.TaskFailed, "pull image 127.0.0.1:1/none:1"},
		"parameter": {func(s *app.Spec) { inDocker("x")(s); s.Container.Parameters = []app.Parameter{{Key: "rm"}} }, mesos.TaskError, "refused"},
		"program":   {func(s *app.Spec) { s.Cmd, s.Args = "", []string{"/no/such/program"} }, mesos.TaskFailed, "/no/such/program"},
		"user":      {func(s *app.Spec) { s.User = "no-such-user" }, mesos.TaskError, "no-such-user"},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t)
			r.send(mesos.LaunchTask{Task: task(t, row.edit)})
			if got := r.awaitState(row.state); !strings.Contains(got.Message, row.want) || got.Reason == "" {
				t.Errorf("got %+v, want a reason and a message with %q", got, row.want)
			}
		})
	}
}

func TestExecutor_tells_of_a_host_port_that_is_taken(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, kind func(string) func(*app.Spec)) {
		t.Helper()
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close() //nolint:errcheck // nothing was sent
		r := start(t)
		info := task(t, func(s *app.Spec) {
			kind("exit 0")(s)
			s.Ports = []app.Port{{HostPort: new(int), ContainerPort: 80, Protocol: "tcp"}}
		}, uint32(listener.Addr().(*net.TCPAddr).Port))
		r.send(mesos.LaunchTask{Task: info})
		if got := r.awaitState(mesos.TaskFailed); !strings.Contains(got.Message, "/tcp is taken on this agent") {
			t.Errorf("got %+v", got)
		}
	})
}

func TestExecutor_gives_up_an_agent_that_does_not_come_back(t *testing.T) {
	t.Parallel()
	a := newTestAgent(t)
	cfg := config(t, a)
	cfg.Agent.RecoveryTimeout = 100 * time.Millisecond
	done := make(chan error, 1)
	go func() { done <- executor.Run(t.Context(), cfg, zap.NewNop()) }()
	pid := filepath.Join(cfg.Agent.Sandbox, "pid")
	a.send(mesos.LaunchTask{Task: task(t, asProcess("echo $$ > pid; exec sleep 1000"))})
	a.awaitState(mesos.TaskRunning)
	awaitFile(t, pid, "\n")
	a.stop()
	if err := <-done; !errors.Is(err, loop.ErrUnfinished) {
		t.Errorf("got %v, want ErrUnfinished", err)
	}
	text, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("/proc/" + strings.TrimSpace(string(text))); !os.IsNotExist(err) {
		t.Errorf("process %s still lives: %v", text, err)
	}
}
