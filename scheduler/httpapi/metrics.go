package httpapi

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/gantry-mesos/gantry/scheduler/dropwizard"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// metrics are those of the API, with what the View tells of Apps and instances.
type metrics struct {
	handler  http.Handler
	requests *prometheus.HistogramVec
	sent     prometheus.Counter
	marathon *marathonMetrics
}

func newMetrics(r *prometheus.Registry, s *Server) (*metrics, error) {
	m := &metrics{
		handler: promhttp.HandlerFor(r, promhttp.HandlerOpts{DisableCompression: true}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "gantry_http_request_duration_seconds", Help: "Time to answer HTTP requests.",
			Buckets: []float64{.001, .005, .025, .1, .5, 2.5, 10},
		}, []string{"method", "route", "status"}),
		sent: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "gantry_http_response_bytes_total", Help: "Bytes of answers sent, as compressed.",
		}),
	}
	active := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "gantry_http_requests_active", Help: "HTTP requests being answered.",
	}, func() float64 { return float64(s.answering.Load()) })
	streams := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "gantry_event_streams", Help: "Readers of the event stream.",
	}, func() float64 { return float64(s.streaming.Load()) })
	m.marathon = newMarathonMetrics(s.cfg.Marathon, s)
	for _, c := range []prometheus.Collector{active, m.requests, m.sent, streams, viewCollector{s}, s.cfg.Marathon} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("register the API's metrics: %w", err)
		}
	}
	return m, nil
}

// The kinds that Prometheus reads.
const (
	kindOpenMetrics = "application/openmetrics-text"
	kindProtobuf    = "application/vnd.google.protobuf"
)

// metricKinds are what /metrics answers with; who accepts everything gets text.
var metricKinds = []string{kindText, kindOpenMetrics, kindProtobuf, kindJSON}

// choose serves Marathon's JSON to those who ask for JSON, and what Prometheus reads
// to all others.
func (m *metrics) choose(w http.ResponseWriter, r *http.Request) error {
	if preferred(r, metricKinds...) == kindJSON {
		return reply(w, http.StatusOK, m.marathon.registry.Document())
	}
	return m.serve(w, r)
}

// serve serves what Prometheus reads, to everybody.
func (m *metrics) serve(w http.ResponseWriter, r *http.Request) error {
	m.handler.ServeHTTP(w, r)
	return nil
}

// observe counts and times requests.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m := s.metrics
		start := time.Now()
		s.answering.Add(1)
		o := &observed{ResponseWriter: w, status: http.StatusOK}
		if streams(split(r.URL.Path)) {
			o.also = m.marathon.streams
		}
		defer func() {
			s.answering.Add(-1)
			m.sent.Add(float64(o.bytes))
			m.marathon.answered(r, o, time.Since(start))
			m.requests.WithLabelValues(methodLabel(r.Method), routeLabel(r.URL.Path), strconv.Itoa(o.status)).Observe(time.Since(start).Seconds())
		}()
		next.ServeHTTP(o, r)
	})
}

// observed notes an answer's status and size.
type observed struct {
	http.ResponseWriter
	status int
	bytes  int
	// also, unless nil, counts the bytes as they are sent.
	also *dropwizard.Counter
}

// Unwrap lets http.ResponseController reach the connection.
func (o *observed) Unwrap() http.ResponseWriter { return o.ResponseWriter }

func (o *observed) WriteHeader(status int) {
	o.status = status
	o.ResponseWriter.WriteHeader(status)
}

func (o *observed) Write(p []byte) (int, error) {
	n, err := o.ResponseWriter.Write(p)
	o.bytes += n
	if o.also != nil {
		o.also.Add(n)
	}
	return n, err
}

// methodLabel and routeLabel bound what a client can make of labels.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	default:
		return "other"
	}
}

func routeLabel(path string) string {
	segments := split(path)
	if len(segments) > 1 && segments[0] == "v2" {
		switch segments[1] {
		case "apps", "tasks", "deployments", "queue", "info", "leader", "events", "groups", "pods", "plugins":
			return "/v2/" + segments[1]
		}
	}
	if len(segments) > 0 && local(segments) {
		return "/" + segments[0]
	}
	return "other"
}

// viewCollector reads the View anew for every scrape.
type viewCollector struct{ s *Server }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("gantry_"+name, help, labels, nil)
}

var (
	appsDesc        = desc("apps", "Apps that exist.")
	deploymentsDesc = desc("deployments_active", "Deployments under way.")
	deployAgeDesc   = desc("deployment_oldest_age_seconds", "Age of the oldest deployment under way, 0 if there is none.")
	instancesDesc   = desc("instances", "Instances by condition.", "condition")
	subscribedDesc  = desc("subscribed", "1 while the framework is subscribed with a Mesos master.")
	leaderDesc      = desc("leader", "1 on the scheduler that leads.")
	heldDesc        = desc("kills_held", "Kills that the mass-kill guard holds back for a confirmation.")
	sparedDesc      = desc("app_unhealthy_held", "Unhealthy tasks of the app that are left until those that replace others are healthy.", "app")
	avoidedDesc     = desc("agents_avoided", "Agents that are tried last, since tasks failed there by the agent's fault.")
	heldVolumesDesc = desc("volumes_held", "Unknown instances whose volumes are kept until their end is confirmed.")
	wantedDesc      = desc("app_instances_wanted", "Instances that the app wants.", "app")
	stagedDesc      = desc("app_tasks_staged", "Tasks of the app that are being started.", "app")
	runningDesc     = desc("app_tasks_running", "Running tasks of the app.", "app")
	healthyDesc     = desc("app_tasks_healthy", "Tasks of the app that their health checks call healthy.", "app")
	unhealthyDesc   = desc("app_tasks_unhealthy", "Tasks of the app that their health checks call unhealthy.", "app")
	waitingDesc     = desc("app_instances_waiting", "Instances of the app that wait for an offer.", "app")
	delayDesc       = desc("app_backoff_seconds", "Time until the app may launch again, 0 if it does not back off.", "app")
)

// Describe sends nothing: what is collected depends on the Apps.
func (viewCollector) Describe(chan<- *prometheus.Desc) {}

// Collect sends the View's numbers; those that only the leader knows come from it alone.
func (c viewCollector) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	self, _ := c.s.cfg.Leadership.Leader()
	gauge(leaderDesc, number(self))
	if !self {
		return
	}
	v := c.s.cfg.Scheduler.View()
	gauge(subscribedDesc, number(v.Framework.Subscribed))
	gauge(heldDesc, float64(v.Framework.KillsGuarded))
	gauge(avoidedDesc, float64(len(v.Framework.AgentsAvoided)))
	gauge(heldVolumesDesc, float64(v.Framework.VolumesUnclaimed))
	gauge(appsDesc, float64(v.AppCount()))
	gauge(deploymentsDesc, float64(len(v.Deployments)))
	age := 0.0
	if len(v.Deployments) > 0 {
		age = c.s.cfg.Now().Sub(v.Deployments[0].Started).Seconds()
	}
	gauge(deployAgeDesc, age)
	collectQueues(&v.Sharing, gauge)
	conditions := map[instance.Condition]int{}
	v.Apps(func(a *view.App) bool {
		for _, i := range a.Instances {
			conditions[i.Condition]++
		}
		id := string(a.Spec.ID)
		gauge(wantedDesc, float64(a.Spec.Instances), id)
		gauge(stagedDesc, float64(a.Counts.Staged), id)
		gauge(runningDesc, float64(a.Counts.Running), id)
		gauge(healthyDesc, float64(a.Counts.Healthy), id)
		gauge(unhealthyDesc, float64(a.Counts.Unhealthy), id)
		gauge(sparedDesc, float64(a.Spared), id)
		gauge(waitingDesc, float64(a.Queue.Waiting), id)
		delay := 0.0
		if !a.Queue.DelayUntil.IsZero() {
			delay = max(0, time.Until(a.Queue.DelayUntil).Seconds())
		}
		gauge(delayDesc, delay, id)
		return true
	})
	for condition := instance.Scheduled; condition <= instance.Unknown; condition++ {
		gauge(instancesDesc, float64(conditions[condition]), condition.String())
	}
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
