package sim

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// bounded is the queue whose quota the user changes now and then.
const bounded = "/group"

// bound sets a limit for a queue, or takes it away.
func (u *user) bound(v *view.View) {
	if v.Sharing.Set[bounded] && u.w.chance(0.5) {
		u.w.sched.ask(core.SetQuota{Queue: bounded})
		return
	}
	limit := resource.Vector{CPUs: resource.FromFloat(0.3) * resource.Scalar(u.w.rng.IntN(4))}
	u.w.sched.ask(core.SetQuota{Queue: bounded, Quota: &fairshare.Quota{Weight: float64(1 + u.w.rng.IntN(3)), Limit: limit}})
}

// unbound takes the limit away at last, so that every App can reach its goal.
func (u *user) unbound() {
	if s := u.w.sched.state; s == nil || s.View().Sharing.Set[bounded] {
		if s != nil {
			u.w.sched.ask(core.SetQuota{Queue: bounded})
		}
		u.w.after(time.Minute, u.unbound)
	}
}

// limits: after a launch the tasks of a bounded queue do not use more than its limit.
func (c *checker) limits(v *view.View, eff core.Effects) {
	launched := false
	for _, call := range eff.Calls {
		l, ok := call.(*core.Launch)
		launched = launched || ok && l.Tasks[0].Spec.Queue() == bounded
	}
	if !launched {
		return
	}
	var limit, used resource.Vector
	for _, q := range v.Sharing.Queues {
		if q.Queue == bounded {
			limit = q.Quota.Limit
		}
	}
	v.Apps(func(a *view.App) bool {
		for _, i := range a.Instances {
			if a.Spec.Queue() == bounded && i.Condition.Live() && i.Condition != instance.UnreachableInactive {
				used = used.Add(i.Resources)
			}
		}
		return true
	})
	if limit.CPUs != 0 && used.CPUs > limit.CPUs {
		c.w.fail("queue %s uses %v cpus after a launch, its limit is %v", bounded, used.CPUs, limit.CPUs)
	}
}
