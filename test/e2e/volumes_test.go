package e2e

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// counting is a command that counts its starts in a file of its volume.
const counting = `n=$(cat %[1]s/starts 2>/dev/null || echo 0); echo $((n+1)) > %[1]s/starts; exec sleep 1000`

// shellImage makes an image with a shell, without any registry, and removes it at the end.
func shellImage(t *testing.T) string {
	t.Helper()
	program, err := os.ReadFile("/bin/busybox")
	if err != nil {
		t.Fatalf("no static busybox (install it with: apt-get install busybox-static): %v", err)
	}
	name := fmt.Sprintf("gantry-e2e-shell:%d-%s", os.Getpid(), strings.ReplaceAll(t.Name(), "/", "."))
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	files := []*tar.Header{{Name: "bin/busybox", Mode: 0o755, Size: int64(len(program))}}
	for _, link := range []string{"sh", "cat", "sleep"} {
		files = append(files, &tar.Header{Name: "bin/" + link, Linkname: "busybox", Typeflag: tar.TypeSymlink, Mode: 0o777})
	}
	for _, h := range files {
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			_, err = w.Write(program)
		}
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("docker", "import", "-", name)
	cmd.Stdin = &buf
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("docker import: %v\n%s", err, out)
	}
	t.Cleanup(func() { docker(t, "rmi", "-f", name) })
	return name
}

// resident is an app with a persistent volume, as a process or, with an image, in Docker.
func resident(id string, instances int, image string) string {
	kind, cmd := `"type": "MESOS"`, fmt.Sprintf(counting, "data")
	if image != "" {
		kind = fmt.Sprintf(`"type": "DOCKER", "docker": {"image": %q}`, image)
		cmd = fmt.Sprintf(counting, "/mnt/mesos/sandbox/data")
	}
	return fmt.Sprintf(`{"id": %q, "cmd": %q, "instances": %d, "cpus": 0.05, "mem": 32, "backoffSeconds": 1,
	  "container": {%s, "volumes": [{"containerPath": "data", "mode": "RW", "persistent": {"size": 64}}]}}`, id, cmd, instances, kind)
}

// starts waits until the only volume below dir counts n starts.
func starts(t *testing.T, dir string, n int) {
	t.Helper()
	eventually(t, time.Minute, func() error {
		files, err := filepath.Glob(filepath.Join(dir, "*/volumes/roles/gantry/*/starts"))
		if err != nil || len(files) != 1 {
			return fmt.Errorf("files %v, want one: %w", files, err)
		}
		text, err := os.ReadFile(files[0])
		if got, _ := strconv.Atoi(strings.TrimSpace(string(text))); got != n {
			return fmt.Errorf("%q starts, want %d: %w", text, n, err)
		}
		return nil
	})
}

func TestAVolumeOutlivesItsTasks(t *testing.T) {
	t.Parallel()
	for _, runtime := range []string{"process", "docker"} {
		t.Run(runtime, func(t *testing.T) {
			t.Parallel()
			image := ""
			if runtime == "docker" {
				image = shellImage(t)
			}
			dir := workDir(t)
			args := []string{"--runtime", runtime, "--work-dir", dir, "--agents", "3"}
			a, cluster := mini(t, args...)
			a.must(http.MethodPost, "/v2/apps", resident("/db", 1, image), nil)
			first := a.running("/db", 1, time.Minute)[0]
			starts(t, dir, 1)

			// Killed, it comes back to the agent and the file.
			a.must(http.MethodDelete, "/v2/apps/db/tasks/"+first.ID, "", nil)
			second := a.next("/db", first)
			starts(t, dir, 2)

			// What is reserved cannot change.
			status, data, err := a.try(http.MethodPut, "/v2/apps/db", `{"cpus": 1}`)
			if status != http.StatusUnprocessableEntity || err != nil || !strings.Contains(string(data), "/cpus") {
				t.Errorf("more cpus: got %d %s %v, want 422", status, data, err)
			}

			// A new version, and a time without any instance.
			a.must(http.MethodPut, "/v2/apps/db", `{"env": {"NEW": "1"}}`, nil)
			third := a.next("/db", second)
			starts(t, dir, 3)
			a.must(http.MethodPut, "/v2/apps/db", `{"instances": 0}`, nil)
			eventually(t, time.Minute, func() error {
				if s := a.app("/db"); len(s.Tasks) != 1 || s.Tasks[0].State != "TASK_KILLED" || len(s.Deployments) > 0 {
					return fmt.Errorf("tasks %+v, want the stopped one", s.Tasks)
				}
				return nil
			})
			a.must(http.MethodPut, "/v2/apps/db", `{"instances": 1}`, nil)
			fourth := a.next("/db", third)
			starts(t, dir, 4)

			// Nor does a restart of agents, master and scheduler cost it anything.
			cluster.interrupt()
			a, _ = mini(t, args...)
			a.next("/db", fourth)
			starts(t, dir, 5)

			// Deleted, nothing is left and the disk is everybody's again.
			a.must(http.MethodDelete, "/v2/apps/db", "", nil)
			a.nothingReserved(dir)
		})
	}
}

// next waits for the task that follows was on the same host; the agent there may have another id.
func (a api) next(id string, was task) task {
	a.t.Helper()
	var is task
	eventually(a.t, time.Minute, func() error {
		s := a.app(id)
		if len(s.Tasks) != 1 || s.Tasks[0].ID == was.ID || s.Tasks[0].State != "TASK_RUNNING" {
			return fmt.Errorf("tasks %+v, want one that follows %s", s.Tasks, was.ID)
		}
		is = s.Tasks[0]
		return nil
	})
	instance, _, _ := strings.Cut(was.ID, "._app.")
	if !strings.HasPrefix(is.ID, instance+"._app.") || is.Host != was.Host {
		a.t.Errorf("got task %s on %s, want the instance and host of %s on %s", is.ID, is.Host, was.ID, was.Host)
	}
	return is
}

// nothingReserved waits until no agent holds a reservation or a volume.
func (a api) nothingReserved(dir string) {
	a.t.Helper()
	var info struct {
		Config struct{ Master string } `json:"marathon_config"`
	}
	a.must(http.MethodGet, "/v2/info", "", &info)
	eventually(a.t, time.Minute, func() error {
		_, data, err := api{a.t, info.Config.Master}.try(http.MethodGet, "/slaves", "")
		if err != nil {
			return err
		}
		var state struct {
			Slaves []struct {
				ID       string
				Reserved map[string]any `json:"reserved_resources"`
			}
		}
		if err := json.Unmarshal(data, &state); err != nil {
			return err
		}
		for _, s := range state.Slaves {
			if len(s.Reserved) > 0 {
				return fmt.Errorf("agent %s still has %v", s.ID, s.Reserved)
			}
		}
		if files, _ := filepath.Glob(filepath.Join(dir, "*/volumes/roles/*/*")); len(files) > 0 {
			return fmt.Errorf("volumes are left: %v", files)
		}
		return nil
	})
}
