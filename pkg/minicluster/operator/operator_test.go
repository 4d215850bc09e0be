package operator

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gogo/protobuf/proto"
	"github.com/google/go-cmp/cmp"
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	masterpb "github.com/mesos/mesos-go/api/v1/lib/master"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/minicluster/codec"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
	"github.com/gantry-mesos/gantry/pkg/minicluster/master"
	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve runs a leading master without agents behind its handler.
func serve(t *testing.T, change func(*master.Config)) *httptest.Server {
	t.Helper()
	cfg := master.DefaultConfig()
	cfg.IP, cfg.Port = "127.0.0.1", 5050
	if change != nil {
		change(&cfg)
	}
	m, err := master.New(cfg, master.Deps{Network: link.NewNetwork()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- m.Run(ctx) }()
	m.SetLeadership(master.Leadership{Leading: true})
	s := httptest.NewServer(MasterHandler(m, zap.NewNop()))
	t.Cleanup(func() {
		s.CloseClientConnections()
		cancel()
		<-ended
		s.Close()
	})
	for range 500 {
		if status, _ := call(t, s, `{"type":"GET_HEALTH"}`); status == http.StatusOK {
			return s
		}
		<-time.After(10 * time.Millisecond)
	}
	t.Fatal("master does not finish its recovery")
	return nil
}

var client = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func do(t *testing.T, s *httptest.Server, method, path, body string, headers ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func call(t *testing.T, s *httptest.Server, body string, headers ...string) (int, string) {
	t.Helper()
	resp := do(t, s, http.MethodPost, "/api/v1", body, append([]string{"Content-Type", "application/json"}, headers...)...)
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestCallsAreCheckedInOrder(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	for _, c := range []struct {
		name, method, contentType, accept, body string
		status                                  int
		contains                                string
	}{
		{"another method", "GET", "", "", "", 405, "405 Method Not Allowed"},
		{"no content type", "POST", "", "", "{}", 400, "Content-Type"},
		{"broken JSON", "POST", "application/json", "", "{", 400, "Failed to parse"},
		{"another content type", "POST", "text/plain", "", "{}", 415, "application/json"},
		{"no type", "POST", "application/json", "", "{}", 400, "Expecting 'type' to be present"},
		{"a type that is not known", "POST", "application/json", "", `{"type":"NOPE"}`, 400, "Expecting 'type'"},
		{"the type UNKNOWN", "POST", "application/json", "", `{"type":"UNKNOWN"}`, 501, "501"},
		{"a missing member", "POST", "application/json", "", `{"type":"GET_METRICS"}`, 400, "Expecting 'get_metrics' to be present"},
		{"nothing acceptable", "POST", "application/json", "text/html", `{"type":"GET_HEALTH"}`, 406, ""},
		{"an answer", "POST", "application/json", "*/*", `{"type":"GET_HEALTH"}`, 200, `{"type":"GET_HEALTH","get_health":{"healthy":true}}`},
		{"an unknown framework", "POST", "application/json", "", `{"type":"TEARDOWN","teardown":{"framework_id":{"value":"x"}}}`, 400, "No framework found"},
		{"an unknown agent", "POST", "application/json", "", `{"type":"MARK_AGENT_GONE","mark_agent_gone":{"agent_id":{"value":"x"}}}`, 404, "not found"},
		{"an unknown file", "POST", "application/json", "", `{"type":"LIST_FILES","list_files":{"path":"/etc"}}`, 404, ""},
		{"a bad log level", "POST", "application/json", "", `{"type":"SET_LOGGING_LEVEL","set_logging_level":{"level":9,"duration":{"nanoseconds":1}}}`, 400, "9"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var headers []string
			if c.contentType != "" {
				headers = append(headers, "Content-Type", c.contentType)
			}
			if c.accept != "" {
				headers = append(headers, "Accept", c.accept)
			}
			resp := do(t, s, c.method, "/api/v1", c.body, headers...)
			defer func() { _ = resp.Body.Close() }()
			b, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != c.status || !strings.Contains(string(b), c.contains) {
				t.Errorf("got %d %s, want %d with %q", resp.StatusCode, b, c.status, c.contains)
			}
		})
	}
}

func TestReadsAnswerInProtobufWhenAsked(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	body, err := proto.Marshal(&masterpb.Call{Type: masterpb.Call_GET_STATE})
	if err != nil {
		t.Fatal(err)
	}
	resp := do(t, s, http.MethodPost, "/api/v1", string(body), "Content-Type", "application/x-protobuf", "Accept", "application/x-protobuf")
	defer func() { _ = resp.Body.Close() }()
	raw, _ := io.ReadAll(resp.Body)
	out := &masterpb.Response{}
	if err := proto.Unmarshal(raw, out); err != nil || out.Type != masterpb.Response_GET_STATE || out.GetState == nil {
		t.Errorf("got %v %v, want a GET_STATE", out, err)
	}
}

func TestOwnMessagesHaveTheBytesOfTheLibrarysMessages(t *testing.T) {
	t.Parallel()
	kind, pid := masterpb.Response_GET_AGENTS, "slave(1)@127.0.0.1:5051"
	info := mesos.AgentInfo{Hostname: "h", Resources: resources.Of(scalar("cpus", 2))}
	agent := agentInfoMessage(info)
	agent.Checkpoint = nil
	raw, err := proto.Marshal(&response{Type: &kind, GetAgents: &getAgents{Agents: []*getAgentsAgent{{
		AgentInfo: agent, Active: true, Version: "1", PID: &pid, TotalResources: info.Resources,
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	got := &masterpb.Response{}
	if err := proto.Unmarshal(raw, got); err != nil {
		t.Fatal(err)
	}
	want := &masterpb.Response{Type: kind, GetAgents: &masterpb.Response_GetAgents{Agents: []masterpb.Response_GetAgents_Agent{{
		AgentInfo: info, Active: true, Version: "1", PID: &pid, TotalResources: info.Resources,
	}}}}
	if !got.Equal(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestSubscribeSendsTheStateAndAHeartbeatThenGoesOn(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *master.Config) { c.HeartbeatInterval = 50 * time.Millisecond })
	resp := do(t, s, http.MethodPost, "/api/v1", `{"type":"SUBSCRIBE"}`, "Content-Type", "application/json")
	defer func() { _ = resp.Body.Close() }()
	in := codec.NewRecordReader(bufio.NewReader(resp.Body), 1<<20)
	for i, want := range []string{"SUBSCRIBED", "HEARTBEAT", "HEARTBEAT", "HEARTBEAT"} {
		record, err := in.Next()
		if err != nil {
			t.Fatal(err)
		}
		var e struct {
			Type       string         `json:"type"`
			Subscribed map[string]any `json:"subscribed"`
		}
		if err := json.Unmarshal(record, &e); err != nil || e.Type != want {
			t.Fatalf("event %d = %s (%v), want %s", i, record, err, want)
		}
		if i == 0 && e.Subscribed["get_state"] == nil {
			t.Errorf("SUBSCRIBED = %s, want it to carry get_state", record)
		}
	}
}

func TestTheOldestSubscriberGivesWay(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *master.Config) { c.MaxOperatorSubscribers = 1 })
	first := do(t, s, http.MethodPost, "/api/v1", `{"type":"SUBSCRIBE"}`, "Content-Type", "application/json")
	defer func() { _ = first.Body.Close() }()
	second := do(t, s, http.MethodPost, "/api/v1", `{"type":"SUBSCRIBE"}`, "Content-Type", "application/json")
	defer func() { _ = second.Body.Close() }()
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, first.Body)
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the first stream is still open")
	}
}

func TestASubscriberThatNeverReadsIsCutWithoutHarmToTheMaster(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := &subscriber{format: codec.JSON, cancel: cancel, wake: make(chan struct{}, 1)}
	text := strings.Repeat("x", 1<<20)
	for range subscriberQueueBytes>>20 + 1 {
		s.send(&event{FrameworkRemoved: &masterpb.Event_FrameworkRemoved{FrameworkInfo: mesos.FrameworkInfo{Name: text}}})
	}
	if ctx.Err() == nil {
		t.Error("the stream lives on with a full queue")
	}
	ended := make(chan error, 1)
	stuck := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		// The client has its answer before the stream is cut.
		if err := http.NewResponseController(w).Flush(); err != nil {
			ended <- err
			return
		}
		ended <- s.write(ctx, w, time.Hour)
	}))
	defer stuck.Close()
	resp := do(t, stuck, http.MethodPost, "/", "") // answered, never read
	defer func() { _ = resp.Body.Close() }()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("write = nil, want an error")
		}
	case <-time.After(10 * time.Second):
		t.Error("write is still stuck")
	}
}

func TestAuthenticationComesFirst(t *testing.T) {
	t.Parallel()
	cfg := func(c *master.Config) {
		c.AuthenticateReadonly, c.Credentials = true, []master.Credential{{Principal: "alice", Secret: "s1"}}
	}
	s := serve(t, cfg)
	for path, status := range map[string]int{"/state": 401, "/metrics/snapshot": 401, "/flags": 401, "/files/debug": 401, "/health": 200, "/version": 200} {
		resp := do(t, s, http.MethodGet, path, "")
		_ = resp.Body.Close()
		if resp.StatusCode != status {
			t.Errorf("GET %s = %d, want %d", path, resp.StatusCode, status)
		}
	}
	resp := do(t, s, http.MethodGet, "/state", "", "Authorization", "Basic YWxpY2U6czE=")
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("GET /state with credentials = %d, want 200", resp.StatusCode)
	}
}

func TestFilesStayInsideTheirRoots(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sandbox := filepath.Join(dir, "sandbox")
	if err := os.MkdirAll(filepath.Join(sandbox, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	big := strings.Repeat("x", readMax+10)
	for name, text := range map[string]string{"secret": "s", "sandbox/file": big, "sandbox/sub/a": "a"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "secret"), filepath.Join(sandbox, "link")); err != nil {
		t.Fatal(err)
	}
	f := &fileRoots{roots: func() map[string]string { return map[string]string{"/frameworks/f": sandbox} }}
	ten := uint64(10)
	for _, c := range []struct {
		path   string
		offset uint64
		length *uint64
		size   uint64
		bytes  int
		status int
	}{
		{path: "/frameworks/f/file", size: readMax + 10, bytes: readMax},
		{path: "frameworks/f/file", offset: readMax, size: readMax + 10, bytes: 10},
		{path: "/frameworks/f/file", length: &ten, size: readMax + 10, bytes: 10},
		{path: "/frameworks/f/file", offset: 1 << 30, size: readMax + 10, bytes: 0},
		{path: "/frameworks/f/sub/a", size: 1, bytes: 1},
		{path: "/frameworks/f/sub", status: 400},
		{path: "/frameworks/f/none", status: 404},
		{path: "/frameworks/f/link", status: 400},
		{path: "/frameworks/f/../../secret", status: 404},
		{path: "/etc/passwd", status: 404},
	} {
		size, data, refusal := f.read(c.path, c.offset, c.length)
		switch {
		case refusal != nil && refusal.Status != c.status || refusal == nil && c.status != 0:
			t.Errorf("read(%q) = %v, want status %d", c.path, refusal, c.status)
		case refusal == nil && (size != c.size || len(data) != c.bytes):
			t.Errorf("read(%q, %d) = %d of %d bytes, want %d of %d", c.path, c.offset, len(data), size, c.bytes, c.size)
		}
	}
	infos, refusal := f.list("/frameworks/f")
	if refusal != nil {
		t.Fatal(refusal)
	}
	var names []string
	for _, i := range infos {
		names = append(names, fmt.Sprint(i.Path, " ", modeText(i.GetMode())))
	}
	want := []string{"/frameworks/f/file -rw-r--r--", "/frameworks/f/link -rw-r--r--", "/frameworks/f/sub drwxr-xr-x"}
	if diff := cmp.Diff(names, want); diff != "" {
		t.Errorf("list (-got +want):\n%s", diff)
	}
}

func TestLegacyResourcesAreSummed(t *testing.T) {
	t.Parallel()
	list, err := resources.Parse("cpus:2;cpus(test):1;mem:64;ports:[1-2,5-6];ports(test):[3-3];zones:{b,a}", "*")
	if err != nil {
		t.Fatal(err)
	}
	got, _ := json.Marshal(resourcesJSON(list))
	const want = `{"cpus":3,"disk":0,"gpus":0,"mem":64,"ports":"[1-3, 5-6]","zones":"{a, b}"}`
	if string(got) != want {
		t.Errorf("resourcesJSON = %s, want %s", got, want)
	}
}

func TestMetricsNeverLackANameOfTheStart(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	resp := do(t, s, http.MethodGet, "/metrics/snapshot", "")
	defer func() { _ = resp.Body.Close() }()
	var got map[string]float64
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	for _, name := range masterZeroes {
		if _, ok := got[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
	if got["master/elected"] != 1 {
		t.Errorf("master/elected = %s, want 1", strconv.FormatFloat(got["master/elected"], 'f', -1, 64))
	}
}
