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
	s.subscribedAt, s.framework.Master = s.now, e.Master
	if s.framework.ID != e.FrameworkID {
		s.framework.ID = e.FrameworkID
		s.persist(PutFramework{ID: e.FrameworkID})
	}
	s.startOver()
	if again {
		s.publish(&event.SchedulerReregistered{Master: e.Master.Hostname})
		return
	}
	s.publish(&event.SchedulerRegistered{FrameworkID: e.FrameworkID, Master: e.Master.Hostname})
}

// startOver begins with a master that was told nothing yet.
func (s *State) startOver() {
	s.framework.Subscribed = true
	s.market.Subscribed(s.framework.ID, s.framework.Master.Domain.Region)
	s.volumes.Glance()
	s.startRound()
	s.timers.set(s.now.Add(s.cfg.ReconcileEvery), implicitTimer, "")
	s.rekill()
	s.doubtHealth()
}

// Standing returns what a State that takes this one's place in the same subscription
// has to know. unsent are calls that were not sent: the offers that they use are
// still held out.
func (s *State) Standing(unsent []Call) Standing {
	if !s.framework.Subscribed {
		return Standing{Quiet: s.quiet}
	}
	st := Standing{
		Since: s.subscribedAt, Master: s.framework.Master, LastOffer: s.framework.LastOffer, Offers: s.market.OnHand(), Quiet: s.quiet,
	}
	for _, c := range unsent {
		st.Offers = append(st.Offers, offersOf(c)...)
	}
	return st
}

func offersOf(c Call) []mesos.OfferID {
	switch c := c.(type) {
	case *Launch:
		return c.OfferIDs
	case MesosCall:
		switch m := c.SchedulerCall.(type) {
		case mesos.Accept:
			return m.OfferIDs
		case mesos.Decline:
			return m.OfferIDs
		}
	}
	return nil
}

// resumed starts over with a master that stays: giving all offers back and asking
// for them anew is what a new subscription does to it. Launches of this
// subscription may still be on their way.
func (s *State) resumed(st Standing) {
	if st.Quiet {
		s.quiesce()
	}
	if st.Since.IsZero() {
		return
	}
	s.subscribedAt, s.framework.Master, s.framework.LastOffer = st.Since, st.Master, st.LastOffer
	s.startOver()
	if len(st.Offers) > 0 {
		s.call(mesos.Decline{OfferIDs: st.Offers})
	}
	s.call(mesos.Revive{})
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
