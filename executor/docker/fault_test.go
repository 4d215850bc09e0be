package docker_test

import (
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/executor/core"
	"github.com/gantry-mesos/gantry/executor/docker"
	"github.com/gantry-mesos/gantry/pkg/fault"
	"github.com/gantry-mesos/gantry/pkg/mesos"
)

func TestRun_waits_for_an_engine_that_is_just_starting(t *testing.T) {
	t.Parallel()
	e := newFake(image)
	e.stop()
	r := newRun(t, e, "exit 2")
	r.cfg.EngineWait = time.Minute
	r.runtime = docker.New(r.cfg, e, docker.Output{Stdout: &r.stdout, Stderr: &r.stderr}, zap.NewNop())
	r.start()
	e.start()
	if got := await[core.Exited](r); got.Code != 2 {
		t.Errorf("got %+v, want code 2", got)
	}
}

func TestRun_gives_up_an_engine_that_does_not_answer(t *testing.T) {
	t.Parallel()
	engine, err := docker.NewClient("unix://"+filepath.Join(t.TempDir(), "nobody.sock"), docker.DefaultTimeouts())
	if err != nil {
		t.Fatal(err)
	}
	r := newRun(t, engine, "exit 0").start()
	got := await[core.Failed](r)
	for _, want := range []string{"Docker engine unreachable at unix:///", "nobody.sock", "start it"} {
		if !strings.Contains(got.Message, want) {
			t.Errorf("got %q, want it to say %q", got.Message, want)
		}
	}
	if got.Reason != mesos.ReasonContainerLaunchFailed || got.Fault != fault.Agent {
		t.Errorf("got reason %s, fault %q", got.Reason, got.Fault)
	}
}

func TestRun_stopped_during_the_pull_ends_the_pull(t *testing.T) {
	t.Parallel()
	e := newFake()
	e.pulls = make(chan struct{})
	r := newRun(t, e, "exit 0").start()
	await[core.Pulling](r)
	r.stops <- core.Stop{}
	if got := await[core.Failed](r); !strings.Contains(got.Message, "stopped before it ran") {
		t.Errorf("got %+v", got)
	}
	<-r.done
	if len(e.creations) != 0 {
		t.Errorf("got %d containers created, want none", len(e.creations))
	}
}

func TestRun_tells_whose_fault_a_failed_start_is(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]fault.Fault{
		"driver failed programming external connectivity: Bind for 0.0.0.0:31000 failed: port is already allocated": fault.Port,
		"listen tcp4 0.0.0.0:31000: bind: address already in use":                                                   fault.Port,
		"adding interface veth1 to bridge docker0 failed: could not find bridge docker0: no such network interface": fault.Agent,
		"mkdir /var/lib/docker/overlay2/x: no space left on device":                                                 fault.Agent,
		`exec: "nothing": executable file not found in $PATH`:                                                       "",
		"network team not found":                                     "",
		"error gathering device information: no such file or device": "",
	} {
		e := newFake(image)
		e.fail["start"] = errors.New(text)
		r := newRun(t, e, "exit 0").start()
		if got := await[core.Failed](r); got.Fault != want {
			t.Errorf("%s: got fault %q, want %q", text, got.Fault, want)
		}
		<-r.done
	}
}

func TestRun_removes_a_container_that_did_not_start(t *testing.T) {
	t.Parallel()
	e := newFake(image)
	e.fail["start"] = errors.New("port is already allocated")
	r := newRun(t, e, "exit 0").start()
	if got := await[core.Failed](r); !strings.Contains(got.Message, "port is already allocated") || got.Reason != mesos.ReasonContainerLaunchFailed {
		t.Errorf("got %+v", got)
	}
	<-r.done
	if len(e.removals) != 1 || len(e.containers) != 0 {
		t.Errorf("got %d removed, %d left; want 1 and 0", len(e.removals), len(e.containers))
	}
}

// proxy is the way to the real engine, which can be cut.
type proxy struct {
	t        *testing.T
	path     string
	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]bool
	all      sync.WaitGroup
}

// throughProxy returns a client of the real engine whose connection can be cut.
func throughProxy(t *testing.T) (*proxy, *docker.Client) {
	t.Helper()
	p := &proxy{t: t, path: filepath.Join(t.TempDir(), "docker.sock"), conns: map[net.Conn]bool{}}
	p.mend()
	c, err := docker.NewClient("unix://"+p.path, docker.DefaultTimeouts())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Close()
		p.cut()
		p.all.Wait()
	})
	return p, c
}

func (p *proxy) mend() {
	p.t.Helper()
	listener, err := net.Listen("unix", p.path)
	if err != nil {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	p.listener = listener
	p.mu.Unlock()
	p.all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			p.all.Go(func() { p.serve(conn) })
		}
	})
}

func (p *proxy) serve(conn net.Conn) {
	engine, err := net.Dial("unix", "/var/run/docker.sock")
	if err != nil {
		_ = conn.Close()
		return
	}
	p.mu.Lock()
	p.conns[conn], p.conns[engine] = true, true
	p.mu.Unlock()
	var both sync.WaitGroup
	pipe := func(to, from net.Conn) {
		_, _ = io.Copy(to, from)
		_ = to.Close()
		_ = from.Close()
	}
	both.Go(func() { pipe(engine, conn) })
	both.Go(func() { pipe(conn, engine) })
	both.Wait()
}

// cut breaks all connections and refuses new ones.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.listener.Close()
	for conn := range p.conns {
		_ = conn.Close()
	}
	p.conns = map[net.Conn]bool{}
}

// away starts a task on the real engine, cuts the way to it, and lets the
// engine be waited for as long as given.
func away(t *testing.T, line string, back time.Duration) (*proxy, *run) {
	t.Helper()
	p, client := throughProxy(t)
	r := newRun(t, client, line)
	r.cfg.EngineReturn = back
	r.runtime = docker.New(r.cfg, client, docker.Output{Stdout: &r.stdout, Stderr: &r.stderr}, zap.NewNop())
	r.start()
	await[core.Running](r)
	r.awaitOutput("ready")
	// The proxied client cannot clean up while it is cut off.
	t.Cleanup(func() { _ = realEngine(t).Remove(context.WithoutCancel(t.Context()), "gantry-"+string(r.task.ID)) })
	p.cut()
	return p, r
}

func TestRun_follows_a_container_that_outlived_the_engine(t *testing.T) {
	t.Parallel()
	p, r := away(t, "trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.02; done", time.Minute)
	p.mend()
	r.stops <- core.Stop{} // waits until the engine is back if it comes too early
	deadline := time.After(30 * time.Second)
	for {
		select {
		case <-r.done:
		case <-time.After(100 * time.Millisecond):
			select {
			case r.stops <- core.Stop{}: // as core repeats it
			default:
			}
			continue
		case <-deadline:
			t.Fatal("the task did not end")
		}
		break
	}
	if got := await[core.Exited](r); got.Code != 7 {
		t.Errorf("got %+v, want code 7", got)
	}
}

func TestRun_reports_a_container_that_ended_while_the_engine_was_away(t *testing.T) {
	t.Parallel()
	p, r := away(t, "echo ready; exec sleep 1000", time.Minute)
	if err := realEngine(t).Kill(t.Context(), "gantry-"+string(r.task.ID), "SIGKILL"); err != nil {
		t.Fatal(err)
	}
	p.mend()
	if got := await[core.Exited](r); got.Code != 137 {
		t.Errorf("got %+v, want code 137", got)
	}
}

func TestRun_reports_a_container_that_went_with_the_engine(t *testing.T) {
	t.Parallel()
	p, r := away(t, "echo ready; exec sleep 1000", time.Minute)
	if err := realEngine(t).Remove(t.Context(), "gantry-"+string(r.task.ID)); err != nil {
		t.Fatal(err)
	}
	p.mend()
	if got := await[core.Failed](r); !strings.Contains(got.Message, "removed while the Docker engine was away") {
		t.Errorf("got %+v", got)
	}
}

func TestRun_ends_a_container_whose_engine_does_not_return(t *testing.T) {
	t.Parallel()
	_, r := away(t, "echo ready; exec sleep 1000", 100*time.Millisecond)
	if got := await[core.Failed](r); !strings.Contains(got.Message, "lost for") || !strings.Contains(got.Message, "docker.sock") {
		t.Errorf("got %+v, want it to name the engine", got)
	}
	<-realEngine(t).Wait(t.Context(), "gantry-"+string(r.task.ID), false) // hangs if the process was not killed
	if i, err := realEngine(t).Inspect(t.Context(), "gantry-"+string(r.task.ID)); err != nil || i.Running {
		t.Errorf("got %+v, %v; want no second copy to be possible", i, err)
	}
}

func TestRun_forced_stop_needs_no_engine(t *testing.T) {
	t.Parallel()
	p, r := away(t, "echo ready; exec sleep 1000", time.Minute)
	r.stops <- core.Stop{Force: true}
	<-realEngine(t).Wait(t.Context(), "gantry-"+string(r.task.ID), false)
	p.mend()
	if got := await[core.Exited](r); got.Code != 137 {
		t.Errorf("got %+v, want code 137", got)
	}
}
