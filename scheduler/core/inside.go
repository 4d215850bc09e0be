package core

import (
	"maps"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// Inside is what the State decides by and no View shows, for those who look for a
// fault in the scheduler itself. It holds ids, numbers and times only.
type Inside struct {
	// Kills are the tasks that Mesos was asked to end and that have not ended, Guarded
	// those that the guard keeps from it; both are ordered.
	Kills, Guarded []mesos.TaskID
	// Resting are the Apps with instances that want an offer and back off, ordered.
	Resting []app.ID
	// Offers is how many offers are kept, on so many Agents.
	Offers, Agents int
	// Unanswered is how many tasks a reconciliation still asks about.
	Unanswered int
	// Next is when the next deadline passes, zero if there is none.
	Next time.Time
	// Suppressed says that the master was told to send no offers, Quiet that nothing
	// is launched any more.
	Suppressed, Quiet bool
}

// Inside returns what no View shows. It must be called between steps.
func (s *State) Inside() Inside {
	return Inside{
		Kills: slices.Sorted(maps.Keys(s.kills)), Guarded: slices.Sorted(maps.Keys(s.guard.tasks)), Resting: s.market.Resting(),
		Offers: s.market.Offers(), Agents: s.market.Agents(), Unanswered: s.recon.Open(),
		Next: s.timers.queue.Next(), Suppressed: s.market.Suppressed(), Quiet: s.quiet,
	}
}
