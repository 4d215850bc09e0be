package httpapi_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/core/coretest"
	"github.com/gantry-mesos/gantry/scheduler/eventlog"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
)

// bounded is a service that answers two requests and serves one stream at a time.
func bounded(t *testing.T) *service {
	t.Helper()
	s := coretest.New(start, false)
	log := eventlog.New(16, time.Now())
	t.Cleanup(log.Close)
	h, err := httpapi.New(httpapi.Config{
		Scheduler: s, Leadership: s, Rules: app.DefaultRules(), Address: "leader.example:8080", RequestsMax: 2, StreamsMax: 1,
		Events: func() *eventlog.Log { return log },
	})
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, h)
}

// begin sends a request whose body does not end before end is called.
func (s *service) begin(t *testing.T) (end func()) {
	t.Helper()
	body, w := io.Pipe()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/v2/apps", body)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if resp, err := http.DefaultClient.Do(r); err == nil {
			_ = resp.Body.Close()
		}
	}()
	if _, err := w.Write([]byte("{")); err != nil { // it has been taken once a write returns
		t.Fatal(err)
	}
	return func() {
		_ = w.Close()
		<-done
	}
}

func TestMoreRequestsThanTheLimitAreToldToComeAgain(t *testing.T) {
	t.Parallel()
	s := bounded(t)
	ends := []func(){s.begin(t), s.begin(t)}
	// A body that is on its way has not always reached the server.
	var header http.Header
	deadline := time.Now().Add(30 * time.Second)
	for status := 0; status != http.StatusTooManyRequests; {
		if time.Now().After(deadline) {
			t.Fatalf("got %d beside two requests, want 429", status)
		}
		var v any
		if status, header, v = s.call(t, http.MethodGet, "/v2/apps", ""); status == http.StatusTooManyRequests {
			if got, _ := at(t, v, "message").(string); !strings.Contains(got, "2 requests at a time (--http-max-concurrent-requests)") {
				t.Errorf("got message %q", got)
			}
		}
	}
	if got := header.Get("Retry-After"); got != "1" {
		t.Errorf("got Retry-After %q, want 1", got)
	}
	for _, path := range []string{"/ping", "/metrics"} {
		s.want(t, http.StatusOK, http.MethodGet, path, "")
	}
	stream := s.stream(t)
	for _, end := range ends {
		end()
	}
	s.want(t, http.StatusOK, http.MethodGet, "/v2/apps", "")
	_ = stream.Body.Close()
}

// stream opens the event stream.
func (s *service) stream(t *testing.T) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/v2/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("got %d for a stream, want 200", resp.StatusCode)
	}
	return resp
}

func TestStreamsAreCountedApart(t *testing.T) {
	t.Parallel()
	s := bounded(t)
	first := s.stream(t)
	v := s.want(t, http.StatusTooManyRequests, http.MethodGet, "/v2/events", "", "Accept", "text/event-stream")
	if got, _ := at(t, v, "message").(string); !strings.Contains(got, "--http-max-event-streams") {
		t.Errorf("got message %q", got)
	}
	s.want(t, http.StatusOK, http.MethodGet, "/v2/apps", "")
	_ = first.Body.Close()
	deadline := time.Now().Add(30 * time.Second)
	for {
		status, _, _ := s.call(t, http.MethodGet, "/v2/events", "", "Accept", "application/json")
		if status == http.StatusMethodNotAllowed { // let in, and told what a stream needs
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("got %d after the only stream has ended, want it let in", status)
		}
	}
}

func TestAReadOnlySchedulerTakesNoChange(t *testing.T) {
	t.Parallel()
	leader := newService(t)
	l := &standby{}
	l.follow(leader.url)
	h, err := httpapi.New(httpapi.Config{
		Scheduler: coretest.New(start, false), Leadership: l, Rules: app.DefaultRules(), Address: "standby.example:8080", ReadOnly: true,
		LeaderWait: 50 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, h)
	for method, path := range map[string]string{
		http.MethodPost: "/v2/apps", http.MethodPut: "/v2/apps/web", http.MethodPatch: "/v2/apps/web", http.MethodDelete: "/v2/leader",
	} {
		v := s.want(t, http.StatusForbidden, method, path, `{"id":"web","cmd":"x"}`, "Content-Type", "application/json")
		if got, _ := at(t, v, "message").(string); got != "this scheduler is read-only: send it to the leader, "+leader.url {
			t.Errorf("%s %s: got message %q", method, path, got)
		}
	}
	s.want(t, http.StatusOK, http.MethodGet, "/v2/apps", "")
	s.want(t, http.StatusOK, http.MethodHead, "/v2/apps", "")
	leader.want(t, http.StatusNotFound, http.MethodGet, "/v2/apps/web", "")
	l.follow("http://")
	v := s.want(t, http.StatusForbidden, http.MethodDelete, "/v2/apps/web", "")
	if got, _ := at(t, v, "message").(string); !strings.Contains(got, "no scheduler leads") {
		t.Errorf("got message %q without a leader", got)
	}
}

func TestAReadOnlyLeaderSaysThatNobodyTakesChanges(t *testing.T) {
	t.Parallel()
	s := coretest.New(start, false)
	h, err := httpapi.New(httpapi.Config{Scheduler: s, Leadership: s, Rules: app.DefaultRules(), Address: "leader.example:8080", ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	v := serve(t, h).want(t, http.StatusForbidden, http.MethodDelete, "/v2/apps/web", "")
	if got, _ := at(t, v, "message").(string); !strings.Contains(got, "without --read-only") {
		t.Errorf("got message %q", got)
	}
}
