package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/core/coretest"
)

// exampleAgents are two agents for everybody and two for a role, as the examples want them.
func exampleAgents() []coretest.Agent {
	var agents []coretest.Agent
	for n, role := range []string{"*", "*", "gantry", "gantry"} {
		a := coretest.AgentOf(n+1, 20)
		a.Role = role
		a.Attributes = []mesos.Attribute{{Name: "disk", Type: mesos.Text, Text: "ssd"}, {Name: "rack", Type: mesos.Text, Text: "new-1"}}
		a.Domain = mesos.Domain{Region: "here", Zone: string(rune('a' + n))}
		agents = append(agents, a)
	}
	return agents
}

func TestEveryExampleIsTakenByTheAPIAndRuns(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../examples/apps/*")
	if err != nil || len(files) < 5 {
		t.Fatalf("got examples %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			s := coretest.New(scriptStart, true, exampleAgents()...)
			server, err := newAPI(s)
			if err != nil {
				t.Fatal(err)
			}
			defer server.Close()
			files := []string{file}
			if filepath.Base(file) == "placement.json" { // it depends on the App of that one
				files = []string{"../../examples/apps/rolling.json", file}
			}
			for _, file := range files {
				var out, errOut bytes.Buffer
				line := []string{"app", "update", file, "--wait", "--timeout", "20s", "--url", server.URL, "--poll-interval", "1ms"}
				if code := execute(t.Context(), line, strings.NewReader(""), &out, &errOut); code != exitDone {
					t.Fatalf("%s: got exit code %d: %s", file, code, errOut.String())
				}
			}
		})
	}
}
