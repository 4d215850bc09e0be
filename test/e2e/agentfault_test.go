package e2e

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A host port that something else on the agent uses is not the App's fault: it
// does not back off by its own hour, and runs as soon as the port is free.
func TestATakenHostPortDoesNotBackTheAppOff(t *testing.T) {
	t.Parallel()
	a, p := mini(t, "--runtime", "process", "--agents", "1")
	a.must(http.MethodPost, "/v2/apps", shell("/first", "exec sleep 1000", 1, `, "portDefinitions": [{"port": 0}]`), nil)
	port := a.running("/first", 1, time.Minute)[0].Ports[0]
	a.must(http.MethodDelete, "/v2/apps/first", "", nil)
	eventually(t, 30*time.Second, func() error {
		if status, _, err := a.try(http.MethodGet, "/v2/apps/first", ""); status != http.StatusNotFound {
			return fmt.Errorf("/first is still there: %d %w", status, err)
		}
		return nil
	})
	taken, err := net.Listen("tcp", fmt.Sprintf("0.0.0.0:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }() // closed below already, unless the test has failed
	a.must(http.MethodPost, "/v2/apps", fmt.Sprintf(`{"id": "/web", "cmd": "exec sleep 1000", "cpus": 0.05, "mem": 16, "backoffSeconds": 3600,
	  "maxLaunchDelaySeconds": 3600, "requirePorts": true, "portDefinitions": [{"port": %d}]}`, port), nil)
	failures := map[string]bool{}
	eventually(t, time.Minute, func() error {
		f := a.app("/web").LastTaskFailure
		if f == nil || !strings.Contains(f.Message, "is taken on this agent") {
			return fmt.Errorf("no failure that names the port: %+v", f)
		}
		if failures[f.TaskID] = true; len(failures) < 2 {
			return errors.New("tried only once")
		}
		return nil
	})
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}
	a.running("/web", 1, time.Minute)
	if out := p.out.String(); strings.Contains(out, "agent avoided") {
		t.Errorf("a taken port is blamed on the agent as a whole:\n%s", out)
	}
}

// The file that made a resident app is no change when it is sent again, though it
// says 0 where a port was assigned.
func TestTheSameFileAgainIsNoChange(t *testing.T) {
	t.Parallel()
	a, _ := mini(t, "--runtime", "process", "--agents", "1")
	file := `{"id": "/vol", "cmd": "sleep 1", "cpus": 0.1, "mem": 32, "instances": 0, "requirePorts": true, "portDefinitions": [{"port": 0, "name": "web"}],
	  "container": {"type": "MESOS", "volumes": [{"containerPath": "data", "mode": "RW", "persistent": {"size": 10}}]}}`
	var created, again, whole struct{ Version string }
	a.must(http.MethodPost, "/v2/apps", file, &created)
	a.must(http.MethodPut, "/v2/apps/vol", file, &again)
	a.must(http.MethodPut, "/v2/apps/vol?partialUpdate=false", file, &whole)
	a.must(http.MethodPut, "/v2/apps", "["+file+"]", nil)
	var versions struct{ Versions []string }
	a.must(http.MethodGet, "/v2/apps/vol/versions", "", &versions)
	if len(versions.Versions) != 1 || versions.Versions[0] != created.Version {
		t.Errorf("got versions %v after sending the file again, want only %s", versions.Versions, created.Version)
	}
}
