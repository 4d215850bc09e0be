package httpapi_test

import (
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/core/coretest"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
)

// TestPythonMarathon runs a client that was made for Marathon and is strict
// about members that it does not know.
func TestPythonMarathon(t *testing.T) {
	t.Parallel()
	python := "/usr/bin/python3"
	if out, err := exec.CommandContext(t.Context(), python, "-c", "import marathon").CombinedOutput(); err != nil {
		t.Fatalf("this test needs the Python client of Marathon: apt-get install python3-marathon (%v: %s)", err, out)
	}
	fake := coretest.New(start, true, coretest.AgentOf(1, 20), coretest.AgentOf(2, 20), coretest.AgentOf(3, 20), coretest.AgentOf(4, 20))
	h, err := httpapi.New(httpapi.Config{Scheduler: fake, Leadership: fake, Rules: app.DefaultRules(), Address: "leader.example:8080"})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	defer server.Close()
	out, err := exec.CommandContext(t.Context(), python, "testdata/client.py", server.URL).CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), "ok\n") {
		t.Fatalf("%v\n%s", err, out)
	}
}
