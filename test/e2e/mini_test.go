package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// mini starts "gantry mini" on free ports and returns its API.
func mini(t *testing.T, args ...string) (api, *program) {
	t.Helper()
	address := freeAddress(t)
	all := append([]string{"mini", "--http-address", address, "--mesos-address", freeAddress(t), "--log-level", "info"}, args...)
	if !strings.Contains(strings.Join(args, " "), "--work-dir") {
		all = append(all, "--work-dir", workDir(t))
	}
	p := start(t, nil, "gantry", all...)
	a := api{t, "http://" + address}
	a.ready()
	return a, p
}

// workDir is a temporary directory that may hold files of other users' processes.
func workDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "gantry-e2e")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// freeAddress returns a loopback address that nobody listens on at the moment.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return address
}

// hello is an app that runs examples/hello in Docker with bridge networking.
func hello(id string, instances int, more string) string {
	return fmt.Sprintf(`{"id": %q, "instances": %d, "cpus": 0.1, "mem": 32, "backoffSeconds": 1,
	  "env": {"LISTEN_PORT": "8000"}, "networks": [{"mode": "container/bridge"}],
	  "container": {"type": "DOCKER", "docker": {"image": "gantry-hello:latest"}, "portMappings": [{"containerPort": 8000, "hostPort": 0}]}%s}`,
		id, instances, more)
}

// shell is an app that runs a command as a plain process.
func shell(id, cmd string, instances int, more string) string {
	return fmt.Sprintf(`{"id": %q, "cmd": %q, "instances": %d, "cpus": 0.05, "mem": 16, "backoffSeconds": 1%s}`, id, cmd, instances, more)
}

func TestAnAppGoesTheWholeWayInDocker(t *testing.T) {
	t.Parallel()
	a, p := mini(t, "--runtime", "docker")
	a.must(http.MethodPost, "/v2/apps", hello("/web", 2, ""), nil)
	first := a.running("/web", 2, time.Minute)
	for _, task := range first {
		answers(t, task)
	}

	a.must(http.MethodPut, "/v2/apps/web", `{"instances": 4}`, nil)
	grown := a.running("/web", 4, time.Minute)
	if now := ids(grown); !now[first[0].ID] || !now[first[1].ID] {
		t.Errorf("scaling up touched the running tasks: before %v, after %v", ids(first), now)
	}
	a.must(http.MethodPut, "/v2/apps/web", `{"instances": 1}`, nil)
	left := a.running("/web", 1, time.Minute)
	if !ids(grown)[left[0].ID] {
		t.Errorf("scaling down replaced the survivor by %s", left[0].ID)
	}

	killed := left[0]
	docker(t, "kill", containers(t, killed.ID)[0])
	eventually(t, time.Minute, func() error {
		s := a.app("/web")
		if len(s.Tasks) != 1 || s.Tasks[0].ID == killed.ID || s.Tasks[0].State != "TASK_RUNNING" {
			return fmt.Errorf("not replaced yet: %+v", s.Tasks)
		}
		return nil
	})
	a.must(http.MethodPost, "/v2/apps/web/restart", "", nil)
	a.running("/web", 1, time.Minute)

	a.must(http.MethodDelete, "/v2/apps/web", "", nil)
	eventually(t, time.Minute, func() error {
		if status, _, err := a.try(http.MethodGet, "/v2/apps/web", ""); status != http.StatusNotFound {
			return fmt.Errorf("still there: %d %w", status, err)
		}
		return nil
	})
	eventually(t, time.Minute, func() error {
		if left := appContainers(t, "/web"); len(left) > 0 {
			return fmt.Errorf("containers are left: %v", left)
		}
		return nil
	})
	if code := p.interrupt(); code != 0 {
		t.Errorf("exit code %d after Ctrl-C, want 0", code)
	}
}

func appContainers(t *testing.T, id string) []string {
	t.Helper()
	return strings.Fields(docker(t, "ps", "-aq", "--filter", "label=org.gantry.app="+id))
}

// answers waits until a task answers over HTTP and returns what it says.
func answers(t *testing.T, tk task) map[string]string {
	t.Helper()
	got := map[string]string{}
	eventually(t, 20*time.Second, func() error {
		if len(tk.Ports) == 0 {
			return fmt.Errorf("task %s has no port", tk.ID)
		}
		res, err := http.Get(fmt.Sprintf("http://%s:%d/", tk.Host, tk.Ports[0]))
		if err != nil {
			return err
		}
		defer res.Body.Close()
		return json.NewDecoder(res.Body).Decode(&got)
	})
	if got["task"] != tk.ID {
		t.Errorf("the port of %s is answered by %s", tk.ID, got["task"])
	}
	return got
}

func TestStateIsKeptAndCtrlCLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := workDir(t)
	a, p := mini(t, "--runtime", "docker", "--work-dir", dir)
	a.must(http.MethodPost, "/v2/apps", hello("/kept", 2, ""), nil)
	a.must(http.MethodPost, "/v2/apps", shell("/sleeper", "exec sleep 1000", 2, ""), nil)
	before := ids(append(a.running("/kept", 2, time.Minute), a.running("/sleeper", 2, time.Minute)...))
	if code := p.interrupt(); code != 0 {
		t.Errorf("exit code %d after Ctrl-C, want 0", code)
	}
	for id := range before {
		if left := containers(t, id); len(left) > 0 {
			t.Errorf("containers of %s are left: %v", id, left)
		}
	}
	if left := processesIn(t, dir); left != "" {
		t.Errorf("processes are left:\n%s", left)
	}
	a, _ = mini(t, "--runtime", "docker", "--work-dir", dir)
	a.running("/kept", 2, time.Minute)
	a.running("/sleeper", 2, time.Minute)
}

func TestAKilledMiniClusterTakesItsTasksBack(t *testing.T) {
	t.Parallel()
	dir := workDir(t)
	args := []string{"--runtime", "docker", "--work-dir", dir}
	a, p := mini(t, args...)
	a.must(http.MethodPost, "/v2/apps", hello("/boxed", 1, ""), nil)
	a.must(http.MethodPost, "/v2/apps", shell("/plain", "exec sleep 1000", 2, ""), nil)
	before := ids(append(a.running("/boxed", 1, time.Minute), a.running("/plain", 2, time.Minute)...))
	p.kill()
	a, _ = mini(t, args...)
	after := ids(append(a.running("/boxed", 1, time.Minute), a.running("/plain", 2, time.Minute)...))
	for id := range before {
		if !after[id] {
			t.Errorf("task %s was not taken back; now %v", id, after)
		}
	}
}

// processesIn lists the processes that have dir in their environment or command line.
func processesIn(t *testing.T, dir string) string {
	t.Helper()
	var found []string
	all, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	for _, environ := range all {
		env, _ := os.ReadFile(environ)                                         // the process may be gone
		cmd, _ := os.ReadFile(filepath.Join(filepath.Dir(environ), "cmdline")) // likewise
		if strings.Contains(string(env), dir) || strings.Contains(string(cmd), dir) {
			found = append(found, strings.ReplaceAll(string(cmd), "\x00", " "))
		}
	}
	return strings.Join(found, "\n")
}

func TestMiniWorksWithoutDocker(t *testing.T) {
	t.Parallel()
	a, p := mini(t, "--runtime", "process", "--agents", "1")
	if !strings.Contains(p.out.String(), "runtime   process") {
		t.Errorf("it does not say what it does:\n%s", p.out.String())
	}
	_, admin, _ := strings.Cut(p.out.String(), "faults    ")
	admin, _, _ = strings.Cut(admin, "/admin")
	for _, fault := range []string{"freeze", "thaw"} {
		api{t, admin}.must(http.MethodPost, "/admin/agents/1/"+fault, "", nil)
	}
	a.must(http.MethodPost, "/v2/apps", shell("/plain", "echo from $MESOS_TASK_ID; exec sleep 1000", 2, ""), nil)
	a.running("/plain", 2, time.Minute)
	a.must(http.MethodPost, "/v2/apps", hello("/imaged", 1, ""), nil)
	eventually(t, 30*time.Second, func() error {
		s := a.app("/imaged")
		if s.LastTaskFailure == nil || !strings.Contains(strings.ToLower(s.LastTaskFailure.Message), "docker") {
			return fmt.Errorf("no failure that names Docker: %+v", s.LastTaskFailure)
		}
		return nil
	})
}

func TestBadImagesAndCommandsAreReportedAndRetriedWithGrowingDelay(t *testing.T) {
	t.Parallel()
	a, _ := mini(t, "--runtime", "docker")
	a.must(http.MethodPost, "/v2/apps", `{"id": "/noimage", "instances": 1, "cpus": 0.1, "mem": 32, "backoffSeconds": 1, "backoffFactor": 2,
	  "container": {"type": "DOCKER", "docker": {"image": "gantry.invalid/does-not:exist"}}}`, nil)
	a.must(http.MethodPost, "/v2/apps", shell("/exits", "exit 3", 1, `, "backoffFactor": 2`), nil)
	want := map[string]string{"/noimage": "gantry.invalid/does-not", "/exits": "3"}
	for id, text := range want {
		eventually(t, time.Minute, func() error {
			s := a.app(id)
			if f := s.LastTaskFailure; f == nil || f.State != "TASK_FAILED" || !strings.Contains(f.Message, text) {
				return fmt.Errorf("%s: failure %+v, want TASK_FAILED naming %q", id, f, text)
			}
			return nil
		})
	}
	// The run's number is the last part of the task id: with delays of 1, 2, 4
	// seconds the fourth run cannot come before the seventh second.
	began := time.Now()
	eventually(t, time.Minute, func() error {
		if f := a.app("/exits").LastTaskFailure; !strings.HasSuffix(f.TaskID, ".5") {
			return fmt.Errorf("last failed run %s, waiting for the fifth", f.TaskID)
		}
		return nil
	})
	if took := time.Since(began); took < 6*time.Second {
		t.Errorf("five runs within %v: the delay does not grow", took)
	}
	for range 20 {
		asked := time.Now()
		a.must(http.MethodGet, "/v2/apps", "", nil)
		if took := time.Since(asked); took > 2*time.Second {
			t.Errorf("the API took %v while apps crash", took)
		}
	}
	var queue struct {
		Queue []struct {
			Delay struct{ TimeLeftSeconds int }
		}
	}
	eventually(t, 30*time.Second, func() error {
		a.must(http.MethodGet, "/v2/queue", "", &queue)
		for _, item := range queue.Queue {
			if item.Delay.TimeLeftSeconds > 2 {
				return nil
			}
		}
		return fmt.Errorf("no delay in the queue: %+v", queue)
	})
}

func TestTheCommandLine(t *testing.T) {
	t.Parallel()
	a, _ := mini(t, "--runtime", "process")
	cli := func(want int, args ...string) string {
		t.Helper()
		cmd := exec.Command(filepath.Join(bin, "gantry"), append([]string{"--url", a.url}, args...)...)
		out, _ := cmd.CombinedOutput() // the exit code is checked below
		if got := cmd.ProcessState.ExitCode(); got != want {
			t.Fatalf("gantry %s: exit code %d, want %d\n%s", strings.Join(args, " "), got, want, out)
		}
		return string(out)
	}
	file := filepath.Join(t.TempDir(), "app.json")
	if err := os.WriteFile(file, []byte(shell("/cli", "exec sleep 1000", 2, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	cli(0, "app", "create", "--wait", file)
	if out := cli(0, "app", "list"); !strings.Contains(out, "/cli") {
		t.Errorf("app list does not show /cli:\n%s", out)
	}
	cli(0, "app", "scale", "/cli", "3", "--wait")
	tasks := a.running("/cli", 3, 5*time.Second)
	if out := cli(0, "task", "list"); strings.Count(out, "cli.instance-") < 3 {
		t.Errorf("task list shows fewer than three tasks:\n%s", out)
	}
	if out := cli(0, "task", "files", tasks[0].ID); !strings.Contains(out, "stdout") {
		t.Errorf("task files does not list stdout:\n%s", out)
	}
	cli(0, "task", "kill", tasks[0].ID)
	cli(0, "app", "restart", "/cli", "--wait")
	cli(0, "app", "show", "/cli")
	cli(0, "deployment", "list")
	cli(0, "app", "destroy", "/cli", "--yes", "--wait")
	cli(1, "app", "show", "/cli")
	cli(2, "app", "scale", "/cli")
}
