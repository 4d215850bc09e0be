package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// bin is the directory with the programs.
var bin string

func TestMain(m *testing.M) {
	code, err := prepare(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func prepare(m *testing.M) (int, error) {
	bin = os.Getenv("GANTRY_BIN")
	if bin == "" {
		dir, err := os.MkdirTemp("", "gantry-e2e-bin")
		if err != nil {
			return 1, err
		}
		defer func() { _ = os.RemoveAll(dir) }() // what is left does no harm
		bin = dir
		for _, program := range []string{"gantry", "gantry-executor"} {
			cmd := exec.Command("go", "build", "-o", filepath.Join(bin, program), "../../cmd/"+program)
			cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
			if out, err := cmd.CombinedOutput(); err != nil {
				return 1, fmt.Errorf("build %s: %w\n%s", program, err, out)
			}
		}
	}
	if out, err := exec.Command("docker", "version").CombinedOutput(); err != nil {
		return 1, fmt.Errorf("no Docker engine answers (scripts/setup.sh installs and starts one): %w\n%s", err, out)
	}
	if out, err := exec.Command("../../examples/hello/build.sh").CombinedOutput(); err != nil {
		return 1, fmt.Errorf("build the hello image: %w\n%s", err, out)
	}
	return m.Run(), nil
}

// program is a running process of ours.
type program struct {
	t    *testing.T
	cmd  *exec.Cmd
	out  *lockedBuffer
	done chan struct{}
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// start runs a program until the test ends; its output is shown when the test fails.
func start(t *testing.T, env []string, name string, args ...string) *program {
	t.Helper()
	cmd := exec.Command(filepath.Join(bin, name), args...)
	cmd.Env = append(os.Environ(), env...)
	return run(t, cmd)
}

// run starts a command as its own process group, so that an interrupt reaches all of it.
func run(t *testing.T, cmd *exec.Cmd) *program {
	t.Helper()
	p := &program{t: t, cmd: cmd, out: &lockedBuffer{}, done: make(chan struct{})}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Stdout, cmd.Stderr = p.out, p.out
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait() // how it ended is in ProcessState
	}()
	t.Cleanup(func() {
		p.interrupt()
		if t.Failed() {
			t.Logf("output of %s:\n%s", strings.Join(cmd.Args, " "), tail(p.out.String(), 12000))
		}
	})
	return p
}

func tail(s string, n int) string {
	if len(s) > n {
		return "..." + s[len(s)-n:]
	}
	return s
}

// kill ends the program at once.
func (p *program) kill() {
	_ = p.cmd.Process.Kill() // it may have ended by itself
	<-p.done
}

// interrupt ends the program as Ctrl-C does and returns its exit code.
func (p *program) interrupt() int {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGINT) // it may have ended by itself
	select {
	case <-p.done:
	case <-time.After(60 * time.Second):
		p.t.Errorf("%s does not end on an interrupt", p.cmd.Path)
		p.kill()
	}
	return p.cmd.ProcessState.ExitCode()
}

// eventually waits until check returns nil.
func eventually(t *testing.T, within time.Duration, check func() error) {
	t.Helper()
	deadline := time.Now().Add(within)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %v: %v", within, err)
		}
		<-tick.C
	}
}

// api is a scheduler's HTTP API.
type api struct {
	t   *testing.T
	url string
}

func (a api) try(method, path, body string) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, a.url+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	return res.StatusCode, data, err
}

// must sends a request that has to be accepted and decodes the answer into out, if not nil.
func (a api) must(method, path, body string, out any) {
	a.t.Helper()
	status, data, err := a.try(method, path, body)
	if err != nil || status >= 300 {
		a.t.Fatalf("%s %s: %d %v %s", method, path, status, err, data)
	}
	if out != nil {
		if err := json.Unmarshal(data, out); err != nil {
			a.t.Fatalf("%s %s: %v in %s", method, path, err, data)
		}
	}
}

// ready waits until the API answers and the framework is subscribed.
func (a api) ready() {
	a.t.Helper()
	eventually(a.t, 30*time.Second, func() error {
		var info struct{ FrameworkID string }
		status, data, err := a.try(http.MethodGet, "/v2/info", "")
		if err != nil || status != http.StatusOK {
			return fmt.Errorf("/v2/info: %d %w", status, err)
		}
		if err := json.Unmarshal(data, &info); err != nil || info.FrameworkID == "" {
			return fmt.Errorf("no framework id in %s", data)
		}
		return nil
	})
}

// task is a task as the API shows it.
type task struct {
	ID, State, Host, SlaveID, Version string
	StagedAt, StartedAt               string
	Ports                             []int
}

type appState struct {
	ID                        string
	Instances                 int
	TasksRunning, TasksStaged int
	Tasks                     []task
	Deployments               []struct{ ID string }
	LastTaskFailure           *struct{ State, Message, TaskID, Timestamp string }
}

func (a api) app(id string) appState {
	a.t.Helper()
	var r struct{ App appState }
	a.must(http.MethodGet, "/v2/apps"+id, "", &r)
	return r.App
}

// running waits until n tasks of the app run and no deployment holds it, and returns them.
func (a api) running(id string, n int, within time.Duration) []task {
	a.t.Helper()
	var tasks []task
	eventually(a.t, within, func() error {
		s := a.app(id)
		running := 0
		for _, t := range s.Tasks {
			if t.State == "TASK_RUNNING" {
				running++
			}
		}
		if running != n || len(s.Tasks) != n || len(s.Deployments) != 0 {
			return fmt.Errorf("%s: %d of %d tasks run, %d deployments, last failure %+v", id, running, len(s.Tasks), len(s.Deployments), s.LastTaskFailure)
		}
		tasks = s.Tasks
		return nil
	})
	return tasks
}

func ids(tasks []task) map[string]bool {
	set := map[string]bool{}
	for _, t := range tasks {
		set[t.ID] = true
	}
	return set
}

// docker runs the Docker client and returns its output.
func docker(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("docker", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// containers lists the containers of an app's tasks, stopped ones, too.
func containers(t *testing.T, taskID string) []string {
	t.Helper()
	return strings.Fields(docker(t, "ps", "-aq", "--no-trunc", "--filter", "label=org.gantry.task="+taskID))
}
