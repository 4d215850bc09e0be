package hub

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/gantry-mesos/gantry/pkg/endpoint"
)

// collector reads the present hub anew for every scrape.
type collector struct{ hub func() *Hub }

// NewCollector returns the metrics of the hub of the present term; none are there
// while hub returns nil.
func NewCollector(hub func() *Hub) prometheus.Collector { return collector{hub} }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("gantry_"+name, help, labels, nil)
}

var (
	endpointsDesc = desc("discovery_endpoints", "Endpoints by state.", "state")
	keptDesc      = desc("discovery_endpoints_kept", "Endpoints that are published though a check of them fails.")
	lagDesc       = desc("discovery_lag_seconds", "How long an output has had changes that it does not show yet, 0 if it shows all.", "output")
	consumersDesc = desc("discovery_consumers", "Programs that are registered as users of endpoints.")
	drainsDesc    = desc("drains", "Tasks that are being drained.")
	oldestDesc    = desc("drain_oldest_age_seconds", "Since when the oldest task that is being drained is, 0 if there is none.")
)

// Describe sends nothing: what is collected depends on the leadership.
func (collector) Describe(chan<- *prometheus.Desc) {}

// Collect sends the numbers of now.
func (c collector) Collect(out chan<- prometheus.Metric) {
	h := c.hub()
	if h == nil {
		return
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	consumers, drains := h.Consumers()
	states, kept, lags := h.count()
	for state := endpoint.Starting; state <= endpoint.Draining; state++ {
		gauge(endpointsDesc, float64(states[state]), state.String())
	}
	gauge(keptDesc, float64(kept))
	for output, lag := range lags {
		gauge(lagDesc, lag.Seconds(), output)
	}
	gauge(consumersDesc, float64(len(consumers)))
	gauge(drainsDesc, float64(len(drains)))
	age := 0.0
	if len(drains) > 0 {
		age = time.Since(drains[0].Since).Seconds()
	}
	gauge(oldestDesc, age)
}

func (h *Hub) count() (states map[endpoint.State]int, kept int, lags map[string]time.Duration) {
	states = map[endpoint.State]int{}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, endpoints := range h.table.Each {
		for _, e := range endpoints {
			states[e.State]++
			if e.State == endpoint.Unhealthy && e.Published {
				kept++
			}
		}
	}
	lags = map[string]time.Duration{}
	for name, o := range h.outputs {
		lags[name] = 0
		if o.written != h.table.Index() {
			lags[name] = time.Since(o.since)
		}
	}
	return states, kept, lags
}
