package runspec_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
)

func TestAnAmountIsShownAsItWasWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.OneOf(rapid.Float64Range(0, 1e9), rapid.Float64Range(0, 1)).Draw(t, "amount")
		var w runspec.Written
		w.Note("/cpus", f)
		if got := w.Show("/cpus", resource.FromFloat(f)); got != f {
			t.Fatalf("got %v, want %v", got, f)
		}
	})
}

func TestOnlyWhatThousandthsDoNotHoldIsKept(t *testing.T) {
	t.Parallel()
	var w runspec.Written
	for _, f := range []float64{0, 0.001, 0.1, 1.15, 128, 1e9} {
		if w.Note("/mem", f); w != nil {
			t.Errorf("%v: got %v, want nothing kept", f, w)
		}
	}
	w.Note("/mem", 0.12345)
	if w.Note("/mem", 0.5); len(w) != 0 {
		t.Errorf("got %v after a plain amount, want nothing kept", w)
	}
}

func TestWhatWasWrittenOfAnotherAmountIsOfNoAccount(t *testing.T) {
	t.Parallel()
	w := runspec.Written{"/cpus": 0.12345}
	if got := w.Show("/cpus", resource.FromFloat(0.2)); got != 0.2 {
		t.Errorf("got %v, want 0.2", got)
	}
	if got := w.Show("/mem", resource.Units(3)); got != 3 {
		t.Errorf("got %v, want 3", got)
	}
}
