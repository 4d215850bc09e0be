package process_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/executor/core"
	"github.com/gantry-mesos/gantry/executor/process"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
)

// helperFlag makes the test's own program an executor that is killed; see
// TestRun_leaves_nothing_when_the_executor_is_killed.
const helperFlag = "GANTRY_TEST_EXECUTOR_IN"

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperFlag); dir != "" {
		r := process.New(process.Config{Sandbox: dir}, os.Stdout, os.Stderr, zap.NewNop())
		r.Run(context.Background(), shell("echo $$ > pid; exec sleep 1000"), make(chan core.Stop), func(core.Event) {})
		return
	}
	goleak.VerifyTestMain(m)
}

type run struct {
	t       *testing.T
	dir     string
	out     syncBuffer
	err     syncBuffer
	runtime *process.Runtime
	stops   chan core.Stop
	cancel  context.CancelFunc
	events  chan core.Event
	done    chan struct{}
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

func shell(line string) taskinfo.Task {
	return taskinfo.Task{ID: "t1", Role: "*", Command: taskinfo.Command{Shell: true, Line: line}}
}

func start(t *testing.T, task taskinfo.Task) *run {
	t.Helper()
	r := &run{t: t, dir: t.TempDir(), stops: make(chan core.Stop, 1), events: make(chan core.Event, 8), done: make(chan struct{})}
	for _, v := range task.Volumes {
		// The agent puts persistent volumes there.
		if v.Persistent && v.ContainerPath != "absent" {
			if err := os.Mkdir(filepath.Join(r.dir, v.ContainerPath), 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	if task.User != "" {
		r.fetchFor()
	}
	r.runtime = process.New(process.Config{Sandbox: r.dir, DrainWait: 100 * time.Millisecond}, &r.out, &r.err, zap.NewNop())
	ctx, cancel := context.WithCancel(t.Context())
	r.cancel = cancel
	t.Cleanup(func() { cancel(); <-r.done })
	go func() {
		defer close(r.done)
		r.runtime.Run(ctx, task, r.stops, func(ev core.Event) { r.events <- ev })
	}()
	return r
}

// fetchFor puts a file of root's into the sandbox, as an agent's fetcher does, and lets others enter it.
func (r *run) fetchFor() {
	r.t.Helper()
	if err := errors.Join(
		os.Chmod(filepath.Dir(r.dir), 0o755), os.Mkdir(filepath.Join(r.dir, "pack"), 0o755),
		os.WriteFile(filepath.Join(r.dir, "pack", "file"), []byte("fetched\n"), 0o644),
	); err != nil {
		r.t.Fatal(err)
	}
}

// next returns the next event, which must be of the type T.
func next[T core.Event](r *run) T {
	r.t.Helper()
	select {
	case ev := <-r.events:
		found, ok := ev.(T)
		if !ok {
			r.t.Fatalf("got %+v, want a %T", ev, found)
		}
		return found
	case <-time.After(30 * time.Second):
		r.t.Fatalf("got nothing, want a %T", *new(T))
	}
	panic("unreachable")
}

func (r *run) await(what string, ok func() bool) {
	r.t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			r.t.Fatalf("%s did not come about; output %q, %q", what, r.out.String(), r.err.String())
		}
	}
}

func (r *run) awaitOutput(text string) {
	r.t.Helper()
	r.await("output "+text, func() bool { return strings.Contains(r.out.String(), text) })
}

func TestRun_reports_how_the_command_ended(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		task taskinfo.Task
		want core.Event
	}{
		"exit code": {shell("exit 3"), core.Exited{Code: 3, Message: "Command exited with status 3"}},
		"success":   {shell("exit 0"), core.Exited{Message: "Command exited with status 0"}},
		"signal":    {shell("kill -9 $$"), core.Exited{Code: 137, Message: "Command terminated with signal killed"}},
		"arguments": {taskinfo.Task{Command: taskinfo.Command{Arguments: []string{"sh", "-c", "exit $1", "x", "4"}}}, core.Exited{Code: 4, Message: "Command exited with status 4"}},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, row.task)
			next[core.Running](r)
			if got := next[core.Exited](r); got != row.want {
				t.Errorf("got %+v, want %+v", got, row.want)
			}
		})
	}
}

func TestRun_gives_environment_and_sandbox(t *testing.T) {
	t.Parallel()
	task := shell(`echo "$A $MESOS_SANDBOX $PWD"; echo oops >&2; touch here`)
	task.Environment = []mesos.Variable{{Name: "A", Value: "b"}}
	r := start(t, task)
	next[core.Running](r)
	next[core.Exited](r)
	if got, want := r.out.String(), fmt.Sprintf("b %s %s\n", r.dir, r.dir); got != want || r.err.String() != "oops\n" {
		t.Errorf("got %q and %q, want %q and oops", got, r.err.String(), want)
	}
	if _, err := os.Stat(filepath.Join(r.dir, "here")); err != nil {
		t.Error(err)
	}
}

func TestRun_stops_the_whole_group(t *testing.T) {
	t.Parallel()
	r := start(t, shell("trap 'echo term' TERM; sh -c 'trap : TERM; echo child $$; while :; do sleep 0.02; done' & wait; wait; wait"))
	next[core.Running](r)
	r.awaitOutput("child")
	fields := strings.Fields(r.out.String())
	child := fields[len(fields)-1]
	r.stops <- core.Stop{}
	r.awaitOutput("term")
	r.stops <- core.Stop{Force: true}
	if got := next[core.Exited](r); got.Code != 137 {
		t.Errorf("got %+v, want code 137", got)
	}
	r.await("end of the child", func() bool { return gone(child) })
}

func TestRun_leaves_no_background_process(t *testing.T) {
	t.Parallel()
	r := start(t, shell("sleep 1000 & echo child $!; exit 0"))
	next[core.Running](r)
	next[core.Exited](r)
	child := strings.Fields(r.out.String())[1]
	r.await("end of the child", func() bool { return gone(child) })
}

func TestRun_ends_with_its_context(t *testing.T) {
	t.Parallel()
	r := start(t, shell("trap : TERM; echo ready; while :; do sleep 0.02; done"))
	next[core.Running](r)
	r.awaitOutput("ready")
	r.cancel()
	if got := next[core.Exited](r); got.Code != 137 {
		t.Errorf("got %+v, want code 137", got)
	}
}

// gone reports whether the process has ended; one that nobody has waited for yet has.
func gone(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	return err != nil || strings.Contains(string(stat), ") Z ")
}

func TestRun_leaves_nothing_when_the_executor_is_killed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	executor := exec.Command(os.Args[0])
	executor.Env = append(os.Environ(), helperFlag+"="+dir)
	if err := executor.Start(); err != nil {
		t.Fatal(err)
	}
	r := &run{t: t}
	var pid string
	r.await("the task", func() bool {
		text, err := os.ReadFile(filepath.Join(dir, "pid"))
		pid = strings.TrimSpace(string(text))
		return err == nil && pid != ""
	})
	if err := executor.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = executor.Wait()
	r.await("end of the task", func() bool { return gone(pid) })
}

func TestRun_tells_what_cannot_be_run(t *testing.T) {
	t.Parallel()
	missing := taskinfo.Task{Command: taskinfo.Command{Arguments: []string{"/no/such/program"}}}
	if got := next[core.Failed](start(t, missing)); got.Invalid || got.Reason != mesos.ReasonContainerLaunchFailed || !strings.Contains(got.Message, "/no/such/program") {
		t.Errorf("missing program: got %+v", got)
	}
	invalid := map[string]taskinfo.Task{
		"no command":         {},
		"user nobody-at-all": {Command: taskinfo.Command{Shell: true, Line: "true"}, User: "nobody-at-all"},
		"the agent did not put it into the sandbox": {Command: taskinfo.Command{Shell: true, Line: "true"}, Volumes: []taskinfo.Volume{{ContainerPath: "absent", Persistent: true}}},
		"use a path relative to the sandbox":        {Command: taskinfo.Command{Shell: true, Line: "true"}, Volumes: []taskinfo.Volume{{ContainerPath: "/etc", HostPath: "/tmp"}}},
	}
	for want, task := range invalid {
		if got := next[core.Failed](start(t, task)); !got.Invalid || !strings.Contains(got.Message, want) {
			t.Errorf("got %+v, want an invalid task because %q", got, want)
		}
	}
}

func TestRun_becomes_the_task_s_user(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Fatal("only root can become another user; run the tests as root")
	}
	task := shell("id -un; echo $HOME; echo opened > /dev/stdout; echo wrong > /dev/stderr; touch mine data/mine; echo more >> pack/file; exec sleep 1000")
	task.User = "nobody"
	task.Volumes = []taskinfo.Volume{{ContainerPath: "data", Persistent: true}}
	r := start(t, task)
	next[core.Running](r)
	r.await("output", func() bool {
		return strings.Contains(r.err.String(), "wrong") && strings.HasSuffix(r.out.String(), "opened\n")
	})
	if out := r.out.String(); !strings.HasPrefix(out, "nobody\n") {
		t.Errorf("got %q and %q, want nobody's output", out, r.err.String())
	}
	r.await("files", func() bool {
		text, err := os.ReadFile(filepath.Join(r.dir, "pack/file"))
		return err == nil && strings.HasSuffix(string(text), "more\n")
	})
	for _, name := range []string{".", "mine", "pack", "pack/file"} {
		info, err := os.Stat(filepath.Join(r.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Sys().(*syscall.Stat_t).Uid == 0 {
			t.Errorf("%s belongs to root", name)
		}
	}
	if code, output, err := r.runtime.Exec(t.Context(), line("id -un")); code != 0 || output != "nobody" || err != nil {
		t.Errorf("a health check = %d, %q, %v, want it to run as nobody", code, output, err)
	}
}

func TestRun_does_not_wait_for_ever_for_the_output_of_a_user_s_descendants(t *testing.T) {
	t.Parallel()
	task := shell("setsid sleep 1000 & echo $!")
	task.User = "nobody"
	r := start(t, task)
	next[core.Running](r)
	if got := next[core.Exited](r); got.Code != 0 {
		t.Errorf("got %+v and %q", got, r.err.String())
	}
	pid, err := strconv.Atoi(strings.TrimSpace(r.out.String()))
	if err != nil {
		t.Fatal(err)
	}
	_ = syscall.Kill(pid, syscall.SIGKILL)
}

func TestRun_shows_host_directories_in_the_sandbox(t *testing.T) {
	t.Parallel()
	host := t.TempDir()
	if err := os.WriteFile(filepath.Join(host, "file"), []byte("from the host"), 0o600); err != nil {
		t.Fatal(err)
	}
	task := shell("cat deep/data/file")
	task.Volumes = []taskinfo.Volume{{ContainerPath: "deep/data", HostPath: host}, {ContainerPath: "p", Persistent: true}}
	r := start(t, task)
	next[core.Running](r)
	next[core.Exited](r)
	if got := r.out.String(); got != "from the host" {
		t.Errorf("got %q and %q", got, r.err.String())
	}
}

func TestExec_runs_beside_the_task(t *testing.T) {
	t.Parallel()
	task := shell("echo ready; exec sleep 1000")
	task.Environment = []mesos.Variable{{Name: "A", Value: "b"}}
	r := start(t, task)
	next[core.Running](r)
	r.awaitOutput("ready")
	code, output, err := r.runtime.Exec(t.Context(), line("echo $A; exit 4"))
	if code != 4 || output != "b" || err != nil {
		t.Errorf("got %d, %q, %v; want 4 and b", code, output, err)
	}
	code, output, err = r.runtime.Exec(t.Context(), line("head -c 100000 /dev/zero | tr '\\0' x"))
	if code != 0 || len(output) != 1024 || err != nil {
		t.Errorf("big output: got %d, %d bytes, %v; want its beginning", code, len(output), err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, _, err := r.runtime.Exec(ctx, line("sleep 1000 & wait")); !errors.Is(err, context.DeadlineExceeded) && err == nil {
		t.Errorf("past its time: got %v, want an error", err)
	}
}

func line(text string) []string { return []string{"/bin/sh", "-c", text} }
