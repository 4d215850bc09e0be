// Package checkup holds what a task's checks have found: the results of its
// health checks and of its readiness checks, as the executor counts them, and
// as the scheduler keeps and shows them. Who asks is the executor's prober; what
// follows from it is decided by the cores.
package checkup

import (
	"slices"
	"time"
)

// Report is everything that a task's checks have found so far. It is immutable.
type Report struct {
	// Number rises with each report of a task, from 1: of two the higher one is newer.
	Number int
	// Health has one result for each health check of the task's definition, in their order.
	Health []Result
	// Readiness has one for each readiness check.
	Readiness []Readiness
}

// Result is what one health check has found. The zero value is a check that has
// not counted any result yet.
type Result struct {
	// FirstSuccess, LastSuccess and LastFailure are zero if there was none. Failures
	// in the grace period before the first success are not counted at all.
	FirstSuccess, LastSuccess, LastFailure time.Time
	// Cause says why the last failure was one.
	Cause string
	// Failures is how many of them came in a row up to the last result; 0 when that was a success.
	Failures int
	// Pace is the time from one result to the next while nothing changes, 0 if unknown.
	Pace time.Duration
}

// Known reports whether the check has counted any result.
func (r Result) Known() bool { return r.Failures > 0 || !r.LastSuccess.IsZero() }

// Alive reports whether the last counted result is a success.
func (r Result) Alive() bool { return r.Failures == 0 && !r.LastSuccess.IsZero() }

// Exhausted reports whether the check has failed so often in a row that its task
// is to be replaced; a limit of 0 is never reached.
func (r Result) Exhausted(limit int) bool { return limit > 0 && r.Failures >= limit }

// Passed returns the result after a success.
func (r Result) Passed(at time.Time, pace time.Duration) Result {
	if r.FirstSuccess.IsZero() {
		r.FirstSuccess = at
	}
	r.LastSuccess, r.Failures, r.Pace = at, 0, pace
	return r
}

// Failed returns the result after a failure that counts.
func (r Result) Failed(at time.Time, pace time.Duration, cause string) Result {
	r.LastFailure, r.Cause, r.Pace = at, cause, pace
	r.Failures++
	return r
}

// At returns the result as it is at a later time up to which nothing else was
// reported: an executor tells of changes only, so that until it does, results like
// the last one have followed it at its pace.
func (r Result) At(now time.Time) Result {
	last := r.LastSuccess
	if !r.Alive() {
		last = r.LastFailure
	}
	if r.Pace <= 0 || last.IsZero() || now.Before(last) {
		return r
	}
	n := int64(now.Sub(last) / r.Pace)
	last = last.Add(time.Duration(n * int64(r.Pace)))
	if r.Alive() {
		r.LastSuccess = last
		return r
	}
	r.LastFailure = last
	r.Failures += int(n)
	return r
}

// Readiness is what one readiness check has found.
type Readiness struct {
	Name string
	// Ready is set by the first answer that means so; the check has ended with it.
	Ready bool
	// Response is the last answer, nil before the first one, and when the
	// definition does not ask for it.
	Response *Response
}

// Response is an HTTP answer.
type Response struct {
	Status      int
	ContentType string
	// Body is its beginning.
	Body string
}

// Healthy is what the results say together: nil while nothing does, false as soon
// as one check is not alive, true once all are.
func (r *Report) Healthy() *bool {
	if r == nil || len(r.Health) == 0 {
		return nil
	}
	all := true
	for _, h := range r.Health {
		switch {
		case !h.Known():
			all = false
		case !h.Alive():
			return new(bool)
		}
	}
	if !all {
		return nil
	}
	return &all
}

// Ready reports whether all readiness checks have passed, of which there are n.
// Before anything is reported none has.
func (r *Report) Ready(n int) bool {
	if n == 0 {
		return true
	}
	return r != nil && len(r.Readiness) >= n && !slices.ContainsFunc(r.Readiness, func(c Readiness) bool { return !c.Ready })
}

// Newer reports whether r tells more than another report of the same task.
func (r *Report) Newer(than *Report) bool {
	return r != nil && (than == nil || r.Number > than.Number)
}

const (
	// CauseMax is the most of a failure's cause that is reported, in bytes: what is
	// reported is stored.
	CauseMax = 512
	// BodyMax is the most of an answer's body, in bytes.
	BodyMax = 4096
	// TypeMax is the most of its content type, in bytes.
	TypeMax = 128
	// ChecksMax is the most health checks that are reported, ReadinessMax the most
	// readiness checks; a definition has one.
	ChecksMax    = 64
	ReadinessMax = 4
)
