package roster

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/timer"
	"github.com/gantry-mesos/gantry/scheduler/instance"
)

// Limits are how long an instance may stay in a condition.
type Limits struct {
	// Confirm is how long a launch may go without any status, Launch how long a
	// task may take to run after the first one.
	Confirm, Launch time.Duration
	// Unknown is the least time that an unreachable task is waited for which the
	// master itself does not know any more, Forget how long one that was given up
	// is kept in mind.
	Unknown, Forget time.Duration
}

// Deadlines are the instances that have to leave the condition they are in by
// some time: an observer of the Roster.
type Deadlines struct {
	limits Limits
	queue  *timer.Queue
	// now is when the changes that are told happen.
	now *time.Time
}

// NewDeadlines returns the Deadlines of instances that change at the time that
// now points to, which the caller keeps right. What is due comes out of the queue
// as a *Member.
func NewDeadlines(limits Limits, queue *timer.Queue, now *time.Time) *Deadlines {
	return &Deadlines{limits: limits, queue: queue, now: now}
}

// Changed is the Observer: it sets the deadline that follows from the instance's condition.
func (d *Deadlines) Changed(c Change) {
	if c.Is == nil {
		d.queue.Cancel(c.Member)
		return
	}
	d.queue.Set(c.Member, d.of(c.App, c.Is))
}

// of returns when an instance has to have left its condition, zero if it may stay.
func (d *Deadlines) of(a *App, i *instance.Instance) time.Time {
	switch i.Condition {
	case instance.Provisioned:
		return d.since(i).Add(d.limits.Confirm)
	case instance.Staging, instance.Starting:
		return d.since(i).Add(d.limits.Launch)
	case instance.Unreachable:
		if i.Goal == instance.GoalRunning && a.Ran(i).Unreachable.Disabled || i.Goal == instance.GoalStopped {
			return time.Time{}
		}
		return i.Since.Add(d.inactiveAfter(a, i))
	case instance.UnreachableInactive:
		return i.Since.Add(d.limits.Forget)
	case instance.Scheduled, instance.Running, instance.Killing, instance.Finished, instance.Failed, instance.Killed,
		instance.Errored, instance.Gone, instance.Dropped, instance.Unknown:
		return time.Time{}
	default:
		return time.Time{}
	}
}

// since is when the instance's time began to run: for one that was stored in
// this condition, not before the scheduler could hear of it again.
func (d *Deadlines) since(i *instance.Instance) time.Time {
	if d.now.After(i.Since) {
		return *d.now
	}
	return i.Since
}

// inactiveAfter is how long an unreachable instance counts as one of its App's.
func (d *Deadlines) inactiveAfter(a *App, i *instance.Instance) time.Duration {
	after := a.Ran(i).Unreachable.InactiveAfter
	if i.Forgotten {
		after = max(after, d.limits.Unknown)
	}
	return after
}
