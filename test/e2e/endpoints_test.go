package e2e

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// request is one request to a documented path, and the status that it is answered with.
type request struct {
	path, method, query, body string
	status                    int
}

// requests try every documented path with each of its methods, in this order.
var requests = []request{
	{"/v3/status", "GET", "", "", 200},
	{"/v3/apps", "GET", "?waiting=true&embed=explanation", "", 200},
	{"/v3/events", "GET", "?app=/web&limit=5", "", 200},
	{"/ui/", "GET", "", "", 200},
	{"/v2/apps", "POST", "", `{"id":"stuck","cmd":"sleep 1000","cpus":1000}`, 201},
	{"/v2/apps", "GET", "?embed=apps.tasks", "", 200},
	{"/v2/apps", "PUT", "?force=true", `[{"id":"second","cmd":"sleep 1000","instances":0}]`, 200},
	{"/v2/apps", "PATCH", "?force=true", `[{"id":"second","labels":{"a":"b"}}]`, 200},
	{"/v2/apps/{id}", "GET", "", "", 200},
	{"/v2/apps/{id}", "PUT", "", `{"labels":{"a":"b"},"cmd":"sleep 1000"}`, 200},
	{"/v2/apps/{id}", "PATCH", "?force=true", `{"labels":{"a":"c"}}`, 200},
	{"/v2/apps/{id}/restart", "POST", "?force=true", "", 200},
	{"/v2/apps/{id}/versions", "GET", "", "", 200},
	{"/v2/apps/{id}/versions/{version}", "GET", "", "", 200},
	{"/v2/apps/{id}/tasks", "GET", "", "", 200},
	{"/v2/groups", "POST", "", `{"id":"shop","groups":[{"id":"db"}]}`, 201},
	{"/v2/groups", "GET", "?embed=group.groups", "", 200},
	{"/v2/groups", "PUT", "?dryRun=true", `{"groups":[]}`, 200},
	{"/v2/groups", "PATCH", "", `{"enforceRole":false}`, 200},
	{"/v2/groups/{group}", "POST", "", `{"id":"cache"}`, 201},
	{"/v2/groups/{group}", "GET", "?embed=group.apps.tasks", "", 200},
	{"/v2/groups/{group}", "PUT", "", `{"scaleBy":2}`, 200},
	{"/v2/groups/{group}", "PATCH", "", `{"enforceRole":false}`, 200},
	{"/v2/groups/{group}/apps", "GET", "", "", 200},
	{"/v2/groups/{group}/versions", "GET", "", "", 200},
	{"/v2/groups/{group}/versions/{version}", "GET", "", "", 200},
	{"/v2/groups/{group}/versions/{version}", "PUT", "", "", 200},
	{"/v2/groups/{group}", "DELETE", "?force=true", "", 200},
	{"/v2/tasks", "GET", "?status=running", "", 200},
	{"/v3/tasks/{task}/logs", "GET", "?tail=1", "", 200},
	{"/v3/tasks/{task}/logs", "HEAD", "?follow=true", "", 200},
	{"/v3/tasks/{task}/files", "GET", "", "", 200},
	{"/v3/tasks/{task}/gone", "POST", "", "", 409}, // it runs
	{"/v3/tasks/{task}/files/content", "GET", "?path=stdout", "", 200},
	{"/v3/tasks/{task}/files/content", "HEAD", "?path=stdout&follow=true", "", 200},
	{"/v2/queue", "GET", "?embed=lastUnusedOffers", "", 200},
	{"/v2/queue/{id}/delay", "DELETE", "", "", 204},
	{"/v2/deployments", "GET", "", "", 200},
	{"/v2/deployments/{id}", "GET", "", "", 200},
	{"/v2/deployments/{id}", "DELETE", "?force=true", "", 202},
	{"/v2/tasks/delete", "POST", "", `{"ids":[]}`, 200},
	{"/v2/events", "GET", "", "", 200},
	{"/v2/info", "GET", "", "", 200},
	{"/v2/leader", "GET", "", "", 200},
	{"/v2/plugins", "GET", "", "", 200},
	{"/ping", "GET", "", "", 200},
	{"/metrics", "GET", "", "", 200},
	{"/metrics/prometheus", "GET", "", "", 200},
	{"/v3/queues", "GET", "", "", 200},
	{"/v3/queues", "PUT", "", `{"weight":2}`, 200},
	{"/v3/queues", "DELETE", "", "", 200},
	{"/v3/queues/{path}", "PUT", "", `{"weight":2}`, 200},
	{"/v3/queues/{path}", "GET", "", "", 200},
	{"/v3/queues/{path}", "DELETE", "", "", 200},
	{"/v3/openapi.json", "GET", "", "", 200},
	{"/v3/endpoints", "GET", "?app=/web&wait=1s", "", 200},
	{"/v3/apps/{id}/endpoints", "GET", "", "", 200},
	{"/v3/consumers/{consumer}", "PUT", "", `{"kind":"test"}`, 200},
	{"/v3/consumers/{consumer}/ack", "POST", "", `{"index":"1.1"}`, 409}, // of another term
	{"/v3/consumers", "GET", "", "", 200},
	{"/v3/consumers/{consumer}", "DELETE", "", "", 204},
	{"/v3/prometheus/targets", "GET", "?all=true", "", 200},
	{"/v3/state", "GET", "", "", 200},
	{"/v3/kills", "GET", "", "", 200},
	{"/v3/kills/confirm", "POST", "", "", 409}, // none is held back; TestUnknownTasksAreKilledOnceThatIsConfirmed has some
	{"/v3/agents", "GET", "", "", 200},
	{"/v3/agents/{agent}", "GET", "", "", 200},
	{"/v2/apps/{id}/tasks/{task}", "DELETE", "", "", 200},
	{"/v2/apps/{id}/tasks", "DELETE", "", "", 200},
	{"/v2/apps/{id}", "DELETE", "", "", 200},
	{"/v2/groups", "DELETE", "?force=true", "", 200},
	{"/v3/agents/{agent}/drain", "POST", "?maxGracePeriod=1s", "", 200},
	{"/v3/agents/{agent}/undrain", "POST", "", "", 200},
	{"/v3/agents/{agent}/gone", "POST", "", "", 200},
	{"/artifacts/gantry-executor", "GET", "", "", 404}, // a mini cluster has it installed; TestTheAPIAsksForCredentials fetches one
	{"/v2/leader", "DELETE", "", "", 409},              // it runs alone; TestALeaderHandsOver has another
}

// documented are the paths of the table of endpoints in docs/api.md.
func documented(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(data), "## Endpoints")
	table, _, _ = strings.Cut(table, "\n\nPods")
	var out []string
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) < 3 {
			continue
		}
		last := ""
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[1], -1) {
			path := m[1]
			if rest, short := strings.CutPrefix(path, "..."); short {
				path = strings.TrimSuffix(last, "/versions") + rest
			}
			last = path
			out = append(out, path)
		}
	}
	return out
}

func TestEveryDocumentedEndpointAnswers(t *testing.T) {
	a, _ := mini(t, "--runtime", "process", "--agents", "1")
	a.must(http.MethodPost, "/v2/apps", `{"id":"web","cmd":"echo one; sleep 1000","cpus":0.1,"mem":32}`, nil)
	running := a.running("/web", 1, 30*time.Second)[0]
	tried, paths := map[string]bool{}, map[string]bool{}
	for _, r := range requests {
		path := r.path
		if strings.HasPrefix(path, "/v2/deployments/") {
			path = "/v2/deployments/" + a.app("/stuck").Deployments[0].ID
		}
		id := "web"
		if strings.HasPrefix(path, "/v2/queue/") {
			id = "stuck"
		}
		if strings.HasPrefix(path, "/v2/groups/") {
			var versions []string
			a.must(http.MethodGet, "/v2/groups/shop/versions", "", &versions)
			path = strings.NewReplacer("{group}", "shop", "{version}", versions[0]).Replace(path)
		}
		path = strings.NewReplacer("{id}", id, "{task}", running.ID, "{version}", running.Version, "{agent}", running.SlaveID, "{path}", "prod", "{consumer}", "lb-1").Replace(path)
		if r.path == "/v2/events" {
			opened(t, a.url+path)
			tried[r.method+" "+r.path], paths[r.path] = true, true
			continue
		}
		if strings.HasSuffix(path, "/undrain") {
			eventually(t, 20*time.Second, func() error { return drained(a, running.SlaveID) })
		}
		status, data, err := a.try(r.method, path+r.query, r.body)
		if err != nil || status != r.status {
			t.Errorf("%s %s: got %d (%v), want %d: %.300s", r.method, path+r.query, status, err, r.status, data)
		}
		tried[r.method+" "+r.path], paths[r.path] = true, true
	}
	inDocs := map[string]bool{}
	for _, path := range documented(t) {
		inDocs[path] = true
		if !paths[path] {
			t.Errorf("no request tries %s, which docs/api.md has", path)
		}
	}
	for path := range paths {
		if !inDocs[path] {
			t.Errorf("docs/api.md does not have %s", path)
		}
		for _, method := range allowed(t, a, path) {
			// An App may have the id a/tasks/b or a/versions/b, which takes more methods, and a group a/apps or a/versions.
			isApp := strings.HasPrefix(path, "/v2/apps/") && strings.Count(path, "/") == 5
			isGroup := strings.HasPrefix(path, "/v2/groups/") && strings.Count(path, "/") > 3
			if !isApp && !isGroup && !tried[method+" "+path] {
				t.Errorf("no request tries %s %s", method, path)
			}
		}
	}
}

// drained returns an error until the agent has ended what ran on it.
func drained(a api, agent string) error {
	status, data, err := a.try(http.MethodGet, "/v3/agents/"+agent, "")
	if err != nil || !strings.Contains(strings.ToUpper(string(data)), "DRAINED") {
		return fmt.Errorf("%d %w %s", status, err, data)
	}
	return nil
}

// opened opens a stream of events and closes it.
func opened(t *testing.T, url string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("%s: got %d (%v), want 200", url, res.StatusCode, err)
	}
}

// allowed are the methods that a path says it takes, but HEAD and OPTIONS.
func allowed(t *testing.T, a api, path string) []string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, a.url+strings.NewReplacer("{", "", "}", "").Replace(path), nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	var out []string
	for method := range strings.SplitSeq(res.Header.Get("Allow"), ", ") {
		if method != "" && method != http.MethodHead && method != http.MethodOptions {
			out = append(out, method)
		}
	}
	return out
}
