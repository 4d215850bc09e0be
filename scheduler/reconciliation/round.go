// Package reconciliation decides whom to ask Mesos about, and when ("Mesos,
// reconciliation"): explicitly about every live task after a subscription,
// again with growing pauses about those without an answer, and at last
// implicitly about all that the master knows. Silence is a legal answer: the
// master does not speak of agents that have yet to come back.
package reconciliation

import (
	"maps"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

const (
	// batchMax is how many tasks one call asks about; larger calls hold up the master.
	batchMax = 5000
	// firstPause and pauseMax bound the time between two calls about the same task.
	firstPause = 5 * time.Second
	pauseMax   = time.Minute
)

// Round is one reconciliation. A nil Round has nothing to ask.
type Round struct {
	open     map[mesos.TaskID]mesos.AgentID
	pause    time.Duration
	next     time.Time
	implicit bool
}

// Start begins a round about tasks.
func Start(tasks []mesos.TaskOnAgent) *Round {
	r := &Round{open: make(map[mesos.TaskID]mesos.AgentID, len(tasks)), pause: firstPause}
	for _, t := range tasks {
		r.open[t.TaskID] = t.AgentID
	}
	return r
}

// Answered notes that something was heard of a task.
func (r *Round) Answered(t mesos.TaskID) {
	if r != nil {
		delete(r.open, t)
	}
}

// Ask returns the calls to make now, as lists of tasks; an empty list asks
// about everything. It returns nil before Next, and after the round is over.
func (r *Round) Ask(now time.Time) [][]mesos.TaskOnAgent {
	if r == nil || r.implicit && len(r.open) == 0 || now.Before(r.next) {
		return nil
	}
	if len(r.open) == 0 {
		r.implicit, r.next = true, time.Time{}
		return [][]mesos.TaskOnAgent{nil}
	}
	var calls [][]mesos.TaskOnAgent
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(r.open)), batchMax) {
		batch := make([]mesos.TaskOnAgent, len(ids))
		for i, id := range ids {
			batch[i] = mesos.TaskOnAgent{TaskID: id, AgentID: r.open[id]}
		}
		calls = append(calls, batch)
	}
	r.next = now.Add(r.pause)
	r.pause = min(2*r.pause, pauseMax)
	return calls
}

// Next is when to call Ask again, zero when the round is over.
func (r *Round) Next() time.Time {
	if r == nil {
		return time.Time{}
	}
	return r.next
}

// Open is how many tasks have not been answered.
func (r *Round) Open() int {
	if r == nil {
		return 0
	}
	return len(r.open)
}
