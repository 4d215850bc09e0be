package dropwizard

import (
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// clocked returns a Registry whose time is what the returned function makes it.
func clocked() (r *Registry, pass func(time.Duration)) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	r = NewRegistry()
	r.now = func() time.Time { return now }
	return r, func(d time.Duration) { now = now.Add(d) }
}

func TestMetricsHaveBothForms(t *testing.T) {
	t.Parallel()
	r, pass := clocked()
	r.Gauge("apps.active.gauge", func() float64 { return 3 })
	r.Counter("tasks.launched.counter").Add(5)
	m := r.Meter("http.responses.2xx.rate.meter")
	timer := r.Timer("http.requests.get.duration.timer.seconds")
	for n := range 11 {
		m.Mark()
		timer.Observe(time.Duration(n) * time.Second)
	}
	pass(10 * time.Second)

	data, err := json.Marshal(r.Document())
	if err != nil {
		t.Fatal(err)
	}
	var got any
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	// Eleven in the first of two ticks: 2.2 a second, and then less of it in each average.
	m1, m5, m15 := 2.2*math.Exp(-1.0/12), 2.2*math.Exp(-1.0/60), 2.2*math.Exp(-1.0/180)
	want := map[string]any{
		"version": "4.0.0", "histograms": map[string]any{},
		"gauges":   map[string]any{"marathon.apps.active.gauge": map[string]any{"value": 3.0}},
		"counters": map[string]any{"marathon.tasks.launched.counter": map[string]any{"count": 5.0}},
		"meters": map[string]any{"marathon.http.responses.2xx.rate.meter": map[string]any{
			"count": 11.0, "m1_rate": m1, "m5_rate": m5, "m15_rate": m15, "mean_rate": 1.1, "units": "events/second",
		}},
		"timers": map[string]any{"marathon.http.requests.get.duration.timer.seconds": map[string]any{
			"count": 11.0, "min": 0.0, "mean": 5.0, "max": 10.0, "p50": 5.0, "p75": 7.5, "p95": 9.5, "p98": 9.8, "p99": 9.9, "p999": 9.99,
			"stddev": math.Sqrt(10), "m1_rate": m1, "m5_rate": m5, "m15_rate": m15, "mean_rate": 1.1, "duration_units": "seconds", "rate_units": "calls/second",
		}},
	}
	if diff := cmp.Diff(got, any(want), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Errorf("JSON (-got +want):\n%s", diff)
	}

	registry := prometheus.NewRegistry()
	registry.MustRegister(r)
	w := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	text := strings.TrimPrefix(`
# HELP marathon_apps_active_gauge As Marathon's marathon.apps.active.gauge.
# TYPE marathon_apps_active_gauge gauge
marathon_apps_active_gauge 3
# HELP marathon_http_requests_get_duration_timer_seconds As Marathon's marathon.http.requests.get.duration.timer.seconds.
# TYPE marathon_http_requests_get_duration_timer_seconds summary
marathon_http_requests_get_duration_timer_seconds{quantile="0.5"} 5
marathon_http_requests_get_duration_timer_seconds{quantile="0.75"} 7.5
marathon_http_requests_get_duration_timer_seconds{quantile="0.95"} 9.5
marathon_http_requests_get_duration_timer_seconds{quantile="0.98"} 9.8
marathon_http_requests_get_duration_timer_seconds{quantile="0.99"} 9.9
marathon_http_requests_get_duration_timer_seconds{quantile="0.999"} 9.99
marathon_http_requests_get_duration_timer_seconds_sum 55
marathon_http_requests_get_duration_timer_seconds_count 11
# HELP marathon_http_responses_2xx_rate_meter As Marathon's marathon.http.responses.2xx.rate.meter.
# TYPE marathon_http_responses_2xx_rate_meter counter
marathon_http_responses_2xx_rate_meter 11
# HELP marathon_tasks_launched_counter As Marathon's marathon.tasks.launched.counter.
# TYPE marathon_tasks_launched_counter counter
marathon_tasks_launched_counter 5
`, "\n")
	if diff := cmp.Diff(w.Body.String(), text); diff != "" {
		t.Errorf("for Prometheus (-got +want):\n%s", diff)
	}
}

func TestAveragesFade(t *testing.T) {
	t.Parallel()
	r, pass := clocked()
	m := r.Meter("x.meter")
	for range 60 {
		m.Mark()
		pass(time.Second)
	}
	if got := m.rate(r.now()); math.Abs(got.M1Rate-1) > 1e-9 || math.Abs(got.M15Rate-1) > 1e-9 {
		t.Errorf("one a second: got %+v", got)
	}
	pass(time.Hour)
	if got := m.rate(r.now()); got.M1Rate > 1e-9 || got.M15Rate > 0.1 || got.Count != 60 {
		t.Errorf("after an hour of nothing: got %+v", got)
	}
	pass(10_000 * time.Hour)
	if got := m.rate(r.now()); got.M15Rate > 1e-9 {
		t.Errorf("after a year of nothing: got %+v", got)
	}
}

func TestQuantilesAreOfTheLatest(t *testing.T) {
	t.Parallel()
	r, _ := clocked()
	timer := r.Timer("x.timer")
	for range 2 * sampleMax {
		timer.Observe(time.Hour)
	}
	for range sampleMax {
		timer.Observe(time.Second)
	}
	got := r.Document().Timers["marathon.x.timer"]
	if got.Max != 1 || got.Count != 3*sampleMax {
		t.Errorf("got %+v, want none of the old in the sample", got)
	}
}
