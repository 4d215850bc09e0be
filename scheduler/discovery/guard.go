package discovery

import (
	"math"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/endpoint"
)

// guardWindow is how long a number of ready instances counts for the guard.
const guardWindow = time.Minute

// guard keeps endpoints published whose checks fail, if too few of their App would be
// left: it is more likely then that the check is wrong than that all of them are
// sick, and a registry without any endpoint helps nobody.
type guard struct {
	// ready is how many instances are ready. past are earlier numbers of the last
	// minute, the largest and oldest first; of two, only the later one can matter if
	// it is the larger.
	ready int
	past  []sample
	// held is the most that were ready when the guard began to keep some, 0 while it
	// keeps none.
	held int
}

// sample is a number that held up to a time.
type sample struct {
	n     int
	until time.Time
}

// note takes down how many instances are ready.
func (g *guard) note(now time.Time, n int) {
	if g.ready == n {
		return
	}
	g.past = slices.DeleteFunc(g.past, func(s sample) bool { return s.n <= g.ready || !s.until.After(now.Add(-guardWindow)) })
	g.past = append(g.past, sample{g.ready, now})
	g.ready = n
}

// keep returns how many instances are to stay published though a check of theirs
// fails: up to the share of those that were ready of late, but no more than wanted.
func (g *guard) keep(now time.Time, share float64, wanted, published, unhealthy int) int {
	most := max(g.held, g.ready)
	for _, s := range g.past {
		if s.until.After(now.Add(-guardWindow)) {
			most = max(most, s.n)
		}
	}
	most = min(most, wanted)
	kept := min(unhealthy, max(0, int(math.Ceil(share*float64(most)))-published))
	g.held = 0
	if kept > 0 {
		g.held = most
	}
	return kept
}

// publish decides which of an App's endpoints are published, given the guard's share.
func (e *entry) publish(now time.Time, share float64) {
	ready, unhealthy, lost := 0, 0, 0
	for n := range e.rows {
		switch e.rows[n].state {
		case endpoint.Ready:
			ready++
		case endpoint.Unhealthy:
			unhealthy++
		case endpoint.Unreachable:
			lost++
		case endpoint.Starting, endpoint.Draining:
		}
	}
	e.guard.note(now, ready)
	// An instance out of sight is left in its place until another one has taken it.
	lost = min(lost, max(0, e.app.Spec.Instances-ready))
	e.kept = e.guard.keep(now, share, e.app.Spec.Instances, ready+lost, unhealthy)
	kept := e.kept
	for n := range e.rows {
		r := &e.rows[n]
		switch r.state {
		case endpoint.Ready:
			r.published = true
		case endpoint.Unhealthy:
			r.published = kept > 0
			kept--
		case endpoint.Unreachable:
			r.published = lost > 0
			lost--
		case endpoint.Starting, endpoint.Draining:
			r.published = false
		}
	}
}
