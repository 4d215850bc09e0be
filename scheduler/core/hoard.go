package core

import (
	"maps"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// hoard is the agent that is held for an App.
type hoard struct {
	demand *placement.Demand
	agent  mesos.AgentID
	// from is when it began, grew when something more became free there, by
	// which so much is covered (see placement.Demand.Covered), and until its end.
	from, grew, until time.Time
	covered           int64
	// longest is the longest time so far between two such moments.
	longest time.Duration
}

const (
	// hoardsMax is for how many Apps agents are held at a time, and hoardShare the
	// part of all agents, one at least: what is held serves nobody meanwhile.
	hoardsMax  = 4
	hoardShare = 4
	// hoardPatience is how many times as long as the longest pause so far the
	// next part of a held agent may take to become free: pauses grow towards the
	// end, when few tasks are left there.
	hoardPatience = 8
	// hoardPauseMax bounds how many times HoldFor an App for which holding was of
	// no use waits until the next try.
	hoardPauseMax = 16
)

// overtake notes on the Apps that were passed over that others are placed after
// their turn.
func (t *try) overtake(now time.Time) {
	for ; t.overtaken < len(t.unplaced); t.overtaken++ {
		t.unplaced[t.overtaken].overtakenAt = now
	}
}

// hoard holds an agent for an App that has waited too long for a place that is
// large enough while others were placed, so that these do not take every part
// that becomes free.
func (s *State) hoard(a *appState, it *fairshare.Item) {
	id := a.Spec().ID
	if _, has := s.hoards[id]; has || s.now.Sub(it.Since) < s.cfg.StarveAfter || s.now.Before(a.hoardAfter) || len(s.hoards) >= s.hoardsMax() {
		return
	}
	if !a.overtakenAt.After(it.Since) && !s.fair.Overtaken(it) || !a.wantsPlace() {
		return
	}
	agent, ok := s.cluster.Hold(s.demandOf(a))
	if !ok {
		return
	}
	h := &hoard{demand: a.demand, agent: agent, from: s.now, grew: s.now, until: s.now.Add(s.cfg.HoldFor), covered: a.demand.Covered()}
	s.hoards[id] = h
	s.timers.set(h.until, hoardTimer, string(id))
	s.sharesChanged = true
}

func (s *State) hoardsMax() int { return min(hoardsMax, max(1, s.cluster.Agents()/hoardShare)) }

// release gives agents back that are held for Apps which wait no more, which
// have got on meanwhile, or for which holding is of no use.
func (s *State) release() {
	if len(s.hoards) == 0 {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(s.hoards)) {
		a, h := s.app(id), s.hoards[id]
		switch {
		case a == nil || a.Waiting() == 0 || a.demand != h.demand:
			s.unhoard(id, h)
		case s.gotOn(id, h):
			a.hoardPause = 0
			s.unhoard(id, h)
		case s.watched(h, id):
		default:
			a.hoardPause = min(max(s.cfg.HoldFor, 2*a.hoardPause), hoardPauseMax*s.cfg.HoldFor)
			a.hoardAfter = s.now.Add(a.hoardPause)
			s.unhoard(id, h)
		}
	}
}

// gotOn reports whether an instance of the App was placed since the hold began.
func (s *State) gotOn(id app.ID, h *hoard) bool {
	it := s.fair.Waiting(id)
	return it != nil && it.Since.After(h.from)
}

// watched notes what became free on the held agent and reports whether to go on.
func (s *State) watched(h *hoard, id app.ID) bool {
	if covered := h.demand.Covered(); covered > h.covered {
		h.longest = max(h.longest, s.now.Sub(h.grew))
		h.covered, h.grew = covered, s.now
		h.until = s.now.Add(max(s.cfg.HoldFor, hoardPatience*h.longest))
		s.timers.set(h.until, hoardTimer, string(id))
	}
	return s.now.Before(h.until)
}

// unhoard gives an App's agent back to everybody.
func (s *State) unhoard(id app.ID, h *hoard) {
	s.cluster.Release(h.demand)
	s.timers.cancel(hoardTimer, string(id))
	delete(s.hoards, id)
	s.sharesChanged, s.placeAgain = true, true
}

// lose takes a lost agent out of account; what was held there is looked for elsewhere.
func (s *State) lose(agent mesos.AgentID) {
	s.cluster.RemoveAgent(agent)
	s.cluster.Forget(agent)
	s.seen, s.measureUntil = resource.Vector{}, time.Time{}
	for _, id := range slices.Sorted(maps.Keys(s.hoards)) {
		if h := s.hoards[id]; h.agent == agent {
			s.unhoard(id, h)
		}
	}
}
