package execapi

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/gantry-mesos/gantry/pkg/logfield"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/frames"
	"github.com/gantry-mesos/gantry/pkg/mesos/subscription"
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
		return false, &subscription.HandlerError{Err: fmt.Errorf("encode SUBSCRIBE: %w", err)}
	}
	late := time.AfterFunc(min(time.Until(deadline), c.cfg.CallTimeout), func() { end(errLate) })
	defer late.Stop()
	resp, err := c.post(live, subscribeCall, body, true)
	if err != nil {
		return false, subscription.Reason(live, err)
	}
	defer resp.Body.Close()
	if problem := subscription.CheckType(resp, "agent"); problem != "" {
		return false, &StatusError{Call: subscribeCall, Status: resp.StatusCode, Message: problem}
	}
	in := subscription.NewEvents(frames.NewReader(resp.Body, frameMax), decode, c.log)
	first, err := in.Next()
	if err != nil {
		return false, subscription.Reason(live, err)
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
	err = in.Deliver(ctx, first, refused, handle)
	c.replace(nil)
	return true, subscription.Reason(live, err)
}

// refused returns the error that an ERROR event means, nil for other events.
func refused(event mesos.ExecutorEvent) error {
	if failed, ok := event.(mesos.ExecutorError); ok {
		return &RefusedError{Message: failed.Message}
	}
	return nil
}

func decode(record []byte) (mesos.ExecutorEvent, error) {
	var message executor.Event
	if err := message.Unmarshal(record); err != nil {
		return nil, fmt.Errorf("decode event: %w", err)
	}
	return wire.FromExecutorEvent(&message)
}
