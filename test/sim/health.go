package sim

import (
	"fmt"
	"strings"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// checkEvery is the pace of health checks.
const checkEvery = 10 * time.Second

// check begins the checks of a task that came up.
func (a *agent) check(t *task) {
	w := a.w
	if len(t.spec.HealthChecks) > 0 {
		a.then(t, w.between(0, 5*time.Second), func() { a.examine(t) })
		if w.chance(w.faults.taskFails) {
			a.then(t, w.between(time.Second, 10*time.Minute), func() { a.sicken(t, w.between(time.Second, 5*time.Minute)) })
		}
	}
	for n := range t.spec.Readiness {
		a.then(t, w.between(0, 20*time.Second), func() {
			if t.state == mesos.TaskRunning {
				t.found.Readiness[n].Ready = true
				a.report(t, mesos.TaskRunning)
			}
		})
	}
}

// examine makes a probe of a task's health check, and the next one at its pace as long
// as it fails: of successes in a row nobody hears.
func (a *agent) examine(t *task) {
	if t.state != mesos.TaskRunning {
		return
	}
	r := &t.found.Health[0]
	was := *r
	if !a.w.now.Before(t.sick) {
		*r = r.Passed(a.w.now, checkEvery)
		if !was.Alive() {
			a.report(t, mesos.TaskRunning)
		}
		return
	}
	*r = r.Failed(a.w.now, checkEvery, "refused")
	if r.Failures == 1 || r.Failures <= t.spec.HealthChecks[0].MaxConsecutiveFailures {
		a.report(t, mesos.TaskRunning)
	}
	a.then(t, checkEvery, func() { a.examine(t) })
}

// sicken has a task's health check fail for a while.
func (a *agent) sicken(t *task, d time.Duration) {
	ails := a.w.now.Before(t.sick)
	t.sick = a.w.now.Add(d)
	if !ails && t.found.Health[0].Known() {
		a.examine(t)
	}
}

// epidemic has the health checks of most tasks fail at once, as when something that all
// of them need is gone.
func (w *world) epidemic() {
	d := w.between(time.Second, 10*time.Minute)
	w.logf("an epidemic for %v", d)
	for _, a := range w.agents {
		for _, t := range a.sorted() {
			if t.live && len(t.found.Health) > 0 && t.state == mesos.TaskRunning && w.chance(0.8) {
				a.sicken(t, d)
			}
		}
	}
}

// healthOf describes what a report of a task says.
func healthOf(t *task) string {
	var b strings.Builder
	for _, h := range t.found.Health {
		fmt.Fprintf(&b, " failures=%d", h.Failures)
	}
	for _, r := range t.found.Readiness {
		fmt.Fprintf(&b, " ready=%v", r.Ready)
	}
	return b.String()
}

// ran is the definition that an instance was made from.
func ran(a *view.App, i *instance.Instance) *app.Spec {
	for _, v := range a.Versions {
		if v.Version.Equal(i.Version) {
			return v
		}
	}
	return a.Spec
}

// culled: a task is ended for bad health only while it runs, by a check with a limit that
// it has reached, and only as many of an App as may be replaced at a time.
func (c *checker) culled(id app.ID, before, after *view.View) {
	is, ok := after.App(id)
	if !ok {
		return
	}
	was, _ := before.App(id)
	fresh, mending := 0, 0
	for _, i := range is.Instances {
		if i.Goal == instance.GoalRunning && (i.Condemned() || i.Replaced() && !ready(is, i)) {
			mending++
		}
		if !i.Condemned() || was == nil {
			continue
		}
		o := find(was.Instances, i.ID)
		if o == nil || o.Condemned() && o.Incarnation == i.Incarnation {
			continue
		}
		fresh++
		if check, _ := i.Exhausted(ran(is, i).HealthChecks); check == nil || i.Condition != instance.Running && !i.Draining || i.Goal != instance.GoalRunning {
			c.w.fail("%s is ended for bad health: %v/%v", i.ID, i.Goal, i.Condition)
		}
	}
	if most := max(1, is.Spec.Instances/2); fresh > 0 && mending > most {
		c.w.fail("%d of %d instances of %s are replaced for bad health", mending, is.Spec.Instances, id)
	}
	c.w.stats.Culled += fresh
}
