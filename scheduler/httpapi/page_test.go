package httpapi_test

import (
	"net/http"
	"testing"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/core/coretest"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
	"github.com/gantry-mesos/gantry/scheduler/ui"
)

// withPage is a scheduler that serves the page; it leads, or is a standby of nobody.
func withPage(t *testing.T, leads bool, users httpapi.Credentials) *service {
	t.Helper()
	page, err := ui.New(ui.Options{})
	if err != nil {
		t.Fatal(err)
	}
	fake := coretest.New(start, false)
	var l httpapi.Leadership = fake
	if !leads {
		s := &standby{}
		s.follow("")
		l = s
	}
	h, err := httpapi.New(httpapi.Config{Scheduler: fake, Leadership: l, Rules: app.DefaultRules(), Page: page, Credentials: users, LeaderWait: 1})
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, h)
}

func TestEverySchedulerServesThePageItself(t *testing.T) {
	t.Parallel()
	for _, leads := range []bool{true, false} {
		s := withPage(t, leads, nil)
		for _, path := range []string{"/ui/", "/ui/apps/prod/web"} {
			status, header, _ := s.call(t, http.MethodGet, path, "")
			if status != http.StatusOK || header.Get("Content-Security-Policy") == "" || len(header.Values("Cache-Control")) != 1 || header.Get("Cache-Control") != "no-cache" {
				t.Errorf("leads %v: %s: got %d with %v", leads, path, status, header)
			}
		}
		if status, header, _ := s.call(t, http.MethodPost, "/ui/", ""); status != http.StatusMethodNotAllowed || header.Get("Allow") != "GET, HEAD, OPTIONS" {
			t.Errorf("POST: got %d, Allow %q", status, header.Get("Allow"))
		}
	}
}

func TestBrowsersAreLedFromTheRootToThePage(t *testing.T) {
	t.Parallel()
	s := withPage(t, true, nil)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for accept, want := range map[string]int{"text/html,application/xhtml+xml": http.StatusFound, "application/json": http.StatusNotFound, "*/*": http.StatusNotFound} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", accept)
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if to := resp.Header.Get("Location"); resp.StatusCode != want || want == http.StatusFound && to != "ui/" {
			t.Errorf("Accept: %s: got %d to %q, want %d", accept, resp.StatusCode, to, want)
		}
	}
	// Without a page nothing is there, as before there was one.
	bare := newService(t)
	bare.want(t, http.StatusNotFound, http.MethodGet, "/ui/", "", "Accept", "text/html")
	bare.want(t, http.StatusNotFound, http.MethodGet, "/", "", "Accept", "text/html")
}

func TestThePageIsForThoseWithCredentials(t *testing.T) {
	t.Parallel()
	s := withPage(t, true, httpapi.Credentials{"ops": {}})
	for _, path := range []string{"/ui/", "/", "/ui/-/x/main.js"} {
		if status, header, _ := s.call(t, http.MethodGet, path, "", "Accept", "text/html"); status != http.StatusUnauthorized || header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: got %d, want 401 that has the browser ask", path, status)
		}
	}
}
