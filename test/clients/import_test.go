package clients

import (
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"
)

// TestAMarathonIsImported moves what runs on one cluster to another: that of a
// Marathon is told by its API alone, which the first one speaks.
func TestAMarathonIsImported(t *testing.T) {
	t.Parallel()
	from, to := newCluster(t), newCluster(t)
	from.must(t, http.MethodPost, "/v2/groups", `{"id": "/shop", "dependencies": ["/base"], "apps": [`+strings.Replace(web, "/prod/web", "/shop/web", 1)+`]}`)
	from.must(t, http.MethodPost, "/v2/apps", `{"id": "/base/db", "cmd": "exec sleep 1000", "cpus": 0.1, "mem": 32}`)
	from.settled(t)
	run := func(args ...string) string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), gantry(t), append([]string{"--url", to.url, "import", "marathon", "--from", from.url}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return string(out)
	}
	if out := run("--dry-run"); !strings.Contains(out, "2 to create") || !strings.Contains(out, "group /shop will depend on /base") {
		t.Errorf("got\n%s", out)
	}
	if status, _ := to.do(t, http.MethodGet, "/v2/apps/shop/web", ""); status != http.StatusNotFound {
		t.Errorf("a dry run made the app: %d", status)
	}
	run("--wait", "--timeout", "2m")
	eventually(t, func() error {
		var app struct {
			App struct{ TasksRunning, TasksHealthy int }
		}
		if err := to.get(t, "/v2/apps/shop/web", &app); err != nil || app.App.TasksRunning != 2 || app.App.TasksHealthy != 2 {
			return fmt.Errorf("got %+v, %w", app, err)
		}
		return nil
	})
	var group struct{ Dependencies []string }
	check(t, to.get(t, "/v2/groups/shop", &group))
	expect(t, "dependencies of the group", strings.Join(group.Dependencies, ","), "/base")
	if out := run(); !strings.Contains(out, "2 here already") || !strings.Contains(out, "nothing to import") {
		t.Errorf("once more: got\n%s", out)
	}
}
