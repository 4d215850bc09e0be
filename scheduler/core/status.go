package core

import (
	"github.com/gantry-mesos/gantry/pkg/checkup"
	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/pkg/fault"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/volumes"
)

// fromMesos applies an event of the scheduler API.
func (s *State) fromMesos(ev mesos.SchedulerEvent) {
	switch e := ev.(type) {
	case mesos.Subscribed:
		s.subscribed(e)
	case mesos.Disconnected:
		s.disconnected()
	case mesos.Offers:
		s.offered(e.Offers)
	case mesos.Rescind:
		s.market.Rescinded(e.OfferID)
	case mesos.Update:
		s.update(e.Status)
	case mesos.Failure:
		s.failure(e)
	case mesos.InverseOffers:
		s.market.Wanted(e.Offers)
	case mesos.FrameworkMessage:
		s.publish(&event.FrameworkMessage{ExecutorID: e.ExecutorID, SlaveID: e.AgentID, Message: string(e.Data)})
	case mesos.RescindInverseOffer, mesos.Heartbeat, mesos.ErrorEvent:
	}
}

// update applies a status update, stores what follows and acknowledges it.
func (s *State) update(st mesos.TaskStatus) {
	st = bounded(st)
	s.recon.Answered(st.TaskID)
	s.applyUpdate(st)
	if len(st.UUID) > 0 {
		s.call(mesos.Acknowledge{AgentID: st.AgentID, TaskID: st.TaskID, UUID: st.UUID})
	}
}

func (s *State) applyUpdate(st mesos.TaskStatus) {
	m := s.roster.FindTask(st.TaskID)
	if m == nil {
		s.stray(st)
		return
	}
	a, i := ownerOf(m), m.Is()
	if s.underWay(i, st) {
		return
	}
	next, outcome := i.Apply(s.now, st, s.report(st))
	switch outcome {
	case instance.Unchanged:
	case instance.Changed:
		s.publishStatus(next, st)
		s.roster.Put(m, next)
		s.publishHealth(a, i, next, st)
		s.live(a, i, next)
	case instance.Ended:
		s.publishUnhealthyKill(next, st)
		s.publishStatus(next, st)
		s.blame(a, next, st)
		s.ended(m, volumes.AfterRefusal(next, st))
	case instance.Stray:
		s.launchedAfterAll(m)
		s.stray(st)
	}
}

// report is what an executor says of its task's checks with a status. What is no
// report is the data of an executor that makes none.
func (s *State) report(st mesos.TaskStatus) *checkup.Report {
	if s.cfg.ParseReport == nil || st.State.Terminal() {
		return nil
	}
	r, err := s.cfg.ParseReport(st.Data)
	if err != nil {
		return nil
	}
	return r
}

// underWay reports whether the master does not know a task because its launch
// may still be on the way: a kill or a question can overtake the ACCEPT. A launch
// of an earlier subscription arrives no more, nor does one older than ConfirmAfter.
func (s *State) underWay(i *instance.Instance, st mesos.TaskStatus) bool {
	unknown := st.State == mesos.TaskUnknown || st.State == mesos.TaskGone || st.State == mesos.TaskLost
	return unknown && st.Reason == mesos.ReasonReconciliation && i.Condition == instance.Provisioned &&
		!i.Since.Before(s.subscribedAt) && s.now.Before(i.Since.Add(s.cfg.ConfirmAfter))
}

// live acts on what changed for a task that goes on.
func (s *State) live(a *appState, was, is *instance.Instance) {
	_, asked := s.kills[is.TaskID()]
	back := was.Condition.OutOfSight() && !is.Condition.OutOfSight()
	if (is.Goal != instance.GoalRunning || is.Condemned() && !asked) && !is.Condition.OutOfSight() || asked && back {
		s.kill(is.TaskID(), is.AgentID)
	}
	if is.Condition == instance.Running && was.Condition != instance.Running {
		a.excused = 0
		s.market.Works(is.AgentID)
	}
	if is.Condition == instance.Running && was.Condition != instance.Running || a.Ready(is) && !a.Ready(was) {
		s.progressed(a)
	}
}

// blame decides whether a task's end counts as a failure of its App. Kills that
// were asked for, drained agents, what an operator declared dead and lost races for an
// offer do not.
func (s *State) blame(a *appState, i *instance.Instance, st mesos.TaskStatus) {
	_, asked := s.kills[i.TaskID()]
	switch {
	case i.Goal != instance.GoalRunning, st.State == mesos.TaskGoneByOperator, st.Reason == mesos.ReasonAgentDraining, st.Reason == mesos.ReasonInvalidOffers,
		st.Reason == mesos.ReasonReconciliation && i.Condition != instance.Failed && i.Condition != instance.Errored:
		return
	case i.Condition == instance.Killed && i.Condemned():
		st.Message = join(s.diagnosis(a, i), st.Message)
		s.fail(a, i, st)
		return
	case i.Condition == instance.Killed && asked:
		return
	case i.Condition == instance.Killed && i.Healthy == nil:
		return
	case i.Condition == instance.Finished:
		s.delay(a)
		return
	}
	if f := fault.Of(st); f != "" {
		s.excuse(a, i, st, f)
		return
	}
	s.fail(a, i, st)
}

// stray handles an update of a task that no instance owns (any more): a live
// one is killed, if the guard allows it.
func (s *State) stray(st mesos.TaskStatus) {
	switch {
	case st.State.Terminal(), st.State == mesos.TaskUnreachable, st.State == mesos.TaskUnknown:
		if st.State.Terminal() {
			s.publishUnknown(st)
		}
		s.killed(st.TaskID)
		s.guard.forget(st.TaskID)
		s.framework.KillsGuarded = min(s.framework.KillsGuarded, len(s.guard.tasks))
		s.volumes.Stray(st.TaskID, false)
	default:
		s.volumes.Stray(st.TaskID, true)
		if _, asked := s.kills[st.TaskID]; asked {
			if st.State != mesos.TaskKilling {
				s.kill(st.TaskID, st.AgentID) // the last one may be lost
			}
			return
		}
		s.guard.keep(st.TaskID, st.AgentID)
		s.judgeStrays()
	}
}

// failure hears of a lost agent or executor. It is only a hint: the tasks' own
// updates follow, or are asked for.
func (s *State) failure(f mesos.Failure) {
	if f.ExecutorID == "" {
		s.market.Lost(f.AgentID)
	}
}
