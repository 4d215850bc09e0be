package debug

import (
	"cmp"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/scheduler/loop"
)

// latestShown is how many of the latest steps are shown one by one.
const latestShown = 20

// loopDump shows a loop; of a scheduler that does not lead there is nothing to show.
type loopDump struct {
	Leading  bool       `json:"leading"`
	Commands queueStats `json:"commands"`
	Events   queueStats `json:"events"`
	Calls    queueStats `json:"calls"`
	Steps    uint64     `json:"steps"`
	// SteppingFor is how long the step that goes on has taken, 0 between two steps.
	SteppingFor float64    `json:"stepping_for_seconds"`
	Times       *stepTimes `json:"step_seconds,omitempty"`
	Latest      []stepDump `json:"latest,omitempty"`
}

type queueStats struct {
	Waiting int `json:"waiting"`
	Max     int `json:"max"`
}

// stepTimes are over the latest steps, Count of them.
type stepTimes struct {
	Count  int     `json:"count"`
	Median float64 `json:"median"`
	P99    float64 `json:"p99"`
	Max    float64 `json:"max"`
}

type stepDump struct {
	At      time.Time `json:"at"`
	Seconds float64   `json:"seconds"`
	Inputs  int       `json:"inputs"`
	Changes int       `json:"changes"`
	Calls   int       `json:"calls"`
}

func dumpStats(s loop.Stats, now time.Time) loopDump {
	d := loopDump{
		Leading: true, Commands: queueStats(s.Commands), Events: queueStats(s.Events), Calls: queueStats(s.Calls), Steps: s.Steps,
		Times: timesOf(s.Latest),
	}
	if !s.Stepping.IsZero() {
		d.SteppingFor = now.Sub(s.Stepping).Seconds()
	}
	for _, step := range s.Latest[max(0, len(s.Latest)-latestShown):] {
		d.Latest = append(d.Latest, stepDump{step.At, step.Took.Seconds(), step.Inputs, step.Changes, step.Calls})
	}
	return d
}

func timesOf(steps []loop.StepTime) *stepTimes {
	if len(steps) == 0 {
		return nil
	}
	sorted := slices.SortedFunc(slices.Values(steps), func(a, b loop.StepTime) int { return cmp.Compare(a.Took, b.Took) })
	at := func(percent int) float64 { return sorted[(len(sorted)-1)*percent/100].Took.Seconds() }
	return &stepTimes{Count: len(sorted), Median: at(50), P99: at(99), Max: at(100)}
}
