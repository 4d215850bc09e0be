package execapi

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/httptransport"
	"github.com/gantry-mesos/gantry/pkg/mesos/subscription"
	"github.com/gantry-mesos/gantry/pkg/mesos/wire"
)

const (
	// updateTries is how often an update is posted on one subscription before the
	// subscription is given up for a new one.
	updateTries = 5
	// updateRetryMin is the delay after the first failure; it doubles with each.
	updateRetryMin = 50 * time.Millisecond
)

type job = subscription.Job[mesos.ExecutorCall]

// Send sends one call, after those given before, and waits for its end. A
// StatusUpdate ends well when the agent has received it, by itself or as part
// of a subscription; Send waits through failures and absences of the agent
// until then. A SchedulerMessage is tried once. Errors: a *StatusError for a
// call that the agent refuses, ErrNotSubscribed for a message without a
// subscription and for any call after the end of Run, or ctx's. A handler of
// events must use Enqueue: Send would wait for a subscription that waits for the handler.
func (c *Client) Send(ctx context.Context, call mesos.ExecutorCall) error {
	return subscription.Await(ctx, func(done func(error)) error { return c.Enqueue(ctx, call, done) })
}

// Enqueue hands over one call like Send, but does not wait for its end: done is
// called with the result, once, possibly before Enqueue returns, and must not
// block. Enqueue waits while too many calls are waiting already. When it
// returns an error the call was not sent and done is not called.
func (c *Client) Enqueue(ctx context.Context, call mesos.ExecutorCall, done func(error)) error {
	return c.lane.Add(ctx, job{Ctx: ctx, Call: call, Done: done})
}

func (c *Client) send(ctx context.Context, j job) error {
	message, err := wire.ToExecutorCall(c.cfg.FrameworkID, c.cfg.ExecutorID, j.Call)
	if err != nil {
		return err
	}
	name := message.Type.String()
	body, err := message.Marshal()
	if err != nil {
		return fmt.Errorf("encode call %s: %w", name, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(j.Ctx, cancel)()
	if update, ok := j.Call.(mesos.StatusUpdate); ok {
		err = c.sendUpdate(ctx, name, body, string(update.Status.UUID))
	} else {
		err = c.sendOnce(ctx, name, body)
	}
	switch {
	case err == nil:
		return nil
	case j.Ctx.Err() != nil:
		return context.Cause(j.Ctx)
	case ctx.Err() != nil:
		return ErrNotSubscribed
	default:
		return err
	}
}

func (c *Client) sendOnce(ctx context.Context, name string, body []byte) error {
	s, _ := c.subscription()
	if s == nil {
		return ErrNotSubscribed
	}
	return c.call(ctx, name, body)
}

// sendUpdate sends an update until the agent has it.
func (c *Client) sendUpdate(ctx context.Context, name string, body []byte, uuid string) error {
	for {
		s, err := c.await(ctx)
		if err != nil {
			return err
		}
		if s.told[uuid] {
			return nil
		}
		err = c.try(ctx, s, name, body)
		var status *StatusError
		if err == nil || errors.As(err, &status) && !status.Temporary() && !status.lost() {
			return err
		}
		s.end(fmt.Errorf("agent does not take updates: %w", err))
		if err := c.left(ctx, s); err != nil {
			return err
		}
	}
}

// try posts an update a few times while the subscription lasts.
func (c *Client) try(ctx context.Context, s *session, name string, body []byte) error {
	delay := updateRetryMin
	for attempt := 1; ; attempt++ {
		err := c.call(ctx, name, body)
		var status *StatusError
		if err == nil || errors.As(err, &status) && !status.Temporary() || attempt == updateTries {
			return err
		}
		timer := time.NewTimer(delay)
		select {
		case <-timer.C:
		case <-s.over:
			timer.Stop()
			return err
		case <-ctx.Done():
			timer.Stop()
			return err
		}
		delay *= 2
	}
}

func (c *Client) call(ctx context.Context, name string, body []byte) error {
	ctx, cancel := context.WithTimeoutCause(ctx, c.cfg.CallTimeout, errLate)
	defer cancel()
	resp, err := c.post(ctx, name, body, false)
	if err != nil {
		return err
	}
	httptransport.ReadText(resp.Body)
	return resp.Body.Close()
}

// replace sets the current subscription and wakes those who wait for it.
func (c *Client) replace(s *session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session = s
	close(c.changed)
	c.changed = make(chan struct{})
}

// subscription returns the current subscription, nil for none, and what is closed when that changes.
func (c *Client) subscription() (*session, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session, c.changed
}

// await waits for a subscription.
func (c *Client) await(ctx context.Context) (*session, error) {
	for {
		s, changed := c.subscription()
		if s != nil {
			return s, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// left waits until s is not the current subscription any more.
func (c *Client) left(ctx context.Context, s *session) error {
	for {
		now, changed := c.subscription()
		if now != s {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
