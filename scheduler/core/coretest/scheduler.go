package coretest

import (
	"context"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// patience is how far Advance moves the clock at the most when nothing else is to
// be done: as long as the core waits before it asks for offers again. What it waits
// for longer is a matter of the test, see Pass.
const patience = time.Second

// restMax bounds Rest: it is more than what any test starts and ends.
const restMax = 100_000

// Scheduler is the real core between a store in memory and a master that a test
// plays. It is subscribed from the beginning. Its methods may be called from any
// goroutine.
type Scheduler struct {
	mu     sync.Mutex
	state  *core.State
	memory *Memory
	now    time.Time
	wake   time.Time
	asked  uint64
	lively bool
	master *master
}

// New returns a Scheduler without Apps whose clock stands at now. Without agents
// named it has one, see DefaultAgent. A lively one advances whenever it is looked
// at; otherwise see Advance.
func New(now time.Time, lively bool, agents ...Agent) *Scheduler {
	if agents == nil {
		agents = []Agent{DefaultAgent()}
	}
	cfg := core.DefaultConfig()
	cfg.Rand, cfg.ParseReport = rand.New(&counter{}), taskinfo.ParseReport
	s := &Scheduler{memory: NewMemory(), now: now, lively: lively, master: newMaster(agents)}
	s.state = core.New(cfg, placement.NewCluster(placement.Config{}), core.Stored{}, now)
	s.step(core.FromMesos{Event: mesos.Subscribed{FrameworkID: frameworkID, Master: mesos.MasterInfo{ID: "master-1", Hostname: "master.example"}}})
	return s
}

// counter makes UUIDs that are counted, so that tests can name them: of the two
// numbers that one is made of the second counts.
type counter struct {
	n     uint64
	first bool
}

// Uint64 implements rand.Source.
func (c *counter) Uint64() uint64 {
	if c.first = !c.first; c.first {
		return 0
	}
	c.n++
	return bits.ReverseBytes64(c.n)
}

// Now is what the clock shows.
func (s *Scheduler) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// Leader says that this scheduler leads, at an address of no meaning.
func (s *Scheduler) Leader() (self bool, address string) { return true, "leader.example:8080" }

// View returns the present picture.
func (s *Scheduler) View() *view.View {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lively {
		s.advance()
	}
	return s.state.View()
}

// Do carries out a command at once.
func (s *Scheduler) Do(_ context.Context, cmd core.Command) (core.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	for _, r := range s.step(core.Asked{Command: cmd, Reply: s.asked}) {
		if r.To == s.asked {
			return r.Result, r.Err
		}
	}
	panic(fmt.Sprintf("coretest: no reply to %T", cmd))
}

// step does what the loop does: it steps, stores, and calls the master, whose
// answers are stepped with in turn.
func (s *Scheduler) step(ev core.Event) []core.Reply {
	replies := s.carryOut(ev)
	for {
		answer, ok := s.master.next()
		if !ok {
			return replies
		}
		s.carryOut(core.FromMesos{Event: answer})
	}
}

func (s *Scheduler) carryOut(ev core.Event) []core.Reply {
	eff := s.state.Step(s.now, ev)
	s.wake = eff.Wake
	for _, c := range eff.Persist {
		s.memory.Apply(c)
	}
	for _, c := range eff.Calls {
		s.master.call(c)
	}
	return eff.Replies
}

// Advance makes one step of progress: the master offers what is free, and in each
// App one task that is being killed ends, or else one that was launched runs. When
// there is nothing of that kind to do, and the core has a deadline within a
// second, the clock moves to it.
func (s *Scheduler) Advance() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance()
}

// advance reports whether there was anything to do.
func (s *Scheduler) advance() bool {
	did := false
	if offers, some := s.master.offer(); some {
		did = true
		s.step(core.FromMesos{Event: offers})
	}
	for _, st := range s.master.progress() {
		did = true
		s.step(core.FromMesos{Event: mesos.Update{Status: st}})
	}
	if !did && !s.wake.IsZero() && !s.wake.After(s.now.Add(patience)) {
		did = s.wake.After(s.now)
		s.pass(s.wake)
	}
	return did
}

// Rest advances until there is nothing to do.
func (s *Scheduler) Rest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rest()
}

func (s *Scheduler) rest() {
	for range restMax {
		if !s.advance() {
			return
		}
	}
	panic("coretest: it does not come to rest")
}

// Settle advances until there is nothing to do, and no deployment is left.
func (s *Scheduler) Settle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rest()
	if ds := s.state.View().Deployments; len(ds) > 0 {
		panic(fmt.Sprintf("coretest: deployment %s of %v does not end; is there no room?", ds[0].ID, ds[0].Affected()))
	}
}

// Pass lets time pass; what is due meanwhile happens at its time.
func (s *Scheduler) Pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	until := s.now.Add(d)
	for !s.wake.IsZero() && s.wake.After(s.now) && !s.wake.After(until) {
		s.pass(s.wake)
	}
	s.pass(until)
}

func (s *Scheduler) pass(at time.Time) {
	if at.After(s.now) {
		s.now = at
	}
	s.step(core.Tick{})
}

// Offers says whether the master makes offers, as it does at first.
func (s *Scheduler) Offers(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.master.silent = !on
}

// Status has the master report the state of a task.
func (s *Scheduler) Status(st mesos.TaskStatus) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status(st)
}

func (s *Scheduler) status(st mesos.TaskStatus) {
	s.master.reported(st)
	s.step(core.FromMesos{Event: mesos.Update{Status: st}})
}

// Fail ends one running task of an App in a state, with a message.
func (s *Scheduler) Fail(id app.ID, state mesos.TaskState, message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.master.running(id)
	if t == nil {
		panic(fmt.Sprintf("coretest: no task of %s runs", id))
	}
	st := t.status(state)
	st.Message = message
	s.status(st)
}

// Strays has the master report running tasks that no instance owns, so many.
func (s *Scheduler) Strays(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		s.step(core.FromMesos{Event: mesos.Update{Status: s.master.stray()}})
	}
}
