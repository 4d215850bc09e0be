package core

import (
	"fmt"
	"time"

	"github.com/gantry-mesos/gantry/pkg/checkup"
	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// checkups are what the task's checks have found so far.
type checkups struct {
	report  checkup.Report
	general *mesos.CheckStatus
	// said are the answers of readiness checks as they were last reported, and saidAt when.
	said   []checkup.Response
	saidAt time.Time
}

func newCheckups(t Task) checkups {
	c := checkups{report: checkup.Report{Health: make([]checkup.Result, len(t.Checks)), Readiness: make([]checkup.Readiness, len(t.Readiness))}}
	for i, name := range t.Readiness {
		c.report.Readiness[i].Name = name
	}
	if t.General != 0 {
		c.general = &mesos.CheckStatus{Type: t.General}
	}
	c.said = make([]checkup.Response, len(t.Readiness))
	return c
}

// addChecks puts all that the checks have found into an update of the running task.
func (t *step) addChecks(st *mesos.TaskStatus) {
	c := &t.checkup
	st.Check = c.general
	if len(c.report.Health)+len(c.report.Readiness) == 0 {
		return
	}
	c.report.Number++
	st.Healthy = c.report.Healthy()
	if t.cfg.Report != nil {
		st.Data = t.cfg.Report(c.report)
	}
}

// failuresTold is how many failures in a row are told one by one. What follows is
// no news, but for the one that exhausts the check.
const failuresTold = 10

// probed counts a result of a health check. An update tells of each change and of
// the failures that lead to the task's end, which the scheduler decides on: it sees
// all instances, and may have to leave some of them as they are.
func (t *step) probed(ev Probed) {
	if t.phase != PhaseRunning || ev.Check < 0 || ev.Check >= len(t.checkup.report.Health) {
		return
	}
	r, c := &t.checkup.report.Health[ev.Check], t.task.Checks[ev.Check]
	was := *r
	if ev.OK {
		*r = r.Passed(t.now, ev.Pace)
		if !was.Alive() {
			t.reportHealth("")
		}
		return
	}
	if was.FirstSuccess.IsZero() && t.now.Sub(t.runningAt) < c.Grace {
		return
	}
	*r = r.Failed(t.now, ev.Pace, ev.Message)
	change := r.Failures == 1 || r.Failures == c.MaxFailures
	if change || t.connected && r.Failures <= min(c.MaxFailures, failuresTold) { // away from the agent only what changed is worth keeping
		t.reportHealth(fmt.Sprintf("health check %s: %s (%d in a row)", c.Name, ev.Message, r.Failures))
	}
}

func (t *step) reportHealth(message string) {
	t.send(t.runningStatus(mesos.ReasonTaskHealthCheck, message))
}

// runningStatus is an update that tells of checks. Mesos' reason for health stands
// with a verdict only.
func (t *step) runningStatus(reason mesos.Reason, message string) mesos.TaskStatus {
	st := t.status(mesos.TaskRunning, reason, message)
	if reason == mesos.ReasonTaskHealthCheck && st.Healthy == nil {
		st.Reason = ""
	}
	return st
}

// readinessProbed notes an answer of a readiness check: that the task is ready is
// told at once, another answer than before from time to time.
func (t *step) readinessProbed(ev ReadinessProbed) {
	if t.phase != PhaseRunning || ev.Check < 0 || ev.Check >= len(t.checkup.report.Readiness) {
		return
	}
	c := &t.checkup
	r := &c.report.Readiness[ev.Check]
	if r.Ready {
		return
	}
	r.Ready, r.Response = ev.Ready, ev.Response
	says := checkup.Response{Status: ev.Status}
	if ev.Response != nil {
		says = *ev.Response
	}
	if !ev.Ready && (says == c.said[ev.Check] || t.now.Before(c.saidAt.Add(t.cfg.ProgressEvery))) {
		return
	}
	c.said[ev.Check], c.saidAt = says, t.now
	message := fmt.Sprintf("readiness check %s: status %d", r.Name, ev.Status)
	if ev.Ready {
		message += ", ready"
	}
	t.send(t.runningStatus("", message))
}

// generalChecked tells of another result of the general check than before.
func (t *step) generalChecked(ev Checked) {
	if t.phase != PhaseRunning || t.checkup.general == nil || t.checkup.general.Equal(&ev.Status) {
		return
	}
	st := ev.Status
	t.checkup.general = &st
	t.send(t.runningStatus(mesos.ReasonTaskCheck, ""))
}
