package matching

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// wish is what the master was told about the wish for offers.
type wish struct {
	suppressed bool
	// filtered says that filters may hide offers that would be useful by now.
	filtered bool
	// fresh says that there is something new to ask for since the last revive, due
	// that it is time to ask again.
	fresh, due bool
	last       time.Time
	wait       time.Duration
	timer      Timer
	// until is how long offers are wanted though nothing waits for one.
	until  time.Time
	search Timer
}

// forget starts over with a master that was told nothing yet.
func (w *wish) forget() {
	w.suppressed, w.filtered, w.fresh, w.due, w.last, w.wait = false, false, false, false, time.Time{}, 0
}

// Search asks for offers until a time, though nothing waits for one.
func (m *Market) Search(until time.Time) {
	m.wish.until, m.wish.fresh = until, true
	m.wish.search.due = searchDue
	m.timers.Set(&m.wish.search, until)
}

// unmet reports whether something that may be launched now has not been, or
// something is searched for.
func (m *Market) unmet() bool {
	return !m.quiet && (m.fair.Len() > m.fair.Limited() || m.now.Before(m.wish.until))
}

// Steer gives back what is not used and tells the master whether offers are
// wanted: suppressed while nothing waits, revived when something does, and again
// with growing pauses for as long as it finds no place, since a revive may be
// lost or race with a decline.
func (m *Market) Steer() {
	if !m.subscribed {
		return
	}
	m.decline()
	if m.unmet() {
		m.revive()
		return
	}
	m.timers.Cancel(&m.wish.timer)
	m.wish.wait, m.wish.due = 0, false
	if m.fair.Len()-m.fair.Limited()+len(m.resting) == 0 && !m.wish.suppressed {
		m.wish.suppressed = true
		m.cfg.Call(mesos.Suppress{})
	}
}

// decline gives back all offers, unless an App's rest ends soon, but for those of
// agents that are held for an App.
func (m *Market) decline() {
	if m.cluster.Len() == 0 || m.restEndsSoon() {
		return
	}
	if ids := m.cluster.RemoveUnheld(); len(ids) > 0 {
		m.wish.filtered = true
		m.cfg.Call(mesos.Decline{OfferIDs: ids, Refuse: m.cfg.DeclineFor})
	}
}

func (m *Market) restEndsSoon() bool {
	for _, a := range m.resting {
		if a.restsUntil.After(*m.now) && a.restsUntil.Before(m.now.Add(m.cfg.OfferKeep)) {
			return true
		}
	}
	return false
}

func (m *Market) revive() {
	w := &m.wish
	switch {
	case w.suppressed, w.due, w.filtered && w.fresh:
	case w.wait == 0:
		w.wait = m.cfg.ReviveEvery
		m.timers.Set(&w.timer, m.now.Add(w.wait))
		return
	default:
		return
	}
	if earliest := w.last.Add(m.cfg.ReviveEvery); !w.last.IsZero() && m.now.Before(earliest) {
		m.timers.Set(&w.timer, earliest)
		return
	}
	if w.fresh || w.wait == 0 {
		w.wait = m.cfg.ReviveEvery
	} else {
		w.wait = min(2*w.wait, m.cfg.ReviveMax)
	}
	w.suppressed, w.filtered, w.fresh, w.due, w.last = false, false, false, false, *m.now
	m.cfg.Call(mesos.Revive{})
	m.timers.Set(&w.timer, m.now.Add(w.wait))
}

// Wanted answers requests for agents back: yes once nothing of ours runs there.
func (m *Market) Wanted(offers []mesos.InverseOffer) {
	busy := map[mesos.AgentID]bool{}
	for a := range m.roster.Apps {
		for i := range a.Instances {
			if i.Condition.Live() {
				busy[i.AgentID] = true
			}
		}
	}
	var accept, refuse []mesos.OfferID
	for _, o := range offers {
		if busy[o.AgentID] {
			refuse = append(refuse, o.ID)
			continue
		}
		accept = append(accept, o.ID)
	}
	if accept != nil {
		m.cfg.Call(mesos.AcceptInverseOffers{OfferIDs: accept})
	}
	if refuse != nil {
		m.cfg.Call(mesos.DeclineInverseOffers{OfferIDs: refuse})
	}
}
