package app

import (
	"fmt"
	"strings"
	"time"
)

// DrainLabel is the label of an App that says how its tasks are drained before
// they are killed, such as "timeout=2m,minDelay=20s".
const DrainLabel = "GANTRY_DRAIN"

// drainMax bounds how long a task may be kept for those who send to it.
const drainMax = time.Hour

// Drain is how a task that may be in use is drained before it is killed.
type Drain struct {
	// Timeout is how long the kill waits, at most, for load balancers to let go; 0
	// does not wait at all.
	Timeout time.Duration
	// MinDelay is how long it waits in any case once the task is not published any
	// more, for readers that tell nobody. It is not longer than Timeout.
	MinDelay time.Duration
}

// Drain is how tasks of the App are drained; what it does not say is as in otherwise.
func (s *Spec) Drain(otherwise Drain) Drain {
	text, ok := s.Labels[DrainLabel]
	if !ok {
		return otherwise
	}
	d, err := parseDrain(text, otherwise)
	if err != nil {
		return otherwise // a definition from before the label was checked
	}
	return d
}

// parseDrain reads the label's value.
func parseDrain(text string, otherwise Drain) (Drain, error) {
	d := otherwise
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		t, err := time.ParseDuration(value)
		switch {
		case err != nil || t < 0 || t > drainMax:
			return d, fmt.Errorf("%q is no time from 0s to %v, such as 20s", value, drainMax)
		case name == "timeout":
			d.Timeout = t
		case name == "minDelay":
			d.MinDelay = t
		default:
			return d, fmt.Errorf("%q is unknown; known are timeout and minDelay", name)
		}
	}
	d.MinDelay = min(d.MinDelay, d.Timeout)
	return d, nil
}

func validateDrain(s *Spec, f *findings) {
	if text, ok := s.Labels[DrainLabel]; ok {
		if _, err := parseDrain(text, Drain{}); err != nil {
			f.add("/labels/"+DrainLabel, "got %q: %v; expected such as \"timeout=2m,minDelay=20s\"", text, err)
		}
	}
}
