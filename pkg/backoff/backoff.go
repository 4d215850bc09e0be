// Package backoff computes how long to wait before the next try of something
// that failed. It is pure: the caller owns the clock and the random source.
package backoff

import (
	"math/rand/v2"
	"time"
)

// Defaults of a Policy whose fields are zero.
const (
	// DefaultMin is the bound of the first delay.
	DefaultMin = 100 * time.Millisecond
	// DefaultMax bounds every later delay; half a minute keeps a client in
	// touch with a cluster that comes back, without burdening one that is ill.
	DefaultMax = 30 * time.Second
	// DefaultFactor doubles the bound with each failure.
	DefaultFactor = 2.0
)

// Policy is an exponential back-off with full jitter: the n-th delay is drawn
// evenly from zero to min(Max, Min*Factor^n), so that many clients that failed
// together do not return together. The zero value uses the defaults.
type Policy struct {
	Min    time.Duration // bound of the first delay; 0 means DefaultMin
	Max    time.Duration // bound of all delays; 0 means DefaultMax, at least Min
	Factor float64       // growth of the bound; below 1 means DefaultFactor
}

// Bound returns the longest delay before try number attempt, counted from 0
// for the first retry. A negative attempt counts as 0.
func (p Policy) Bound(attempt int) time.Duration {
	lo, hi, factor := p.filled()
	bound := float64(lo)
	for range attempt {
		bound *= factor
		if bound >= float64(hi) {
			return hi
		}
	}
	return min(time.Duration(bound), hi)
}

// Delay draws the delay before try number attempt, counted from 0 for the
// first retry. The result lies between 0 and Bound(attempt), both included.
func (p Policy) Delay(attempt int, r *rand.Rand) time.Duration {
	return time.Duration(r.Int64N(int64(p.Bound(attempt)) + 1))
}

func (p Policy) filled() (lo, hi time.Duration, factor float64) {
	lo, hi, factor = p.Min, p.Max, p.Factor
	if lo <= 0 {
		lo = DefaultMin
	}
	if hi <= 0 {
		hi = DefaultMax
	}
	if factor < 1 {
		factor = DefaultFactor
	}
	return lo, max(lo, hi), factor
}

// Series counts the failures of one activity and yields its delays. It is not
// safe for concurrent use.
type Series struct {
	policy  Policy
	rand    *rand.Rand
	attempt int
}

// NewSeries returns a series that starts with the first retry. It takes over r.
func NewSeries(p Policy, r *rand.Rand) *Series {
	return &Series{policy: p, rand: r}
}

// Next returns the delay before the next try and counts one failure.
func (s *Series) Next() time.Duration {
	d := s.policy.Delay(s.attempt, s.rand)
	s.attempt++
	return d
}

// Attempt returns how many failures were counted since the last Reset.
func (s *Series) Attempt() int { return s.attempt }

// Reset forgets all failures; call it after a success.
func (s *Series) Reset() { s.attempt = 0 }
