package core

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// kill is a task's end on request.
type kill struct {
	// forceAt is when the next forced stop is due.
	forceAt time.Time
	forced  bool
	// cause is "" for a KILL by the scheduler.
	cause string
}

func (k *kill) explain(message string) string {
	switch {
	case k.cause == "":
		return message
	case message == "":
		return k.cause
	default:
		return k.cause + "; " + message
	}
}

func (t *step) killTask(ev Kill) {
	if ev.TaskID != t.task.Info.TaskID || t.phase == PhaseIdle {
		return
	}
	if t.phase == PhaseDone {
		t.repeat(ev.TaskID)
		return
	}
	grace := t.task.Grace
	if ev.Grace != nil {
		grace = *ev.Grace
	}
	t.stop(kill{}, grace)
}

// stop begins the end of the task, or brings a forced end forward: a repeated
// kill may shorten the grace period and never lengthens it.
func (t *step) stop(k kill, grace time.Duration) {
	forceAt := t.now.Add(max(grace, 0))
	if t.kill != nil {
		if !t.kill.forced && forceAt.Before(t.kill.forceAt) {
			t.kill.forceAt = forceAt
		}
		return
	}
	k.forceAt = forceAt
	t.kill = &k
	if t.phase == PhaseRunning && t.task.checked() {
		t.do(StopProbes{})
	}
	t.phase = PhaseKilling
	if t.killingState {
		t.update(mesos.TaskKilling, k.cause)
	}
	t.do(Stop{})
}

// shutdown ends the task and the process. The margin leaves time for the last
// update before the agent's own deadline ("Mesos, docker executor": 2 s).
func (t *step) shutdown(cause string) {
	if !t.ending {
		t.ending = true
		exitAt := t.now.Add(t.cfg.ShutdownGrace)
		if t.exitAt.IsZero() || exitAt.Before(t.exitAt) {
			t.exitAt = exitAt
		}
	}
	if t.phase == PhaseIdle || t.phase == PhaseDone {
		return
	}
	margin := min(2*time.Second, t.cfg.ShutdownGrace/2)
	t.stop(kill{cause: cause}, min(t.task.Grace, t.cfg.ShutdownGrace-margin))
}

// expire acts on deadlines that have passed.
func (t *step) expire() {
	if k := t.kill; k != nil && t.phase == PhaseKilling && !t.now.Before(k.forceAt) {
		k.forced = true
		k.forceAt = t.now.Add(t.cfg.ForceEvery)
		t.do(Stop{Force: true})
	}
	if !t.giveUpAt.IsZero() && !t.now.Before(t.giveUpAt) {
		t.giveUpAt = time.Time{}
		t.deserted = true
		t.shutdown("the agent did not come back within " + t.cfg.RecoveryTimeout.String())
	}
}

// settle ends the process when nothing is left to do or to wait for.
func (t *step) settle() {
	idle := t.phase == PhaseIdle && t.ending
	over := t.phase == PhaseDone || idle
	switch {
	case idle && t.deserted:
		t.exit(1, "there is no agent to work for")
	case over && len(t.updates) == 0:
		t.exit(0, "every update is acknowledged")
	case over && t.deserted:
		t.exit(1, "nobody is left to acknowledge the last update")
	case t.exitDue():
		t.exit(1, "the last update was not acknowledged in time")
	}
}

// exitDue reports whether the bounded wait is over. Away from the agent the
// recovery timeout counts instead, unless the end has been asked for.
func (t *step) exitDue() bool {
	return !t.exitAt.IsZero() && !t.now.Before(t.exitAt) && (t.connected || t.ending)
}

func (t *step) exit(code int, reason string) {
	t.exited = true
	t.fx.Exit = &Exit{Code: code, Reason: reason}
}

// wake is the nearest deadline.
func (s *State) wake() time.Time {
	if s.exited {
		return time.Time{}
	}
	var next time.Time
	consider := func(at time.Time) {
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	if s.kill != nil && s.phase == PhaseKilling {
		consider(s.kill.forceAt)
	}
	consider(s.giveUpAt)
	if s.connected || s.ending {
		consider(s.exitAt)
	}
	return next
}
