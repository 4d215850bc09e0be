package conformance

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fakeRig is a cluster of one HTTP server.
type fakeRig struct{ addr string }

func (fakeRig) Known() map[string]string        { return map[string]string{"MASTER_PORT_1": "1"} }
func (fakeRig) Files() map[string]string        { return nil }
func (r fakeRig) Addr(string) (string, error)   { return r.addr, nil }
func (fakeRig) Ctl(context.Context, *Ctl) error { return nil }
func (fakeRig) ZooKeeper() string               { return "" }
func record(w io.Writer, text string)           { _, _ = fmt.Fprintf(w, "%d\n%s", len(text), text) }
func flush(w http.ResponseWriter)               { _ = http.NewResponseController(w).Flush() }

func start(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// conversation is a case whose every step can go wrong.
const conversation = `{"id": "x", "config": {"masters": 1}, "steps": [
 {"send": {"to": "master:1", "method": "POST", "path": "/api/v1/scheduler", "headers": {"Content-Type": "application/json"},
   "body": {"type": "SUBSCRIBE", "subscribe": {"framework_info": {"user": "u", "name": "n"}}}}, "expect": {"status": 200, "headers": {"Mesos-Stream-Id": "$STREAM_ID_1"}}, "stream": "f1"},
 {"await": "f1", "skip": ["HEARTBEAT"], "within_ms": 2000, "expect": {"order": "strict", "events": [{"type": "SUBSCRIBED", "id": "$FRAMEWORK_ID_1"}]}},
 {"await": "f1", "skip": [], "within_ms": 2000, "expect": {"order": "strict", "events": [{"type": "HEARTBEAT"}]}},
 {"send": {"to": "master:1", "method": "POST", "path": "/call", "headers": {"Content-Type": "application/json", "Mesos-Stream-Id": "$STREAM_ID_1"},
   "body": {"framework_id": "$FRAMEWORK_ID_1"}}, "expect": {"status": 202, "empty_body": true}},
 {"await": "f1", "skip": ["HEARTBEAT"], "within_ms": 2000, "not_before_ms": 50, "expect": {"order": "any", "events": [{"type": "A"}, {"type": "B"}]}},
 {"none": "f1", "types": ["C"], "for_ms": 50},
 {"poll": {"to": "master:1", "method": "POST", "path": "/api/v1", "headers": {"Content-Type": "application/json"}, "body": {"type": "GET_AGENTS"}}, "within_ms": 1000,
   "expect": {"status": 200, "body": [{"value": "s1"}]}},
 {"eof": "f1", "within_ms": 2000}
]}`

// server answers the conversation; faults change what it does.
type server struct{ fault string }

func (s server) serve(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/api/v1/scheduler":
		s.stream(w)
	case "/call":
		body, _ := io.ReadAll(r.Body)
		status := http.StatusAccepted
		if !strings.Contains(string(body), `"fw-1"`) || r.Header.Get("Mesos-Stream-Id") != streamID || s.fault == "status" {
			status = http.StatusBadRequest
		}
		w.WriteHeader(status)
		if s.fault == "body" {
			_, _ = io.WriteString(w, "text")
		}
	default:
		id := "s1"
		if s.fault == "poll" {
			id = "s2"
		}
		_, _ = fmt.Fprintf(w, `{"type":"GET_AGENTS","get_agents":{"agents":[{"agent_info":{"id":{"value":%q}}}]}}`, id)
	}
}

const streamID = "00000000-0000-0000-0000-000000000001"

func (s server) stream(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	if s.fault != "header" {
		w.Header().Set("Mesos-Stream-Id", streamID)
	}
	switch s.fault {
	case "frame":
		_, _ = io.WriteString(w, "twenty\n{}")
	case "silence":
	default:
		record(w, `{"type":"HEARTBEAT"}`)
		record(w, `{"type":"SUBSCRIBED","id":"fw-1"}`)
	}
	flush(w)
	after := func(d time.Duration) { <-time.After(d) }
	if s.fault != "early" {
		after(150 * time.Millisecond)
	}
	record(w, `{"type":"B"}`)
	if s.fault != "other" {
		record(w, `{"type":"A"}`)
	} else {
		record(w, `{"type":"X"}`)
	}
	if s.fault == "extra" {
		record(w, `{"type":"C"}`)
	}
	flush(w)
	if s.fault == "late" {
		after(300 * time.Millisecond)
		record(w, `{"type":"D"}`)
	}
	if s.fault == "open" {
		after(3 * time.Second)
	}
	after(300 * time.Millisecond)
}

func TestReplayAcceptsTheRecordedConversation(t *testing.T) {
	t.Parallel()
	if err := replayConversation(t, ""); err != nil {
		t.Error(err)
	}
}

func TestReplaySeesEveryFault(t *testing.T) {
	t.Parallel()
	for fault, step := range map[string]string{
		"header": "step 1", "frame": "step 2", "silence": "step 2", "status": "step 4", "body": "step 4", "early": "step 5",
		"other": "step 5", "extra": "step 6", "poll": "step 7", "late": "step 8", "open": "step 8",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			err := replayConversation(t, fault)
			if err == nil || !strings.HasPrefix(err.Error(), step+" ") {
				t.Errorf("replay with fault %q = %v, want a failure of %s", fault, err, step)
			}
		})
	}
}

func replayConversation(t *testing.T, fault string) error {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x.json"), []byte(conversation), 0o644); err != nil {
		t.Fatal(err)
	}
	cases, err := LoadCases(dir)
	if err != nil {
		t.Fatal(err)
	}
	return NewReplay(cases[0], &fakeRig{addr: start(t, server{fault}.serve)}, false).Run(t.Context())
}

func TestProjections(t *testing.T) {
	t.Parallel()
	frameworks := `{"type":"GET_FRAMEWORKS","get_frameworks":{"frameworks":[{"framework_info":{"id":{"value":"f1"}},"connected":false,"active":true}],"completed_frameworks":[{"framework_info":{"id":{"value":"f0"}},"active":false}]}}`
	tasks := `{"type":"GET_TASKS","get_tasks":{"tasks":[{"task_id":{"value":"t2"}}],"completed_tasks":[{"task_id":{"value":"t1"},"state":"TASK_KILLED","statuses":[{"state":"TASK_RUNNING"},{"state":"TASK_KILLED","reason":"R","message":"m"}]}]}}`
	agents := `{"type":"GET_AGENTS","get_agents":{"agents":[{"agent_info":{"id":{"value":"s1"}},"drain_info":{"state":"DRAINED"}}]}}`
	executors := `{"type":"GET_EXECUTORS","get_executors":{"executors":[{"executor_info":{"executor_id":{"value":"e1"}}},{"executor_info":{"executor_id":{"value":"e2"}}}],"completed_executors":[]}}`
	for _, c := range []struct {
		name, want, answer string
		ok                 bool
	}{
		{"fields of frameworks", `[{"connected":false}]`, frameworks, true},
		{"other fields of frameworks", `[{"connected":true}]`, frameworks, false},
		{"counts", `{"frameworks":1,"completed":1}`, frameworks, true},
		{"other counts", `{"frameworks":0,"completed":1}`, frameworks, false},
		{"ids of completed ones", `{"frameworks":1,"completed":[{"id":"f0","active":false}]}`, frameworks, true},
		{"other ids", `{"frameworks":1,"completed":[{"id":"f1"}]}`, frameworks, false},
		{"last status of completed tasks", `[{"task_id":{"value":"t1"},"state":"TASK_KILLED","reason":"R","message":"m"}]`, tasks, true},
		{"another reason", `[{"task_id":{"value":"t1"},"reason":"Q"}]`, tasks, false},
		{"count of agents", `1`, agents, true},
		{"another count", `0`, agents, false},
		{"ids of agents", `[{"value":"s1"}]`, agents, true},
		{"another id", `[{"value":"s2"}]`, agents, false},
		{"drain state", `"DRAINED"`, agents, true},
		{"another drain state", `"DRAINING"`, agents, false},
		{"one executor among others", `[{"executor_info":{"executor_id":{"value":"e2"}}}]`, executors, true},
		{"an executor that is not there", `[{"executor_info":{"executor_id":{"value":"e3"}}}]`, executors, false},
		{"counts of executors", `{"executors":2,"completed_executors":0}`, executors, true},
		{"other counts of executors", `{"executors":2,"completed_executors":1}`, executors, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := NewReplay(&Case{}, fakeRig{}, false)
			err := r.matchPolled(parse(t, c.want), []byte(c.answer), &Request{Path: "/api/v1"})
			if (err == nil) != c.ok {
				t.Errorf("matchPolled(%s) = %v, want ok %v", c.want, err, c.ok)
			}
		})
	}
}
