package httpapi

import "testing"

func TestRoutesMatchTheirPathsOnly(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		route, path string
		ok          bool
		id, name    string
	}{
		{"ping", "/ping", true, "", ""},
		{"ping", "/", false, "", ""},
		{"ping", "/ping/pong", false, "", ""},
		{"v2/deployments/{name}", "/v2/deployments/d1", true, "", "d1"},
		{"v2/deployments/{name}", "/v2/deployments", false, "", ""},
		{"v2/queue/{app}/delay", "/v2/queue//a/b/delay/", true, "/a/b", ""},
		{"v2/queue/{app}/delay", "/v2/queue/delay", false, "", ""},
		{"v2/queue/{app}/delay", "/v2/queue/a/delays", false, "", ""},
		{"v2/apps/{app}/tasks/{name}", "/v2/apps/a/tasks/tasks/t1", true, "/a/tasks", "t1"},
		{"v2/apps/{app}/tasks/{name}", "/v2/apps/tasks/t1", false, "", ""},
		{"v3/queues/{path}", "/v3/queues", true, "/", ""},
		{"v3/queues/{path}", "/v3/queues/prod/web", true, "/prod/web", ""},
	} {
		r := to(row.route, nil)
		p, ok := r.match(split(row.path))
		if ok != row.ok || ok && (string(p.id) != row.id || p.name != row.name) {
			t.Errorf("%s at %s: got %v, %+v, want %v, %q, %q", row.path, row.route, ok, p, row.ok, row.id, row.name)
		}
	}
}
