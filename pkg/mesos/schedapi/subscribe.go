package schedapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/gantry-mesos/gantry/pkg/logfield"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/frames"
	"github.com/gantry-mesos/gantry/pkg/mesos/httptransport"
	"github.com/gantry-mesos/gantry/pkg/mesos/subscription"
	"github.com/gantry-mesos/gantry/pkg/mesos/wire"
)

// stream is the answer to SUBSCRIBE.
type stream struct {
	id     string
	body   io.Closer
	watch  *watchedReader
	events *subscription.Events[mesos.SchedulerEvent]
}

// subscribe keeps one subscription with the master at endpoint until it ends
// and returns why; the error is never nil.
func (c *Client) subscribe(ctx context.Context, endpoint string, handle Handler) error {
	live, end := context.WithCancelCause(ctx)
	if w, ok := c.leader.(Watcher); ok {
		var watching sync.WaitGroup
		defer watching.Wait()
		watching.Go(func() {
			if w.Another(live, endpoint) {
				end(errDeposed)
			}
		})
	}
	defer end(nil)
	in, err := c.open(live, end, endpoint)
	if err != nil {
		return subscription.Reason(live, err)
	}
	defer in.body.Close()
	first, err := in.events.Next()
	if err != nil {
		return subscription.Reason(live, err)
	}
	subscribed, ok := first.(mesos.Subscribed)
	if !ok {
		if err := c.refused(first); err != nil {
			return err
		}
		return fmt.Errorf("first event is %T instead of SUBSCRIBED", first)
	}
	c.framework = subscribed.FrameworkID
	in.watch.timeout = silenceMax(subscribed.HeartbeatInterval, c.cfg.HeartbeatMisses)

	s := newSession(c, endpoint, in.id, subscribed.FrameworkID, live.Done(), end)
	ended := s.start(live)
	c.current.Store(s)
	c.log.Info("subscribed", logfield.Address(endpoint), logfield.Framework(subscribed.FrameworkID))
	err = subscription.Reason(live, in.events.Deliver(ctx, subscribed, c.refused, handle))
	c.current.Store(nil)
	end(err)
	<-ended
	var handler *subscription.HandlerError
	if ctx.Err() != nil || errors.As(err, &handler) {
		return err
	}
	if failed := handle(ctx, mesos.Disconnected{Reason: err.Error()}); failed != nil {
		return &subscription.HandlerError{Err: failed}
	}
	return err
}

// open sends SUBSCRIBE and checks the answer's head.
func (c *Client) open(ctx context.Context, end context.CancelCauseFunc, endpoint string) (*stream, error) {
	info := c.cfg.Framework()
	if info.ID == "" {
		info.ID = c.framework
	}
	body, err := wire.ToSubscribe(info, c.cfg.SuppressedRoles()).Marshal()
	if err != nil {
		return nil, &ConfigError{Endpoint: endpoint, Message: err.Error()}
	}
	late := time.AfterFunc(c.cfg.SubscribeTimeout, func() { end(errLate) })
	defer late.Stop()
	resp, err := c.post(ctx, endpoint, body, http.Header{"Accept": {subscription.Protobuf}})
	if err != nil {
		return nil, fmt.Errorf("subscribe: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		return nil, subscribeError(endpoint, resp)
	}
	if problem := subscription.CheckType(resp, "master"); problem != "" {
		resp.Body.Close()
		return nil, &ConfigError{Endpoint: endpoint, Status: resp.StatusCode, Message: problem}
	}
	watch := newWatchedReader(resp.Body, c.cfg.SubscribeTimeout, func() { end(errSilent) })
	return &stream{
		id:     resp.Header.Get(streamIDHeader),
		body:   resp.Body,
		watch:  watch,
		events: subscription.NewEvents(frames.NewReader(watch, c.cfg.FrameMax), wire.DecodeSchedulerEvent, c.log),
	}, nil
}

func subscribeError(endpoint string, resp *http.Response) error {
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		return &movedError{leader: leaderOf(endpoint, resp)}
	}
	text := httptransport.ReadText(resp.Body)
	if retrySubscribe(resp.StatusCode) {
		return fmt.Errorf("subscribe: %s: %s", statusText(resp.StatusCode), text)
	}
	return &ConfigError{Endpoint: endpoint, Status: resp.StatusCode, Message: text}
}

// refused returns the error that an ERROR event means, nil for other events. It
// tells a framework that is gone from one that is refused.
func (c *Client) refused(event mesos.SchedulerEvent) error {
	failed, ok := event.(mesos.ErrorEvent)
	if !ok {
		return nil
	}
	text := failed.Message
	if contains(text, textRemoved) {
		id := c.cfg.Framework().ID
		return &RemovedError{Framework: string(or(id, c.framework)), Message: text}
	}
	return &RefusedError{Message: text}
}

// Causes that end a subscription from this side.
var (
	errLate   = errors.New("subscribe: no answer in time")
	errSilent = errors.New("master is silent: heartbeats are missing")
	// errDeposed ends a subscription with a master that may not know it yet.
	errDeposed = errors.New("another master was elected")
)

// silenceMax returns how long a master with this heartbeat interval may be
// silent. An interval that can't be meant counts as the usual one.
func silenceMax(interval time.Duration, misses int) time.Duration {
	if interval <= 0 || interval > time.Hour {
		interval = HeartbeatInterval
	}
	return interval * time.Duration(misses)
}

// watchedReader calls silent when a read takes longer than timeout. Time
// between reads does not count: then it is the reader who is slow.
type watchedReader struct {
	in      io.Reader
	timeout time.Duration
	timer   *time.Timer
}

func newWatchedReader(in io.Reader, timeout time.Duration, silent func()) *watchedReader {
	timer := time.AfterFunc(timeout, silent)
	timer.Stop()
	return &watchedReader{in: in, timeout: timeout, timer: timer}
}

// Read reads from the stream under watch.
func (w *watchedReader) Read(p []byte) (int, error) {
	w.timer.Reset(w.timeout)
	n, err := w.in.Read(p)
	w.timer.Stop()
	return n, err
}
