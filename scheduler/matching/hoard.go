package matching

import (
	"maps"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// hoard is the agent that is held for an App.
type hoard struct {
	app    *App
	demand *placement.Demand
	agent  mesos.AgentID
	// from is when it began, grew when something more became free there, by
	// which so much is covered (see placement.Demand.Covered), and until its end.
	from, grew, until time.Time
	covered           int64
	// longest is the longest time so far between two such moments.
	longest time.Duration
	timer   Timer
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

// hoard holds an agent for an App that has waited too long for a place that is
// large enough while others were placed, so that these do not take every part
// that becomes free.
func (m *Market) hoard(a *App, it *fairshare.Item) {
	id, now := a.Spec().ID, *m.now
	if _, has := m.hoards[id]; has || now.Sub(it.Since) < m.cfg.StarveAfter || now.Before(a.hoardAfter) || len(m.hoards) >= m.hoardsMax() {
		return
	}
	if !a.overtakenAt.After(it.Since) && !m.fair.Overtaken(it) || !a.wantsPlace() {
		return
	}
	d := m.Demand(a)
	agent, ok := m.cluster.Hold(d)
	if !ok {
		return
	}
	h := &hoard{app: a, demand: d, agent: agent, from: now, grew: now, until: now.Add(m.cfg.HoldFor), covered: d.Covered()}
	h.timer.due = hoardDue
	m.hoards[id] = h
	m.timers.Set(&h.timer, h.until)
	m.shares++
}

func (m *Market) hoardsMax() int { return min(hoardsMax, max(1, m.cluster.Agents()/hoardShare)) }

// review gives agents back that are held for Apps which wait no more, which have
// got on meanwhile, or for which holding is of no use.
func (m *Market) review() {
	if len(m.hoards) == 0 {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(m.hoards)) {
		h := m.hoards[id]
		a := h.app
		switch {
		case a.Waiting() == 0 || a.demand != h.demand:
			m.unhoard(id, h)
		case m.gotOn(id, h):
			a.hoardPause = 0
			m.unhoard(id, h)
		case m.watched(h):
		default:
			a.hoardPause = min(max(m.cfg.HoldFor, 2*a.hoardPause), hoardPauseMax*m.cfg.HoldFor)
			a.hoardAfter = m.now.Add(a.hoardPause)
			m.unhoard(id, h)
		}
	}
}

// gotOn reports whether an instance of the App was placed since the hold began.
func (m *Market) gotOn(id app.ID, h *hoard) bool {
	it := m.fair.Waiting(id)
	return it != nil && it.Since.After(h.from)
}

// watched notes what became free on the held agent and reports whether to go on.
func (m *Market) watched(h *hoard) bool {
	if covered := h.demand.Covered(); covered > h.covered {
		h.longest = max(h.longest, m.now.Sub(h.grew))
		h.covered, h.grew = covered, *m.now
		h.until = m.now.Add(max(m.cfg.HoldFor, hoardPatience*h.longest))
		m.timers.Set(&h.timer, h.until)
	}
	return m.now.Before(h.until)
}

// unhoard gives an App's agent back to everybody.
func (m *Market) unhoard(id app.ID, h *hoard) {
	m.cluster.Unhold(h.demand)
	m.timers.Cancel(&h.timer)
	delete(m.hoards, id)
	m.changed = true
	m.shares++
}

// unhoardAgent gives up what is held on an agent.
func (m *Market) unhoardAgent(agent mesos.AgentID) {
	for _, id := range slices.Sorted(maps.Keys(m.hoards)) {
		if h := m.hoards[id]; h.agent == agent {
			m.unhoard(id, h)
		}
	}
}

// Held is an agent that is held for an App whose instances are too large for what
// becomes free in small parts.
type Held struct {
	App   app.ID
	Agent mesos.AgentID
	// Since is when the hold began.
	Since time.Time
}

// Held lists the agents that are held, by App.
func (m *Market) Held() []Held {
	var out []Held
	for _, id := range slices.Sorted(maps.Keys(m.hoards)) {
		out = append(out, Held{App: id, Agent: m.hoards[id].agent, Since: m.hoards[id].from})
	}
	return out
}
