package core

import (
	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/reconciliation"
)

// subscribed starts over with a (new) master: its offers are new, and every
// task is asked about.
func (s *State) subscribed(e mesos.Subscribed) {
	again := !s.subscribedAt.IsZero()
	s.framework.Subscribed = true
	s.subscribedAt, s.framework.Master = s.now, e.Master
	if s.framework.ID != e.FrameworkID {
		s.framework.ID = e.FrameworkID
		s.persist(PutFramework{ID: e.FrameworkID})
	}
	s.market.Subscribed(e.FrameworkID, e.Master.Domain.Region)
	s.volumes.Glance()
	s.startRound()
	s.timers.set(s.now.Add(s.cfg.ReconcileEvery), implicitTimer, "")
	s.rekill()
	s.doubtHealth()
	if again {
		s.publish(&event.SchedulerReregistered{Master: e.Master.Hostname})
		return
	}
	s.publish(&event.SchedulerRegistered{FrameworkID: e.FrameworkID, Master: e.Master.Hostname})
}

func (s *State) disconnected() {
	s.framework.Subscribed = false
	s.market.Disconnected()
	s.recon = nil
	s.timers.cancel(reconcileTimer, "")
	s.publish(&event.SchedulerDisconnected{})
}

// startRound asks explicitly about every task that may live.
func (s *State) startRound() {
	var tasks []mesos.TaskOnAgent
	for a := range s.apps {
		for i := range a.Instances {
			if i.Condition.Live() {
				tasks = append(tasks, mesos.TaskOnAgent{TaskID: i.TaskID(), AgentID: i.AgentID})
			}
		}
	}
	s.recon = reconciliation.Start(tasks)
	s.reconcileDue()
}

// reconcileDue asks again about tasks without an answer, and once all are
// answered, about all that the master knows.
func (s *State) reconcileDue() {
	if !s.framework.Subscribed || s.recon == nil {
		return
	}
	for _, batch := range s.recon.Ask(s.now) {
		s.call(mesos.Reconcile{Tasks: batch})
	}
	if next := s.recon.Next(); !next.IsZero() {
		s.timers.set(next, reconcileTimer, "")
	}
}

// reconcileAll asks about all that the master knows, from time to time.
func (s *State) reconcileAll() {
	if s.framework.Subscribed {
		s.call(mesos.Reconcile{})
	}
	s.volumes.Glance()
	s.timers.set(s.now.Add(s.cfg.ReconcileEvery), implicitTimer, "")
}

// ask asks about one task out of turn.
func (s *State) ask(i *instance.Instance) {
	if s.framework.Subscribed {
		s.call(mesos.Reconcile{Tasks: []mesos.TaskOnAgent{{TaskID: i.TaskID(), AgentID: i.AgentID}}})
	}
}
