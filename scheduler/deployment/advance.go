package deployment

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/instance"
)

// Tally counts an App's copies by what a deployment asks of them. Copies that
// are inactive (unreachable for too long) are in none of the first four.
type Tally struct {
	// Old run another configuration than the target's, Fresh the target's.
	Old, OldReady, Fresh, FreshReady int
	// Outgoing are to be decommissioned and still use resources.
	Outgoing int
	// Lost are those of Old and Fresh that are out of sight for now.
	Lost int
	// Inactive are wanted but lost from sight for too long.
	Inactive int
}

// Next is what an action does now.
type Next struct {
	// Start is how many new instances are wanted.
	Start int
	// EndOld, EndFresh and EndAny are how many outdated, current, or whatever instances end.
	EndOld, EndFresh, EndAny int
	// Done says that the action has reached its goal.
	Done bool
}

// Advance returns the next starts and ends that bring an App to its target
// ("Marathon, deployments"). It is asked again after every change and decides
// by the tally alone, so that nothing is lost when the scheduler restarts.
func Advance(kind ActionKind, target *app.Spec, t Tally) Next {
	switch kind {
	case StartApplication:
		return Next{Done: true}
	case StopApplication:
		all := t.Old + t.Fresh + t.Inactive
		return Next{EndAny: all, Done: all+t.Outgoing == 0}
	case ScaleApplication:
		return scale(target, t)
	case RestartApplication:
		return restart(target, t)
	default:
		panic("deployment: unknown action " + kind.String())
	}
}

// scale starts or ends copies until there are as many as wanted. It does not
// wait for those that are out of sight: they began before it, and nothing that
// a deployment does brings them back.
func scale(target *app.Spec, t Tally) Next {
	counted := t.Old + t.Fresh
	n := Next{Start: max(0, target.Instances-counted), EndAny: max(0, counted-target.Instances)}
	n.Done = counted == target.Instances && t.Outgoing == 0 && t.OldReady+t.FreshReady+t.Lost >= target.Instances
	return n
}

// restart replaces outdated copies within the bounds of the upgrade strategy:
// never fewer than ceil(n*minimumHealthCapacity) ready by its own doing, never
// more than floor(n*(1+maximumOverCapacity)) in all.
func restart(target *app.Spec, t Tally) Next {
	minReady, maxTotal := bounds(target, t.OldReady+t.FreshReady)
	n := Next{
		Start:    max(0, min(target.Instances-t.Fresh, maxTotal-t.Old-t.Fresh-t.Outgoing)),
		EndOld:   outgoingOld(target, t, minReady),
		EndFresh: max(0, t.Fresh-target.Instances),
	}
	n.Done = t.Old == 0 && t.Outgoing == 0 && t.Fresh == target.Instances && t.FreshReady >= target.Instances
	return n
}

// bounds returns how many copies must stay ready and how many there may be in
// all. Where both leave no room to move, one copy more is allowed, or, when the
// data of the copies forbids that, one ready copy less.
func bounds(target *app.Spec, ready int) (minReady, maxTotal int) {
	n := float64(target.Instances)
	minReady = int(math.Ceil(n*target.Upgrade.MinimumHealthCapacity - rounding))
	maxTotal = int(math.Floor(n*(1+target.Upgrade.MaximumOverCapacity) + rounding))
	if minReady == maxTotal && maxTotal <= ready {
		if target.HasPersistentVolumes() {
			minReady--
		} else {
			maxTotal++
		}
	}
	return minReady, maxTotal
}

// rounding keeps products such as 10*0.3 from passing a whole number by an ulp.
const rounding = 1e-9

// outgoingOld is how many outdated copies may go now: those that do not work
// anyway, and working ones as long as enough stay ready.
func outgoingOld(target *app.Spec, t Tally, minReady int) int {
	if target.Instances == 0 {
		return t.Old
	}
	idle := t.Old - t.OldReady
	spare := max(0, t.OldReady+t.FreshReady-minReady)
	return idle + min(spare, t.OldReady)
}

// Copy is an instance as a deployment chooses it for an end.
type Copy struct {
	*instance.Instance
	// Ready says that it runs and is healthy as far as the App checks that.
	Ready bool
}

// Victims picks n copies to end: lost and unfinished ones first, then by the
// App's kill selection on the time they began to run, keeping GROUP_BY even.
func Victims(target *app.Spec, copies []Copy, n int) []instance.ID {
	if n <= 0 {
		return nil
	}
	order := slices.Clone(copies)
	slices.SortStableFunc(order, func(a, b Copy) int {
		if r := cmp.Compare(killRank(a), killRank(b)); r != 0 {
			return r
		}
		r := began(a).Compare(began(b))
		if target.KillSelect != app.OldestFirst {
			r = -r
		}
		if r != 0 {
			return r
		}
		return cmp.Compare(a.ID, b.ID)
	})
	order = balanced(target, order)
	ids := make([]instance.ID, 0, n)
	for _, c := range order[:min(n, len(order))] {
		ids = append(ids, c.ID)
	}
	return ids
}

// killRank orders conditions by how little is lost with a copy.
func killRank(c Copy) int {
	switch c.Condition {
	case instance.Scheduled, instance.Finished, instance.Failed, instance.Killed, instance.Errored,
		instance.Gone, instance.Dropped, instance.Unknown:
		return 0
	case instance.Unreachable, instance.UnreachableInactive:
		return 1
	case instance.Provisioned, instance.Staging:
		return 2
	case instance.Starting:
		return 3
	case instance.Killing:
		return 4
	case instance.Running:
		if !c.Ready {
			return 5
		}
		return 6
	default:
		return 6
	}
}

func began(c Copy) time.Time {
	if !c.StartedAt.IsZero() {
		return c.StartedAt
	}
	return c.Since
}
