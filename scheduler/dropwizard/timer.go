package dropwizard

import (
	"math"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// sampleMax is how many of the latest durations the quantiles are of: with so many
// they are within five percent for 99.9 percent of the cases (Dropwizard, reservoirs).
const sampleMax = 1028

// Timer measures how often something happens and how long it takes.
type Timer struct {
	meter *Meter
	mu    sync.Mutex
	// sample is a ring of the latest durations in seconds, next the place of the next.
	sample []float64
	next   int
	sum    float64
}

// TimingJSON is a timer; durations are in seconds.
type TimingJSON struct {
	Count         int64   `json:"count"`
	Min           float64 `json:"min"`
	Mean          float64 `json:"mean"`
	Max           float64 `json:"max"`
	P50           float64 `json:"p50"`
	P75           float64 `json:"p75"`
	P95           float64 `json:"p95"`
	P98           float64 `json:"p98"`
	P99           float64 `json:"p99"`
	P999          float64 `json:"p999"`
	Stddev        float64 `json:"stddev"`
	M1Rate        float64 `json:"m1_rate"`
	M5Rate        float64 `json:"m5_rate"`
	M15Rate       float64 `json:"m15_rate"`
	MeanRate      float64 `json:"mean_rate"`
	DurationUnits string  `json:"duration_units"`
	RateUnits     string  `json:"rate_units"`
}

// Observe notes that it happened and took d.
func (t *Timer) Observe(d time.Duration) {
	t.meter.Mark()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sum += d.Seconds()
	if len(t.sample) < sampleMax {
		t.sample = append(t.sample, d.Seconds())
		return
	}
	t.sample[t.next] = d.Seconds()
	t.next = (t.next + 1) % sampleMax
}

// sorted returns the sample in order, and the sum of all durations in seconds.
func (t *Timer) sorted() (sample []float64, sum float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	sample = slices.Clone(t.sample)
	slices.Sort(sample)
	return sample, t.sum
}

// quantile interpolates in a sorted sample, 0 of none.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	at := q * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (at-float64(low))*(sorted[high]-sorted[low])
}

func (t *Timer) put(doc *Document, name string, now time.Time) {
	r := t.meter.rate(now)
	sample, _ := t.sorted()
	out := TimingJSON{
		Count: r.Count, M1Rate: r.M1Rate, M5Rate: r.M5Rate, M15Rate: r.M15Rate, MeanRate: r.MeanRate,
		Min: quantile(sample, 0), Max: quantile(sample, 1), P50: quantile(sample, .5), P75: quantile(sample, .75), P95: quantile(sample, .95),
		P98: quantile(sample, .98), P99: quantile(sample, .99), P999: quantile(sample, .999), DurationUnits: "seconds", RateUnits: "calls/second",
	}
	out.Mean, out.Stddev = spread(sample)
	doc.Timers[name] = out
}

// spread returns mean and standard deviation of a sample.
func spread(sample []float64) (mean, deviation float64) {
	if len(sample) == 0 {
		return 0, 0
	}
	for _, v := range sample {
		mean += v
	}
	mean /= float64(len(sample))
	for _, v := range sample {
		deviation += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(deviation / float64(len(sample)))
}

func (t *Timer) prometheus(d *prometheus.Desc) prometheus.Metric {
	sample, sum := t.sorted()
	quantiles := map[float64]float64{}
	for _, q := range []float64{.5, .75, .95, .98, .99, .999} {
		quantiles[q] = quantile(sample, q)
	}
	return prometheus.MustNewConstSummary(d, uint64(t.meter.rate(t.meter.now()).Count), sum, quantiles)
}
