package dropwizard

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// prefix begins every name ("Marathon, --metrics_name_prefix").
const prefix = "marathon."

// metric is shown in both forms.
type metric interface {
	// put adds the metric to the document under its name.
	put(doc *Document, name string, now time.Time)
	// prometheus returns the metric with its description.
	prometheus(d *prometheus.Desc) prometheus.Metric
}

// Registry holds metrics by name. It is a prometheus.Collector, and its methods may
// be called from any goroutine.
type Registry struct {
	mu      sync.Mutex
	metrics map[string]metric
	descs   map[string]*prometheus.Desc
	now     func() time.Time
}

// NewRegistry returns a Registry without metrics.
func NewRegistry() *Registry {
	return &Registry{metrics: map[string]metric{}, descs: map[string]*prometheus.Desc{}, now: time.Now}
}

// add registers a metric under a name, without the prefix; a second one of that
// name takes the place of the first.
func add[M metric](r *Registry, name string, m M) M {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.metrics[prefix+name] = m
	r.descs[prefix+name] = prometheus.NewDesc(strings.NewReplacer(".", "_", "-", "_").Replace(prefix+name), "As Marathon's "+prefix+name+".", nil, nil)
	return m
}

// Counter adds a number that only grows.
func (r *Registry) Counter(name string) *Counter { return add(r, name, &Counter{}) }

// Gauge adds a number that read returns whenever it is asked for.
func (r *Registry) Gauge(name string, read func() float64) { add(r, name, gauge(read)) }

// Meter adds the rate of something that happens.
func (r *Registry) Meter(name string) *Meter { return add(r, name, newMeter(r.now)) }

// Timer adds the rate and the duration of something.
func (r *Registry) Timer(name string) *Timer { return add(r, name, &Timer{meter: newMeter(r.now)}) }

// each calls f with every metric, in the order of names.
func (r *Registry) each(f func(name string, d *prometheus.Desc, m metric)) {
	r.mu.Lock()
	names := make([]string, 0, len(r.metrics))
	for name := range r.metrics {
		names = append(names, name)
	}
	slices.Sort(names)
	metrics, descs := make([]metric, len(names)), make([]*prometheus.Desc, len(names))
	for i, name := range names {
		metrics[i], descs[i] = r.metrics[name], r.descs[name]
	}
	r.mu.Unlock()
	for i, name := range names {
		f(name, descs[i], metrics[i])
	}
}

// Describe sends nothing: metrics may be added later.
func (r *Registry) Describe(chan<- *prometheus.Desc) {}

// Collect sends every metric.
func (r *Registry) Collect(out chan<- prometheus.Metric) {
	r.each(func(_ string, d *prometheus.Desc, m metric) { out <- m.prometheus(d) })
}

// Document is Dropwizard's JSON of all metrics, each under its name.
type Document struct {
	Version    string                `json:"version"`
	Gauges     map[string]GaugeJSON  `json:"gauges"`
	Counters   map[string]CountJSON  `json:"counters"`
	Histograms map[string]struct{}   `json:"histograms"`
	Meters     map[string]RateJSON   `json:"meters"`
	Timers     map[string]TimingJSON `json:"timers"`
}

// GaugeJSON is a gauge.
type GaugeJSON struct {
	Value float64 `json:"value"`
}

// CountJSON is a counter.
type CountJSON struct {
	Count int64 `json:"count"`
}

// Document returns all metrics as they are now.
func (r *Registry) Document() Document {
	doc := Document{
		Version: "4.0.0", Gauges: map[string]GaugeJSON{}, Counters: map[string]CountJSON{}, Histograms: map[string]struct{}{},
		Meters: map[string]RateJSON{}, Timers: map[string]TimingJSON{},
	}
	now := r.now()
	r.each(func(name string, _ *prometheus.Desc, m metric) { m.put(&doc, name, now) })
	return doc
}
