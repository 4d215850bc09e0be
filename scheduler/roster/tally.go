package roster

import "github.com/gantry-mesos/gantry/scheduler/instance"

// Counts are an App's tasks by what the API calls them.
type Counts struct {
	Staged, Running, Healthy, Unhealthy int
}

// Plus returns the sum of both.
func (c Counts) Plus(o Counts) Counts {
	return Counts{c.Staged + o.Staged, c.Running + o.Running, c.Healthy + o.Healthy, c.Unhealthy + o.Unhealthy}
}

// Negative returns what takes c away when it is added.
func (c Counts) Negative() Counts { return Counts{-c.Staged, -c.Running, -c.Healthy, -c.Unhealthy} }

// count adds (by 1) or takes (by -1) an instance to or from the App's numbers.
func (a *App) count(i *instance.Instance, by int) {
	if i.Condition == instance.Scheduled && i.Goal == instance.GoalRunning {
		a.waiting += int32(by)
	}
	a.countShown(i, by)
	switch {
	case i.Goal == instance.GoalDecommissioned:
		if i.Condition != instance.UnreachableInactive {
			a.tally.Outgoing += by
		}
	case i.Goal == instance.GoalStopped:
		if i.Condition.Live() && !i.Condition.OutOfSight() {
			a.tally.Outgoing += by
		}
	case i.Condition == instance.UnreachableInactive:
		a.tally.Inactive += by
	case a.Outdated(i):
		a.tally.Old += by
		if a.Ready(i) {
			a.tally.OldReady += by
		}
		a.countLost(i, by)
	default:
		a.tally.Fresh += by
		if a.Ready(i) {
			a.tally.FreshReady += by
		}
		a.countLost(i, by)
	}
}

func (a *App) countLost(i *instance.Instance, by int) {
	if i.Condition == instance.Unreachable {
		a.tally.Lost += by
	}
}

// countShown keeps the counts that the API shows.
func (a *App) countShown(i *instance.Instance, by int) {
	switch i.Condition {
	case instance.Provisioned, instance.Staging, instance.Starting:
		a.counts.Staged += by
	case instance.Running:
		a.counts.Running += by
		switch {
		case i.Healthy == nil:
		case *i.Healthy:
			a.counts.Healthy += by
		default:
			a.counts.Unhealthy += by
		}
	case instance.Scheduled, instance.Killing, instance.Unreachable, instance.UnreachableInactive, instance.Finished,
		instance.Failed, instance.Killed, instance.Errored, instance.Gone, instance.Dropped, instance.Unknown:
	default:
	}
}
