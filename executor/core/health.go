package core

import (
	"fmt"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// health is what the probes have said so far.
type health struct {
	checks []checked
	// reported is the last value in an update, nil before the first.
	reported *bool
}

type checked struct {
	Check
	// ok is whether the last counted probe succeeded, ever whether any did.
	ok, ever bool
	failures int
}

func newHealth(checks []Check) health {
	h := health{checks: make([]checked, len(checks))}
	for i, c := range checks {
		h.checks[i].Check = c
	}
	return h
}

func (h *health) allOK() bool {
	for _, c := range h.checks {
		if !c.ok {
			return false
		}
	}
	return true
}

// probed counts a result ("Mesos, health checks"): an update says when the task
// became healthy and each failure; enough failures in a row end the task.
func (t *step) probed(ev Probed) {
	if t.phase != PhaseRunning || ev.Check < 0 || ev.Check >= len(t.health.checks) {
		return
	}
	c := &t.health.checks[ev.Check]
	if ev.OK {
		c.ok, c.ever, c.failures = true, true, 0
		if t.health.allOK() && (t.health.reported == nil || !*t.health.reported) {
			t.reportHealth(true, "")
		}
		return
	}
	if !c.ever && t.now.Sub(t.runningAt) < c.Grace {
		return
	}
	c.ok = false
	c.failures++
	message := fmt.Sprintf("health check %s: %s (%d in a row)", c.Name, ev.Message, c.failures)
	if known := t.health.reported != nil && !*t.health.reported; !known || t.connected {
		t.reportHealth(false, message) // away from the agent only what changed is worth keeping
	}
	if c.MaxFailures > 0 && c.failures >= c.MaxFailures {
		t.stop(kill{cause: message, unhealthy: true}, t.task.Grace)
	}
}

func (t *step) reportHealth(healthy bool, message string) {
	t.health.reported = &healthy
	st := t.status(mesos.TaskRunning, mesos.ReasonTaskHealthCheck, message)
	st.Healthy = &healthy
	t.send(st)
}
