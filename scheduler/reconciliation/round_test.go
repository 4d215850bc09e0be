package reconciliation

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

var now = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func TestARoundAsksUntilAllAnsweredAndThenAboutEverything(t *testing.T) {
	t.Parallel()
	r := Start([]mesos.TaskOnAgent{{TaskID: "b", AgentID: "a1"}, {TaskID: "a", AgentID: "a2"}})
	both := [][]mesos.TaskOnAgent{{{TaskID: "a", AgentID: "a2"}, {TaskID: "b", AgentID: "a1"}}}
	if d := cmp.Diff(both, r.Ask(now)); d != "" {
		t.Fatalf("first calls (-want +got):\n%s", d)
	}
	if got := r.Ask(now.Add(firstPause - 1)); got != nil {
		t.Errorf("before its time: asks %v", got)
	}
	r.Answered("a")
	at := r.Next()
	one := [][]mesos.TaskOnAgent{{{TaskID: "b", AgentID: "a1"}}}
	if d := cmp.Diff(one, r.Ask(at)); d != "" {
		t.Errorf("second calls (-want +got):\n%s", d)
	}
	if got, want := r.Next().Sub(at), 2*firstPause; got != want {
		t.Errorf("second pause %v, want %v", got, want)
	}
	r.Answered("b")
	if d := cmp.Diff([][]mesos.TaskOnAgent{nil}, r.Ask(r.Next())); d != "" {
		t.Errorf("last call (-want +got):\n%s", d)
	}
	if !r.Next().IsZero() || r.Open() != 0 {
		t.Errorf("after the end: next %v, open %d", r.Next(), r.Open())
	}
	if got := r.Ask(at.Add(time.Hour)); got != nil {
		t.Errorf("after the end: asks %v", got)
	}
}

func TestPausesAreBounded(t *testing.T) {
	t.Parallel()
	r := Start([]mesos.TaskOnAgent{{TaskID: "silent"}})
	at := now
	for range 20 {
		r.Ask(at)
		if pause := r.Next().Sub(at); pause < firstPause || pause > pauseMax {
			t.Fatalf("pause %v, want %v to %v", pause, firstPause, pauseMax)
		}
		at = r.Next()
	}
}

func TestLargeRoundsAreAskedInBatches(t *testing.T) {
	t.Parallel()
	var tasks []mesos.TaskOnAgent
	for n := range batchMax + 1 {
		tasks = append(tasks, mesos.TaskOnAgent{TaskID: mesos.TaskID(strconv.Itoa(n))})
	}
	var sizes []int
	for _, b := range Start(tasks).Ask(now) {
		sizes = append(sizes, len(b))
	}
	if d := cmp.Diff([]int{batchMax, 1}, sizes); d != "" {
		t.Errorf("sizes (-want +got):\n%s", d)
	}
}

func TestNoRoundHasNothingToAsk(t *testing.T) {
	t.Parallel()
	var r *Round
	r.Answered("x")
	if r.Ask(now) != nil || !r.Next().IsZero() || r.Open() != 0 {
		t.Error("a nil round asks")
	}
}
