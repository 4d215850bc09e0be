package loop

import (
	"slices"
	"sync"
	"time"
)

// stepsKept is how many of the latest steps are remembered.
const stepsKept = 256

// Queue is how many things wait and how many may.
type Queue struct {
	Waiting, Max int
}

// StepTime is what one step did and how long that took.
type StepTime struct {
	At   time.Time
	Took time.Duration
	// Inputs were stepped together, Changes stored in one transaction, Calls handed on.
	Inputs, Changes, Calls int
}

// Stats is how busy a Loop is.
type Stats struct {
	// Commands and Events wait to be stepped, Calls to be sent.
	Commands, Events, Calls Queue
	// Steps counts them since the term began; Stepping is when the one that goes on
	// began, zero between two steps.
	Steps    uint64
	Stepping time.Time
	// Latest are the last steps, oldest first, up to 256.
	Latest []StepTime
}

// Stats returns how busy the loop is. It does not wait for it.
func (l *Loop) Stats() Stats {
	s := l.stats.read()
	s.Commands = Queue{len(l.commands), cap(l.commands)}
	s.Events = Queue{len(l.events), cap(l.events)}
	s.Calls = Queue{l.out.len(), outboxMax}
	return s
}

// recorder remembers the latest steps, in a ring.
type recorder struct {
	mu       sync.Mutex
	steps    uint64
	stepping time.Time
	ring     [stepsKept]StepTime
}

func (r *recorder) begin(at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stepping = at
}

func (r *recorder) end(step StepTime) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ring[r.steps%stepsKept] = step
	r.steps++
	r.stepping = time.Time{}
}

func (r *recorder) read() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := Stats{Steps: r.steps, Stepping: r.stepping}
	if r.steps < stepsKept {
		s.Latest = slices.Clone(r.ring[:r.steps])
		return s
	}
	oldest := r.steps % stepsKept
	s.Latest = slices.Concat(r.ring[oldest:], r.ring[:oldest])
	return s
}
