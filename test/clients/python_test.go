package clients

import (
	"bufio"
	"net/http"
	"os/exec"
	"strings"
	"testing"
)

// python returns the interpreter, once it has the client.
func python(t *testing.T) string {
	t.Helper()
	const python = "/usr/bin/python3"
	if out, err := exec.CommandContext(t.Context(), python, "-c", "import marathon").CombinedOutput(); err != nil {
		t.Fatalf("this test needs the Python client of Marathon: apt-get install python3-marathon (%v: %s)", err, out)
	}
	return python
}

// TestPythonMarathon makes every call that python-marathon has.
func TestPythonMarathon(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), python(t), "testdata/client.py", newCluster(t).url).CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), "ok\n") {
		t.Fatalf("%v\n%s", err, out)
	}
}

// TestPythonMarathonHearsEvents follows the stream of events, in which the client
// ends at any type that it does not know, and wants plans as they once were.
func TestPythonMarathonHearsEvents(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	cmd := exec.CommandContext(t.Context(), python(t), "testdata/events.py", c.url)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	failure := &output{}
	cmd.Stderr = failure
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		kind, version, _ := strings.Cut(lines.Text(), " ")
		if seen[kind] = true; (kind == "MarathonDeploymentInfo" || strings.HasPrefix(kind, "MarathonDeploymentStep")) && version == "" {
			t.Errorf("%s has no version of its target", kind)
		}
		if kind == "MarathonEventStreamAttached" {
			c.must(t, http.MethodPost, "/v2/apps", web)
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, failure)
	}
	for _, kind := range []string{
		"MarathonEventStreamAttached", "MarathonApiPostEvent", "MarathonDeploymentInfo", "MarathonDeploymentStepSuccess",
		"MarathonStatusUpdateEvent", "MarathonDeploymentSuccess", "MarathonHealthStatusChangedEvent",
	} {
		if !seen[kind] {
			t.Errorf("no %s among %v", kind, seen)
		}
	}
}
