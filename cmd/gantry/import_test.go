package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gantry-mesos/gantry/pkg/api"
)

// serveMarathon is a Marathon that can only be read, and only with its password.
func serveMarathon(ts *testscript.TestScript, _ bool, args []string) {
	groups := []byte(ts.ReadFile(args[0]))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		switch {
		case user != "user" || password != "password":
			w.WriteHeader(http.StatusUnauthorized)
		case r.Method != http.MethodGet || r.URL.Path != "/v2/groups":
			w.WriteHeader(http.StatusMethodNotAllowed)
		default:
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(groups) // the client is gone; nobody to tell
		}
	}))
	ts.Defer(server.Close)
	u, err := url.Parse(server.URL)
	ts.Check(err)
	ts.Setenv("MARATHON", u.String())
	u.User = url.UserPassword("user", "password")
	ts.Setenv("MARATHON_WITH_PASSWORD", u.String())
}

func TestDefinitionsAreCompared(t *testing.T) {
	t.Parallel()
	why := func(path string, _, _ any) string { return path }
	for _, row := range []struct {
		name    string
		was, is any
		want    []string
	}{
		{"the same", map[string]any{"a": 1.0}, map[string]any{"a": 1.0}, nil},
		{"absent, null and empty", map[string]any{"a": nil, "b": map[string]any{}, "c": []any{}}, map[string]any{"d": []any{}}, nil},
		{"a leaf", map[string]any{"a": map[string]any{"b": 1.0}}, map[string]any{"a": map[string]any{"b": 2.0}}, []string{"/a/b"}},
		{"an element", []any{"x", "y"}, []any{"x", "z"}, []string{"(1)"}},
		{"more elements", []any{"x"}, []any{"x", "y"}, []string{""}},
		{"a port to be assigned", map[string]any{"servicePort": 10001.0, "port": 10002.0}, map[string]any{"servicePort": 0.0, "port": 0.0}, nil},
		{"a port that was dropped", map[string]any{"port": 1.0}, map[string]any{}, []string{"/port"}},
		{"a number of a constraint", map[string]any{"constraints": []any{[]any{"a", "MAX_PER", 2.0}}}, map[string]any{"constraints": []any{[]any{"a", "MAX_PER", "2"}}}, nil},
		{"a number of a label", map[string]any{"labels": map[string]any{"a": 2.0}}, map[string]any{"labels": map[string]any{"a": "2"}}, []string{"/labels/a"}},
		{"a choice in another case", map[string]any{"protocol": "mesos_http"}, map[string]any{"protocol": "MESOS_HTTP"}, nil},
		{"a command in another case", map[string]any{"cmd": "Echo"}, map[string]any{"cmd": "echo"}, []string{"/cmd"}},
		{"an empty text", map[string]any{"executor": ""}, map[string]any{"executor": "//cmd"}, []string{"/executor"}},
	} {
		var got []string
		for _, d := range compare("", row.was, row.is, why) {
			got = append(got, d.Path)
		}
		if diff := cmp.Diff(got, row.want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", row.name, diff)
		}
	}
}

func TestNotesTellWhatWorksInAnotherWay(t *testing.T) {
	t.Parallel()
	port := 8080
	for _, row := range []struct {
		name string
		app  api.App
		want []string
	}{
		{"nothing", api.App{}, nil},
		{"a check of the scheduler's", api.App{HealthChecks: []api.HealthCheck{{Protocol: "HTTP", MaxConsecutiveFailures: 3}}}, []string{
			"health check 0: asked by the task's executor on its agent, not by the scheduler", "health check 0: ends a task at failure 3 in a row, Marathon at failure 4",
		}},
		{"a check that never kills", api.App{HealthChecks: []api.HealthCheck{{Protocol: "MESOS_TCP"}}}, []string{
			"health check 0: with maxConsecutiveFailures 0 never ends a task, Marathon's does at the first failure",
		}},
		{"groups", api.App{Constraints: [][]string{{"rack", "GROUP_BY"}}}, []string{
			"GROUP_BY rack spreads evenly over all values there are; Marathon stops at the number given, and fails without one",
		}},
		{"fixed ports", api.App{RequirePorts: true, PortDefinitions: []api.PortDefinition{{Port: 80}, {}}, Container: &api.Container{PortMappings: []api.PortMapping{{HostPort: &port}, {}}}}, []string{
			"needs host port 80, 8080 on an agent: its instances wait where Marathon's hold it",
		}},
		{"one instance", api.App{Labels: map[string]string{"MARATHON_SINGLE_INSTANCE_APP": "true"}}, []string{
			"is to run only once: stop it in Marathon before it starts here (--suspended)",
		}},
		{"data", api.App{Container: &api.Container{Volumes: []api.Volume{{Persistent: &api.PersistentVolume{}}, {External: &api.ExternalVolume{}}}}}, []string{
			"its persistent volumes are new and empty: those of Marathon are reserved for Marathon; move the data yourself",
			"its external volume can be attached once: stop it in Marathon before it starts here (--suspended)",
		}},
	} {
		if diff := cmp.Diff(behaviours(row.app), row.want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", row.name, diff)
		}
	}
}
