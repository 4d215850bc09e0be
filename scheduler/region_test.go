package scheduler

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/minicluster"
	"github.com/gantry-mesos/gantry/pkg/minicluster/minitest"
)

// twoRegions runs a cluster until the test ends: a master in region east, one
// in west, and six simulated agents, in both by turns.
func twoRegions(t *testing.T) *minicluster.Cluster {
	t.Helper()
	cfg := minicluster.DefaultConfig(0)
	cfg.Masters = append(cfg.Masters, minicluster.DefaultMasterConfig())
	cfg.Masters[0].Domain, cfg.Masters[1].Domain = minicluster.Domain("east", "a"), minicluster.Domain("west", "a")
	cfg.Simulated.Count, cfg.Simulated.RegistrationSpread = 6, -1
	cfg.Simulated.Resources = "cpus:4;mem:4096;disk:1024;ports:[31000-31100]"
	cfg.Simulated.Domain = func(i int) *mesos.DomainInfo {
		return minicluster.Domain([]string{"west", "east"}[i%2], []string{"a", "b"}[i/2%2])
	}
	return minitest.Start(t, cfg)
}

// An App without a constraint on its region stays where the master is, one with
// such a constraint goes where that says, and a new master's region counts for
// what is placed from then on.
func TestAppsStayInTheMastersRegionUnlessTheyAskForAnother(t *testing.T) {
	t.Parallel()
	cluster := twoRegions(t)
	s, err := New(config(t, cluster.MasterAddr(1)+","+cluster.MasterAddr(2)), zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	subscribed(t, s)

	for _, row := range []struct {
		constraint string
		want       []string
	}{
		{``, []string{"east/a", "east/b"}},
		{`["hostname", "UNLIKE", "none"]`, []string{"east/a", "east/b"}},
		{`["@region", "CLUSTER", "west"]`, []string{"west/a", "west/b"}},
		{`["@region", "IS", "west"]`, []string{"west/a", "west/b"}},
		{`["@region", "LIKE", "w.*"]`, []string{"west/a", "west/b"}},
		{`["@region", "UNLIKE", "w.*"]`, []string{"east/a", "east/b"}},
		{`["@region", "GROUP_BY", "2"]`, []string{"east/a", "east/b", "west/a", "west/b"}},
		{`["@zone", "CLUSTER", "b"]`, []string{"east/b", "west/b"}},
	} {
		if diff := cmp.Diff(domains(t, s, row.constraint), row.want); diff != "" {
			t.Errorf("%q: domains of the tasks (-got +want):\n%s", row.constraint, diff)
		}
	}

	for _, row := range []struct{ members, want string }{
		{`"cpus": 5`, "needs 5 cpus; the largest free agent has 4: 3 agents too small, 3 agents in another region"},
		{`"cpus": 1, "constraints": [["@region", "IS", "north"]]`, "6 excluded by @region IS north"},
		{`"cpus": 1, "acceptedResourceRoles": ["*"], "requirePorts": true, "portDefinitions": [{"port": 80}]`,
			"needs 1 host port (80): not free on 3 agents (in use there, or outside of the ports on offer), 3 agents in another region"},
	} {
		whyNot(t, s, row.members, row.want)
	}

	if err := cluster.KillMaster(1); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(30 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		master := s.current.View().Framework.Master
		agents, err := cluster.RegisteredAgents(ctx)
		if master.Domain.Region == "west" && err == nil && agents == 6 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("got master %+v with %d agents, %v, want the one in west with all 6", master, agents, err)
		}
		<-tick.C
	}
	if diff := cmp.Diff(domains(t, s, ``), []string{"west/a", "west/b"}); diff != "" {
		t.Errorf("after the change of master: domains of the tasks (-got +want):\n%s", diff)
	}
}

// GPUs are only wanted with the flag, agents with GPUs are kept for those who ask in any case.
func TestGPUsAreDeclaredOnlyWithTheFlag(t *testing.T) {
	t.Parallel()
	for _, set := range []func(*Config){
		func(*Config) {}, func(c *Config) { c.GPU = true }, func(c *Config) { c.Features = []string{"gpu_resources"} },
	} {
		c := config(t, "127.0.0.1:1")
		set(&c)
		gpu := c.GPU || len(c.Features) > 0
		s, err := New(c, zap.NewNop())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.listener.Close() }() // it never served
		info := s.framework("")
		if got := info.Has("GPU_RESOURCES"); got != gpu {
			t.Errorf("with --gpu=%v: GPU_RESOURCES declared %v", gpu, got)
		}
		if !info.Has("REGION_AWARE") || !info.Has("RESERVATION_REFINEMENT") {
			t.Errorf("capabilities: got %v, want regions and refined reservations", info.Capabilities)
		}
		if got := s.rules().GPUs; got != gpu {
			t.Errorf("with --gpu=%v: apps may ask for GPUs %v", gpu, got)
		}
		if !s.placement().RestrictGPUs {
			t.Error("agents with GPUs are not kept for those who ask for them")
		}
	}
}

// domains runs an App with twelve instances, half a cpu each, until all
// run, and returns the fault domains they run in. Then the App is deleted.
func domains(t *testing.T, s *Scheduler, constraint string) []string {
	t.Helper()
	const instances = 12
	body := fmt.Sprintf(`{"id": "/web", "cmd": "sleep 1", "cpus": 0.5, "mem": 32, "instances": %d,
		"labels": {"GANTRY_PLACEMENT": "spread"}, "constraints": [%s]}`, instances, constraint)
	request(t, s, http.MethodPost, "/v2/apps", body, http.StatusCreated, nil)
	defer func() {
		request(t, s, http.MethodDelete, "/v2/apps/web", "", http.StatusOK, nil)
		await(t, s, "no task", func(tasks []task) bool { return len(tasks) == 0 })
	}()
	tasks := await(t, s, "running tasks", func(tasks []task) bool {
		return len(tasks) == instances && !slices.ContainsFunc(tasks, func(k task) bool { return k.State != "TASK_RUNNING" })
	})
	var out []string
	for _, k := range tasks {
		out = append(out, k.Region+"/"+k.Zone)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// whyNot creates an App that no agent suits and waits for the sentence that says so.
func whyNot(t *testing.T, s *Scheduler, members, want string) {
	t.Helper()
	request(t, s, http.MethodPost, "/v2/apps", `{"id": "/web", "cmd": "sleep 1", "mem": 32, `+members+`}`, http.StatusCreated, nil)
	defer request(t, s, http.MethodDelete, "/v2/apps/web", "", http.StatusOK, nil)
	deadline := time.Now().Add(30 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var list struct {
		Queue []struct {
			Explanation            string
			LastUnusedOffers       []struct{ Reason []string }
			ProcessedOffersSummary struct {
				RejectSummaryLastOffers []struct {
					Reason              string
					Declined, Processed int
				}
			}
		}
	}
	for time.Now().Before(deadline) {
		list.Queue = nil
		request(t, s, http.MethodGet, "/v2/queue?embed=explanation&embed=lastUnusedOffers", "", http.StatusOK, &list)
		if len(list.Queue) == 1 && list.Queue[0].Explanation == want {
			q := list.Queue[0]
			if first := q.ProcessedOffersSummary.RejectSummaryLastOffers[0]; first.Reason != "UnfulfilledRole" || first.Processed != 6 {
				t.Errorf("%s: the funnel begins with %+v, want 6 offers at UnfulfilledRole", members, first)
			}
			if len(q.LastUnusedOffers) != 6 || len(q.LastUnusedOffers[0].Reason) != 1 {
				t.Errorf("%s: unused offers: got %+v, want one of each agent with its reason", members, q.LastUnusedOffers)
			}
			return
		}
		<-tick.C
	}
	t.Errorf("%s: got %+v, want %q", members, list.Queue, want)
}

type task struct{ State, Region, Zone string }

// await asks for the tasks until they are as wanted.
func await(t *testing.T, s *Scheduler, what string, good func([]task) bool) []task {
	t.Helper()
	deadline := time.Now().Add(60 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var list struct{ Tasks []task }
	for time.Now().Before(deadline) {
		list.Tasks = nil
		request(t, s, http.MethodGet, "/v2/tasks", "", http.StatusOK, &list)
		if good(list.Tasks) {
			return list.Tasks
		}
		<-tick.C
	}
	var queue any
	request(t, s, http.MethodGet, "/v2/queue", "", http.StatusOK, &queue)
	t.Fatalf("no %s in time: got %v; queue %v", what, list.Tasks, queue)
	return nil
}

func request(t *testing.T, s *Scheduler, method, path, body string, want int, into any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.Address()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != want {
		t.Fatalf("%s %s: got %s, want %d", method, path, res.Status, want)
	}
	if into == nil {
		return
	}
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
}
