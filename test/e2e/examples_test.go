package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// The example is launched as it is; only the addresses of a cluster that does
// not exist here are replaced.
func TestMarathonsExampleRegistersAsASecondFramework(t *testing.T) {
	t.Parallel()
	c := cluster(t, nil)
	outer, _ := scheduling(t, freeAddress(t), "--master", c.MasterURL(), "--state-dir", t.TempDir())
	data, err := os.ReadFile("../../examples/marathon/gantry.json")
	if err != nil {
		t.Fatal(err)
	}
	var app map[string]any
	if err := json.Unmarshal(data, &app); err != nil {
		t.Fatal(err)
	}
	app["fetch"] = []map[string]any{
		{"uri": "file://" + filepath.Join(absolute(t, bin), "gantry"), "executable": true},
		{"uri": "file://" + filepath.Join(absolute(t, bin), "gantry-executor"), "executable": true},
	}
	app["env"] = map[string]string{"GANTRY_MASTER": c.MasterURL(), "GANTRY_STATE_DIR": "state", "GANTRY_FRAMEWORK_NAME": "gantry-inner"}
	body, err := json.Marshal(app)
	if err != nil {
		t.Fatal(err)
	}
	outer.must(http.MethodPost, "/v2/apps", string(body), nil)
	tk := outer.running("/gantry", 1, time.Minute)[0]
	inner := api{t, fmt.Sprintf("http://127.0.0.1:%d", tk.Ports[0])}
	inner.ready()
	var state struct{ Frameworks []struct{ Name string } }
	api{t, "http://" + c.MasterAddr(c.Leader())}.must(http.MethodGet, "/state", "", &state)
	names := map[string]bool{}
	for _, f := range state.Frameworks {
		names[f.Name] = true
	}
	if len(state.Frameworks) != 2 || !names["gantry"] || !names["gantry-inner"] {
		t.Fatalf("frameworks %v, want gantry and gantry-inner", names)
	}
	inner.must(http.MethodPost, "/v2/apps", shell("/within", "exec sleep 1000", 1, ""), nil)
	inner.running("/within", 1, time.Minute)
	inner.must(http.MethodDelete, "/v2/apps/within", "", nil)
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

func TestMesosMiniExampleRunsOnAnExistingCluster(t *testing.T) {
	t.Parallel()
	c := cluster(t, nil)
	root := t.TempDir()
	for _, dir := range []string{"examples/mesos-mini", "bin"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for from, to := range map[string]string{
		"../../examples/mesos-mini/run.sh": "examples/mesos-mini/run.sh",
		bin + "/gantry":                    "bin/gantry", bin + "/gantry-executor": "bin/gantry-executor",
	} {
		if err := os.Symlink(absolute(t, from), filepath.Join(root, to)); err != nil {
			t.Fatal(err)
		}
	}
	address := freeAddress(t)
	cmd := exec.CommandContext(t.Context(), filepath.Join(root, "examples/mesos-mini/run.sh"))
	cmd.Env = append(os.Environ(), "MESOS_MASTER="+c.MasterURL(), "GANTRY_STATE_DIR="+t.TempDir(), "GANTRY_HTTP_ADDRESS="+address)
	p := run(t, cmd)
	a := api{t, "http://" + address}
	a.ready()
	data, err := os.ReadFile("../../examples/apps/sleep.json")
	if err != nil {
		t.Fatal(err)
	}
	a.must(http.MethodPost, "/v2/apps", string(data), nil)
	p.interrupt()
}

// What examples/README.md says is needed is enough.
func TestEveryAppOfTheExamplesRunsOnTheMiniCluster(t *testing.T) {
	t.Parallel()
	a, _ := mini(t, "--runtime", "docker", "--master-domain", "eu/a", "--agent-domain", "eu/a", "--agent-domain", "eu/b",
		"--agent-attributes", "disk:ssd;rack:new-1", "--agent-attributes", "disk:nvme;rack:new-2")
	files := []string{"rolling.json", "placement.json", "marathon-legacy.json", "host-network.json", "database.json", "several.yaml", "hello.json", "sleep.json"}
	there, err := os.ReadDir("../../examples/apps")
	if err != nil || len(there) != len(files) {
		t.Fatalf("%d examples are there, %d are tried (%v)", len(there), len(files), err)
	}
	for _, file := range files {
		cmd := exec.CommandContext(t.Context(), filepath.Join(bin, "gantry"), "--url", a.url, "app", "create", "--wait", "--timeout", "2m", "../../examples/apps/"+file)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", file, err, out)
		}
	}
}
