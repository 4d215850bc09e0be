// Package loop is the one goroutine that owns the scheduler's state: it takes
// commands and Mesos events from an inbox, steps core with them, and carries
// the effects out in their order: persist, call Mesos, publish, reply. Readers
// take the newest View and never wait for it.
package loop

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/pkg/logfield"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

const (
	// batchMax is how many inputs are stepped before one commit; more would make
	// the first of them wait longer than a commit takes.
	batchMax = 2048
	// eventsWaiting is how many Mesos events may wait; when it is full the stream
	// is read no further, which is the back-pressure that Mesos knows.
	eventsWaiting = 1024
	// commandsWaiting is how many commands may wait; when it is full callers wait for
	// a place, for busyAfter at most: who waits longer is better told to come back
	// than answered after its own patience.
	commandsWaiting = 64
	busyAfter       = 5 * time.Second
)

// Journal keeps what core asks to persist.
type Journal interface {
	// Append writes changes as one transaction; when it returns nil they survive a crash.
	Append(ctx context.Context, changes []core.Change) error
}

// Caller sends calls to Mesos.
type Caller interface {
	// Enqueue hands over a call, waiting while too many are under way; done gets
	// its result, unless Enqueue itself fails.
	Enqueue(ctx context.Context, call mesos.SchedulerCall, done func(error)) error
}

// Converter makes Mesos calls of core's, and statuses of tasks that cannot be described.
type Converter interface {
	Call(framework mesos.FrameworkID, call core.Call) (mesos.SchedulerCall, []mesos.TaskStatus)
}

// Publisher takes what has happened, in order. It must not block.
type Publisher interface {
	Publish(events []event.Event)
}

// Config is what a Loop works with.
type Config struct {
	State *core.State
	// Reload makes a State of what the journal holds, for when a write was refused.
	Reload    func(context.Context) (*core.State, error)
	Journal   Journal
	Caller    Caller
	Converter Converter
	Publisher Publisher
	Metrics   *Metrics
	Log       *zap.Logger
}

// Loop runs a State. Its methods may be called from any goroutine.
type Loop struct {
	cfg      Config
	state    *core.State
	commands chan input
	events   chan input
	out      *outbox
	view     atomic.Pointer[view.View]
	stats    recorder
	stopped  chan struct{}
}

// input is an event with the channel that its reply goes to, if anybody waits; or
// look, which only looks at the state.
type input struct {
	event core.Event
	reply chan core.Reply
	look  func(*core.State)
}

// New returns a Loop that shows the State as it is now and steps it once Run is called.
func New(cfg Config) *Loop {
	l := &Loop{
		cfg: cfg, state: cfg.State, commands: make(chan input, commandsWaiting), events: make(chan input, eventsWaiting),
		stopped: make(chan struct{}),
	}
	l.out = newOutbox(cfg.Caller, cfg.Metrics, cfg.Log)
	l.view.Store(cfg.State.View())
	return l
}

// View returns the newest picture of the state. It never blocks.
func (l *Loop) View() *view.View { return l.view.Load() }

// StoppedError says that the scheduler stopped before it took a command; the
// command has no effect.
type StoppedError struct{}

func (StoppedError) Error() string {
	return "the scheduler is stopping or has lost the leadership; try again"
}

// Temporary says that the same command may succeed later.
func (StoppedError) Temporary() bool { return true }

// BusyError says that too many commands wait: this one was not taken.
type BusyError struct{}

func (BusyError) Error() string {
	return "the scheduler has more changes to store than it can at present, and has not taken this one; try again in a moment"
}

// Temporary says that the same command may succeed later.
func (BusyError) Temporary() bool { return true }

// RetryAfter is when to try again, in whole seconds.
func (BusyError) RetryAfter() time.Duration { return time.Second }

// Do carries out a command and returns once it is stored. The error is one of
// core's, a *StoppedError, a *BusyError, or the context's, in which case the command may
// still be carried out.
func (l *Loop) Do(ctx context.Context, cmd core.Command) (core.Result, error) {
	in := input{event: core.Asked{Command: cmd}, reply: make(chan core.Reply, 1)}
	patience := time.NewTimer(busyAfter)
	defer patience.Stop()
	select {
	case l.commands <- in:
	case <-l.stopped:
		return core.Result{}, &StoppedError{}
	case <-patience.C:
		return core.Result{}, &BusyError{}
	case <-ctx.Done():
		return core.Result{}, context.Cause(ctx)
	}
	select {
	case r := <-in.reply:
		return r.Result, r.Err
	case <-l.stopped:
		select {
		case r := <-in.reply:
			return r.Result, r.Err
		default:
			return core.Result{}, &StoppedError{}
		}
	case <-ctx.Done():
		return core.Result{}, context.Cause(ctx)
	}
}

// Deliver hands over a Mesos event. It waits while too many wait already.
func (l *Loop) Deliver(ctx context.Context, ev mesos.SchedulerEvent) error {
	if _, ok := ev.(mesos.Heartbeat); ok {
		return nil
	}
	select {
	case l.events <- input{event: core.FromMesos{Event: ev}}:
		return nil
	case <-l.stopped:
		return &StoppedError{}
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Look calls look with the state, between two steps and in the loop's goroutine: it
// must be quick, keep nothing and write to nothing. It fails with a *StoppedError,
// or the context's error, in which case look may still be called.
func (l *Loop) Look(ctx context.Context, look func(*core.State)) error {
	done := make(chan struct{})
	in := input{look: func(s *core.State) {
		defer close(done)
		look(s)
	}}
	select {
	case l.commands <- in:
	case <-l.stopped:
		return &StoppedError{}
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case <-done:
		return nil
	case <-l.stopped:
		return &StoppedError{}
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Run steps the state until ctx ends or a write fails; after a failed write
// memory is ahead of the store and the scheduler has to start again from there. A
// write that the store refuses for what it holds ends nothing, see BugError.
func (l *Loop) Run(ctx context.Context) error {
	sending, stop := context.WithCancel(ctx)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		l.out.run(sending)
	}()
	defer func() {
		stop()
		<-sent
		close(l.stopped)
	}()
	wake := time.NewTimer(0)
	defer wake.Stop()
	for {
		batch, err := l.next(ctx, wake)
		if err != nil {
			return err
		}
		at, err := l.step(ctx, batch)
		if err != nil {
			return err
		}
		wake.Stop()
		if !at.IsZero() {
			wake.Reset(max(0, time.Until(at)))
		}
	}
}

// next waits for an input and takes all that wait with it, commands first.
func (l *Loop) next(ctx context.Context, wake *time.Timer) ([]input, error) {
	var batch []input
	select {
	case in := <-l.commands:
		batch = append(batch, in)
	default:
		select {
		case in := <-l.commands:
			batch = append(batch, in)
		case in := <-l.events:
			batch = append(batch, in)
		case <-wake.C:
			batch = append(batch, input{event: core.Tick{}})
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	for len(batch) < batchMax {
		select {
		case in := <-l.commands:
			batch = append(batch, in)
			continue
		default:
		}
		select {
		case in := <-l.events:
			batch = append(batch, in)
			continue
		default:
		}
		break
	}
	return batch, nil
}

// step steps the state with a batch and carries out the effects as one. A write that
// the store refuses for what it holds takes back all of it; see apart.
func (l *Loop) step(ctx context.Context, batch []input) (wake time.Time, err error) {
	wake, err = l.commit(ctx, batch)
	if refused, ok := errors.AsType[*refusedError](err); ok {
		return l.apart(ctx, batch, refused)
	}
	return wake, err
}

// commit steps the state with a batch and carries out the effects as one. It fails
// with a *refusedError if the store refuses what is to be written; then nothing is
// carried out, and the state is ahead of the store, as after any other error.
func (l *Loop) commit(ctx context.Context, batch []input) (wake time.Time, err error) {
	began := time.Now()
	l.stats.begin(began)
	var total core.Effects
	for n, in := range batch {
		total.Merge(l.state.Step(time.Now(), l.eventFor(n, in)))
	}
	if len(total.Persist) > 0 {
		if err := l.cfg.Journal.Append(ctx, total.Persist); err != nil {
			return time.Time{}, refusal(fmt.Errorf("persist %d changes: %w", len(total.Persist), err), total.Calls)
		}
	}
	view := l.state.View()
	l.view.Store(view)
	invalid := l.send(view.Framework.ID, total.Calls)
	if len(total.Publish) > 0 {
		for n, e := range total.Publish {
			total.Publish[n] = event.Final(e)
		}
		l.cfg.Publisher.Publish(total.Publish)
	}
	for _, r := range total.Replies {
		batch[r.To].reply <- r
	}
	took := time.Since(began)
	l.cfg.Metrics.stepped(len(batch), len(total.Persist), took)
	l.stats.end(StepTime{At: began, Took: took, Inputs: len(batch), Changes: len(total.Persist), Calls: len(total.Calls)})
	if len(invalid) > 0 {
		return l.step(ctx, invalid)
	}
	return total.Wake, nil
}

// eventFor is the event that the n-th input of a batch steps the state with. A
// command's reply carries the input's number.
func (l *Loop) eventFor(n int, in input) core.Event {
	if in.look != nil {
		in.look(l.state)
		return core.Tick{} // which says when the next one is due
	}
	if _, gone := eventOf[mesos.Disconnected](in.event); gone {
		l.out.clear()
	}
	if asked, ok := in.event.(core.Asked); ok {
		asked.Reply = uint64(n)
		return asked
	}
	return in.event
}

func eventOf[E mesos.SchedulerEvent](ev core.Event) (e E, ok bool) {
	if m, isMesos := ev.(core.FromMesos); isMesos {
		e, ok = m.Event.(E)
	}
	return e, ok
}

// send hands calls to the outbox and returns what became of tasks that cannot
// be described to Mesos, as inputs of the next step.
func (l *Loop) send(framework mesos.FrameworkID, calls []core.Call) []input {
	var invalid []input
	for _, c := range calls {
		call, failed := l.cfg.Converter.Call(framework, c)
		l.out.put(call)
		for _, st := range failed {
			l.cfg.Log.Warn("task cannot be launched", logfield.Task(st.TaskID), zap.String("message", st.Message))
			invalid = append(invalid, input{event: core.FromMesos{Event: mesos.Update{Status: st}}})
		}
	}
	return invalid
}
