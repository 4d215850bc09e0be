package sim

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// quietFor is how long nothing may be written or killed before the end.
const quietFor = 30 * time.Minute

// settled checks that every App has reached its goal and nothing is left over.
func (c *checker) settled(when string) {
	w := c.w
	if w.err != nil {
		return
	}
	if w.sched.state == nil || w.sched.stream == 0 {
		w.fail("%s: the scheduler is not subscribed", when)
		return
	}
	v := w.sched.state.View()
	if len(v.Deployments) > 0 {
		w.fail("%s: deployment %s is left over at step %d of %v", when, v.Deployments[0].ID, v.Deployments[0].Current+1, v.Deployments[0].Steps)
	}
	if v.Framework.KillsGuarded > 0 {
		w.fail("%s: %d kills are held back", when, v.Framework.KillsGuarded)
	}
	if w.now.Sub(c.lastKill) < quietFor {
		w.fail("%s: still kills", when)
	}
	if w.now.Sub(c.lastWrite) < quietFor {
		w.fail("%s: still writes", when)
	}
	v.Apps(func(a *view.App) bool {
		c.goal(when, a)
		return w.err == nil
	})
	c.tasks(when, v)
	c.records(when, v)
	c.history(when, v)
	c.reserved(when)
	for id, want := range w.user.wanted {
		a, ok := v.App(id)
		if !ok || a.Spec.Cmd != want.Cmd || a.Spec.Instances != want.Instances {
			w.fail("%s: app %s is not as it was asked for", when, id)
		}
	}
}

// goal: an App has as many ready instances as it wants, of its configuration.
func (c *checker) goal(when string, a *view.App) {
	w := c.w
	if got := readyCount(a); got != a.Spec.Instances || total(a) != got {
		w.fail("%s: app %s has %d ready instances and %d in all, and wants %d", when, a.Spec.ID, got, total(a), a.Spec.Instances)
	}
	for _, i := range a.Instances {
		if i.Condition != instance.UnreachableInactive && i.Goal != instance.GoalStopped && !w.user.mixed[a.Spec.ID] && outdated(a, i) {
			w.fail("%s: %s has an outdated configuration", when, i.ID)
		}
	}
}

func outdated(a *view.App, i *instance.Instance) bool {
	for _, v := range a.Versions {
		if v.Version.Equal(i.Version) {
			return !alike(v, a.Spec)
		}
	}
	return true
}

func alike(a, b *app.Spec) bool {
	return a.Cmd == b.Cmd && a.RestartedAt.Equal(b.RestartedAt) && a.Upgrade == b.Upgrade && a.Unreachable == b.Unreachable
}

// tasks: every live task belongs to an instance that knows it, and every
// update was acknowledged.
func (c *checker) tasks(when string, v *view.View) {
	w := c.w
	live := map[app.ID]int{}
	for _, a := range w.agents {
		if a.dead {
			continue
		}
		if a.link == 0 {
			w.fail("%s: agent %s is not connected", when, a.id)
		}
		for _, t := range a.sorted() {
			_, i, ok := v.Instance(t.id)
			switch {
			case !t.live:
				w.fail("%s: the end of %s is not acknowledged", when, t.id)
			case !ok || i.Condition != instance.Running || i.Goal != instance.GoalRunning:
				w.fail("%s: %s is left over on %s", when, t.id, a.id)
			case len(t.updates) > 0:
				w.fail("%s: %v of %s is not acknowledged", when, t.updates[0].State, t.id)
			case i.AgentID != a.id:
				w.fail("%s: %s runs on %s, not on %s", when, t.id, a.id, i.AgentID)
			}
			live[owner(t.id)]++
		}
	}
	v.Apps(func(a *view.App) bool {
		if live[a.Spec.ID] != a.Spec.Instances {
			w.fail("%s: app %s has %d live tasks and wants %d", when, a.Spec.ID, live[a.Spec.ID], a.Spec.Instances)
		}
		return true
	})
}

// records: the store holds what the state holds, and nothing else.
func (c *checker) records(when string, v *view.View) {
	w := c.w
	n := 0
	v.Apps(func(a *view.App) bool {
		for _, i := range a.Instances {
			n++
			if w.store.Instances[i.ID] != i {
				w.fail("%s: %s is not stored as it is", when, i.ID)
			}
		}
		if at := w.newest(a.Spec.ID); !at.Equal(a.Spec.Version) || len(w.store.Versions[a.Spec.ID]) != len(a.Versions) {
			w.fail("%s: app %s of %v is stored as of %v", when, a.Spec.ID, a.Spec.Version, at)
		}
		return true
	})
	if len(w.store.Instances) != n || len(w.store.Versions) != v.AppCount() || len(w.store.Deployments) != len(v.Deployments) {
		w.fail("%s: %d instances, %d apps and %d deployments stored for %d, %d and %d", when, len(w.store.Instances),
			len(w.store.Versions), len(w.store.Deployments), n, v.AppCount(), len(v.Deployments))
	}
}

// newest is when the stored current definition of an App was made, zero without one.
func (w *world) newest(id app.ID) (at time.Time) {
	for _, v := range w.store.Versions[id] {
		if v.Version.After(at) {
			at = v.Version
		}
	}
	return at
}
