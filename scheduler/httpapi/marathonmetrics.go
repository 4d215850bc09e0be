package httpapi

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gantry-mesos/gantry/scheduler/dropwizard"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// marathonMetrics are those that Marathon had of its API and of what it knows.
type marathonMetrics struct {
	registry *dropwizard.Registry
	// all times every request, methods those of one method.
	all     *dropwizard.Timer
	methods map[string]*dropwizard.Timer
	// classes are the answers by the first digit of their status.
	classes                          [6]*dropwizard.Meter
	received, sent, gzipped, streams *dropwizard.Counter
	// started counts deployments, dismissed the changes that others locked out.
	started, dismissed *dropwizard.Counter
}

func newMarathonMetrics(r *dropwizard.Registry, s *Server) *marathonMetrics {
	m := &marathonMetrics{
		registry: r, all: r.Timer("http.requests.duration.timer.seconds"), methods: map[string]*dropwizard.Timer{},
		received: r.Counter("http.requests.size.counter.bytes"), sent: r.Counter("http.responses.size.counter.bytes"),
		gzipped: r.Counter("http.responses.size.gzipped.counter.bytes"), streams: r.Counter("http.responses.event-stream.size.counter.bytes"),
		started: r.Counter("deployments.counter"), dismissed: r.Counter("deployments.dismissed.counter"),
	}
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		m.methods[method] = r.Timer("http.requests." + strings.ToLower(method) + ".duration.timer.seconds")
	}
	for class := 1; class < len(m.classes); class++ {
		m.classes[class] = r.Meter("http.responses." + strconv.Itoa(class) + "xx.rate.meter")
	}
	m.inventory(s)
	return m
}

// inventory adds what the picture of the cluster tells; a standby knows of nothing.
func (m *marathonMetrics) inventory(s *Server) {
	var c census
	for name, number := range map[string]func(*numbers) int{
		"apps.active.gauge":               func(n *numbers) int { return n.apps },
		"groups.active.gauge":             func(n *numbers) int { return n.groups },
		"pods.active.gauge":               func(*numbers) int { return 0 },
		"instances.running.gauge":         func(n *numbers) int { return n.running },
		"instances.staged.gauge":          func(n *numbers) int { return n.staged },
		"instances.launch-overdue.gauge":  func(n *numbers) int { return n.overdue },
		"instances.inflight-kills.gauge":  func(n *numbers) int { return n.killing },
		"deployments.active.gauge":        func(n *numbers) int { return n.deployments },
		"http.event-streams.active.gauge": func(*numbers) int { return int(s.streaming.Load()) },
		"http.requests.active.gauge":      func(*numbers) int { return int(s.answering.Load()) },
	} {
		m.registry.Gauge(name, func() float64 { return float64(number(c.of(s.cfg.Scheduler.View(), s.cfg.LaunchTimeout))) })
	}
	begin := time.Now()
	m.registry.Gauge("uptime.gauge.seconds", func() float64 { return time.Since(begin).Seconds() })
	m.registry.Gauge("leadership.duration.gauge.seconds", func() float64 {
		if self, _ := s.cfg.Leadership.Leader(); !self || s.cfg.LeadingSince == nil || s.cfg.LeadingSince().IsZero() {
			return 0
		}
		return time.Since(s.cfg.LeadingSince()).Seconds()
	})
}

// numbers count what is in a View.
type numbers struct{ apps, groups, running, staged, overdue, killing, deployments int }

// census counts once for each View, as several gauges ask.
type census struct {
	mu   sync.Mutex
	last *view.View
	numbers
}

// of returns the numbers of a View; a task that was launched more than late ago and
// does not run yet is overdue.
func (c *census) of(v *view.View, late time.Duration) *numbers {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == v {
		out := c.numbers
		return &out
	}
	n := numbers{apps: v.AppCount(), running: v.Totals().Running, staged: v.Totals().Staged, deployments: len(v.Deployments)}
	v.Apps(func(a *view.App) bool {
		for _, i := range a.Instances {
			switch {
			case i.Condition == instance.Killing:
				n.killing++
			case i.Condition.Live() && i.Condition < instance.Running && v.At.Sub(i.StagedAt) > late:
				n.overdue++
			}
		}
		return true
	})
	n.groups = v.Groups.Len()
	c.last, c.numbers = v, n
	return &n
}

// answered notes a request that has been answered.
func (m *marathonMetrics) answered(r *http.Request, o *observed, took time.Duration) {
	m.received.Add(int(max(r.ContentLength, 0)))
	m.sent.Add(o.bytes)
	if o.Header().Get("Content-Encoding") == "gzip" {
		m.gzipped.Add(o.bytes)
	}
	if class := o.status / 100; class > 0 && class < len(m.classes) {
		m.classes[class].Mark()
	}
	if streams(split(r.URL.Path)) {
		return // it lasts as long as its reader wants
	}
	m.all.Observe(took)
	if t := m.methods[r.Method]; t != nil {
		t.Observe(took)
	}
}
