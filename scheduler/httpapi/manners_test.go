package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/core/coretest"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
)

// reading serves the API with origins whose pages may read.
func reading(t *testing.T, origins ...string) *service {
	t.Helper()
	s := &service{Scheduler: coretest.New(start, false)}
	var err error
	s.api, err = httpapi.New(httpapi.Config{Scheduler: s.Scheduler, Leadership: s.Scheduler, Rules: app.DefaultRules(), ReadOrigins: origins})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.api)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func TestForeignKindsAreRefused(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, row := range []struct {
		method, path, accept string
		status               int
	}{
		{"GET", "/v2/apps", "text/html", 406},
		{"GET", "/v2/apps", "text/plain", 406},
		{"GET", "/v2/apps", "application/json;q=0", 406},
		{"GET", "/v2/info", "text/event-stream", 406},
		{"GET", "/v2/apps", "text/html, */*;q=0.1", 200},
		{"GET", "/v2/apps", "application/*", 200},
		{"GET", "/v2/tasks", "text/plain", 200},
		{"GET", "/v2/tasks", "image/png", 406},
		{"GET", "/v2/apps/none/tasks", "text/plain", 404},
		{"DELETE", "/v2/apps/none", "image/png", 406},
		{"GET", "/nothing", "image/png", 404},
		{"PUT", "/v2/info", "image/png", 405},
		{"GET", "/ping", "image/png", 204},
		{"GET", "/v2/events", "application/json", 404},
	} {
		status, _, body := s.call(t, row.method, row.path, "", "Accept", row.accept)
		if status != row.status {
			t.Errorf("%s %s with Accept %q: got %d with %v, want %d", row.method, row.path, row.accept, status, body, row.status)
		}
		if status == http.StatusNotAcceptable && !strings.HasPrefix(at(t, body, "message").(string), "Not Acceptable") {
			t.Errorf("got message %v", body)
		}
	}
	body := s.want(t, http.StatusUnsupportedMediaType, http.MethodPost, "/v2/apps", web, "Content-Type", "text/plain")
	if got := at(t, body, "message").(string); !strings.HasPrefix(got, "Unsupported Media Type") {
		t.Errorf("got message %q", got)
	}
	body = s.want(t, http.StatusNotAcceptable, http.MethodPost, "/v2/apps", web, "Accept", "text/html")
	if apps := at(t, s.want(t, http.StatusOK, http.MethodGet, "/v2/apps", ""), "apps").([]any); len(apps) > 0 {
		t.Errorf("got %v after %v, want nothing to have changed", apps, body)
	}
}

func TestPagesOfAllowedOriginsRead(t *testing.T) {
	t.Parallel()
	const panel, other = "https://panel.example", "https://other.example"
	for _, row := range []struct {
		name           string
		allowed        []string
		method, origin string
		want           string
		preflight      bool
	}{
		{"nothing is allowed", nil, "GET", panel, "", false},
		{"the origin", []string{other, panel}, "GET", panel, panel, false},
		{"another one", []string{panel}, "GET", other, "", false},
		{"no page", []string{panel}, "GET", "", "", false},
		{"everybody", []string{"*"}, "GET", panel, "*", false},
		{"a question beforehand", []string{panel}, "OPTIONS", panel, panel, true},
		{"a foreign question beforehand", []string{panel}, "OPTIONS", other, "", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := reading(t, row.allowed...)
			header := []string{"Origin", row.origin}
			if row.preflight {
				header = append(header, "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "X-One, X-Two")
			}
			status, h, _ := s.call(t, row.method, "/v2/apps", "", header...)
			if status >= 300 {
				t.Errorf("got %d", status)
			}
			if got := h.Get("Access-Control-Allow-Origin"); got != row.want {
				t.Errorf("got origin %q, want %q", got, row.want)
			}
			if len(row.allowed) > 0 && row.want != "*" && !strings.Contains(strings.Join(h.Values("Vary"), ","), "Origin") {
				t.Errorf("got Vary %q, want Origin among it", h.Values("Vary"))
			}
			if row.want == "" {
				return
			}
			if got := h.Get("Access-Control-Allow-Methods") + "; " + h.Get("Access-Control-Max-Age"); got != "GET, HEAD, OPTIONS; 86400" {
				t.Errorf("got methods and age %q", got)
			}
			if got := h.Get("Access-Control-Allow-Headers"); row.preflight && got != "X-One, X-Two" {
				t.Errorf("got headers %q, want those that were asked for", got)
			}
		})
	}
}
