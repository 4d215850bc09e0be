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

func TestMetricsAsMarathonHadThem(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", web)
	s.want(t, http.StatusConflict, http.MethodPut, "/v2/apps/prod/web", `{"instances":5}`)
	s.Advance()
	_, header, body := s.call(t, http.MethodGet, "/metrics", "", "Accept", "application/json")
	if got := header.Get("Content-Type"); !strings.HasPrefix(got, "application/json") {
		t.Fatalf("got %s", got)
	}
	if got := at(t, body, "version"); got != "4.0.0" {
		t.Errorf("got version %v", got)
	}
	for _, row := range []struct {
		kind, name, member string
		want               any
	}{
		{"gauges", "apps.active.gauge", "value", 1.0}, {"gauges", "groups.active.gauge", "value", 2.0}, {"gauges", "pods.active.gauge", "value", 0.0},
		{"gauges", "deployments.active.gauge", "value", 1.0}, {"gauges", "instances.running.gauge", "value", 1.0},
		{"gauges", "http.requests.active.gauge", "value", 1.0}, {"gauges", "leadership.duration.gauge.seconds", "value", 0.0},
		{"counters", "deployments.counter", "count", 1.0}, {"counters", "deployments.dismissed.counter", "count", 1.0},
		{"counters", "http.requests.size.counter.bytes", "count", float64(len(web) + len(`{"instances":5}`))},
		{"meters", "http.responses.2xx.rate.meter", "count", 1.0}, {"meters", "http.responses.4xx.rate.meter", "count", 1.0},
		{"timers", "http.requests.post.duration.timer.seconds", "count", 1.0}, {"timers", "http.requests.duration.timer.seconds", "count", 2.0},
	} {
		if got := at(t, body, row.kind, "marathon."+row.name, row.member); got != row.want {
			t.Errorf("%s: got %v, want %v", row.name, got, row.want)
		}
	}
	for _, accept := range []string{"*/*", "text/plain", "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"} {
		text, _ := s.want(t, http.StatusOK, http.MethodGet, "/metrics", "", "Accept", accept).(string)
		if !strings.Contains(text, "\nmarathon_apps_active_gauge 1") || !strings.Contains(text, "\ngantry_apps 1") {
			t.Errorf("Accept %q: got\n%s", accept, text)
		}
	}
	text, _ := s.want(t, http.StatusOK, http.MethodGet, "/metrics/prometheus", "", "Accept", "application/json").(string)
	if !strings.Contains(text, "\nmarathon_http_requests_put_duration_timer_seconds_count 1\n") {
		t.Errorf("got\n%s", text)
	}
	s.want(t, http.StatusNotAcceptable, http.MethodGet, "/metrics", "", "Accept", "image/png")
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
