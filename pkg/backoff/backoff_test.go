package backoff_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/pkg/backoff"
)

func TestBound(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		policy  backoff.Policy
		attempt int
		want    time.Duration
	}{
		{"zero value starts with the default", backoff.Policy{}, 0, backoff.DefaultMin},
		{"zero value ends with the default", backoff.Policy{}, 1000, backoff.DefaultMax},
		{"grows by the factor", backoff.Policy{Min: time.Second, Max: time.Hour, Factor: 3}, 2, 9 * time.Second},
		{"stops at the maximum", backoff.Policy{Min: time.Second, Max: 5 * time.Second}, 3, 5 * time.Second},
		{"a maximum below the minimum is raised", backoff.Policy{Min: time.Second, Max: time.Millisecond}, 4, time.Second},
		{"a negative attempt counts as the first", backoff.Policy{Min: time.Second}, -3, time.Second},
		{"factor one is constant", backoff.Policy{Min: time.Second, Factor: 1}, 9, time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.policy.Bound(tt.attempt); got != tt.want {
				t.Errorf("Bound(%d) = %v, want %v", tt.attempt, got, tt.want)
			}
		})
	}
}

func TestDelayStaysWithinItsBound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := backoff.Policy{
			Min:    time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "min")),
			Max:    time.Duration(rapid.Int64Range(0, int64(24*time.Hour)).Draw(t, "max")),
			Factor: rapid.Float64Range(0, 10).Draw(t, "factor"),
		}
		attempt := rapid.IntRange(-1, 200).Draw(t, "attempt")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		if got, bound := p.Delay(attempt, r), p.Bound(attempt); got < 0 || got > bound {
			t.Fatalf("Delay(%d) = %v, want 0..%v", attempt, got, bound)
		}
		if p.Bound(attempt+1) < p.Bound(attempt) {
			t.Fatalf("bound shrinks from attempt %d to the next", attempt)
		}
	})
}

func TestDelayUsesTheWholeRange(t *testing.T) {
	t.Parallel()
	p := backoff.Policy{Min: time.Second, Max: time.Second}
	r := rand.New(rand.NewPCG(1, 2))
	var low, high int
	for range 1000 {
		switch d := p.Delay(0, r); {
		case d < time.Second/4:
			low++
		case d > 3*time.Second/4:
			high++
		}
	}
	if low < 150 || high < 150 {
		t.Errorf("of 1000 delays %d fell in the lowest and %d in the highest quarter, want about 250 each", low, high)
	}
}

func TestSeriesCountsAndResets(t *testing.T) {
	t.Parallel()
	p := backoff.Policy{Min: time.Second, Max: time.Minute}
	s := backoff.NewSeries(p, rand.New(rand.NewPCG(3, 4)))
	twin := rand.New(rand.NewPCG(3, 4))
	for attempt := range 5 {
		if got, want := s.Next(), p.Delay(attempt, twin); got != want {
			t.Errorf("delay %d is %v, want %v", attempt, got, want)
		}
	}
	if got := s.Attempt(); got != 5 {
		t.Errorf("Attempt() = %d, want 5", got)
	}
	s.Reset()
	if got, want := s.Next(), p.Delay(0, twin); got != want {
		t.Errorf("delay after Reset is %v, want %v", got, want)
	}
}
