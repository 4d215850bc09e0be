package httpapi_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/core/coretest"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
)

func TestTransport(t *testing.T) {
	t.Parallel()

	t.Run("every answer forbids caching and names the leader", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		for _, path := range []string{"/ping", "/v2/apps", "/nothing"} {
			_, header, _ := s.call(t, http.MethodGet, path, "")
			if got := header.Get("Cache-Control"); got != "no-cache, no-store, must-revalidate" {
				t.Errorf("%s: got Cache-Control %q", path, got)
			}
			if got := header.Get("X-Marathon-Leader"); got != "http://leader.example:8080" {
				t.Errorf("%s: got leader %q", path, got)
			}
		}
	})

	t.Run("HEAD works wherever GET does", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		for _, path := range []string{"/ping", "/v2/apps", "/v2/info", "/v2/tasks", "/metrics"} {
			if body := s.want(t, http.StatusOK, http.MethodHead, path, "", "Accept", "*/*"); body != "" && body != nil {
				if text, ok := body.(string); !ok || text != "" {
					t.Errorf("HEAD %s: got body %v", path, body)
				}
			}
		}
	})

	t.Run("bodies of GET are ignored", func(t *testing.T) {
		t.Parallel()
		newService(t).want(t, http.StatusOK, http.MethodGet, "/v2/apps", `""`)
	})

	t.Run("long answers are compressed for those who want it", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", `{"id":"/x","cmd":"`+strings.Repeat("x", 4000)+`"}`)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/v2/apps/x", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Encoding", "deflate, gzip;q=0.5")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if got := resp.Header.Get("Content-Encoding"); got != "gzip" {
			t.Fatalf("got encoding %q, want gzip", got)
		}
		z, err := gzip.NewReader(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		var body any
		if err := json.NewDecoder(z).Decode(&body); err != nil {
			t.Fatal(err)
		}
		if got := at(t, body, "app", "id"); got != "/x" {
			t.Errorf("got id %v, want /x", got)
		}
	})

	t.Run("a body beyond the limit is refused with 413 that names the limit", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		for _, path := range []string{"/v2/apps", "/v2/tasks/delete"} {
			body := s.want(t, http.StatusRequestEntityTooLarge, http.MethodPost, path, `{"id":"/x","cmd":"`+strings.Repeat("x", 20<<20)+`"}`)
			if got := at(t, body, "message").(string); !strings.Contains(got, "16777216") {
				t.Errorf("got message %q, want it to name 16777216", got)
			}
		}
	})

	t.Run("deep nesting is refused", func(t *testing.T) {
		t.Parallel()
		newService(t).want(t, http.StatusBadRequest, http.MethodPost, "/v2/apps", strings.Repeat("[", 200_000))
	})

	t.Run("ping answers four characters, or JSON", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		if got := s.want(t, http.StatusOK, http.MethodGet, "/ping", ""); got != "pong" {
			t.Errorf("got %v, want pong", got)
		}
		_, header, got := s.call(t, http.MethodGet, "/ping", "", "Accept", "application/json")
		if got != "pong" || !strings.HasPrefix(header.Get("Content-Type"), "application/json") {
			t.Errorf("got %v as %s, want the JSON string pong", got, header.Get("Content-Type"))
		}
	})

	t.Run("OPTIONS tells the methods", func(t *testing.T) {
		t.Parallel()
		_, header, _ := newService(t).call(t, http.MethodOptions, "/v2/apps", "")
		if got, want := header.Get("Allow"), "GET, HEAD, OPTIONS, PATCH, POST, PUT"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestInfo(t *testing.T) {
	t.Parallel()
	s := newService(t)
	body := s.want(t, http.StatusOK, http.MethodGet, "/v2/info", "")
	if got := at(t, body, "frameworkId"); got != "framework-1" {
		t.Errorf("got framework id %v", got)
	}
	if got := at(t, body, "marathon_config", "framework_name"); got != "gantry" {
		t.Errorf("got framework name %v", got)
	}
	if got := at(t, s.want(t, http.StatusOK, http.MethodGet, "/v2/leader", ""), "leader"); got != "leader.example:8080" {
		t.Errorf("got leader %v", got)
	}
	s.want(t, http.StatusConflict, http.MethodDelete, "/v2/leader", "")
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", web)
	s.Advance()
	for _, path := range []string{"/metrics", "/metrics/prometheus"} {
		text, _ := s.want(t, http.StatusOK, http.MethodGet, path, "").(string)
		for _, line := range []string{
			"gantry_apps 1", "gantry_deployments_active 1", `gantry_app_instances_wanted{app="/prod/web"} 2`,
			`gantry_app_tasks_running{app="/prod/web"} 1`, `gantry_app_tasks_staged{app="/prod/web"} 1`,
			`gantry_instances{condition="Running"} 1`, "go_goroutines ",
			`gantry_http_request_duration_seconds_count{method="POST",route="/v2/apps",status="201"} 1`,
		} {
			if !strings.Contains(text, line) {
				t.Errorf("%s: no line %q in\n%s", path, line, text)
			}
		}
	}
}

func TestArtifact(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gantry-executor")
	if err := os.WriteFile(path, []byte("binary"), 0o600); err != nil {
		t.Fatal(err)
	}
	fake := coretest.New(start, false)
	server, err := httpapi.New(httpapi.Config{Scheduler: fake, Leadership: fake, Rules: app.DefaultRules(), ExecutorPath: path})
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, server)
	_, header, body := s.call(t, http.MethodGet, "/artifacts/gantry-executor", "")
	tag := fmt.Sprintf("%q", server.ExecutorHash())
	if body != "binary" || header.Get("ETag") != tag {
		t.Errorf("got %v with ETag %s, want the file with %s", body, header.Get("ETag"), tag)
	}
	s.want(t, http.StatusNotModified, http.MethodGet, "/artifacts/gantry-executor", "", "If-None-Match", tag)
	newService(t).want(t, http.StatusNotFound, http.MethodGet, "/artifacts/gantry-executor", "")
	if _, err := httpapi.New(httpapi.Config{Scheduler: fake, Leadership: fake, ExecutorPath: path + ".none"}); err == nil {
		t.Error("got no error for an executor that is not there")
	}
}
