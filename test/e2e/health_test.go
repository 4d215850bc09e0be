package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// checkedTask is a task with what its checks have found.
type checkedTask struct {
	ID, State          string
	HealthCheckResults []struct {
		Alive                                  bool
		ConsecutiveFailures                    int
		FirstSuccess, LastSuccess, LastFailure time.Time
		LastFailureCause, InstanceID           string
		TaskID                                 string
	}
	CheckResult *struct {
		Command *struct{ ExitCode *int }
	}
}

type readinessResult struct {
	TaskID, Name string
	Ready        bool
	LastResponse *struct {
		Status            int
		ContentType, Body string
	}
}

func (a api) checked(id string) []checkedTask {
	a.t.Helper()
	var r struct{ Tasks []checkedTask }
	a.must(http.MethodGet, "/v2/apps"+id+"/tasks", "", &r)
	return r.Tasks
}

// server is an app whose tasks serve what is in a directory of their own below dir.
func server(id, dir string, instances int, more string) string {
	cmd := fmt.Sprintf("mkdir -p %[1]s/$MESOS_TASK_ID && touch %[1]s/$MESOS_TASK_ID/up && exec busybox httpd -f -p $PORT0 -h %[1]s/$MESOS_TASK_ID", dir)
	return shell(id, cmd, instances, `, "portDefinitions": [{"port": 0, "name": "web"}]`+more)
}

// TestAnUnhealthyTaskIsReplaced has an app with a check of each kind, all of which
// succeed until what one of them asks for is gone.
func TestAnUnhealthyTaskIsReplaced(t *testing.T) {
	t.Parallel()
	a, _ := mini(t, "--runtime", "process", "--agents", "1")
	events := a.watch("")
	dir := t.TempDir()
	a.must(http.MethodPost, "/v2/apps", server("/web", dir, 1, `, "healthChecks": [
	  {"protocol": "HTTP", "path": "/up", "gracePeriodSeconds": 60, "intervalSeconds": 1, "timeoutSeconds": 10, "maxConsecutiveFailures": 3},
	  {"protocol": "TCP", "gracePeriodSeconds": 60, "intervalSeconds": 1, "timeoutSeconds": 10},
	  {"protocol": "COMMAND", "command": {"value": "test -d `+dir+`"}, "delaySeconds": 0, "intervalSeconds": 1, "timeoutSeconds": 10},
	  {"protocol": "MESOS_HTTP", "path": "/up", "gracePeriodSeconds": 60, "delaySeconds": 0, "intervalSeconds": 1, "timeoutSeconds": 10, "maxConsecutiveFailures": 0}],
	  "check": {"exec": {"command": {"shell": "exit 3"}}, "delaySeconds": 0, "intervalSeconds": 1}`), nil)
	first := a.running("/web", 1, 2*time.Minute)[0]
	var before checkedTask
	eventually(t, time.Minute, func() error {
		before = a.checked("/web")[0]
		if r := before.CheckResult; r == nil || r.Command == nil || r.Command.ExitCode == nil || *r.Command.ExitCode != 3 {
			return fmt.Errorf("check result is %+v", r)
		}
		return nil
	})
	if len(before.HealthCheckResults) != 4 {
		t.Fatalf("%d results: %+v", len(before.HealthCheckResults), before.HealthCheckResults)
	}
	updates := len(events.all())
	eventually(t, time.Minute, func() error {
		for n, r := range a.checked("/web")[0].HealthCheckResults {
			was := before.HealthCheckResults[n]
			switch {
			case !r.Alive || r.ConsecutiveFailures != 0 || r.FirstSuccess.IsZero() || r.TaskID != first.ID || !strings.HasPrefix(first.ID, r.InstanceID+"."):
				t.Fatalf("result %d: %+v", n, r)
			case !r.LastSuccess.After(was.LastSuccess.Add(2 * time.Second)):
				return fmt.Errorf("result %d: the last success was at %v and is at %v", n, was.LastSuccess, r.LastSuccess)
			}
		}
		return nil
	})
	if now := events.all(); len(now) != updates {
		t.Errorf("checks that succeed make events: %v", now[updates:])
	}

	if err := os.Remove(filepath.Join(dir, first.ID, "up")); err != nil {
		t.Fatal(err)
	}
	failed := events.await(t, "failed_health_check_event", map[string]any{"taskId": first.ID, "appId": "/web"})
	changed := events.await(t, "health_status_changed_event", map[string]any{"taskId": first.ID, "alive": false})
	killed := events.await(t, "unhealthy_instance_kill_event", map[string]any{"taskId": first.ID, "appId": "/web"})
	over := events.await(t, "status_update_event", map[string]any{"taskId": first.ID, "taskStatus": "TASK_KILLED"})
	if failed > killed || changed > killed || killed > over {
		t.Errorf("order: failed %d, changed %d, killed %d, over %d", failed, changed, killed, over)
	}
	if reason := fmt.Sprint(events.all()[killed]["reason"]); !strings.Contains(reason, "health check HTTP failed 3 times in a row: status 404") {
		t.Errorf("the reason is %q", reason)
	}
	second := a.running("/web", 1, 2*time.Minute)[0]
	if second.ID == first.ID {
		t.Errorf("%s was not replaced", first.ID)
	}
	if f := a.app("/web").LastTaskFailure; f == nil || f.TaskID != first.ID || f.State != "TASK_KILLED" || !strings.Contains(f.Message, "status 404") {
		t.Errorf("last failure: %+v", f)
	}
}

// TestMostOfAnUnhealthyAppIsSpared takes away what all tasks of an app need.
func TestMostOfAnUnhealthyAppIsSpared(t *testing.T) {
	t.Parallel()
	a, _ := mini(t, "--runtime", "process", "--agents", "1")
	events := a.watch("?event_type=*")
	dir := t.TempDir()
	fine := filepath.Join(dir, "fine")
	touch(t, fine)
	a.must(http.MethodPost, "/v2/apps", shell("/web", "exec sleep 1000", 4, `, "healthChecks": [{"protocol": "COMMAND",
	  "command": {"value": "test -e `+fine+` || test -e `+dir+`/$MESOS_TASK_ID"}, "gracePeriodSeconds": 300, "delaySeconds": 0, "intervalSeconds": 1, "timeoutSeconds": 10, "maxConsecutiveFailures": 2}]`), nil)
	first := a.running("/web", 4, 2*time.Minute)
	if err := os.Remove(fine); err != nil {
		t.Fatal(err)
	}
	events.await(t, "unhealthy_kills_held_event", map[string]any{"appId": "/web", "replacing": 2, "instances": 4})
	eventually(t, time.Minute, func() error {
		var kills struct {
			Unhealthy []struct {
				AppID string
				Held  int
			}
		}
		a.must(http.MethodGet, "/v3/kills", "", &kills)
		if len(kills.Unhealthy) != 1 || kills.Unhealthy[0].AppID != "/web" || kills.Unhealthy[0].Held != 2 {
			return fmt.Errorf("held back: %+v", kills)
		}
		return nil
	})
	// Those that were spared recover first, then the new ones.
	var spared []string
	for _, task := range a.checked("/web") {
		if ids(first)[task.ID] && task.State == "TASK_RUNNING" {
			touch(t, filepath.Join(dir, task.ID))
			spared = append(spared, task.ID)
		}
	}
	if len(spared) != 2 {
		t.Fatalf("%v of %v were spared, want 2", spared, ids(first))
	}
	a.healthy("/web", 2)
	touch(t, fine)
	a.healthy("/web", 4)
	if left := ids(a.app("/web").Tasks); !left[spared[0]] || !left[spared[1]] {
		t.Errorf("of %v, which were spared, not all are left: %v", spared, left)
	}
}

// healthy waits until so many of the app's tasks are.
func (a api) healthy(id string, n int) {
	a.t.Helper()
	eventually(a.t, 2*time.Minute, func() error {
		var r struct{ App struct{ TasksHealthy int } }
		a.must(http.MethodGet, "/v2/apps"+id, "", &r)
		if r.App.TasksHealthy != n {
			return fmt.Errorf("%d healthy tasks, want %d", r.App.TasksHealthy, n)
		}
		return nil
	})
}

// TestARollingUpdateWaitsForReadiness updates an app to a version that is not ready at first.
func TestARollingUpdateWaitsForReadiness(t *testing.T) {
	t.Parallel()
	a, _ := mini(t, "--runtime", "process", "--agents", "1")
	dir := t.TempDir()
	ready := func(path string) string {
		return `, "upgradeStrategy": {"minimumHealthCapacity": 1, "maximumOverCapacity": 1}, "readinessChecks": [{"name": "ready", "portName": "web",
		  "path": "` + path + `", "intervalSeconds": 2, "timeoutSeconds": 1, "httpStatusCodesForReady": [200], "preserveLastResponse": true}]`
	}
	a.must(http.MethodPost, "/v2/apps", server("/web", dir, 1, ready("/up")), nil)
	old := a.running("/web", 1, 2*time.Minute)[0]
	a.must(http.MethodPut, "/v2/apps/web", server("/web", dir, 1, ready("/later")), nil)

	var fresh readinessResult
	eventually(t, 2*time.Minute, func() error {
		var deployments []struct {
			CurrentActions []struct{ ReadinessCheckResults []readinessResult }
		}
		a.must(http.MethodGet, "/v2/deployments", "", &deployments)
		if len(deployments) != 1 || len(deployments[0].CurrentActions) != 1 || len(deployments[0].CurrentActions[0].ReadinessCheckResults) != 1 {
			return fmt.Errorf("deployments: %+v", deployments)
		}
		fresh = deployments[0].CurrentActions[0].ReadinessCheckResults[0]
		if fresh.LastResponse == nil || fresh.LastResponse.Status != http.StatusNotFound {
			return fmt.Errorf("not asked yet: %+v", fresh)
		}
		return nil
	})
	if fresh.Ready || fresh.Name != "ready" || fresh.TaskID == old.ID {
		t.Errorf("readiness of the new task: %+v", fresh)
	}
	if tasks := a.app("/web").Tasks; len(tasks) != 2 || !ids(tasks)[old.ID] {
		t.Errorf("the old task has not waited: %+v", tasks)
	}
	touch(t, filepath.Join(dir, fresh.TaskID, "later"))
	if now := a.running("/web", 1, 2*time.Minute)[0]; now.ID != fresh.TaskID {
		t.Errorf("%s is left, want %s", now.ID, fresh.TaskID)
	}
	var shown struct {
		App struct{ ReadinessCheckResults []readinessResult }
	}
	a.must(http.MethodGet, "/v2/apps/web?embed=app.readiness", "", &shown)
	if r := shown.App.ReadinessCheckResults; len(r) != 1 || !r[0].Ready || r[0].LastResponse == nil || r[0].LastResponse.Status != http.StatusOK {
		data, _ := json.Marshal(r)
		t.Errorf("with embed=app.readiness: %s", data)
	}
}

func touch(t *testing.T, file string) {
	t.Helper()
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}
