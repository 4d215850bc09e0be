package mesos_test

import (
	"math"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

func TestDurationsAreReadAndWrittenAsMesosDoes(t *testing.T) {
	t.Parallel()
	for text, d := range map[string]time.Duration{
		"0ns": 0, "7us": 7 * time.Microsecond, "1500ms": 1500 * time.Millisecond, "2secs": 2 * time.Second, "90secs": 90 * time.Second,
		"15mins": 15 * time.Minute, "1hrs": time.Hour, "3days": 72 * time.Hour, "1weeks": 168 * time.Hour,
	} {
		if got, err := mesos.ParseDuration(text); got != d || err != nil {
			t.Errorf("ParseDuration(%q) = %v, %v, want %v", text, got, err, d)
		}
		if got := mesos.FormatDuration(d); got != text {
			t.Errorf("FormatDuration(%v) = %q, want %q", d, got, text)
		}
	}
	for text, d := range map[string]time.Duration{"1.5ms": 1500 * time.Microsecond, "1.5mins": 90 * time.Second} {
		if got, err := mesos.ParseDuration(text); got != d || err != nil {
			t.Errorf("ParseDuration(%q) = %v, %v, want %v", text, got, err, d)
		}
	}
	for _, text := range []string{"", "5", "secs", "5 secs", "-1secs", "1e300weeks", "NaNsecs", "5s", "5m", "5minutes"} {
		if got, err := mesos.ParseDuration(text); err == nil {
			t.Errorf("ParseDuration(%q) = %v, want an error", text, got)
		}
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, seed := range []string{"15mins", "1.5weeks", "0ns", "x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := mesos.ParseDuration(text)
		if err != nil {
			return
		}
		if d < 0 {
			t.Errorf("ParseDuration(%q) = %v", text, d)
		}
		again, err := mesos.ParseDuration(mesos.FormatDuration(d))
		// A number of nanoseconds that a float64 cannot hold comes back rounded.
		if err == nil && again != d && d < math.MaxInt32 {
			t.Errorf("%v came back as %v", d, again)
		}
	})
}
