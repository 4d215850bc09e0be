package core

import (
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/roster"
)

// observe has those told of every change of an instance who derive something from
// it, in this order; what is stored already is told to them as new.
func (s *State) observe() {
	deadlines := roster.NewDeadlines(roster.Limits{
		Confirm: s.cfg.ConfirmAfter, Launch: s.cfg.LaunchTimeout, Unknown: s.cfg.UnknownGrace, Forget: s.cfg.ForgetAfter,
	}, &s.timers.queue, &s.now)
	s.roster.Observe(s.market.Changed, s.told, deadlines.Changed)
	s.roster.ObserveAllButLaunches(s.volumes.Doubt, s.unkill, s.nurse)
}

// record has those told of every change from now on who pass it on: to the store,
// to the event stream, to the agents that hold data, and to the picture for readers.
func (s *State) record() {
	s.roster.Observe(s.journal, s.announce)
	s.roster.ObserveAllButLaunches(s.volumes.Free)
	s.roster.Observe(s.show)
}

// ownerOf returns the State's part of what is known of an instance's App.
func ownerOf(m *roster.Member) *appState { return stateOf(m.App()) }

func stateOf(a *roster.App) *appState {
	if a == nil {
		return nil
	}
	return a.Owner().(*appState) //nolint:forcetypeassert // setSpec gives no other one
}

// app returns the App with this id, nil if there is none.
func (s *State) app(id app.ID) *appState { return stateOf(s.roster.App(id)) }

// apps calls yield for each App in the order of ids.
func (s *State) apps(yield func(*appState) bool) {
	s.roster.Apps(func(a *roster.App) bool { return yield(stateOf(a)) })
}

// told forgets what is told of an App's waiting instances with the last of them,
// and notes that an offer was of use.
func (s *State) told(c roster.Change) {
	switch a := stateOf(c.App); {
	case a.Waiting() == 0:
		a.page.Served()
	case c.Placed:
		a.page.Used(s.now)
	}
}

// unkill ends the kills of tasks that are over.
func (s *State) unkill(c roster.Change) {
	if c.Over != nil || c.Is == nil {
		s.killed(c.Was.TaskID())
	}
}

// journal has the change stored.
func (s *State) journal(c roster.Change) {
	if c.Is == nil {
		s.persist(DropInstance{ID: c.Was.ID})
		return
	}
	s.persist(PutInstance{Instance: c.Is})
}

// announce publishes what has become of the instance, also what it does not stay.
func (s *State) announce(c roster.Change) {
	switch {
	case c.Over != nil:
		s.publishInstance(c.Over)
	case c.Is == nil:
		s.publishGone(c.Was)
	}
	if c.Is != nil && (c.Was == nil || c.Was.Condition != c.Is.Condition) {
		s.publishInstance(c.Is)
	}
}

// show puts the App's picture out of date, and has its instances looked at where
// the numbers that this goes by have changed.
func (s *State) show(c roster.Change) {
	a := stateOf(c.App)
	if c.Moved {
		s.touch(a)
		return
	}
	s.pictures.Changed(&a.page)
}
