package httpapi_test

import (
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/core/coretest"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
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
		Scheduler: coretest.New(start, false), Leadership: l, Rules: app.DefaultRules(), Address: "standby.example:8080", LeaderWait: 50 * time.Millisecond,
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

	t.Run("asks for credentials and passes them on", func(t *testing.T) {
		t.Parallel()
		users := httpapi.Credentials{"ops": sha256.Sum256([]byte("s3cret"))}
		secured := func(l httpapi.Leadership, address string) *service {
			h, err := httpapi.New(httpapi.Config{
				Scheduler: coretest.New(start, false), Leadership: l, Rules: app.DefaultRules(), Address: address, Credentials: users, LeaderWait: 50 * time.Millisecond,
			})
			if err != nil {
				t.Fatal(err)
			}
			return serve(t, h)
		}
		leader := secured(coretest.New(start, false), "leader.example:8080")
		l := &standby{}
		l.follow(leader.url)
		s := secured(l, "standby.example:8080")
		lax, other := newStandby(t)
		other.follow(leader.url)
		for _, row := range []struct {
			name   string
			s      *service
			header []string
			want   int
			via    int
		}{
			{"the right ones", s, []string{"Authorization", "Basic b3BzOnMzY3JldA=="}, http.StatusOK, 1},
			{"none", s, nil, http.StatusUnauthorized, 0},
			{"wrong ones", s, []string{"Authorization", "Basic b3BzOndyb25n"}, http.StatusUnauthorized, 0},
			{"none at a standby that asks for none", lax, nil, http.StatusUnauthorized, 1},
			{"the right ones at a standby that asks for none", lax, []string{"Authorization", "Basic b3BzOnMzY3JldA=="}, http.StatusOK, 1},
		} {
			status, header, body := row.s.call(t, http.MethodGet, "/v2/apps", "", row.header...)
			if via := len(header.Values("X-Marathon-Via")); status != row.want || via != row.via {
				t.Errorf("%s: got %d by way of %d schedulers (%v), want %d by way of %d", row.name, status, via, body, row.want, row.via)
			}
			if status == http.StatusUnauthorized && header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s: a browser is not told to ask", row.name)
			}
		}
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
