package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// groupState is what is read of a group.
type groupState struct {
	ID           string
	Apps         []struct{ ID string }
	Groups       []groupState
	Dependencies []string
	Version      string
}

func runs(t *testing.T, a api, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(bin, "gantry"), append([]string{"--url", a.url}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("gantry %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// began is when a task was staged and when it ran.
func began(t *testing.T, k task) (staged, running time.Time) {
	t.Helper()
	staged, err := time.Parse(time.RFC3339, k.StagedAt)
	running, err2 := time.Parse(time.RFC3339, k.StartedAt)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	return staged, running
}

// The example is deployed in the order of its dependencies, changed, brought back,
// undone half-way, and removed.
func TestAGroupGoesTheWholeWay(t *testing.T) {
	t.Parallel()
	a, _ := mini(t, "--runtime", "process", "--agents", "1")
	runs(t, a, "group", "create", "../../examples/groups/shop.yaml", "--wait", "--timeout", "2m")
	web, store := a.running("/shop/web", 2, time.Minute), a.running("/shop/db/store", 1, time.Minute)
	_, stored := began(t, store[0])
	for _, k := range web {
		if staged, _ := began(t, k); staged.Before(stored) {
			t.Errorf("%s is launched at %v, before the store runs at %v", k.ID, staged, stored)
		}
	}
	var g groupState
	a.must(http.MethodGet, "/v2/groups/shop", "", &g)
	if len(g.Apps) != 1 || len(g.Groups) != 1 || g.Groups[0].ID != "/shop/db" || !slices.Equal(g.Dependencies, []string{"/infra"}) {
		t.Errorf("got %+v", g)
	}
	if out := runs(t, a, "group", "update", "../../examples/groups/shop.yaml", "--wait"); !strings.Contains(out, "no change") {
		t.Errorf("the same again: got %s", out)
	}

	a.must(http.MethodPut, "/v2/groups/shop/db", `{"apps": [{"id": "store", "cmd": "exec sleep 1000", "cpus": 0.1, "mem": 32}, {"id": "backup", "cmd": "exec sleep 1000", "cpus": 0.1, "mem": 32}]}`, nil)
	a.running("/shop/db/backup", 1, time.Minute)
	eventually(t, time.Minute, a.idle)
	runs(t, a, "group", "rollback", "/shop", g.Version, "--wait", "--timeout", "1m")
	if status, _, err := a.try(http.MethodGet, "/v2/apps/shop/db/backup", ""); status != http.StatusNotFound {
		t.Errorf("after the rollback: got status %d, %v", status, err)
	}

	// A change that does not come to its end is undone: the group that it made goes, too.
	var started struct{ DeploymentID string }
	a.must(http.MethodPut, "/v2/groups/shop", `{"groups": [{"id": "db"}, {"id": "ml", "apps": [{"id": "train", "cmd": "sleep 1000", "cpus": 1000}]}]}`, &started)
	a.must(http.MethodDelete, "/v2/deployments/"+started.DeploymentID, "", nil)
	eventually(t, time.Minute, a.idle)
	if status, _, err := a.try(http.MethodGet, "/v2/groups/shop/ml", ""); status != http.StatusNotFound {
		t.Errorf("after the cancel: got status %d, %v", status, err)
	}
	if now := a.running("/shop/web", 2, time.Minute); !ids(now)[web[0].ID] || !ids(now)[web[1].ID] {
		t.Errorf("web was touched: %v before, %v after", ids(web), ids(now))
	}

	runs(t, a, "group", "destroy", "/shop", "--yes", "--wait", "--timeout", "1m")
	a.must(http.MethodGet, "/v2/groups", "", &g)
	if len(g.Groups) != 0 {
		t.Errorf("after the end: got %+v", g.Groups)
	}
}

// idle fails while a deployment is under way.
func (a api) idle() error {
	var list []struct{ ID string }
	a.must(http.MethodGet, "/v2/deployments", "", &list)
	if len(list) > 0 {
		return fmt.Errorf("deployment %s is under way", list[0].ID)
	}
	return nil
}
