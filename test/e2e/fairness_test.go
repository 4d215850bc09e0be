package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// command runs the command line against an API and returns what it prints.
func (a api) command(want int, args ...string) string {
	a.t.Helper()
	cmd := exec.Command(filepath.Join(bin, "gantry"), append([]string{"--url", a.url}, args...)...)
	out, _ := cmd.CombinedOutput() // the exit code is checked below
	if got := cmd.ProcessState.ExitCode(); got != want {
		a.t.Fatalf("gantry %s: exit code %d, want %d\n%s", strings.Join(args, " "), got, want, out)
	}
	return string(out)
}

// says waits until "gantry queue show" gives a reason that matches.
func (a api) says(app, pattern string) {
	a.t.Helper()
	eventually(a.t, 20*time.Second, func() error {
		out := a.command(0, "queue", "show", app)
		if !regexp.MustCompile(`(?m)^why +` + pattern).MatchString(out) {
			return fmt.Errorf("gantry queue show %s: no reason %q in\n%s", app, pattern, out)
		}
		return nil
	})
}

// cpus is how many cpus each queue uses.
func (a api) cpus() map[string]float64 {
	a.t.Helper()
	var list struct {
		Queues []struct {
			Queue string
			Used  struct{ CPUs float64 }
		}
	}
	a.must(http.MethodGet, "/v3/queues", "", &list)
	used := map[string]float64{}
	for _, q := range list.Queues {
		used[q.Queue] = q.Used.CPUs
	}
	return used
}

// uses waits until a queue uses so many cpus.
func (a api) uses(queue string, want float64) {
	a.t.Helper()
	eventually(a.t, 20*time.Second, func() error {
		if got := a.cpus()[queue]; got != want {
			return fmt.Errorf("queue %s uses %v cpus, want %v", queue, got, want)
		}
		return nil
	})
}

func sleeper(id string, instances int, cpus float64, more string) string {
	return fmt.Sprintf(`{"id": %q, "cmd": "exec sleep 100000", "instances": %d, "cpus": %v, "mem": 16, "backoffSeconds": 1%s}`, id, instances, cpus, more)
}

// Tenants share the cluster as flags and what is set at run time say, also after
// the schedulers' end; what waits says why.
func TestTenantsShareTheCluster(t *testing.T) {
	t.Parallel()
	dir := workDir(t)
	args := []string{"--runtime", "process", "--agents", "2", "--agent-cpus", "4.2", "--work-dir", dir, "--queue", "/b:weight=3 /c:cpus=-1", "--starve-after", "1s"}
	a, p := mini(t, args...)
	create := func(definition string) { a.must(http.MethodPost, "/v2/apps", definition, nil) }

	// A limit from the flags.
	create(sleeper("/c/app", 3, 1, ""))
	a.uses("/c", 1)
	a.says("/c/app", `the limit of queue /c is reached: 1 of 1 cpus are in use, an instance needs 1$`)
	a.must(http.MethodDelete, "/v2/apps//c/app", "", nil)
	a.uses("/c", 0)

	// Equal turns by weight: /a holds all that is left of 8 cpus, gives up 4, and /b has three parts of those, /d one.
	create(sleeper("/a/app", 8, 1, ""))
	a.uses("/a", 8)
	create(sleeper("/b/app", 8, 1, ""))
	create(sleeper("/d/app", 8, 1, ""))
	a.says("/b/app", `needs 1\.01 cpus with its executor; the largest free agent has 0\.16: 2 agents too small`)
	a.must(http.MethodPut, "/v2/apps//a/app?force=true", `{"instances": 4}`, nil)
	a.uses("/a", 4)
	a.uses("/b", 3)
	a.uses("/d", 1)

	// A limit that is set now, kept across a restart, and reset.
	if out := a.command(0, "queue", "set", "/d", "--limit", "cpus=1"); !strings.Contains(out, "cpus=1") {
		t.Errorf("gantry queue set: got\n%s", out)
	}
	a.says("/d/app", `the limit of queue /d is reached`)
	p.interrupt()
	a, _ = mini(t, args...)
	a.uses("/", 8)
	a.uses("/d", 1)
	a.says("/d/app", `the limit of queue /d is reached`)
	a.command(0, "queue", "reset", "/d")
	a.says("/d/app", `needs 1\.01 cpus`)
	a.command(1, "queue", "reset", "/d")
	a.command(1, "queue", "set", "/d", "--guarantee", "cpus=2", "--limit", "cpus=1")
	a.command(2, "queue", "set", "/d")
	if out := a.command(0, "queue", "shares"); !regexp.MustCompile(`(?m)^/b +3 `).MatchString(out) {
		t.Errorf("gantry queue shares: no weight 3 of /b in\n%s", out)
	}
	status, data, err := a.try(http.MethodGet, "/metrics", "")
	if err != nil || status != http.StatusOK || !strings.Contains(string(data), `gantry_queue_weight{queue="/b"} 3`) {
		t.Errorf("metrics: status %d, error %v, no weight of /b", status, err)
	}
}

// A large instance gets an agent although small ones that wait would take each
// part of it, and whoever waits meanwhile is told.
func TestALargeInstanceIsNotStarved(t *testing.T) {
	t.Parallel()
	a, _ := mini(t, "--runtime", "process", "--agents", "1", "--agent-cpus", "4.2", "--starve-after", "1s")
	a.must(http.MethodPost, "/v2/apps", sleeper("/a/small", 20, 1, ""), nil)
	a.uses("/a", 4)
	a.must(http.MethodPost, "/v2/apps", sleeper("/b/large", 1, 4, ""), nil)
	held := false
	eventually(t, time.Minute, func() error {
		out := a.command(0, "queue", "show", "/b/large", "-o", "json")
		var item struct {
			Count       int
			Explanation string
		}
		if err := json.Unmarshal([]byte(out), &item); err != nil {
			t.Fatalf("gantry queue show: %v in %s", err, out)
		}
		if item.Count == 0 {
			return nil
		}
		if strings.Contains(item.Explanation, "is held for it until an instance fits there") {
			held = true
		}
		// A small task ends; another one waits for its place.
		for _, tk := range a.app("/a/small").Tasks {
			if tk.State == "TASK_RUNNING" {
				if _, _, err := a.try(http.MethodDelete, "/v2/apps//a/small/tasks/"+tk.ID, ""); err != nil {
					t.Fatal(err)
				}
				break
			}
		}
		return fmt.Errorf("/b/large waits: %s", item.Explanation)
	})
	if !held {
		t.Error("no agent was held for /b/large")
	}
	a.says("/a/small", `needs 1\.01 cpus`)
}

// An App is told of back-off, of a master that is gone, and of a deployment that
// is not there yet.
func TestWhatWaitsForSomethingElseSaysSo(t *testing.T) {
	t.Parallel()
	a, p := mini(t, "--runtime", "process", "--agents", "1", "--agent-cpus", "2")
	a.must(http.MethodPost, "/v2/apps", `{"id": "/fails", "cmd": "exit 3", "cpus": 0.1, "mem": 16, "backoffSeconds": 300}`, nil)
	a.says("/fails", `backs off for .* after TASK_FAILED: Command exited with status 3`)
	a.must(http.MethodPut, "/v2/apps", "["+sleeper("/db", 1, 5, "")+","+sleeper("/web", 2, 0.1, `, "dependencies": ["/db"]`)+"]", nil)
	a.says("/db", `needs 5\.01 cpus with its executor; the largest free agent has `)
	a.says("/web", `nothing of it waits for an offer: 0 of 2 instances run, deployment [0-9a-f-]+ has to scale /db first`)
	faults := regexp.MustCompile(`faults +(http://\S+)/admin`).FindStringSubmatch(p.out.String())
	if faults == nil {
		t.Fatalf("no address of the faults in\n%s", p.out.String())
	}
	api{t, faults[1]}.must(http.MethodPost, "/admin/masters/1/kill", "", nil)
	a.says("/db", `the scheduler is not connected to a Mesos master`)
	api{t, faults[1]}.must(http.MethodPost, "/admin/masters/1/start", "", nil)
	a.says("/db", `needs 5\.01 cpus`)
}
