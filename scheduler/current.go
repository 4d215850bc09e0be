package scheduler

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/gantry-mesos/gantry/scheduler/backup"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/discovery/hub"
	"github.com/gantry-mesos/gantry/scheduler/eventlog"
	"github.com/gantry-mesos/gantry/scheduler/loop"
	"github.com/gantry-mesos/gantry/scheduler/store"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// current shows the API the loop of this term, or nothing while another
// scheduler leads.
type current struct {
	loop   atomic.Pointer[loop.Loop]
	events atomic.Pointer[eventlog.Log]
	hub    atomic.Pointer[hub.Hub]
	store  atomic.Pointer[store.Store]
	// began is when this term did, as Unix time in nanoseconds.
	began atomic.Int64
	none  *view.View
}

func newCurrent() *current {
	return &current{none: view.New(time.Time{}, view.Framework{}, nil, nil)}
}

// ready reports whether there is a state to show and to change.
func (c *current) ready() bool { return c.loop.Load() != nil }

// since returns when this term began, zero while another scheduler leads.
func (c *current) since() time.Time {
	if !c.ready() {
		return time.Time{}
	}
	return time.Unix(0, c.began.Load())
}

// NotLeadingError says that this scheduler does not lead; the leader takes commands.
type NotLeadingError struct{}

func (NotLeadingError) Error() string {
	return "this scheduler does not lead (yet); try again in a moment"
}

// Temporary says that the same request may succeed later.
func (NotLeadingError) Temporary() bool { return true }

// Do implements httpapi.Scheduler.
func (c *current) Do(ctx context.Context, cmd core.Command) (core.Result, error) {
	l := c.loop.Load()
	if l == nil {
		return core.Result{}, NotLeadingError{}
	}
	return l.Do(ctx, cmd)
}

// export implements httpapi.Export.
func (c *current) export(ctx context.Context, w io.Writer, leaveOutDamaged bool) error {
	st := c.store.Load()
	if st == nil {
		return NotLeadingError{}
	}
	from, ok := (*st).(store.Examiner)
	if !ok {
		return errors.New("this store cannot be exported")
	}
	_, err := backup.Export(ctx, from, w, leaveOutDamaged)
	return err
}

// View implements httpapi.Scheduler.
func (c *current) View() *view.View {
	if l := c.loop.Load(); l != nil {
		return l.View()
	}
	return c.none
}
