package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/scheduler/core"
)

func TestQuotasAreSetAtRunTime(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", `{"id": "/dev/web", "cmd": "x"}`)
	s.Settle()
	got := s.want(t, http.StatusOK, http.MethodPut, "/v3/queues/prod/batch", `{"weight": 2, "guarantee": {"cpus": 1.5}, "limit": {"cpus": 10, "gpus": 0}}`)
	want := map[string]any{
		"queue": "/prod/batch", "weight": 2.0, "guarantee": map[string]any{"cpus": 1.5}, "limit": map[string]any{"cpus": 10.0, "gpus": 0.0}, "quotaFrom": "api",
		"used": map[string]any{"cpus": 0.0, "mem": 0.0, "disk": 0.0, "gpus": 0.0}, "instances": 0.0, "waiting": 0.0, "appsLimited": 0.0,
	}
	if diff := cmp.Diff(got, any(want)); diff != "" {
		t.Errorf("answer to PUT (-got +want):\n%s", diff)
	}
	if diff := cmp.Diff(s.want(t, http.StatusOK, http.MethodGet, "/v3/queues/prod/batch", ""), any(want)); diff != "" {
		t.Errorf("GET (-got +want):\n%s", diff)
	}
	// The whole tree is a queue, too.
	s.want(t, http.StatusOK, http.MethodPut, "/v3/queues", `{"limit": {"mem": 4096}}`)
	list := s.want(t, http.StatusOK, http.MethodGet, "/v3/queues/", "")
	if q := at(t, list, "queues", 0, "limit", "mem"); q != 4096.0 {
		t.Errorf("limit of the whole: got %v, want 4096", q)
	}
	if f, n := at(t, list, "fairness"), at(t, list, "total", "cpus"); f != "drf" || n != 100.0 {
		t.Errorf("got fairness %v of %v cpus, want drf of 100", f, n)
	}
	s.want(t, http.StatusOK, http.MethodDelete, "/v3/queues/prod/batch", "")
	s.want(t, http.StatusNotFound, http.MethodDelete, "/v3/queues/prod/batch", "")
	s.want(t, http.StatusNotFound, http.MethodGet, "/v3/queues/prod/batch", "")
	s.want(t, http.StatusMethodNotAllowed, http.MethodPost, "/v3/queues/prod", "{}")
}

func TestBadQuotasAreRefusedAndChangeNothing(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.want(t, http.StatusOK, http.MethodPut, "/v3/queues/prod", `{"limit": {"cpus": 4}}`)
	for _, c := range []struct {
		path, body string
		status     int
		at, want   string
	}{
		{"prod", `{"limit"`, 400, "", "unexpected EOF"},
		{"prod", `{} {}`, 400, "", "more than one"},
		{"prod", `[]`, 422, "/", "got a array, expected an object"},
		{"prod", `{"weight": "2"}`, 422, "/weight", "got a string, expected a number"},
		{"prod", `{"limit": 4}`, 422, "/limit", "got a number, expected an object"},
		{"prod", `{"limit": {"cpus": "4"}}`, 422, "/limit/cpus", "got a string, expected a number"},
		{"prod", `{"limits": {}}`, 422, "/", `unknown member "limits"`},
		{"prod", `{"limit": {"cpu": 4}}`, 422, "/", `unknown member "cpu"`},
		{"prod", `{"weight": -1}`, 422, "/weight", "got -1"},
		{"prod", `{"weight": 1e7}`, 422, "/weight", "up to 1e+06"},
		{"prod", `{"limit": {"mem": -4}}`, 422, "/limit/mem", "got -4"},
		{"prod", `{"guarantee": {"cpus": 5}, "limit": {"cpus": 4}}`, 422, "/", "the guarantee 5 is above the limit 4"},
		{"prod/x", `{"guarantee": {"cpus": 5}}`, 422, "/", "queue /prod with those below it"},
		{"Prod", `{"weight": 2}`, 422, "/queue", "lower-case"},
	} {
		got := s.want(t, c.status, http.MethodPut, "/v3/queues/"+c.path, c.body)
		text, _ := at(t, got, "details").(string)
		if c.at != "" {
			if path := at(t, got, "details", 0, "path"); path != c.at {
				t.Errorf("%s: got path %v, want %s", c.body, path, c.at)
			}
			text, _ = at(t, got, "details", 0, "errors", 0).(string)
		}
		if !strings.Contains(text, c.want) {
			t.Errorf("%s: got %q, want %q in it", c.body, text, c.want)
		}
	}
	if n := at(t, s.want(t, http.StatusOK, http.MethodGet, "/v3/queues/prod", ""), "limit", "cpus"); n != 4.0 {
		t.Errorf("limit: got %v, want 4 as before", n)
	}
}

// What queues have is in the metrics.
func TestSharesAreMetrics(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", `{"id": "/prod/web", "cmd": "x", "cpus": 10, "mem": 1000, "instances": 2}`)
	s.Settle()
	s.want(t, http.StatusOK, http.MethodPut, "/v3/queues/prod", `{"weight": 2, "guarantee": {"mem": 64}, "limit": {"cpus": 20, "gpus": 0}}`)
	s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", `{"id": "/prod/more", "cmd": "x", "cpus": 10, "instances": 1}`)
	s.Rest()
	text, _ := s.want(t, http.StatusOK, http.MethodGet, "/metrics", "").(string)
	for _, line := range []string{
		`gantry_queue_dominant_share{queue="/prod"} 0.2`, `gantry_queue_weighted_share{queue="/prod"} 0.1`, `gantry_queue_weight{queue="/prod"} 2`,
		`gantry_queue_used{queue="/prod",resource="mem"} 2000`, `gantry_queue_limit{queue="/prod",resource="cpus"} 20`,
		`gantry_queue_limit{queue="/prod",resource="gpus"} 0`, `gantry_queue_guarantee{queue="/prod",resource="mem"} 64`,
		`gantry_queue_instances{queue="/prod"} 2`, `gantry_queue_instances_waiting{queue="/prod"} 1`, `gantry_queue_apps_limited{queue="/prod"} 1`,
		`gantry_cluster_resources{resource="cpus"} 100`, `gantry_queue_jain_index 1`, `gantry_agents_held 0`,
	} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("metrics: no line %s", line)
		}
	}
	why := at(t, s.want(t, http.StatusOK, http.MethodGet, "/v2/queue?embed=explanation", ""), "queue", 0, "explanation")
	if why != "the limit of queue /prod is reached: 20 of 20 cpus are in use, an instance needs 10" {
		t.Errorf("explanation: got %v", why)
	}
}

func TestHeldAgentsAreShown(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", `{"id": "/small", "cmd": "x", "cpus": 10}`)
	s.Settle()
	s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", `{"id": "/large", "cmd": "x", "cpus": 95}`)
	s.Rest()
	s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", `{"id": "/overtakes", "cmd": "x"}`)
	s.Rest()
	s.Pass(core.DefaultConfig().StarveAfter)
	s.Rest()
	held := at(t, s.want(t, http.StatusOK, http.MethodGet, "/v3/queues", ""), "heldAgents", 0)
	if app, agent := at(t, held, "app"), at(t, held, "agentId"); app != "/large" || agent != "agent-1" {
		t.Errorf("got %v held for %v, want agent-1 for /large", agent, app)
	}
	text, _ := s.want(t, http.StatusOK, http.MethodGet, "/metrics", "").(string)
	if !strings.Contains(text, "\ngantry_agents_held 1\n") {
		t.Error("metrics: the held agent is not counted")
	}
}
