package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
	"github.com/gantry-mesos/gantry/scheduler/httpapi/httpapitest"
)

// standby is the leadership as a scheduler sees it that does not lead.
type standby struct {
	leader atomic.Pointer[string]
	asked  atomic.Int64
}

func (s *standby) Leader() (self bool, address string) {
	s.asked.Add(1)
	return false, *s.leader.Load()
}

func (s *standby) follow(url string) {
	address := strings.TrimPrefix(url, "http://")
	s.leader.Store(&address)
}

// serve makes a service of a server of any kind.
func serve(t *testing.T, h *httpapi.Server) *service {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return &service{api: h, url: server.URL}
}

func newStandby(t *testing.T) (*service, *standby) {
	t.Helper()
	l := &standby{}
	l.follow("")
	h, err := httpapi.New(httpapi.Config{
		Scheduler: httpapitest.New(start, false), Leadership: l, Rules: app.DefaultRules(), Address: "standby.example:8080", LeaderWait: 50 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, h), l
}

func TestStandby(t *testing.T) {
	t.Parallel()

	t.Run("forwards to the leader and streams the answer back", func(t *testing.T) {
		t.Parallel()
		leader := newService(t)
		s, l := newStandby(t)
		l.follow(leader.url)
		status, header, body := s.call(t, http.MethodPost, "/v2/apps", `{"id":"/x","cmd":"`+strings.Repeat("x", 5000)+`"}`, "Accept-Encoding", "identity")
		if status != http.StatusCreated || at(t, body, "id") != "/x" {
			t.Fatalf("got %d with %v", status, body)
		}
		if got := header.Values("X-Marathon-Via"); len(got) != 1 || got[0] != "1.1 standby.example:8080" {
			t.Errorf("got via %v", got)
		}
		if got := header.Get("X-Marathon-Leader"); got != "http://leader.example:8080" {
			t.Errorf("got leader %q", got)
		}
		if got := header.Values("Cache-Control"); len(got) != 1 {
			t.Errorf("got Cache-Control %v, want it once", got)
		}
		// The default client asks for gzip and unpacks it: the leader's encoding must survive once.
		if got := at(t, s.want(t, http.StatusOK, http.MethodGet, "/v2/apps//x", ""), "app", "id"); got != "/x" {
			t.Errorf("got %v, want /x", got)
		}
		s.want(t, http.StatusNotFound, http.MethodGet, "/v2/apps/none", "")
	})

	t.Run("answers ping and metrics itself", func(t *testing.T) {
		t.Parallel()
		s, _ := newStandby(t)
		s.want(t, http.StatusOK, http.MethodGet, "/ping", "")
		text, _ := s.want(t, http.StatusOK, http.MethodGet, "/metrics", "").(string)
		if !strings.Contains(text, "gantry_leader 0") || strings.Contains(text, "gantry_apps") {
			t.Errorf("got %s, want gantry_leader 0 and nothing of apps", text)
		}
	})

	t.Run("answers 502 when nobody leads, the leader is gone or requests go in a circle", func(t *testing.T) {
		t.Parallel()
		s, l := newStandby(t)
		s.want(t, http.StatusBadGateway, http.MethodGet, "/v2/apps", "")
		if l.asked.Load() < 2 {
			t.Errorf("got %d questions for the leader, want it asked again while waiting", l.asked.Load())
		}
		l.follow("127.0.0.1:1")
		s.want(t, http.StatusBadGateway, http.MethodGet, "/v2/apps", "")
		l.follow(s.url)
		body := s.want(t, http.StatusBadGateway, http.MethodGet, "/v2/apps", "")
		if got := at(t, body, "message").(string); !strings.Contains(got, "circle") {
			t.Errorf("got message %q, want one about a circle", got)
		}
	})
}
