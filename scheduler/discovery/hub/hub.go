// Package hub keeps the table of endpoints of a term up to date, hands it to those
// who ask or wait for changes, and has tasks killed once the table's gate opens.
// What is decided is scheduler/discovery's matter.
package hub

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/endpoint"
	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/pkg/logfield"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/discovery"
	"github.com/gantry-mesos/gantry/scheduler/eventlog"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// Scheduler is what the table is drawn from, and what kills tasks.
type Scheduler interface {
	// View returns the newest picture; it never blocks.
	View() *view.View
	// Do carries out a command.
	Do(ctx context.Context, cmd core.Command) (core.Result, error)
}

// Config is what a Hub works with.
type Config struct {
	Table     discovery.Config
	Scheduler Scheduler
	// Events tell which Apps have changed; the View is never older than they are.
	Events *eventlog.Log
	// Resolve returns the address of a host; nil asks the machine's resolver.
	Resolve func(ctx context.Context, host string) (string, error)
	Log     *zap.Logger
}

// Hub has the table of one term. Its methods may be called from any goroutine; none
// holds the table for longer than a look at it takes.
type Hub struct {
	cfg Config

	mu    sync.Mutex
	table *discovery.Table
	// changed is closed, and made anew, with each change of the table.
	changed chan struct{}
	// kept are the Apps of which endpoints are published though a check fails.
	kept map[app.ID]bool
	// outputs are those that carry changes out themselves, by name.
	outputs map[string]*output

	// look wakes who looks after drains, resolve who finds addresses; each holds one
	// wake-up, as one is as good as many.
	look, resolve chan struct{}
}

// output is how far an output is.
type output struct {
	written endpoint.Index
	// since is when the first change came that it does not show.
	since time.Time
}

// New returns a Hub that has all Apps of the present View.
func New(cfg Config) *Hub {
	if cfg.Resolve == nil {
		cfg.Resolve = lookup
	}
	if cfg.Log == nil {
		cfg.Log = zap.NewNop()
	}
	h := &Hub{
		cfg: cfg, table: discovery.New(cfg.Table), changed: make(chan struct{}), kept: map[app.ID]bool{}, outputs: map[string]*output{},
		look: make(chan struct{}, 1), resolve: make(chan struct{}, 1),
	}
	h.refresh(nil)
	return h
}

// Run follows the scheduler until ctx ends or its event log is closed.
func (h *Hub) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return h.follow(ctx) })
	g.Go(func() error { return h.release(ctx) })
	g.Go(func() error { return h.locate(ctx) })
	if err := g.Wait(); !errors.Is(err, eventlog.ErrClosed) {
		return err
	}
	return nil
}

const (
	// eventsAtOnce is how many events are looked at before the table is changed.
	eventsAtOnce = 1024
	// restShare is how many times as long as it took to change the table nothing is
	// changed after it, so that a large launch leaves the machine to the scheduler, and
	// restMax how long at most.
	restShare = 4
	restMax   = 200 * time.Millisecond
)

// follow changes the table with the Apps that events name.
func (h *Hub) follow(ctx context.Context) error {
	log, buf := h.cfg.Events, make([]event.Entry, eventsAtOnce)
	at := log.Last()
	h.refresh(nil)
	for {
		if err := log.Wait(ctx, at); err != nil {
			return err
		}
		began, lost := time.Now(), false
		dirty := map[app.ID]bool{}
		for {
			entries, next, gap := log.Since(at, buf)
			at, lost = next, lost || gap
			for _, e := range entries {
				touched(e.Event, dirty)
			}
			if len(entries) < len(buf) {
				break
			}
		}
		switch {
		case lost:
			h.refresh(nil)
		case len(dirty) > 0:
			h.refresh(dirty)
		}
		rest := time.NewTimer(min(restMax, restShare*time.Since(began)))
		select {
		case <-rest.C:
		case <-ctx.Done():
			rest.Stop()
			return context.Cause(ctx)
		}
	}
}

// touched notes the Apps that an event is about.
func touched(e event.Event, dirty map[app.ID]bool) {
	switch e := e.(type) {
	case *event.InstanceChanged:
		dirty[e.RunSpecID] = true
	case *event.StatusUpdate:
		dirty[e.AppID] = true
	case *event.InstanceHealthChanged:
		dirty[e.RunSpecID] = true
	case *event.AppTerminated:
		dirty[e.AppID] = true
	case *event.AppPosted:
		dirty[e.Definition.ID] = true
	case *event.DeploymentInfo:
		planned(e.Plan, dirty)
	case *event.DeploymentStepSuccess:
		planned(e.Plan, dirty)
	case *event.DeploymentSuccess:
		planned(e.Plan, dirty)
	case *event.DeploymentFailed:
		planned(e.Plan, dirty)
	}
}

func planned(p *event.Plan, dirty map[app.ID]bool) {
	for _, step := range p.Steps {
		for _, act := range step.Actions {
			dirty[act.App] = true
		}
	}
}

// refresh has the table show these Apps as they are now; nil is all of them.
func (h *Hub) refresh(dirty map[app.ID]bool) {
	now, v := time.Now(), h.cfg.Scheduler.View()
	h.mu.Lock()
	defer h.mu.Unlock()
	before := h.table.Index()
	if dirty == nil {
		dirty = map[app.ID]bool{}
		for a := range h.table.Each {
			dirty[a.ID] = true
		}
		v.Apps(func(a *view.App) bool {
			dirty[a.Spec.ID] = true
			return true
		})
	}
	for id := range dirty {
		if a, ok := v.App(id); ok {
			h.table.Update(now, a)
		} else {
			h.table.Remove(id)
		}
		h.alarm(id)
	}
	h.announce(before)
	wake(h.look)
}

// announce tells those who wait of a change since before; it needs h.mu.
func (h *Hub) announce(before endpoint.Index) {
	if h.table.Index() != before {
		for _, o := range h.outputs {
			if o.written == before {
				o.since = time.Now()
			}
		}
		close(h.changed)
		h.changed = make(chan struct{})
	}
	if h.table.Wanting() {
		wake(h.resolve)
	}
}

// alarm says so when too many checks of an App fail, and when that is over; it needs h.mu.
func (h *Hub) alarm(id app.ID) {
	a, _, ok := h.table.App(id)
	switch {
	case ok && a.Kept > 0 && !h.kept[id]:
		h.kept[id] = true
		h.cfg.Log.Error("most instances of an app fail their checks: some stay published nevertheless; look at the checks, or at the app",
			logfield.App(id), logfield.Count(a.Kept))
	case h.kept[id] && (!ok || a.Kept == 0):
		delete(h.kept, id)
		h.cfg.Log.Info("the app's checks are well again", logfield.App(id))
	}
}

func wake(who chan struct{}) {
	select {
	case who <- struct{}{}:
	default:
	}
}

// release has tasks killed that the gate opens for.
func (h *Hub) release(ctx context.Context) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		h.mu.Lock()
		free, next := h.table.Gate.Release(time.Now())
		h.mu.Unlock()
		h.letGo(ctx, free)
		timer.Stop()
		var due <-chan time.Time
		if !next.IsZero() {
			timer.Reset(max(0, time.Until(next)))
			due = timer.C
		}
		select {
		case <-due:
		case <-h.look:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// letGoMax bounds the wait for tasks to be let go of.
const letGoMax = 10 * time.Second

func (h *Hub) letGo(ctx context.Context, tasks []mesos.TaskID) {
	if len(tasks) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, letGoMax)
	defer cancel()
	if _, err := h.cfg.Scheduler.Do(ctx, core.LetGo{Tasks: tasks}); err != nil {
		h.cfg.Log.Warn("drained tasks are not killed yet", logfield.Count(len(tasks)), zap.Error(err))
	}
}
