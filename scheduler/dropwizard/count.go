package dropwizard

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Counter is a number that only grows.
type Counter struct{ n atomic.Int64 }

// Add adds n, which is not negative.
func (c *Counter) Add(n int) { c.n.Add(int64(n)) }

func (c *Counter) put(doc *Document, name string, _ time.Time) {
	doc.Counters[name] = CountJSON{Count: c.n.Load()}
}

func (c *Counter) prometheus(d *prometheus.Desc) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(c.n.Load()))
}

// gauge reads a number.
type gauge func() float64

func (g gauge) put(doc *Document, name string, _ time.Time) { doc.Gauges[name] = GaugeJSON{Value: g()} }

func (g gauge) prometheus(d *prometheus.Desc) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, g())
}
