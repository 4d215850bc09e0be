package dropwizard

import (
	"math"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// tick is how often a meter's averages move on, as in Dropwizard.
const tick = 5 * time.Second

// Meter measures how often something happens: since the beginning, and as averages
// of which the last minute, five and fifteen weigh most, as the load of a Unix
// machine does.
type Meter struct {
	now   func() time.Time
	mu    sync.Mutex
	count int64
	began time.Time
	// ticked is up to when the averages are, fresh what happened since.
	ticked time.Time
	fresh  int64
	// rates are per second, of one, five and fifteen minutes; there are none before
	// the first tick.
	rates [3]float64
	warm  bool
}

// RateJSON is a meter.
type RateJSON struct {
	Count    int64   `json:"count"`
	M1Rate   float64 `json:"m1_rate"`
	M5Rate   float64 `json:"m5_rate"`
	M15Rate  float64 `json:"m15_rate"`
	MeanRate float64 `json:"mean_rate"`
	Units    string  `json:"units"`
}

func newMeter(now func() time.Time) *Meter {
	return &Meter{now: now, began: now(), ticked: now()}
}

// Mark notes that it happened once.
func (m *Meter) Mark() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.moveOn(m.now())
	m.count++
	m.fresh++
}

// moveOn lets the averages follow the ticks that have passed; m.mu is held.
func (m *Meter) moveOn(now time.Time) {
	ticks := int(now.Sub(m.ticked) / tick)
	for n := range min(ticks, ticksMax) {
		rate := 0.0
		if n == 0 {
			rate, m.fresh = float64(m.fresh)/tick.Seconds(), 0
		}
		for i, minutes := range []float64{1, 5, 15} {
			if !m.warm {
				m.rates[i] = rate
				continue
			}
			m.rates[i] += (1 - math.Exp(-tick.Minutes()/minutes)) * (rate - m.rates[i])
		}
		m.warm = true
	}
	m.ticked = m.ticked.Add(time.Duration(max(ticks, 0)) * tick)
}

// ticksMax is after how many ticks without anything the averages are next to 0.
const ticksMax = 10_000

func (m *Meter) rate(now time.Time) RateJSON {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.moveOn(now)
	out := RateJSON{Count: m.count, M1Rate: m.rates[0], M5Rate: m.rates[1], M15Rate: m.rates[2], Units: "events/second"}
	if age := now.Sub(m.began).Seconds(); age > 0 {
		out.MeanRate = float64(m.count) / age
	}
	return out
}

func (m *Meter) put(doc *Document, name string, now time.Time) { doc.Meters[name] = m.rate(now) }

func (m *Meter) prometheus(d *prometheus.Desc) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(m.rate(m.now()).Count))
}
