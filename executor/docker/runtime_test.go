package docker_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/api/types/network"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/executor/core"
	"github.com/gantry-mesos/gantry/executor/docker"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
)

// run is a task at work in a Runtime.
type run struct {
	t       testing.TB
	cfg     docker.Config
	task    taskinfo.Task
	runtime *docker.Runtime
	stdout  syncBuffer
	stderr  syncBuffer
	stops   chan core.Stop
	cancel  context.CancelFunc

	mu     sync.Mutex
	events []core.Event
	news   chan struct{}
	done   chan struct{}
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func self(tb testing.TB) docker.Owner {
	tb.Helper()
	o, err := docker.Self()
	if err != nil {
		tb.Fatal(err)
	}
	return o
}

// newRun prepares a task that runs line in a shell of the test's image.
func newRun(tb testing.TB, engine docker.Engine, line string) *run {
	tb.Helper()
	n := name(tb)
	r := &run{
		t: tb, stops: make(chan core.Stop, 1), news: make(chan struct{}, 1), done: make(chan struct{}),
		cfg: docker.Config{
			FrameworkID: "gantry-test", ExecutorID: mesos.ExecutorID("e-" + n), AgentID: "a1", Owner: self(tb), Sandbox: tb.TempDir(),
			EngineWait: 300 * time.Millisecond, EngineReturn: 300 * time.Millisecond, RetryEvery: 5 * time.Millisecond, DrainWait: 5 * time.Second,
			PidsLimit: 100, Init: true,
		},
		task: taskinfo.Task{
			ID: mesos.TaskID(n), InstanceID: n, AppID: "/web", Role: "*",
			Command:   taskinfo.Command{Shell: true, Line: line},
			Resources: resource.Vector{CPUs: 100, Mem: resource.Units(32)},
			Container: &taskinfo.Container{Image: image, Network: taskinfo.NetworkHost},
		},
	}
	r.runtime = docker.New(r.cfg, engine, docker.Output{Stdout: &r.stdout, Stderr: &r.stderr}, zap.NewNop())
	return r
}

// start runs the task; the test ends only when it has gone.
func (r *run) start() *run {
	ctx, cancel := context.WithCancel(r.t.Context())
	r.cancel = cancel
	r.t.Cleanup(func() { cancel(); <-r.done })
	go func() {
		defer close(r.done)
		r.runtime.Run(ctx, r.task, r.stops, func(ev core.Event) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.events = append(r.events, ev)
			select {
			case r.news <- struct{}{}:
			default:
			}
		})
	}()
	return r
}

// await waits for an event of the type T.
func await[T core.Event](r *run) T {
	r.t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		r.mu.Lock()
		for _, ev := range r.events {
			if found, ok := ev.(T); ok {
				r.mu.Unlock()
				return found
			}
		}
		events := fmt.Sprintf("%+v", r.events)
		r.mu.Unlock()
		select {
		case <-r.news:
		case <-deadline:
			r.t.Fatalf("got events %s; want a %T", events, *new(T))
		}
	}
}

// awaitOutput waits until the task has written text.
func (r *run) awaitOutput(text string) {
	r.t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !strings.Contains(r.stdout.String(), text) {
		select {
		case <-tick.C:
		case <-deadline:
			r.t.Fatalf("output %q (and %q) lacks %q", r.stdout.String(), r.stderr.String(), text)
		}
	}
}

// engines are the real one and the fake; both must behave the same.
func engines(t *testing.T, test func(t *testing.T, e docker.Engine)) {
	t.Helper()
	for label, e := range map[string]docker.Engine{"real": realEngine(t), "fake": newFake(image)} {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			test(t, e)
		})
	}
}

func TestRun_reports_output_and_exit_code(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, e docker.Engine) {
		t.Helper()
		r := newRun(t, e, "echo $GREETING; echo oops >&2; exit 3")
		r.task.Environment = []mesos.Variable{{Name: "GREETING", Value: "hello you"}}
		r.start()
		if got, want := await[core.Exited](r), (core.Exited{Code: 3, Message: "Container exited with status 3"}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if r.stdout.String() != "hello you\n" || r.stderr.String() != "oops\n" {
			t.Errorf("output: got %q and %q", r.stdout.String(), r.stderr.String())
		}
		await[core.Created](r)
		await[core.Running](r)
		<-r.done
		if left, err := e.List(t.Context(), docker.LabelTask+"="+string(r.task.ID)); err != nil || len(left) != 0 {
			t.Errorf("containers left behind: %v, %v", left, err)
		}
	})
}

func TestRun_stops_gently_then_by_force(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, e docker.Engine) {
		t.Helper()
		r := newRun(t, e, "trap 'echo ignored' TERM; echo ready; while :; do sleep 0.02; done").start()
		await[core.Running](r)
		r.awaitOutput("ready")
		r.stops <- core.Stop{}
		r.awaitOutput("ignored")
		r.stops <- core.Stop{Force: true}
		if got := await[core.Exited](r); got.Code != 137 {
			t.Errorf("got %+v, want code 137", got)
		}
	})
}

func TestRun_ends_the_container_with_its_context(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, e docker.Engine) {
		t.Helper()
		r := newRun(t, e, "echo ready; exec sleep 1000").start()
		r.awaitOutput("ready")
		r.cancel()
		<-r.done
		if left, err := e.List(t.Context(), docker.LabelTask+"="+string(r.task.ID)); err != nil || len(left) != 0 {
			t.Errorf("containers left behind: %v, %v", left, err)
		}
	})
}

func TestRun_refuses_unknown_parameters(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, e docker.Engine) {
		t.Helper()
		r := newRun(t, e, "exit 0")
		r.task.Container.Parameters = []app.Parameter{{Key: "rm", Value: "true"}}
		if got := await[core.Failed](r.start()); !got.Invalid || !strings.Contains(got.Message, "rm=true is refused") {
			t.Errorf("got %+v, want an invalid task", got)
		}
	})
}

func TestRun_reports_an_image_that_does_not_exist(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, e docker.Engine) {
		t.Helper()
		r := newRun(t, e, "exit 0")
		r.task.Container.Image = "127.0.0.1:1/missing:1"
		got := await[core.Failed](r.start())
		if got.Invalid || got.Reason != mesos.ReasonContainerLaunchFailed || !strings.Contains(got.Message, "pull image 127.0.0.1:1/missing:1") {
			t.Errorf("got %+v, want a failed launch that names the image", got)
		}
		await[core.Pulling](r)
	})
}

func TestRun_runs_commands_for_health_checks(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, e docker.Engine) {
		t.Helper()
		r := newRun(t, e, "echo ready; exec sleep 1000")
		r.task.Environment = []mesos.Variable{{Name: "GREETING", Value: "hi"}}
		r.start()
		await[core.Running](r)
		code, output, err := r.runtime.Exec(t.Context(), []string{"/bin/sh", "-c", "echo $GREETING; exit 5"})
		if code != 5 || output != "hi" || err != nil {
			t.Errorf("got %d, %q, %v; want 5 and hi", code, output, err)
		}
	})
}

func TestRun_removes_what_dead_executors_left(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, e docker.Engine) {
		t.Helper()
		r := newRun(t, e, "exit 0")
		dead := r.cfg.Owner
		dead.Start = "1" // another process had this id before
		stray := shell(t, "exec sleep 1000")
		stray.Config.Labels[docker.LabelOwner] = dead.String()
		own := shell(t, "exec sleep 1000")
		own.Config.Labels[docker.LabelExecutor], own.Config.Labels[docker.LabelFramework] = string(r.cfg.ExecutorID), "gantry-test"
		alive := shell(t, "exec sleep 1000")
		alive.Config.Labels[docker.LabelOwner] = r.cfg.Owner.String()
		ids := []string{create(t, e, stray), create(t, e, own), create(t, e, alive)}
		startStray(t, e, ids[0])
		for _, id := range ids[1:] {
			if err := e.Start(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		await[core.Exited](r.start())
		<-r.done
		for i, want := range []error{docker.ErrNotFound, docker.ErrNotFound, nil} {
			if _, err := e.Inspect(t.Context(), ids[i]); !errors.Is(err, want) {
				t.Errorf("container %d: got %v, want %v", i, err, want)
			}
		}
	})
}

func TestRun_tells_a_command_that_cannot_be_started(t *testing.T) {
	t.Parallel()
	t.Run("without init", func(t *testing.T) {
		t.Parallel()
		r := newRun(t, realEngine(t), "")
		r.cfg.Init = false
		r.runtime = docker.New(r.cfg, realEngine(t), docker.Output{Stdout: &r.stdout, Stderr: &r.stderr}, zap.NewNop())
		r.task.Command = taskinfo.Command{Arguments: []string{"/no/such/program"}}
		got := await[core.Failed](r.start())
		if got.Reason != mesos.ReasonContainerLaunchFailed || !strings.Contains(got.Message, "/no/such/program") {
			t.Errorf("got %+v, want a failed launch that names the program", got)
		}
	})
	t.Run("with init", func(t *testing.T) {
		t.Parallel()
		r := newRun(t, realEngine(t), "")
		r.task.Command = taskinfo.Command{Arguments: []string{"/no/such/program"}}
		got := await[core.Exited](r.start())
		if got.Code != 127 || !strings.Contains(got.Message, "not found") || !strings.Contains(r.stderr.String(), "/no/such/program") {
			t.Errorf("got %+v and %q, want status 127 and the program's name", got, r.stderr.String())
		}
	})
}

func TestRun_tells_when_the_memory_limit_was_hit(t *testing.T) {
	t.Parallel()
	r := newRun(t, realEngine(t), "head -c 200m /dev/zero | tail")
	got := await[core.Exited](r.start())
	if !got.OOM || !strings.Contains(got.Message, "memory limit") {
		t.Errorf("got %+v, want it killed for its memory limit", got)
	}
}

// startStray starts the container of a dead owner, which any executor on this
// machine may remove at once.
func startStray(t *testing.T, e docker.Engine, id string) {
	t.Helper()
	if err := e.Start(t.Context(), id); err != nil && !errors.Is(err, docker.ErrNotFound) && !errors.Is(err, docker.ErrConflict) {
		t.Fatal(err)
	}
}

// freePort returns a port that nobody listened on a moment ago.
func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // nothing was sent
	return listener.Addr().(*net.TCPAddr).Port
}

func TestRun_publishes_ports_and_mounts_the_sandbox(t *testing.T) {
	t.Parallel()
	number := freePort(t)
	port := strconv.Itoa(number)
	r := newRun(t, realEngine(t), "cp /dev/null /dev/null 2>/dev/null; echo page > /mnt/mesos/sandbox/page; exec httpd -f -p 80 -h /mnt/mesos/sandbox")
	r.task.Container.Network = taskinfo.NetworkBridge
	r.task.Ports = []taskinfo.Port{{Host: uint32(number), Container: 80, Protocol: "udp,tcp"}}
	running := await[core.Running](r.start())
	if len(running.Networks) != 1 || len(running.Networks[0].IPAddresses) != 1 || len(running.Networks[0].PortMappings) != 2 {
		t.Fatalf("got networks %+v, want one with an address and two mappings", running.Networks)
	}
	for _, address := range []string{net.JoinHostPort(running.Networks[0].IPAddresses[0], "80"), "127.0.0.1:" + port} {
		if got := get(t, "http://"+address+"/page"); got != "page\n" {
			t.Errorf("from %s: got %q", address, got)
		}
	}
	if text, err := os.ReadFile(filepath.Join(r.cfg.Sandbox, "page")); err != nil || string(text) != "page\n" {
		t.Errorf("in the sandbox: got %q, %v", text, err)
	}
}

func TestRun_takes_a_port_back_from_a_dead_executor(t *testing.T) {
	t.Parallel()
	engine := realEngine(t)
	dead := self(t)
	dead.Start = "1"
	stray := shell(t, "exec httpd -f -p 80")
	stray.Config.Labels[docker.LabelOwner] = dead.String()
	port := network.MustParsePort("80/tcp")
	stray.Config.ExposedPorts = network.PortSet{port: {}}
	stray.Host.NetworkMode = "bridge"
	number := freePort(t)
	stray.Host.PortBindings = network.PortMap{port: {{HostPort: strconv.Itoa(number)}}}
	id := create(t, engine, stray)
	startStray(t, engine, id)
	r := newRun(t, engine, "exit 3")
	r.task.Container.Network = taskinfo.NetworkBridge
	r.task.Ports = []taskinfo.Port{{Host: uint32(number), Container: 80, Protocol: "tcp"}}
	if got := await[core.Exited](r.start()); got.Code != 3 {
		t.Errorf("got %+v, want code 3", got)
	}
}

// get asks until the server is up.
func get(t *testing.T, url string) string {
	t.Helper()
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(req)
		if err == nil {
			body, _ := io.ReadAll(res.Body)
			_ = res.Body.Close()
			return string(body)
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("get %s: %v", url, err)
		}
	}
}

func TestRun_survives_big_output(t *testing.T) {
	t.Parallel()
	r := newRun(t, realEngine(t), "head -c 20m /dev/zero; echo end")
	if got := await[core.Exited](r.start()); got.Code != 0 {
		t.Errorf("got %+v", got)
	}
	if got, want := len(r.stdout.String()), 20<<20+len("end\n"); got != want {
		t.Errorf("got %d bytes of output, want %d", got, want)
	}
}
