// Package loop is the executor's one goroutine: it takes events from the
// agent, the runtime and the probes, lets core decide, and carries the effects
// out. Nobody else touches core's state.
package loop

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/executor/core"
	"github.com/gantry-mesos/gantry/pkg/fault"
	"github.com/gantry-mesos/gantry/pkg/logfield"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
)

// Agent is the connection to the agent.
type Agent interface {
	// Run keeps the executor subscribed and hands over events until ctx ends
	// or the agent is gone for good, which the error explains. unacknowledged
	// is asked at each try to subscribe.
	Run(ctx context.Context, unacknowledged func() mesos.Unacknowledged, handle func(context.Context, mesos.ExecutorEvent) error) error
	// Send makes a call and returns when the agent has it, or refuses it, or ctx ends.
	Send(ctx context.Context, call mesos.ExecutorCall) error
}

// Runtime runs a task to its end; see the packages docker and process.
type Runtime interface {
	Run(ctx context.Context, t taskinfo.Task, stops <-chan core.Stop, report func(core.Event))
}

// Prober runs a task's checks until ctx ends.
type Prober interface {
	Run(ctx context.Context, report func(core.Event))
}

// Host makes what a task needs, once it is known.
type Host interface {
	Runtime(t taskinfo.Task, subscribed mesos.ExecutorSubscribed) (Runtime, error)
	Prober(t taskinfo.Task, running core.Running) Prober
}

// Loop is one executor at work.
type Loop struct {
	cfg   core.Config
	agent Agent
	host  Host
	log   *zap.Logger

	state      *core.State
	inbox      chan core.Event
	unacked    atomic.Pointer[mesos.Unacknowledged]
	subscribed atomic.Pointer[mesos.ExecutorSubscribed]
	tasks      sync.Map // mesos.TaskID -> taskinfo.Task, written by the agent's goroutine

	queue   []mesos.TaskStatus
	sending bool
	sent    chan error

	running    core.Running
	current    taskinfo.Task
	stops      chan core.Stop
	stopProbes context.CancelFunc
	parts      sync.WaitGroup
}

// New returns a Loop.
func New(cfg core.Config, agent Agent, host Host, log *zap.Logger) *Loop {
	return &Loop{
		cfg: cfg, agent: agent, host: host, log: log.Named("loop"),
		inbox: make(chan core.Event), sent: make(chan error, 1), stops: make(chan core.Stop, 1),
		stopProbes: func() {},
	}
}

// ErrUnfinished says that the executor ended with something left unsaid.
var ErrUnfinished = errors.New("executor ended before its last update was acknowledged")

// Run serves the agent until the task's story is told. When ctx ends, the task
// is ended as if the agent had asked for it. It returns when the task and all
// goroutines are gone.
func (l *Loop) Run(ctx context.Context) error {
	inner, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	l.state = core.New(l.cfg, time.Now())
	l.publish()
	l.parts.Go(func() { l.serveAgent(inner) })
	exit := l.loop(ctx, inner)
	cancel(errors.New(exit.Reason))
	l.parts.Wait()
	if exit.Code != 0 {
		return fmt.Errorf("%w: %s", ErrUnfinished, exit.Reason)
	}
	return nil
}

func (l *Loop) loop(ctx, inner context.Context) core.Exit {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	stopped := ctx.Done()
	var wake time.Time
	for {
		timer.Reset(pause(wake))
		var ev core.Event
		select {
		case ev = <-l.inbox:
		case <-timer.C:
			ev = core.Tick{}
		case err := <-l.sent:
			l.finishSend(err)
			ev = core.Tick{}
		case <-stopped:
			stopped = nil
			ev = core.Shutdown{}
		}
		fx := l.step(inner, ev)
		if fx.Exit != nil {
			l.log.Info("executor ends", logfield.Reason(fx.Exit.Reason))
			return *fx.Exit
		}
		wake = fx.Wake
	}
}

// pause is the time to the next deadline.
func pause(wake time.Time) time.Duration {
	if wake.IsZero() {
		return time.Hour
	}
	return time.Until(wake)
}

// step lets core decide about one event and carries its effects out.
func (l *Loop) step(ctx context.Context, ev core.Event) core.Effects {
	var ids core.UUIDs
	for i := range ids {
		_, _ = rand.Read(ids[i][:])
		ids[i][6] = ids[i][6]&0x0f | 0x40 // a random UUID, version 4
		ids[i][8] = ids[i][8]&0x3f | 0x80
	}
	if running, ok := ev.(core.Running); ok {
		l.running = running
	}
	fx := l.state.Step(time.Now(), ids, ev)
	l.publish()
	for _, st := range fx.Updates {
		l.log.Info("status update", logfield.Task(st.TaskID), logfield.State(st.State), logfield.Reason(st.Reason), zap.String("detail", st.Message))
	}
	l.queue = append(l.queue, fx.Updates...)
	l.pump(ctx)
	for _, c := range fx.Commands {
		l.command(ctx, c)
	}
	return fx
}

// publish makes what is unacknowledged readable by the agent's goroutine.
func (l *Loop) publish() {
	un := l.state.Unacknowledged()
	l.unacked.Store(&un)
}

// report hands an event to the loop; it is lost only when the loop has ended.
func (l *Loop) report(ctx context.Context, ev core.Event) {
	select {
	case l.inbox <- ev:
	case <-ctx.Done():
	}
}

func (l *Loop) command(ctx context.Context, c core.Command) {
	switch c := c.(type) {
	case core.Start:
		l.start(ctx, c.TaskID)
	case core.Stop:
		select { // the newest stop is never gentler than one that still waits
		case <-l.stops:
		default:
		}
		l.stops <- c
	case core.Probe:
		probing, cancel := context.WithCancel(ctx)
		l.stopProbes = cancel
		prober := l.host.Prober(l.current, l.running)
		l.parts.Go(func() { prober.Run(probing, func(ev core.Event) { l.report(probing, ev) }) })
	case core.StopProbes:
		l.stopProbes()
	}
}

func (l *Loop) start(ctx context.Context, id mesos.TaskID) {
	task, ok := l.tasks.Load(id)
	if !ok {
		l.log.DPanic("task to start is not known", logfield.Task(id))
		return
	}
	l.current = task.(taskinfo.Task)
	t := l.current
	l.parts.Go(func() {
		report := func(ev core.Event) { l.report(ctx, ev) }
		runtime, err := l.host.Runtime(t, *l.subscribed.Load())
		if err != nil {
			report(core.Failed{Fault: fault.Agent, Reason: mesos.ReasonContainerLaunchFailed, Message: err.Error()})
			return
		}
		runtime.Run(ctx, t, l.stops, report)
	})
}
