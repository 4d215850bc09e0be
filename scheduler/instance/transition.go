package instance

import (
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/checkup"
	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// Outcome is what a status update means for an instance.
type Outcome uint8

// The outcomes.
const (
	// Unchanged says nothing new: a repetition or something older than what is known.
	Unchanged Outcome = iota + 1
	// Changed made a new record; the task may still live.
	Changed
	// Ended made a new record with a terminal Condition: the task is over.
	Ended
	// Stray is a live task that the instance does not own any more; it has to be killed.
	Stray
)

// Apply returns what the update makes of the instance.
//
//	Scheduled --launch--> Provisioned --> Staging --> Starting --> Running --> Killing
//	    ^                     |              |            |           |           |
//	    |                     +--------------+------+-----+-----------+-----------+
//	    |                                           |  (any live condition)
//	    |                 Unreachable <--lost agent-+--terminal--> Finished, Failed, Killed,
//	    |                     |                                    Errored, Gone, Dropped, Unknown
//	    |                     +--returned--> Running                    |
//	    +---------------------------- goal Running ---------------------+
//
// Conditions never go back from Running to Staging or Starting, nor from
// Killing to Running: such an update is older than what is known. TASK_UNKNOWN
// means that the master has forgotten the agent: a confirmed task may still run
// there, so it counts as unreachable, while one never confirmed was not started.
// The update must be one of the instance's current task; report is what its
// executor says of the task's checks with it, nil if nothing. The record is left as
// it was.
func (i *Instance) Apply(now time.Time, st mesos.TaskStatus, report *checkup.Report) (*Instance, Outcome) {
	to := ConditionOf(st)
	if to == Unknown && i.Condition.Live() && i.Condition != Provisioned {
		to = Unreachable
	}
	switch {
	case to == 0:
		return i, Unchanged
	case i.Condition == Scheduled || i.Condition.Terminal():
		return i, afterEnd(to)
	case to.Terminal():
		next := i.withStatus(st, report)
		next.enter(now, to)
		return next, Ended
	}
	next := i.withStatus(st, report)
	if to = i.Condition.towards(to); to == Running && i.Draining {
		to = Killing
	}
	if to != i.Condition {
		next.enter(now, to)
		if to == Running && next.StartedAt.IsZero() {
			next.StartedAt = timeOf(st, now)
		}
		return next, Changed
	}
	if next.sameFacts(i) {
		return i, Unchanged
	}
	return next, Changed
}

// afterEnd is the outcome for an instance without a live task.
func afterEnd(to Condition) Outcome {
	if to.Terminal() || to == Unreachable {
		return Unchanged
	}
	return Stray
}

// towards returns the condition after a live update from c: the update's,
// unless it is older than c.
func (c Condition) towards(to Condition) Condition {
	switch c {
	case Provisioned, Staging:
		return to
	case Starting:
		if to == Staging {
			return c
		}
		return to
	case Running:
		if to == Staging || to == Starting {
			return c
		}
		return to
	case Killing:
		if to == Unreachable {
			return to
		}
		return c
	case Unreachable:
		return to
	case UnreachableInactive:
		if to == Unreachable {
			return c
		}
		return to
	case Scheduled, Finished, Failed, Killed, Errored, Gone, Dropped, Unknown:
		panic("instance: no live update applies to " + c.String())
	default:
		panic("instance: unknown condition")
	}
}

// ConditionOf maps a status to the condition it reports, 0 for none. TASK_LOST
// comes only from masters that treat the framework as not partition-aware, or
// when an agent is replaced or taken down: the task is gone either way.
func ConditionOf(st mesos.TaskStatus) Condition {
	switch st.State {
	case mesos.TaskStaging:
		return Staging
	case mesos.TaskStarting:
		return Starting
	case mesos.TaskRunning:
		return Running
	case mesos.TaskKilling:
		return Killing
	case mesos.TaskFinished:
		return Finished
	case mesos.TaskFailed:
		return Failed
	case mesos.TaskKilled:
		return Killed
	case mesos.TaskError:
		return Errored
	case mesos.TaskLost:
		if st.Reason == mesos.ReasonInvalidOffers {
			return Dropped
		}
		return Gone
	case mesos.TaskDropped:
		return Dropped
	case mesos.TaskUnreachable:
		return Unreachable
	case mesos.TaskGone, mesos.TaskGoneByOperator:
		return Gone
	case mesos.TaskUnknown:
		return Unknown
	default:
		return 0
	}
}

func (i *Instance) enter(now time.Time, c Condition) {
	i.Condition = c
	i.Since = now
}

// withStatus returns a copy with the facts of the update.
func (i *Instance) withStatus(st mesos.TaskStatus, report *checkup.Report) *Instance {
	next := *i
	next.Message = st.Message
	next.Forgotten = st.State == mesos.TaskUnknown
	next.Home = i.Home.confirm(st)
	next.heard(st, report)
	if st.AgentID != "" {
		next.AgentID = st.AgentID
	}
	if st.Container != nil {
		var ips []string
		for _, n := range st.Container.Networks {
			ips = append(ips, n.IPAddresses...)
		}
		if len(ips) > 0 {
			next.IPAddresses = ips
		}
	}
	return &next
}

func (i *Instance) sameFacts(o *Instance) bool {
	return i.Message == o.Message && i.Home == o.Home && i.Checks == o.Checks && i.Forgotten == o.Forgotten && i.AgentID == o.AgentID && slices.Equal(i.IPAddresses, o.IPAddresses) &&
		(i.Healthy == nil) == (o.Healthy == nil) && (i.Healthy == nil || *i.Healthy == *o.Healthy)
}

func timeOf(st mesos.TaskStatus, now time.Time) time.Time {
	if st.Timestamp.IsZero() {
		return now
	}
	return st.Timestamp
}

// Launched makes into, which is empty, the record of the instance's next run, made
// from version, as it is stored before the ACCEPT that starts it, and returns it.
func (i *Instance) Launched(into *Instance, now time.Time, version time.Time, on *Place) *Instance {
	into.ID, into.App, into.Version = i.ID, i.App, version
	into.Goal, into.Condition, into.Since = i.Goal, Provisioned, now
	into.Incarnation, into.StagedAt = i.Incarnation+1, now
	into.Site, into.HostPorts, into.Resources, into.Role = *on.Site, on.HostPorts, on.Resources, on.Role
	into.Checks = i.Checks.inherit()
	if into.Home = i.Home; on.Home != nil {
		into.Home = on.Home
	}
	return into
}

// Rescheduled returns the record that waits for an offer again, with nothing
// of the last run but its number and where its data are.
func (i *Instance) Rescheduled(now time.Time, version time.Time) *Instance {
	return &Instance{
		ID: i.ID, App: i.App, Version: version, Goal: i.Goal, Condition: Scheduled, Since: now, Incarnation: i.Incarnation,
		Home: i.Home, Checks: i.Checks.inherit(),
	}
}

// Inactive returns the record of an instance that has been unreachable for so
// long that it does not count any more.
func (i *Instance) Inactive(now time.Time) *Instance {
	next := *i
	next.enter(now, UnreachableInactive)
	return &next
}

// WithGoal returns the record with another goal.
func (i *Instance) WithGoal(g Goal) *Instance {
	next := *i
	next.Goal = g
	return &next
}

// Drained returns the record of an instance whose task is to be killed once nobody
// sends to it any more. It shows as being killed from now on.
func (i *Instance) Drained(now time.Time) *Instance {
	next := *i
	next.Draining = true
	next.enter(now, Killing)
	return &next
}

// LetGo returns the record of an instance that nothing is in the way of killing.
func (i *Instance) LetGo() *Instance {
	next := *i
	next.Draining = false
	return &next
}
