package execapi

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"time"

	"github.com/mesos/mesos-go/api/v1/lib/executor"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/logfield"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/frames"
	"github.com/gantry-mesos/gantry/pkg/mesos/wire"
)

const subscribeCall = "SUBSCRIBE"

// session is one subscription.
type session struct {
	over <-chan struct{}
	end  context.CancelCauseFunc
	// told holds the UUIDs of the updates that SUBSCRIBE has told the agent; an
	// agent that answers with SHUTDOWN has not taken them.
	told map[string]bool
}

var errLate = errors.New("agent did not answer in time")

// subscribe keeps one subscription until it ends and returns why, and whether
// the agent had accepted it. The answer must begin before the deadline.
func (c *Client) subscribe(ctx context.Context, deadline time.Time, u mesos.Unacknowledged, handle Handler) (bool, error) {
	live, end := context.WithCancelCause(ctx)
	defer end(nil)
	body, err := wire.ToExecutorSubscribe(c.cfg.FrameworkID, c.cfg.ExecutorID, u).Marshal()
	if err != nil {
		return false, &handlerError{fmt.Errorf("encode SUBSCRIBE: %w", err)}
	}
	late := time.AfterFunc(min(time.Until(deadline), c.cfg.CallTimeout), func() { end(errLate) })
	defer late.Stop()
	resp, err := c.post(live, subscribeCall, body, true)
	if err != nil {
		return false, reason(live, err)
	}
	defer resp.Body.Close()
	if kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err != nil || kind != protobuf {
		return false, &StatusError{Call: subscribeCall, Status: resp.StatusCode, Message: fmt.Sprintf(
			"answer is of type %q, want %s: is this a Mesos agent?", resp.Header.Get("Content-Type"), protobuf)}
	}
	in := frames.NewReader(resp.Body, frameMax)
	first, err := c.next(in)
	if err != nil {
		return false, reason(live, err)
	}
	late.Stop()
	s := &session{over: live.Done(), end: end, told: make(map[string]bool)}
	if _, ok := first.(mesos.ExecutorSubscribed); ok {
		for i := range u.Updates {
			s.told[string(u.Updates[i].UUID)] = true
		}
	}
	c.log.Info("subscribed", logfield.Address(c.cfg.AgentEndpoint), logfield.Executor(c.cfg.ExecutorID))
	c.replace(s)
	err = c.deliver(ctx, in, first, handle)
	c.replace(nil)
	return true, reason(live, err)
}

// deliver hands the events to the handler until the stream ends.
func (c *Client) deliver(ctx context.Context, in *frames.Reader, event mesos.ExecutorEvent, handle Handler) error {
	for {
		if refused, ok := event.(mesos.ExecutorError); ok {
			return &RefusedError{Message: refused.Message}
		}
		if err := handle(ctx, event); err != nil {
			return &handlerError{err}
		}
		var err error
		if event, err = c.next(in); err != nil {
			return err
		}
	}
}

// next returns the next event. Events that can't be decoded or are of unknown types are skipped.
func (c *Client) next(in *frames.Reader) (mesos.ExecutorEvent, error) {
	for {
		record, err := in.Next()
		if err != nil {
			return nil, fmt.Errorf("event stream: %w", err)
		}
		event, err := decode(record)
		if err != nil {
			c.log.Error("event skipped that can't be decoded", zap.Error(err), zap.Int("bytes", len(record)))
			continue
		}
		if event != nil {
			return event, nil
		}
	}
}

// decode turns a panic of the generated decoder into an error: it lacks some
// checks against crafted input.
func decode(record []byte) (event mesos.ExecutorEvent, err error) {
	defer func() {
		if p := recover(); p != nil {
			event, err = nil, fmt.Errorf("decode event: %v", p)
		}
	}()
	var message executor.Event
	if err := message.Unmarshal(record); err != nil {
		return nil, fmt.Errorf("decode event: %w", err)
	}
	return wire.FromExecutorEvent(&message)
}

// reason returns why live was ended from this side, err otherwise.
func reason(live context.Context, err error) error {
	var handler *handlerError
	if cause := context.Cause(live); cause != nil && !errors.As(err, &handler) {
		return cause
	}
	return err
}
