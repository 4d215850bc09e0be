package e2e

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestARunningSchedulerCanBeLookedInto(t *testing.T) {
	t.Parallel()
	debug := freeAddress(t)
	a, p := mini(t, "--runtime", "process", "--agents", "1", "--debug-address", debug)
	a.must(http.MethodPost, "/v2/apps", shell("/web", "exec sleep 1000 # hunter2", 1, `, "env": {"PASSWORD": "hunter2"}`), nil)
	tasks := a.running("/web", 1, time.Minute)
	d := api{t, "http://" + debug}

	var state struct {
		Leading bool
		Inside  *struct{ Kills []string }
		Apps    []struct {
			ID        string
			Env       map[string]string
			Instances []struct{ Task, Condition string }
		}
	}
	d.must(http.MethodGet, "/debug/state", "", &state)
	if !state.Leading || state.Inside == nil || len(state.Apps) != 1 || state.Apps[0].Env["PASSWORD"] != "(redacted)" || len(state.Apps[0].Instances) != 1 ||
		state.Apps[0].Instances[0].Task != tasks[0].ID || state.Apps[0].Instances[0].Condition != "Running" {
		t.Errorf("the state: %+v", state)
	}
	if _, text, _ := d.try(http.MethodGet, "/debug/state", ""); strings.Contains(string(text), "hunter2") {
		t.Errorf("a secret is in the dump:\n%s", text)
	}
	var loop struct {
		Leading bool
		Steps   int
		Events  struct{ Max int }
		Times   struct{ Median float64 } `json:"step_seconds"`
	}
	d.must(http.MethodGet, "/debug/loop", "", &loop)
	if !loop.Leading || loop.Steps == 0 || loop.Events.Max == 0 || loop.Times.Median <= 0 {
		t.Errorf("the loop: %+v", loop)
	}
	for path, want := range map[string]string{
		"/debug/pprof/goroutine?debug=1": "scheduler/loop", "/debug/pprof/heap?debug=1": "heap profile", "/debug/pprof/cmdline": "mini",
		"/debug/pprof/profile?seconds=1": "\x1f\x8b", "/debug/": "/debug/state",
	} {
		if status, text, err := d.try(http.MethodGet, path, ""); status != http.StatusOK || !strings.Contains(string(text), want) {
			t.Errorf("GET %s: %d %v, want a body with %q", path, status, err, want)
		}
	}

	var level struct{ Level string }
	d.must(http.MethodGet, "/debug/log-level", "", &level)
	if level.Level != "info" || strings.Contains(p.out.String(), "DEBUG") {
		t.Errorf("the level is %q, and the log has lines of debug already", level.Level)
	}
	d.must(http.MethodPut, "/debug/log-level", `{"level":"debug"}`, nil)
	a.must(http.MethodDelete, "/v2/apps/web", "", nil)
	eventually(t, time.Minute, func() error {
		if !strings.Contains(p.out.String(), "DEBUG") {
			return errNoDebug
		}
		return nil
	})
	if status, text, _ := d.try(http.MethodPut, "/debug/log-level", `{"level":"loud"}`); status != http.StatusBadRequest {
		t.Errorf("an unknown level: %d %s, want 400", status, text)
	}
	if got, text := send(t, http.MethodGet, d.url+"/debug/state", "", "evil.example"); got != http.StatusForbidden {
		t.Errorf("another name: got %d %s, want 403", got, text)
	}
	if got, text := send(t, http.MethodPut, d.url+"/debug/log-level", `{"level":"info"}`, "", "Content-Type", "application/json", "Origin", "https://evil.example"); got != http.StatusForbidden {
		t.Errorf("a page: got %d %s, want 403", got, text)
	}
	if status, _, _ := a.try(http.MethodGet, "/debug/state", ""); status != http.StatusNotFound {
		t.Errorf("the API answers /debug/state with %d, want 404", status)
	}
}

// errNoDebug says that the level was changed without effect.
var errNoDebug = errors.New("no line of debug in the log")

func TestDebuggingIsClosedToOthers(t *testing.T) {
	t.Parallel()
	c := cluster(t, nil)
	args := []string{"scheduler", "--master", c.MasterURL(), "--state-dir", t.TempDir(), "--http-address", freeAddress(t), "--debug-address", "0.0.0.0:0"}
	for _, command := range [][]string{args, {"mini", "--debug-address", ":6060", "--work-dir", t.TempDir()}} {
		cmd := exec.Command(filepath.Join(bin, "gantry"), command...)
		out, _ := cmd.CombinedOutput() // the exit code is checked below
		if code := cmd.ProcessState.ExitCode(); code != 2 || !strings.Contains(string(out), "--http-credentials-file") {
			t.Errorf("gantry %s: exit code %d, want 2 and the way out\n%s", strings.Join(command, " "), code, out)
		}
	}

	users := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(users, []byte("ops:s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(freeAddress(t), ":")
	address := freeAddress(t)
	start(t, nil, "gantry", "scheduler", "--master", c.MasterURL(), "--state-dir", t.TempDir(), "--http-address", address, "--debug-address", "0.0.0.0:"+port,
		"--http-credentials-file", users)
	api{t, "http://ops:s3cret@" + address}.ready()
	for _, row := range []struct {
		user string
		want int
	}{{"", 401}, {"ops:wrong@", 401}, {"ops:s3cret@", 200}} {
		for _, path := range []string{"/debug/state", "/debug/pprof/heap"} {
			if got, _ := send(t, http.MethodGet, "http://"+row.user+"127.0.0.1:"+port+path, "", ""); got != row.want {
				t.Errorf("GET %s as %q: got %d, want %d", path, row.user, got, row.want)
			}
		}
	}
}
