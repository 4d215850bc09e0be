package loop

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics tells how busy a Loop is.
type Metrics struct {
	steps   prometheus.Histogram
	batch   prometheus.Histogram
	changes prometheus.Counter
	calls   *prometheus.CounterVec
	lost    prometheus.Counter
	refused prometheus.Counter
}

// NewMetrics registers the metrics of loops with r.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		steps: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "gantry_loop_step_seconds", Help: "Time of one batch from its first step to its replies.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 4, 9),
		}),
		batch: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "gantry_loop_batch_inputs", Help: "Inputs stepped between two commits.",
			Buckets: prometheus.ExponentialBuckets(1, 4, 7),
		}),
		changes: prometheus.NewCounter(prometheus.CounterOpts{Name: "gantry_store_changes_total", Help: "Changes of stored records."}),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gantry_mesos_calls_total", Help: "Calls to Mesos by kind and outcome.",
		}, []string{"call", "outcome"}),
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "gantry_store_refusals_total", Help: "Writes that the store refused for what they hold; each is a bug, see the log.",
		}),
		lost: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "gantry_mesos_calls_dropped_total", Help: "Calls to Mesos dropped because too many waited.",
		}),
	}
	r.MustRegister(m.steps, m.batch, m.changes, m.calls, m.lost, m.refused)
	return m
}

func (m *Metrics) stepped(inputs, changes int, took time.Duration) {
	m.steps.Observe(took.Seconds())
	m.batch.Observe(float64(inputs))
	m.changes.Add(float64(changes))
}

func (m *Metrics) sent(call string)   { m.calls.WithLabelValues(call, "sent").Inc() }
func (m *Metrics) failed(call string) { m.calls.WithLabelValues(call, "failed").Inc() }
func (m *Metrics) dropped()           { m.lost.Inc() }
