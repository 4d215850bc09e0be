package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestWhatUsersHaveReported runs what they typed, each on a path of its own, against one
// mini cluster with plain processes. [07], of unreachable agents, is told by the scripts of
// scheduler/core (kill_of_an_unreachable_task, scaling_beside_an_unreachable_task): an agent
// takes more than a minute to be given up.
func TestWhatUsersHaveReported(t *testing.T) {
	t.Parallel()
	dir := workDir(t)
	if err := os.Chmod(dir, 0o755); err != nil { // for tasks of other users
		t.Fatal(err)
	}
	a, _ := mini(t, "--runtime", "process", "--work-dir", dir)
	for name, report := range map[string]func(api){
		"01 a first health check keeps the old instances":      firstHealthCheck,
		"02 a definition that is too large":                    largeDefinition,
		"03 a task that is named twice":                        namedTwice,
		"05 files belong to the task's user":                   filesOfAUser,
		"06 a rollback leaves a service port to its new owner": rollbackOfAPort,
		"08 a volume, a required port and a port of 0 again":   volumeAndPortZero,
		"10 features name their flag":                          featuresNameTheirFlag,
		"12 docker parameters are judged at once":              dockerParameters,
		"14 concurrent updates are all applied":                concurrentUpdates,
		"15 an app and one inside it":                          parentAndChild,
		"18 bytes that are no text":                            bytesThatAreNoText,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report(api{t, a.url})
		})
	}
}

// expect sends a request and demands a status, and a text in the answer.
func (a api) expect(status int, method, path, body, text string) {
	a.t.Helper()
	got, data, err := a.try(method, path, body)
	if err != nil || got != status || !strings.Contains(string(data), text) {
		a.t.Errorf("%s %s: got %d %v %.300s, want %d with %q", method, path, got, err, data, status, text)
	}
}

// versions counts an App's running tasks by whether they are of its present version.
func (a api) versions(id string) (old, fresh int) {
	a.t.Helper()
	var out struct{ App struct{ Version string } }
	a.must(http.MethodGet, "/v2/apps"+id, "", &out)
	for _, tk := range a.app(id).Tasks {
		switch {
		case tk.State != "TASK_RUNNING":
		case tk.Version == out.App.Version:
			fresh++
		default:
			old++
		}
	}
	return old, fresh
}

func firstHealthCheck(a api) {
	t := a.t
	a.must(http.MethodPost, "/v2/apps", shell("/r01", "exec sleep 1000", 5, `,"upgradeStrategy":{"minimumHealthCapacity":0.8,"maximumOverCapacity":0}`), nil)
	a.running("/r01", 5, time.Minute)
	never := `{"healthChecks":[{"protocol":"COMMAND","command":{"value":"false"},"gracePeriodSeconds":600,"intervalSeconds":1,"delaySeconds":0}]}`
	a.must(http.MethodPut, "/v2/apps/r01", never, nil)
	eventually(t, time.Minute, func() error {
		old, fresh := a.versions("/r01")
		if old < 4 {
			t.Fatalf("%d old instances run, want 4 at least until a new one is healthy", old)
		}
		if fresh == 0 {
			return fmt.Errorf("%d old and no new instance", old)
		}
		return nil
	})
	if old, _ := a.versions("/r01"); old != 4 {
		t.Errorf("%d old instances run beside a new one that is not healthy, want 4", old)
	}
}

func largeDefinition(a api) {
	body := `{"id":"/r02","cmd":"sleep 1","instances":0,"labels":{"notes":"` + strings.Repeat("x", 459000) + `"}}`
	a.expect(http.StatusUnprocessableEntity, http.MethodPost, "/v2/apps", body, "limit")
	a.expect(http.StatusUnprocessableEntity, http.MethodPut, "/v2/apps/r02", body, "limit")
	a.expect(http.StatusUnprocessableEntity, http.MethodPut, "/v2/apps", "["+body+"]", "limit")
	a.expect(http.StatusNotFound, http.MethodGet, "/v2/apps/r02", "", "")
}

func namedTwice(a api) {
	t := a.t
	a.must(http.MethodPost, "/v2/apps", shell("/r03", "exec sleep 1000", 4, ""), nil)
	victim := a.running("/r03", 4, time.Minute)[0].ID
	a.must(http.MethodPost, "/v2/tasks/delete?scale=true", fmt.Sprintf(`{"ids":[%q,%q]}`, victim, victim), nil)
	if n := a.app("/r03").Instances; n != 3 {
		t.Errorf("got %d instances, want 3", n)
	}
	eventually(t, time.Minute, func() error {
		left := ids(a.app("/r03").Tasks)
		if len(left) != 3 || left[victim] {
			return fmt.Errorf("left are %v, want 3 without %s", left, victim)
		}
		return nil
	})
}

func filesOfAUser(a api) {
	t := a.t
	dir := workDir(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "pack"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "pack", "file"), []byte("a\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "tar", "-C", dir, "-czf", filepath.Join(dir, "pack.tgz"), "pack").CombinedOutput(); err != nil {
		t.Fatalf("tar: %v %s", err, out)
	}
	cmd := "echo to-dev-stdout > /dev/stdout; echo x >> pack/file && touch pack/new && echo written; exec sleep 1000"
	a.must(http.MethodPost, "/v2/apps", shell("/r05", cmd, 1, `,"user":"nobody","fetch":[{"uri":"file://`+dir+`/pack.tgz"}]`), nil)
	id := a.running("/r05", 1, time.Minute)[0].ID
	eventually(t, time.Minute, func() error {
		_, log, err := a.try(http.MethodGet, "/v3/tasks/"+id+"/logs", "")
		if err != nil || !strings.Contains(string(log), "to-dev-stdout") || !strings.Contains(string(log), "written") {
			return fmt.Errorf("the task has written %q, %w", log, err)
		}
		return nil
	})
	for _, path := range []string{"", "?path=pack"} {
		var out struct{ Files []struct{ Path, User string } }
		a.must(http.MethodGet, "/v3/tasks/"+id+"/files"+path, "", &out)
		for _, f := range out.Files {
			if f.User != "nobody" {
				t.Errorf("%s belongs to %s, want nobody", f.Path, f.User)
			}
		}
	}
}

func (a api) servicePort(id string) (port int, version string) {
	a.t.Helper()
	var out struct {
		App struct {
			Version         string
			PortDefinitions []struct{ Port int }
		}
	}
	a.must(http.MethodGet, "/v2/apps"+id, "", &out)
	return out.App.PortDefinitions[0].Port, out.App.Version
}

func rollbackOfAPort(a api) {
	t := a.t
	a.must(http.MethodPost, "/v2/apps", shell("/r06a", "sleep 1000", 0, ""), nil)
	was, version := a.servicePort("/r06a")
	a.must(http.MethodPut, "/v2/apps/r06a?force=true", `{"portDefinitions":[{"port":12345,"name":"default"}]}`, nil)
	// The port that is free again is given to one of these, as others of this cluster take some, too.
	var taken []int
	for n := 0; !slices.Contains(taken, was); n++ {
		if n == 50 {
			t.Fatalf("port %d is given to nobody of %v", was, taken)
		}
		id := fmt.Sprintf("/r06b%d", n)
		a.must(http.MethodPost, "/v2/apps", shell(id, "sleep 1000", 0, ""), nil)
		port, _ := a.servicePort(id)
		taken = append(taken, port)
	}
	a.must(http.MethodPut, "/v2/apps/r06a?force=true", fmt.Sprintf(`{"version":%q}`, version), nil)
	if port, _ := a.servicePort("/r06a"); slices.Contains(taken, port) || port == 12345 {
		t.Errorf("the rollback brings back port %d, which another app has", port)
	}
}

func volumeAndPortZero(a api) {
	t := a.t
	body := `{"id":"/r08","cmd":"sleep 1000","cpus":0.1,"mem":32,"instances":0,"requirePorts":true,"portDefinitions":[{"port":0,"name":"web"}],
	  "container":{"type":"MESOS","volumes":[{"containerPath":"data","mode":"RW","persistent":{"size":10}}]}}`
	a.must(http.MethodPost, "/v2/apps", body, nil)
	_, was := a.servicePort("/r08")
	for _, path := range []string{"/r08", "/r08?partialUpdate=false"} {
		a.expect(http.StatusOK, http.MethodPut, "/v2/apps"+path, body, "deploymentId")
	}
	a.expect(http.StatusOK, http.MethodPut, "/v2/apps", "["+body+"]", "deploymentId")
	if _, is := a.servicePort("/r08"); is != was {
		t.Errorf("got version %s after %s, want no change", is, was)
	}
}

func featuresNameTheirFlag(a api) {
	for _, row := range []struct{ body, says string }{
		{`{"id":"/r10","cmd":"sleep 1","instances":0,"env":{"PW":{"secret":"pw"}},"secrets":{"pw":{"source":"db/pw"}}}`, "secret"},
		{`{"id":"/r10","cmd":"sleep 1","instances":0,"container":{"type":"MESOS","volumes":[{"containerPath":"/d","mode":"RW","external":{"name":"v","provider":"dvdi","options":{"dvdi/driver":"rexray"}}}]}}`, "--enable-features external_volumes"},
		{`{"id":"/r10","cmd":"sleep 1","instances":0,"gpus":1}`, "--enable-features gpu_resources"},
	} {
		a.expect(http.StatusUnprocessableEntity, http.MethodPost, "/v2/apps", row.body, row.says)
	}
}

func dockerParameters(a api) {
	with := func(key string) string {
		return fmt.Sprintf(`{"id":"/r12","cmd":"sleep 1000","instances":0,"container":{"type":"DOCKER","docker":{"image":"i","parameters":[{"key":%q,"value":"x"}]}}}`, key)
	}
	for _, key := range []string{"no-such-flag", "env-file", "mount", "expose", "ip", "mac-address"} {
		a.expect(http.StatusUnprocessableEntity, http.MethodPost, "/v2/apps", with(key), "/container/docker/parameters(0)")
	}
	a.expect(http.StatusCreated, http.MethodPost, "/v2/apps", with("name"), "")
	a.expect(http.StatusOK, http.MethodPut, "/v2/apps/r12?force=true", with("restart"), "")
}

func concurrentUpdates(a api) {
	t := a.t
	a.must(http.MethodPost, "/v2/apps", shell("/r14", "sleep 1", 0, ""), nil)
	var clients sync.WaitGroup
	for k := range 8 {
		clients.Go(func() {
			for n := range 20 {
				body := fmt.Sprintf(`{"labels":{"L":"%d"}}`, n)
				if k%2 == 0 {
					body = fmt.Sprintf(`{"env":{"A":"%d-%d"}}`, k, n)
				}
				if status, data, err := a.try(http.MethodPut, "/v2/apps/r14?force=true", body); status != http.StatusOK {
					t.Errorf("got %d %v %s, want 200", status, err, data)
				}
			}
		})
	}
	clients.Wait()
}

func parentAndChild(a api) {
	both := `[{"id":"/r15","cmd":"sleep 1","instances":0},{"id":"/r15/h","cmd":"sleep 1","instances":0}]`
	a.expect(http.StatusConflict, http.MethodPut, "/v2/apps", both, "r15")
	a.expect(http.StatusNotFound, http.MethodGet, "/v2/apps/r15", "", "")
	a.expect(http.StatusNotFound, http.MethodGet, "/v2/apps/r15/h", "", "")
}

func bytesThatAreNoText(a api) {
	a.expect(http.StatusBadRequest, http.MethodPost, "/v2/apps", "{\"id\":\"/r18\",\"cmd\":\"echo \xe9\",\"instances\":0}", "UTF-8")
	a.expect(http.StatusBadRequest, http.MethodPost, "/v2/apps", `{"id":"/r18","cmd":"echo \ud800","instances":0}`, "")
	a.expect(http.StatusCreated, http.MethodPost, "/v2/apps", "\xef\xbb\xbf{\"id\":\"/r18\",\"cmd\":\"sleep 1\",\"instances\":0}", "/r18")
}

// [04] and [16]: what cannot work is refused at the start.
func TestAMiniClusterThatCannotWorkDoesNotStart(t *testing.T) {
	t.Parallel()
	taken := freeAddress(t)
	first := start(t, nil, "gantry", "mini", "--runtime", "process", "--http-address", freeAddress(t), "--mesos-address", taken, "--work-dir", workDir(t))
	eventually(t, time.Minute, func() error {
		if !strings.Contains(first.out.String(), "API ") {
			return fmt.Errorf("the first one is not up: %s", first.out.String())
		}
		return nil
	})
	for _, row := range []struct {
		flags []string
		code  int
		says  string
	}{
		{[]string{"--mesos-address", taken}, 1, "--mesos-address " + taken + ": address already in use"},
		{[]string{"--mesos-address", freeAddress(t), "--agent-attributes", "zones:{a,b}"}, 2, `--agent-attributes "zones:{a,b}"`},
	} {
		args := append([]string{"mini", "--runtime", "process", "--http-address", freeAddress(t), "--work-dir", workDir(t)}, row.flags...)
		if code, out := cli(t, nil, args...); code != row.code || !strings.Contains(out, row.says) {
			t.Errorf("gantry %s: got %d, want %d and %q:\n%s", strings.Join(args, " "), code, row.code, row.says, out)
		}
	}
}

// [11]: the ports of agents are none that the kernel gives to connections.
func TestPortsOfAgentsAreTheirOwn(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		t.Skip("the kernel does not tell which ports it gives to connections")
	}
	var low, high int
	if _, err := fmt.Fscan(bytes.NewReader(data), &low, &high); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	p := start(t, nil, "gantry", "mini", "--runtime", "process", "--agents", "5", "--http-address", freeAddress(t), "--mesos-address", address, "--work-dir", workDir(t))
	var state struct {
		Slaves []struct{ Resources struct{ Ports string } }
	}
	eventually(t, time.Minute, func() error {
		status, data, err := api{t, "http://" + address}.try(http.MethodGet, "/slaves", "")
		if err != nil || status != http.StatusOK {
			return fmt.Errorf("%d %w %s", status, err, p.out.String())
		}
		if err := json.Unmarshal(data, &state); err != nil || len(state.Slaves) != 5 {
			return fmt.Errorf("%d agents, want 5: %w", len(state.Slaves), err)
		}
		return nil
	})
	last := map[int]bool{}
	for _, s := range state.Slaves {
		var from, to int
		if _, err := fmt.Sscanf(s.Resources.Ports, "[%d-%d]", &from, &to); err != nil {
			t.Fatalf("%q: %v", s.Resources.Ports, err)
		}
		if to >= low && from <= high {
			t.Errorf("ports %s are the kernel's, which gives %d-%d to connections", s.Resources.Ports, low, high)
		}
		if last[from] {
			t.Errorf("two agents have port %d", from)
		}
		last[from] = true
	}
}
