package httpapi_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/core/coretest"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop"))
}

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// service is the API over a core, reachable over HTTP.
type service struct {
	*coretest.Scheduler
	// before, if it is set, is called before every command; its error is the command's.
	before func(core.Command) error
	api    *httpapi.Server
	url    string
}

// Do implements httpapi.Scheduler.
func (s *service) Do(ctx context.Context, cmd core.Command) (core.Result, error) {
	if s.before != nil {
		if err := s.before(cmd); err != nil {
			return core.Result{}, err
		}
	}
	return s.Scheduler.Do(ctx, cmd)
}

func newService(tb testing.TB) *service {
	tb.Helper()
	return newServiceWith(tb, nil)
}

func newServiceWith(tb testing.TB, files httpapi.Sandboxes) *service {
	tb.Helper()
	return newServiceBy(tb, app.DefaultRules(), files)
}

func newServiceBy(tb testing.TB, rules app.Rules, files httpapi.Sandboxes) *service {
	tb.Helper()
	s := &service{Scheduler: coretest.New(start, false)}
	var err error
	s.api, err = httpapi.New(httpapi.Config{
		Sandboxes: files, Scheduler: s, Leadership: s, Now: s.Now, Rules: rules, Address: "leader.example:8080",
		Build: "gantry 0.1.0 test", Info: map[string]any{"framework_name": "gantry", "http_port": 8080},
	})
	if err != nil {
		tb.Fatal(err)
	}
	server := httptest.NewServer(s.api)
	tb.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// call makes a request and returns status, header and the decoded body: JSON
// as any, anything else as a string.
func (s *service) call(tb testing.TB, method, path, body string, header ...string) (int, http.Header, any) {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		tb.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		tb.Fatal(err)
	}
	var v any
	if method != http.MethodHead && strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(data, &v); err != nil {
			tb.Fatalf("%s %s: %q is no JSON: %v", method, path, data, err)
		}
		return resp.StatusCode, resp.Header, v
	}
	return resp.StatusCode, resp.Header, string(data)
}

// want calls and demands a status.
func (s *service) want(tb testing.TB, status int, method, path, body string, header ...string) any {
	tb.Helper()
	got, _, v := s.call(tb, method, path, body, header...)
	if got != status {
		tb.Fatalf("%s %s: got status %d with %v, want %d", method, path, got, v, status)
	}
	return v
}

// at follows member names and array indexes into decoded JSON.
func at(tb testing.TB, v any, path ...any) any {
	tb.Helper()
	for i, step := range path {
		switch step := step.(type) {
		case string:
			m, ok := v.(map[string]any)
			if !ok {
				tb.Fatalf("no object at %v in %v", path[:i], v)
			}
			v = m[step]
		case int:
			l, ok := v.([]any)
			if !ok || step >= len(l) {
				tb.Fatalf("no element at %v in %v", path[:i+1], v)
			}
			v = l[step]
		}
	}
	return v
}
