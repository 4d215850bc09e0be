package corpus

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/operatorapi"
	"github.com/gantry-mesos/gantry/scheduler/core/coretest"
	"github.com/gantry-mesos/gantry/scheduler/eventlog"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
)

// tester is what a test and a property have in common.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
}

// rules switch every feature on, and have the role that volumes are reserved for.
func rules() app.Rules {
	r := app.DefaultRules()
	r.Roles = []string{"*", "data"}
	r.DefaultNetwork = "net"
	r.GPUs, r.Secrets, r.ExternalVolumes = true, true, true
	return r
}

// agents are one agent, which everything is done with. Without tasks nobody asks for
// files of theirs.
type agents struct{}

func (agents) List(context.Context) ([]operatorapi.Agent, error) {
	return []operatorapi.Agent{{ID: "none"}}, nil
}

func (agents) Drain(context.Context, mesos.AgentID, *time.Duration, bool) error { return nil }
func (agents) Undrain(context.Context, mesos.AgentID) error                     { return nil }
func (agents) Gone(context.Context, mesos.AgentID) error                        { return nil }

// server is the API over a core of its own.
type server struct {
	handler http.Handler
	api     *httpapi.Server
}

func newServer(t tester) *server {
	t.Helper()
	s, log := coretest.New(time.Now(), false), eventlog.New(1, time.Now())
	h, err := httpapi.New(httpapi.Config{Scheduler: s, Leadership: s, Rules: rules(), Address: "leader.example:8080",
		Agents: agents{}, Sandboxes: struct{ httpapi.Sandboxes }{}, Events: func() *eventlog.Log { return log }})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return &server{handler: h, api: h}
}

// call makes a request and returns status and decoded answer.
func (s *server) call(t tester, method, path string, body []byte) (int, map[string]any) {
	t.Helper()
	r := httptest.NewRequest(method, path, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	data, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatalf("%v", err)
	}
	var v map[string]any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%s %s: %q is no JSON: %v", method, path, data, err)
	}
	return w.Code, v
}

// app returns an App as a GET shows it.
func (s *server) app(t tester, id string) map[string]any {
	t.Helper()
	status, v := s.call(t, http.MethodGet, "/v2/apps/"+id, nil)
	shown, ok := v["app"].(map[string]any)
	if status != http.StatusOK || !ok {
		t.Fatalf("GET %s: got %d with %v", id, status, v)
	}
	return shown
}

// sentAgain sends a body by PUT, partial and whole, and wants nothing to change.
func (s *server) sentAgain(t tester, id, what string, body []byte) {
	t.Helper()
	was := s.app(t, id)
	for _, query := range []string{"?force=true", "?force=true&partialUpdate=false"} {
		status, v := s.call(t, http.MethodPut, "/v2/apps/"+id+query, body)
		if status == http.StatusUnprocessableEntity && asksForVersion(body) && !strings.Contains(query, "partialUpdate=false") {
			continue // in a partial update a version stands alone ("Marathon, PUT /v2/apps/{id}")
		}
		if status != http.StatusOK {
			t.Fatalf("PUT%s of %s: got %d with %v\n%s", query, what, status, v, body)
		}
		if is := s.app(t, id); is["version"] != was["version"] {
			t.Fatalf("PUT%s of %s is a change:\n%s\nwas %s\nis  %s", query, what, body, encoded(t, was), encoded(t, is))
		}
	}
}

// asksForVersion reports whether a body names a version and is none of a GET.
func asksForVersion(body []byte) bool {
	return bytes.Contains(body, []byte(`"version":`)) && !bytes.Contains(body, []byte(`"versionInfo":`))
}

func encoded(t tester, v any) []byte {
	t.Helper()
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatalf("%v", err)
	}
	return bytes.TrimSpace(out.Bytes())
}
