package minicluster_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gantry-mesos/gantry/pkg/minicluster"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
	"github.com/gantry-mesos/gantry/pkg/minicluster/minitest"
	"github.com/gantry-mesos/gantry/test/zktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const waitMax = 30 * time.Second

// fast makes an agent that does not answer unreachable within about a second.
func fast(agents int) minicluster.Config {
	cfg := minicluster.DefaultConfig(agents)
	cfg.Masters[0].AgentPingTimeout, cfg.Masters[0].MaxAgentPingTimeouts = 300*time.Millisecond, 2
	return cfg
}

// framework is a scheduler that talks JSON.
type framework struct {
	t      *testing.T
	c      *minicluster.Cluster
	master int
	id     string
	stream string
	events chan map[string]any
	close  func()
}

func subscribe(t *testing.T, c *minicluster.Cluster, master int, id string) *framework {
	t.Helper()
	info := map[string]any{
		"user": "root", "name": "test", "failover_timeout": 600, "checkpoint": true, "roles": []string{"test"},
		"capabilities": []any{map[string]string{"type": "MULTI_ROLE"}, map[string]string{"type": "PARTITION_AWARE"}},
	}
	call := map[string]any{"type": "SUBSCRIBE", "subscribe": map[string]any{"framework_info": info}}
	if id != "" {
		info["id"], call["framework_id"] = value(id), value(id)
	}
	f := &framework{t: t, c: c, master: master, events: make(chan map[string]any, 1000)}
	ctx, cancel := context.WithCancel(context.Background())
	resp := f.post(ctx, call) //nolint:bodyclose // the goroutine below closes it at the end of the stream
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("SUBSCRIBE = %s", resp.Status)
	}
	f.stream = resp.Header.Get("Mesos-Stream-Id")
	done := make(chan struct{})
	f.close = func() { cancel(); <-done }
	t.Cleanup(f.close)
	go func() {
		defer close(done)
		defer func() { _ = resp.Body.Close() }()
		f.read(bufio.NewReader(resp.Body))
	}()
	subscribed := f.await("SUBSCRIBED", func(map[string]any) bool { return true })
	f.id = at(subscribed, "subscribed", "framework_id", "value").(string)
	return f
}

func (f *framework) read(r *bufio.Reader) {
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			close(f.events)
			return
		}
		n, _ := strconv.Atoi(strings.TrimSpace(line))
		record := make([]byte, n)
		if _, err := io.ReadFull(r, record); err != nil {
			close(f.events)
			return
		}
		var e map[string]any
		if json.Unmarshal(record, &e) == nil {
			f.events <- e
		}
	}
}

var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

func (f *framework) post(ctx context.Context, call map[string]any) *http.Response {
	f.t.Helper()
	b, err := json.Marshal(call)
	if err != nil {
		f.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+f.c.MasterAddr(f.master)+"/api/v1/scheduler", bytes.NewReader(b))
	if err != nil {
		f.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if f.stream != "" {
		req.Header.Set("Mesos-Stream-Id", f.stream)
	}
	resp, err := client.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	return resp
}

// call sends a call that must be received.
func (f *framework) call(kind string, body map[string]any) {
	f.t.Helper()
	resp := f.post(f.t.Context(), map[string]any{"type": kind, "framework_id": value(f.id), strings.ToLower(kind): body})
	text, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		f.t.Fatalf("%s = %s %s, want 202", kind, resp.Status, text)
	}
}

// await returns the next event of a type that passes; others are forgotten.
func (f *framework) await(kind string, pass func(map[string]any) bool) map[string]any {
	f.t.Helper()
	deadline := time.After(waitMax)
	for {
		select {
		case e, ok := <-f.events:
			if !ok {
				f.t.Fatalf("stream ended before %s", kind)
			}
			if e["type"] == kind && pass(e) {
				return e
			}
		case <-deadline:
			f.t.Fatalf("no %s within %v", kind, waitMax)
		}
	}
}

func (f *framework) awaitState(task, state string) map[string]any {
	f.t.Helper()
	e := f.await("UPDATE", func(e map[string]any) bool {
		if uuid := at(e, "update", "status", "uuid"); uuid != nil {
			f.call("ACKNOWLEDGE", map[string]any{
				"agent_id": at(e, "update", "status", "agent_id"), "task_id": at(e, "update", "status", "task_id"), "uuid": uuid,
			})
		}
		return at(e, "update", "status", "task_id", "value") == task && at(e, "update", "status", "state") == state
	})
	return at(e, "update", "status").(map[string]any)
}

// launch starts a command task on the next offer and returns once it runs.
func (f *framework) launch(task, command string) {
	f.t.Helper()
	e := f.await("OFFERS", func(map[string]any) bool { return true })
	offer := at(e, "offers", "offers").([]any)[0].(map[string]any)
	resource := func(name string, v float64) map[string]any {
		return map[string]any{"name": name, "type": "SCALAR", "scalar": map[string]any{"value": v}}
	}
	f.call("ACCEPT", map[string]any{
		"offer_ids": []any{offer["id"]}, "filters": map[string]any{"refuse_seconds": 0},
		"operations": []any{map[string]any{"type": "LAUNCH", "launch": map[string]any{"task_infos": []any{map[string]any{
			"name": task, "task_id": value(task), "agent_id": offer["agent_id"], "command": map[string]any{"value": command},
			"resources": []any{resource("cpus", 0.1), resource("mem", 32)},
		}}}}},
	})
	f.awaitState(task, "TASK_RUNNING")
}

func value(id string) map[string]any { return map[string]any{"value": id} }

// at follows keys into an object, nil if there is nothing.
func at(v any, path ...string) any {
	for _, key := range path {
		object, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = object[key]
	}
	return v
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(waitMax)
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", waitMax, what)
		}
		<-ticker.C
	}
}

func TestTasksSurviveTheDeathOfTheirAgent(t *testing.T) {
	t.Parallel()
	c := minitest.Start(t, fast(1))
	f := subscribe(t, c, 1, "")
	f.launch("t", "sleep 1000")
	if err := c.KillAgent(1); err != nil {
		t.Fatal(err)
	}
	if err := c.KillAgent(1); !errors.Is(err, minicluster.ErrNotRunning) {
		t.Errorf("second KillAgent = %v, want ErrNotRunning", err)
	}
	if err := c.StartAgent(1, minicluster.AgentStart{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "agent is registered again", func() bool {
		n, err := c.RegisteredAgents(t.Context())
		return err == nil && n == 1
	})
	f.call("KILL", map[string]any{"task_id": value("t")})
	f.awaitState("t", "TASK_KILLED")
}

func TestALostAgentIsUnreachableAndItsTasksAreGoneWhenItReturns(t *testing.T) {
	t.Parallel()
	c := minitest.Start(t, fast(1))
	f := subscribe(t, c, 1, "")
	f.launch("t", "sleep 1000")
	if err := c.LoseAgent(1); err != nil {
		t.Fatal(err)
	}
	f.awaitState("t", "TASK_UNREACHABLE")
	f.await("FAILURE", func(map[string]any) bool { return true })
	if err := c.ThawAgent(1); err != nil {
		t.Fatal(err)
	}
	f.awaitState("t", "TASK_FAILED")
}

func TestAPartitionedAgentComesBackWithItsTasks(t *testing.T) {
	t.Parallel()
	c := minitest.Start(t, fast(1))
	f := subscribe(t, c, 1, "")
	f.launch("t", "sleep 1000")
	if err := c.Partition(1); err != nil {
		t.Fatal(err)
	}
	f.awaitState("t", "TASK_UNREACHABLE")
	if err := c.Heal(1); err != nil {
		t.Fatal(err)
	}
	f.awaitState("t", "TASK_RUNNING")
}

func TestDroppedStatusUpdatesAreSentAgain(t *testing.T) {
	t.Parallel()
	cfg := fast(1)
	cfg.Agents[0].StatusUpdateRetryMin, cfg.Agents[0].StatusUpdateRetryMax = 200*time.Millisecond, time.Second
	c := minitest.Start(t, cfg)
	f := subscribe(t, c, 1, "")
	undo, err := c.Drop(link.ClassStatus, 1)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(500*time.Millisecond, undo)
	f.launch("t", "sleep 1000")
}

func TestLostAndLateCalls(t *testing.T) {
	t.Parallel()
	c := minitest.Start(t, fast(1))
	f := subscribe(t, c, 1, "")
	f.launch("t", "sleep 1000")
	undo := c.FaultCalls(minicluster.CallFault{Type: "KILL", Times: 1})
	defer undo()
	f.call("KILL", map[string]any{"task_id": value("t")}) // lost
	undoLate := c.FaultCalls(minicluster.CallFault{Type: "RECONCILE", Delay: 300 * time.Millisecond})
	defer undoLate()
	began := time.Now()
	f.call("RECONCILE", map[string]any{"tasks": []any{}})
	if got := time.Since(began); got < 300*time.Millisecond {
		t.Errorf("RECONCILE took %v, want at least its delay of 300 ms", got)
	}
	if got := f.awaitState("t", "TASK_RUNNING"); got["reason"] != "REASON_RECONCILIATION" {
		t.Errorf("update after the lost KILL has reason %v, want REASON_RECONCILIATION", got["reason"])
	}
	f.call("KILL", map[string]any{"task_id": value("t")})
	f.awaitState("t", "TASK_KILLED")
}

func TestTheStandbyTakesOverInMemoryAndInZooKeeper(t *testing.T) {
	t.Parallel()
	for _, withZooKeeper := range []bool{false, true} {
		t.Run(fmt.Sprintf("zookeeper=%t", withZooKeeper), func(t *testing.T) {
			t.Parallel()
			cfg := fast(1)
			cfg.Masters = append(cfg.Masters, cfg.Masters[0])
			for i := range cfg.Masters {
				cfg.Masters[i].ZKSessionTimeout = 3 * time.Second
			}
			if withZooKeeper {
				cfg.ZooKeeper = "zk://" + zktest.Start(t).Addr() + "/mesos"
			}
			c := minitest.Start(t, cfg)
			f := subscribe(t, c, 1, "")
			f.launch("t", "sleep 1000")
			if got := c.Leader(); got != 1 {
				t.Fatalf("Leader = %d, want 1", got)
			}
			deposed := c.Master(1).Info().ID
			if err := c.FailOver(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "another master leads and knows the agent", func() bool {
				n, err := c.RegisteredAgents(t.Context())
				leader := c.Leader()
				return err == nil && n == 1 && leader != 0 && c.Master(leader).Info().ID != deposed
			})
			again := subscribe(t, c, c.Leader(), f.id)
			again.call("RECONCILE", map[string]any{"tasks": []any{}})
			again.awaitState("t", "TASK_RUNNING")
		})
	}
}

func TestAStoppedAgentUnregisters(t *testing.T) {
	t.Parallel()
	c := minitest.Start(t, fast(1))
	f := subscribe(t, c, 1, "")
	f.launch("t", "sleep 1000")
	if err := c.StopAgent(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if c.AgentRunning(1) {
		t.Error("AgentRunning after StopAgent = true")
	}
	f.awaitState("t", "TASK_LOST")
	if err := c.StartAgent(1, minicluster.AgentStart{}); err != nil {
		t.Fatal(err)
	}
	f.await("OFFERS", func(map[string]any) bool { return true })
}

func TestAdminHandlerCausesFaultsAndExplainsMistakes(t *testing.T) {
	t.Parallel()
	c := minitest.Start(t, fast(1))
	s := httptest.NewServer(c.AdminHandler())
	defer s.Close()
	do := func(method, path string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		b, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b)
	}
	for _, step := range []struct {
		method, path string
		status       int
		contains     string
	}{
		{"GET", "/admin/", 200, `"running":true`},
		{"POST", "/admin/agents/1/freeze", 200, ""},
		{"GET", "/admin/", 200, `"frozen":true`},
		{"POST", "/admin/agents/1/thaw", 200, ""},
		{"POST", "/admin/agents/1/kill", 200, ""},
		{"POST", "/admin/agents/1/kill", 409, "not running"},
		{"POST", "/admin/agents/1/start?fresh=true", 200, ""},
		{"POST", "/admin/agents/7/kill", 404, "agent 7 of 1"},
		{"POST", "/admin/agents/x/kill", 400, "number"},
		{"POST", "/admin/agents/1/dance", 404, "dance"},
		{"POST", "/admin/agents/1/delay?for=soon", 400, "2s"},
		{"POST", "/admin/agents/1/delay?for=0s", 200, ""},
		{"POST", "/admin/agents/1/partition", 200, ""},
		{"POST", "/admin/agents/1/heal", 200, ""},
		{"POST", "/admin/agents/1/fill?framework=f&executor=e&mib=1", 404, "executor e"},
		{"POST", "/admin/messages?class=nope", 400, "status"},
		{"POST", "/admin/messages?class=status&agent=1", 200, `{"id":1}`},
		{"POST", "/admin/calls?type=KILL&delay=1ms", 200, `{"id":2}`},
		{"POST", "/admin/calls?type=", 400, "type"},
		{"DELETE", "/admin/faults/1", 200, ""},
		{"DELETE", "/admin/faults/1", 404, "1"},
		{"POST", "/admin/failover", 200, ""},
		{"POST", "/admin/masters/1/start", 409, "already running"},
	} {
		if status, body := do(step.method, step.path); status != step.status || !strings.Contains(body, step.contains) {
			t.Errorf("%s %s = %d %s, want %d with %q", step.method, step.path, status, body, step.status, step.contains)
		}
	}
}

func TestBadConfigurationsAreRefused(t *testing.T) {
	t.Parallel()
	if _, err := minicluster.New(minicluster.Config{}); err == nil || !strings.Contains(err.Error(), "Masters") {
		t.Errorf("New without masters = %v, want an error that names Masters", err)
	}
	if _, err := minicluster.New(minicluster.DefaultConfig(1)); err == nil || !strings.Contains(err.Error(), "WorkDir") {
		t.Errorf("New without work directory = %v, want an error that names WorkDir", err)
	}
	if _, err := minicluster.MasterFlags(map[string]any{"offer_timeout": "soon"}); err == nil || !strings.Contains(err.Error(), "offer_timeout") {
		t.Errorf("MasterFlags = %v, want an error that names the flag", err)
	}
	if _, err := minicluster.AgentFlags(map[string]any{"fetcher_cache_size": "2"}); err == nil {
		t.Error("AgentFlags with a size without unit = nil, want an error")
	}
}
