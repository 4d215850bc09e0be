package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gantry "github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/endpoint"
	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// client returns Gantry's own client of the API.
func (a api) client() *gantry.Client {
	a.t.Helper()
	c, err := gantry.NewClient(a.url)
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(c.Close)
	return c
}

func TestATaskIsDrainedBeforeItIsKilled(t *testing.T) {
	t.Parallel()
	a, p := mini(t, "--runtime", "process", "--agents", "1")
	client := a.client()
	// A task notes when it is told to end.
	ends := filepath.Join(workDir(t), "ends")
	a.must(http.MethodPost, "/v2/apps", shell("/web", "trap 'echo $MESOS_TASK_ID >>"+ends+"; exit 0' TERM; while :; do sleep 0.05; done", 2, ""), nil)
	a.running("/web", 2, 30*time.Second)
	if _, err := client.Register(t.Context(), "lb", endpoint.Registration{Kind: "test", Acks: true, TTL: "5m"}); err != nil {
		t.Fatal(err)
	}
	all, err := client.Endpoints(t.Context(), "", endpoint.Selector{}, 0)
	if err != nil || len(all.Endpoints) != 2 || all.Endpoints[0].State != endpoint.Ready {
		t.Fatalf("endpoints are %+v, %v", all, err)
	}
	a.must(http.MethodPut, "/v2/apps/web", `{"instances": 1}`, nil)
	var victim mesos.TaskID
	changes, err := client.Endpoints(t.Context(), all.Index, endpoint.Selector{}, 20*time.Second)
	for _, e := range changes.Endpoints {
		if e.State == endpoint.Draining {
			victim = e.Task
		}
	}
	if err != nil || victim == "" {
		t.Fatalf("nothing is drained: %+v, %v", changes, err)
	}
	for _, task := range a.app("/web").Tasks {
		if killing := task.State == "TASK_KILLING"; killing != (task.ID == string(victim)) {
			t.Errorf("%s is %s while %s is drained", task.ID, task.State, victim)
		}
	}
	busy := endpoint.Ack{Index: changes.Index, Draining: map[mesos.TaskID]endpoint.Connections{victim: {Connections: 1}}}
	if err := client.Acknowledge(t.Context(), "lb", busy); err != nil {
		t.Fatal(err)
	}
	list, err := client.Consumers(t.Context())
	if err != nil || len(list.Drains) != 1 || len(list.Drains[0].HeldBy) != 1 || !strings.Contains(list.Drains[0].HeldBy[0], "lb (test) has 1 connections") {
		t.Errorf("what holds the kill: %+v %v", list, err)
	}
	if out := command(t, a, "discovery", "consumers"); !strings.Contains(out, "1 connections") || !strings.Contains(out, string(victim)) {
		t.Errorf("gantry discovery consumers: %s", out)
	}
	if out := command(t, a, "discovery", "list", "/web"); !strings.Contains(out, "draining") || !strings.Contains(out, "ready") {
		t.Errorf("gantry discovery list: %s", out)
	}
	if out := command(t, a, "discovery", "export", "--all"); !strings.Contains(out, `"__meta_gantry_state":"draining"`) {
		t.Errorf("gantry discovery export: %s", out)
	}
	if _, metrics, _ := a.try(http.MethodGet, "/metrics", ""); !strings.Contains(string(metrics), "gantry_drains 1") {
		t.Error("gantry_drains is not 1")
	}
	if out, err := os.ReadFile(ends); err == nil {
		t.Errorf("told to end while the balancer has a connection: %s", out)
	}
	if err := client.Acknowledge(t.Context(), "lb", endpoint.Ack{Index: changes.Index}); err != nil {
		t.Fatal(err)
	}
	a.running("/web", 1, 30*time.Second)
	if out, err := os.ReadFile(ends); strings.TrimSpace(string(out)) != string(victim) {
		t.Errorf("told to end: %q %v, want %s", out, err, victim)
	}

	// A second kill with force does not wait.
	left := a.running("/web", 1, time.Second)[0].ID
	a.must(http.MethodDelete, "/v2/apps/web/tasks/"+left, "", nil)
	if state := a.app("/web").Tasks[0].State; state != "TASK_KILLING" {
		t.Errorf("a killed task is %s", state)
	}
	a.must(http.MethodDelete, "/v2/apps/web/tasks/"+left+"?force=true", "", nil)
	eventually(t, 30*time.Second, func() error {
		if tasks := a.app("/web").Tasks; len(tasks) != 1 || tasks[0].ID == left {
			return fmt.Errorf("tasks are %+v", tasks)
		}
		return nil
	})
	if err := client.Leave(t.Context(), "lb"); err != nil {
		t.Error(err)
	}
	p.interrupt()
}

func TestATaskIsKilledWhenItsTimeToDrainIsOver(t *testing.T) {
	t.Parallel()
	a, p := mini(t, "--runtime", "process", "--agents", "1", "--drain-timeout", "3s")
	if _, err := a.client().Register(t.Context(), "lb", endpoint.Registration{Kind: "test", Acks: true, TTL: "5m"}); err != nil {
		t.Fatal(err)
	}
	a.must(http.MethodPost, "/v2/apps", shell("/web", "exec sleep 1000", 1, ""), nil)
	a.running("/web", 1, 30*time.Second)
	began := time.Now()
	a.must(http.MethodDelete, "/v2/apps/web", "", nil)
	eventually(t, 30*time.Second, func() error {
		if status, _, err := a.try(http.MethodGet, "/v2/apps/web", ""); status != http.StatusNotFound {
			return fmt.Errorf("still there: %d %w", status, err)
		}
		if !strings.Contains(p.out.String(), "a load balancer has not let go of a task in time") {
			return errors.New("nothing is logged")
		}
		return nil
	})
	if took := time.Since(began); took < 3*time.Second {
		t.Errorf("killed after %v", took)
	}
}

// command runs a client command and returns what it prints.
func command(t *testing.T, a api, args ...string) string {
	t.Helper()
	cmd := exec.Command(filepath.Join(bin, "gantry"), args...)
	cmd.Env = append(os.Environ(), "GANTRY_URL="+a.url)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("gantry %s: %v", strings.Join(args, " "), err)
	}
	return string(out)
}
