package roster

import (
	"github.com/gantry-mesos/gantry/pkg/timer"
	"github.com/gantry-mesos/gantry/scheduler/instance"
)

// Member is one instance in the Roster: its record, which a change replaces, and
// where it stands.
type Member struct {
	app *App
	is  *instance.Instance
	// lined says that it is in its App's line of those that want an offer, between
	// before and behind.
	lined          bool
	before, behind *Member
	// Timer is the Deadline that it has, if any.
	timer.Timer
}

// App is the App that the instance is one of.
func (m *Member) App() *App { return m.app }

// Is is the instance's record as it is now. It is never changed, only replaced.
func (m *Member) Is() *instance.Instance { return m.is }

// Waits reports whether the instance wants an offer.
func (m *Member) Waits() bool {
	return m.is.Condition == instance.Scheduled && m.is.Goal == instance.GoalRunning
}

// Next is the one of the same App that began to want an offer after it, nil if
// it is the last one, or wants none itself.
func (m *Member) Next() *Member { return m.behind }

// lineUp puts an instance that wants an offer behind those that do already, and
// takes one that wants none any more out of their line.
func (a *App) lineUp(m *Member) {
	switch waits := m.Waits(); {
	case waits == m.lined:
	case !waits:
		a.unline(m)
	case a.last == nil:
		m.lined, a.first, a.last = true, m, m
	default:
		m.lined, m.before, a.last.behind, a.last = true, a.last, m, m
	}
}

func (a *App) unline(m *Member) {
	if m.before != nil {
		m.before.behind = m.behind
	} else {
		a.first = m.behind
	}
	if m.behind != nil {
		m.behind.before = m.before
	} else {
		a.last = m.before
	}
	m.lined, m.before, m.behind = false, nil, nil
}
