package checkup

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func after(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

func TestAResultCountsWhatComesInARow(t *testing.T) {
	t.Parallel()
	const pace = 10 * time.Second
	var r Result
	if r.Known() || r.Alive() {
		t.Errorf("the zero value is known: %+v", r)
	}
	r = r.Failed(after(1), pace, "refused").Failed(after(2), pace, "timed out")
	if want := (Result{LastFailure: after(2), Cause: "timed out", Failures: 2, Pace: pace}); r != want {
		t.Errorf("after two failures: got %+v, want %+v", r, want)
	}
	for limit, want := range map[int]bool{0: false, 1: true, 2: true, 3: false} {
		if r.Exhausted(limit) != want {
			t.Errorf("limit %d: exhausted is %v", limit, !want)
		}
	}
	r = r.Passed(after(3), pace).Passed(after(4), pace)
	if want := (Result{FirstSuccess: after(3), LastSuccess: after(4), LastFailure: after(2), Cause: "timed out", Pace: pace}); r != want || !r.Alive() {
		t.Errorf("after two successes: got %+v, want %+v", r, want)
	}
	if r = r.Failed(after(5), pace, "again"); r.Failures != 1 || r.Alive() || !r.Known() || r.FirstSuccess != after(3) {
		t.Errorf("after another failure: got %+v", r)
	}
}

func TestCountersGoOnAtThePaceOfTheCheck(t *testing.T) {
	t.Parallel()
	const pace = 10 * time.Second
	alive := Result{}.Failed(after(0), pace, "slow").Passed(after(5), pace)
	dead := Result{}.Passed(after(0), pace).Failed(after(5), pace, "refused")
	rows := []struct {
		name     string
		is       Result
		now      time.Time
		last     time.Time
		failures int
	}{
		{"alive, at once", alive, after(5), after(5), 0},
		{"alive, just before the next", alive, after(14), after(5), 0},
		{"alive, at the next", alive, after(15), after(15), 0},
		{"alive, much later", alive, after(3609), after(3605), 0},
		{"alive, with a clock that is behind", alive, after(1), after(5), 0},
		{"dead, before the next", dead, after(14), after(5), 1},
		{"dead, later", dead, after(36), after(35), 4},
		{"of unknown pace", Result{}.Passed(after(5), 0), after(100), after(5), 0},
	}
	for _, row := range rows {
		got := row.is.At(row.now)
		last := got.LastSuccess
		if !got.Alive() {
			last = got.LastFailure
		}
		if !last.Equal(row.last) || got.Failures != row.failures || got.FirstSuccess != row.is.FirstSuccess || got.Cause != row.is.Cause {
			t.Errorf("%s: got %+v, want the last one at %v and %d failures", row.name, got, row.last, row.failures)
		}
	}
	if got := (Result{}).At(noon); got != (Result{}) {
		t.Errorf("of nothing: got %+v", got)
	}
}

func TestAReportIsHealthyWhenAllItsChecksAre(t *testing.T) {
	t.Parallel()
	ok, bad := Result{}.Passed(noon, 0), Result{}.Failed(noon, 0, "x")
	yes, no := true, false
	for name, row := range map[string]struct {
		of   *Report
		want *bool
	}{
		"no report":              {nil, nil},
		"no checks":              {&Report{}, nil},
		"no result":              {&Report{Health: make([]Result, 1)}, nil},
		"one of two":             {&Report{Health: []Result{ok, {}}}, nil},
		"both":                   {&Report{Health: []Result{ok, ok}}, &yes},
		"one bad":                {&Report{Health: []Result{ok, bad}}, &no},
		"one bad, one not known": {&Report{Health: []Result{{}, bad}}, &no},
	} {
		if diff := cmp.Diff(row.want, row.of.Healthy()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestReadyIsWhatHasPassedAllItsChecks(t *testing.T) {
	t.Parallel()
	passed, waits := Readiness{Ready: true}, Readiness{}
	for name, row := range map[string]struct {
		of   *Report
		n    int
		want bool
	}{
		"no checks":         {nil, 0, true},
		"no report":         {nil, 1, false},
		"nothing of it":     {&Report{}, 1, false},
		"waits":             {&Report{Readiness: []Readiness{waits}}, 1, false},
		"passed":            {&Report{Readiness: []Readiness{passed}}, 1, true},
		"one of two passed": {&Report{Readiness: []Readiness{passed, waits}}, 2, false},
	} {
		if got := row.of.Ready(row.n); got != row.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestTheHigherNumberIsNewer(t *testing.T) {
	t.Parallel()
	one, two := &Report{Number: 1}, &Report{Number: 2}
	if !one.Newer(nil) || !two.Newer(one) || one.Newer(two) || one.Newer(one) || (*Report)(nil).Newer(one) {
		t.Error("the order of reports is not that of their numbers")
	}
}
