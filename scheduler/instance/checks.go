package instance

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/checkup"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/runspec"
)

// Checks is what the checks of an instance's task have found, and what has been
// decided about it. It is immutable.
type Checks struct {
	// Report is the executor's last one, nil before the first, and with an executor
	// that makes none.
	Report *checkup.Report
	// General is the last result of the general check, nil for none.
	General *mesos.CheckStatus
	// Condemned says that the task is being ended for bad health.
	Condemned bool
	// Replaced says that the task before was, and that this one has not been healthy yet.
	Replaced bool
}

// Report is what the task's checks have found, nil before the first report.
func (i *Instance) Report() *checkup.Report {
	if i.Checks == nil {
		return nil
	}
	return i.Checks.Report
}

// Condemned reports whether the instance's task is being ended for bad health.
func (i *Instance) Condemned() bool { return i.Checks != nil && i.Checks.Condemned }

// Replaced reports whether the instance's last task was ended for bad health and
// the current one has not been healthy yet.
func (i *Instance) Replaced() bool { return i.Checks != nil && i.Checks.Replaced }

// Exhausted returns the first of the checks that has failed so often in a row that
// the task is to be replaced, with its result; nil if there is none.
func (i *Instance) Exhausted(checks []runspec.HealthCheck) (*runspec.HealthCheck, checkup.Result) {
	r := i.Report()
	if r == nil {
		return nil, checkup.Result{}
	}
	for n := range checks[:min(len(checks), len(r.Health))] {
		if r.Health[n].Exhausted(checks[n].MaxConsecutiveFailures) {
			return &checks[n], r.Health[n]
		}
	}
	return nil, checkup.Result{}
}

// Condemn returns the record of an instance whose task is to be ended for bad health.
func (i *Instance) Condemn() *Instance {
	next := *i
	checks := Checks{}
	if i.Checks != nil {
		checks = *i.Checks
	}
	checks.Condemned = true
	next.Checks = &checks
	return &next
}

// ResultsAt returns the results of the health checks as they are now: those of a
// task that does not run, or is out of sight, are as they were when that began.
func (i *Instance) ResultsAt(now time.Time) []checkup.Result {
	r := i.Report()
	if r == nil {
		return nil
	}
	if i.Condition != Running {
		now = i.Since
	}
	out := make([]checkup.Result, len(r.Health))
	for n, h := range r.Health {
		out[n] = h.At(now)
	}
	return out
}

// heard adds what an update tells of checks. A report that is older than the last
// one is an update that came late. Who makes reports is believed by them alone: the
// master repeats the health of an update that may not have arrived yet.
func (i *Instance) heard(st mesos.TaskStatus, report *checkup.Report) {
	var is Checks
	if i.Checks != nil {
		is = *i.Checks
	}
	was := is
	switch {
	case report.Newer(is.Report):
		is.Report, i.Healthy = report, report.Healthy()
	case report == nil && is.Report == nil && st.Healthy != nil:
		i.Healthy = new(*st.Healthy)
	}
	if st.Check != nil && !st.Check.Equal(is.General) && (report == nil || is.Report == report) {
		is.General = st.Check
	}
	if i.Healthy != nil && *i.Healthy && !is.Condemned {
		is.Replaced = false
	}
	if is != was {
		i.Checks = &is
	}
}

// inherit returns what of the checks stays when the task is over.
func (c *Checks) inherit() *Checks {
	if c == nil || !c.Condemned && !c.Replaced {
		return nil
	}
	return &Checks{Replaced: true}
}
