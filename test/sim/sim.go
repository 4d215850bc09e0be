// Package sim runs the scheduler's core against a simulated Mesos on virtual
// time: a master, agents, tasks, a store and users, all driven by one seed. Faults
// happen for a while: calls are lost, doubled, late and out of order, agents and
// masters fail, and the scheduler dies between any two effects. After every step
// the invariants of docs/architecture.md ("What holds always") are checked; once
// the faults stop, every App has to reach its goal. A failure repeats with its seed.
//
// The core relies on one promise of the network: an ACCEPT is processed well
// before the core asks about its tasks (core.Config.ConfirmAfter, 10 s), or never.
// Otherwise the master's "no such task" would be followed by the task itself. Calls
// carry the id of their subscription and a master refuses those of an older one,
// so the promise has to hold within one subscription alone: calls take callMax here.
//
// Reservations and volumes are on the agents' disks and survive their restarts; an
// operator wipes what was lost with a host. Not simulated: the executor's own
// decisions, PATH and MOUNT disks, several roles, maintenance, and several schedulers at once. An ACCEPT is never doubled,
// since the client sends it once.
package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/gantry-mesos/gantry/pkg/heap"
	"github.com/gantry-mesos/gantry/scheduler/core/coretest"
)

// callMax is the longest that a call is under way.
const callMax = 3 * time.Second

// began is the time of the first event.
var began = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Stats says how much a run has covered.
type Stats struct {
	// Steps counts the events given to the core, Events all that happened.
	Steps, Events int
	// Launches, Kills and Crashes count tasks started, kills sent and deaths of the scheduler.
	Launches, Kills, Crashes int
	// Refusals counts writes that the store refused for what they hold.
	Refusals int
	// Returns counts tasks that found the data of an earlier one, Destroyed volumes that were given up.
	Returns, Destroyed int
	// Culled counts tasks that were ended for bad health.
	Culled int
	// Virtual is the time that passed in the simulation.
	Virtual time.Duration
}

// FailureError says which promise was broken, and what happened before.
type FailureError struct {
	Seed uint64
	Err  error
	// Log holds the last events, oldest first.
	Log []string
}

// Error returns the log and the broken promise with the seed that repeats it.
func (f *FailureError) Error() string {
	return strings.Join(append(slices.Clone(f.Log), fmt.Sprintf("seed %d: %v", f.Seed, f.Err)), "\n")
}

// Run simulates one seed. The error is a *FailureError.
func Run(seed uint64) (Stats, error) {
	w := newWorld(seed, nil)
	if w.run(); w.err == nil {
		return w.stats, nil
	}
	again := newWorld(seed, newJournal())
	again.run()
	if again.err == nil || again.err.Error() != w.err.Error() {
		return w.stats, &FailureError{Seed: seed, Err: fmt.Errorf("the same seed gave another run: first %w, then %w", w.err, again.err)}
	}
	return w.stats, &FailureError{Seed: seed, Err: again.err, Log: again.journal.lines}
}

// world is everything that is simulated.
type world struct {
	rng     *rand.Rand
	now     time.Time
	queue   heap.Heap[*happening]
	seq     int
	err     error
	journal *journal
	stats   Stats
	faults  faults

	sched  *scheduler
	store  *coretest.Memory
	master *master
	agents []*agent
	user   *user
	check  *checker
	hub    *hub
	uuids  uint64
}

// faults are probabilities of what goes wrong; all are zero once it is calm.
type faults struct {
	lose, double, slow  float64
	crash, storeFails   float64
	storeRefuses        float64
	taskFails, taskLags float64
	// agent, master and stream are the mean times between such failures; 0 means never.
	agent, master, stream, scheduler, epidemic time.Duration
}

func newWorld(seed uint64, j *journal) *world {
	w := &world{rng: rand.New(rand.NewPCG(seed, 0)), now: began, journal: j, store: coretest.NewMemory()}
	level := func() float64 { return []float64{0, 0.3, 1, 2}[w.rng.IntN(4)] }
	w.faults = faults{
		lose: 0.05 * level(), double: 0.1 * level(), slow: 0.1 * level(), crash: 0.002 * level(), storeFails: 0.003 * level(), storeRefuses: 0.003 * level(),
		taskFails: 0.2 * level(), taskLags: 0.1 * level(),
		agent: w.between(time.Minute, 10*time.Minute), master: w.between(3*time.Minute, 40*time.Minute),
		stream: w.between(time.Minute, 20*time.Minute), scheduler: w.between(2*time.Minute, 30*time.Minute),
		epidemic: w.between(2*time.Minute, 30*time.Minute),
	}
	w.check = newChecker(w)
	w.master = newMaster(w)
	for n := range 3 + w.rng.IntN(4) {
		w.agents = append(w.agents, newAgent(w, fmt.Sprintf("h%d", n+1)))
	}
	w.user = &user{w: w}
	w.sched = &scheduler{w: w}
	w.hub = newHub(w)
	return w
}

// The phases: faults, then calm until everything has settled, then a last
// change of every App, which settles as well.
const (
	faultsMin, faultsMax = 10 * time.Minute, 40 * time.Minute
	settleMax            = 4 * time.Hour
)

func (w *world) run() {
	w.sched.start()
	for _, a := range w.agents {
		a.begin()
	}
	w.user.begin()
	w.plague()
	w.until(w.now.Add(w.between(faultsMin, faultsMax)))
	w.calm()
	w.until(w.now.Add(settleMax))
	w.check.settled("left alone")
	w.user.tidy()
	w.until(w.now.Add(settleMax))
	w.check.settled("after a last change")
	w.stats.Virtual = w.now.Sub(began)
}

// calm ends all faults: what is broken heals.
func (w *world) calm() {
	w.logf("calm")
	w.faults = faults{}
	w.user.idle = true
	w.user.unbound()
	for _, a := range w.agents {
		a.heal()
	}
}

// until carries out what happens up to a time, or up to the first broken promise.
func (w *world) until(end time.Time) {
	for w.err == nil {
		e := w.queue.First()
		if e == nil || e.at.After(end) {
			break
		}
		w.queue.Remove(e)
		w.now = e.at
		w.stats.Events++
		e.do()
	}
	w.now = end
}

// after has something happen later.
func (w *world) after(d time.Duration, do func()) { w.at(w.now.Add(d), do) }

func (w *world) at(t time.Time, do func()) {
	w.seq++
	w.queue.Set(&happening{at: t, seq: w.seq, do: do})
}

func (w *world) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf("%s: %w", w.stamp(), fmt.Errorf(format, args...))
		w.logf("BROKEN: %v", w.err)
	}
}

func (w *world) logf(format string, args ...any) {
	if w.journal != nil && w.err == nil {
		w.journal.add(w.stamp() + " " + fmt.Sprintf(format, args...))
	}
}

func (w *world) stamp() string {
	d := w.now.Sub(began)
	return fmt.Sprintf("%02d:%02d:%06.3f", int(d.Hours()), int(d.Minutes())%60, (d - d.Truncate(time.Minute)).Seconds())
}

// chance reports true with probability p. It always draws, so that runs with
// other probabilities stay alike.
func (w *world) chance(p float64) bool { return w.rng.Float64() < p }

// between draws a time, short ones being as likely as long ones in logarithm.
func (w *world) between(lo, hi time.Duration) time.Duration {
	return lo + time.Duration(w.rng.Float64()*w.rng.Float64()*float64(hi-lo))
}

func (w *world) uuid() []byte {
	w.uuids++
	return fmt.Appendf(nil, "u%d", w.uuids)
}

// happening is what will happen at a time; those of one time go in the order of planning.
type happening struct {
	heap.Handle
	at  time.Time
	seq int
	do  func()
}

// Before orders what happens.
func (h *happening) Before(other *happening) bool {
	if !h.at.Equal(other.at) {
		return h.at.Before(other.at)
	}
	return h.seq < other.seq
}
