package api

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/gantry-mesos/gantry/pkg/backoff"
	"github.com/gantry-mesos/gantry/pkg/endpoint"
	"github.com/gantry-mesos/gantry/pkg/pause"
)

const (
	// followWait is how long a Follower waits for changes before it renews its
	// registration, well within the time that this holds.
	followWait = 5 * time.Second
	// leaveMax bounds a Follower's last request.
	leaveMax = 2 * time.Second
)

// Follower keeps a copy of the endpoints up to date, as a consumer of the scheduler.
type Follower struct {
	Client *Client
	// ID names the consumer; each process has one of its own. "" follows without
	// being registered.
	ID           string
	Registration endpoint.Registration
	// Show is given the endpoints whenever they have changed, and at first. It owns
	// nothing of them and must return soon. An error of it is not acknowledged.
	Show func(ctx context.Context, s *endpoint.Set) error
	// Ack acknowledges what Show has done as soon as it returns, with no connections;
	// else the owner calls Client.Acknowledge.
	Ack bool
	// Failed is told of each try that failed; nil tells nobody.
	Failed func(error)
}

// Run follows until ctx ends, and leaves. What fails is tried again; the copy stays.
func (f *Follower) Run(ctx context.Context) error {
	var set endpoint.Set
	shown := ""
	tries := backoff.NewSeries(backoff.Policy{Min: 200 * time.Millisecond, Max: 5 * time.Second}, rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())))
	for {
		err := f.once(ctx, &set, &shown)
		switch {
		case ctx.Err() != nil:
			f.leave(ctx)
			return context.Cause(ctx)
		case err == nil:
			tries.Reset()
			continue
		case f.Failed != nil:
			f.Failed(err)
		}
		pause.For(ctx, tries.Next())
	}
}

// once registers, waits for changes, shows and acknowledges them. What was shown
// is acknowledged each time: an earlier acknowledgement may have been lost.
func (f *Follower) once(ctx context.Context, set *endpoint.Set, shown *string) error {
	if f.ID != "" {
		if _, err := f.Client.Register(ctx, f.ID, f.Registration); err != nil {
			return err
		}
	}
	wait := followWait
	if *shown != set.Index() {
		wait = 0
	}
	c, err := f.Client.Endpoints(ctx, set.Index(), f.Registration.Selector(), wait)
	if err != nil {
		return err
	}
	if c.Full || c.Index != set.Index() {
		set.Apply(c)
	}
	if c.Full || *shown != c.Index {
		if err := f.Show(ctx, set); err != nil {
			return err
		}
		*shown = c.Index
	}
	if f.ID == "" || !f.Ack {
		return nil
	}
	err = f.Client.Acknowledge(ctx, f.ID, endpoint.Ack{Index: c.Index})
	if e, ok := errors.AsType[*Error](err); ok && (e.Status == http.StatusNotFound || e.Status == http.StatusConflict) {
		return nil // another scheduler leads: the next round begins anew
	}
	return err
}

// leave tells the scheduler, if it can be told at once.
func (f *Follower) leave(ctx context.Context) {
	if f.ID == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveMax)
	defer cancel()
	_ = f.Client.Leave(ctx, f.ID) // else it is forgotten after a while
}
