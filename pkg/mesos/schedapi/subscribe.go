package schedapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/logfield"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/frames"
	"github.com/gantry-mesos/gantry/pkg/mesos/httptransport"
	"github.com/gantry-mesos/gantry/pkg/mesos/wire"
)

// stream is the answer to SUBSCRIBE.
type stream struct {
	id     string
	body   io.Closer
	watch  *watchedReader
	frames *frames.Reader
}

// subscribe keeps one subscription with the master at endpoint until it ends
// and returns why; the error is never nil.
func (c *Client) subscribe(ctx context.Context, endpoint string, handle Handler) error {
	live, end := context.WithCancelCause(ctx)
	defer end(nil)
	in, err := c.open(live, end, endpoint)
	if err != nil {
		return reason(live, err)
	}
	defer in.body.Close()
	first, err := c.next(in)
	if err != nil {
		return reason(live, err)
	}
	subscribed, ok := first.(mesos.Subscribed)
	if !ok {
		if refused, ok := first.(mesos.ErrorEvent); ok {
			return c.refusal(refused.Message)
		}
		return fmt.Errorf("first event is %T instead of SUBSCRIBED", first)
	}
	c.framework = subscribed.FrameworkID
	in.watch.timeout = silenceMax(subscribed.HeartbeatInterval, c.cfg.HeartbeatMisses)

	s := newSession(c, endpoint, in.id, subscribed.FrameworkID, live.Done(), end)
	ended := s.start(live)
	c.current.Store(s)
	c.log.Info("subscribed", logfield.Address(endpoint), logfield.Framework(subscribed.FrameworkID))
	err = reason(live, c.deliver(ctx, in, subscribed, handle))
	c.current.Store(nil)
	end(err)
	<-ended
	var handler *handlerError
	if ctx.Err() != nil || errors.As(err, &handler) {
		return err
	}
	if failed := handle(ctx, mesos.Disconnected{Reason: err.Error()}); failed != nil {
		return &handlerError{failed}
	}
	return err
}

// deliver hands the events to the handler until the stream ends.
func (c *Client) deliver(ctx context.Context, in *stream, event mesos.SchedulerEvent, handle Handler) error {
	for {
		if refused, ok := event.(mesos.ErrorEvent); ok {
			return c.refusal(refused.Message)
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
	resp, err := c.post(ctx, endpoint, body, http.Header{"Accept": {protobuf}})
	if err != nil {
		return nil, fmt.Errorf("subscribe: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		return nil, subscribeError(endpoint, resp)
	}
	if kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err != nil || kind != protobuf {
		resp.Body.Close()
		return nil, &ConfigError{Endpoint: endpoint, Status: resp.StatusCode, Message: fmt.Sprintf(
			"answer is of type %q, want %s: is this a Mesos master?", resp.Header.Get("Content-Type"), protobuf)}
	}
	watch := newWatchedReader(resp.Body, c.cfg.SubscribeTimeout, func() { end(errSilent) })
	return &stream{
		id:     resp.Header.Get(streamIDHeader),
		body:   resp.Body,
		watch:  watch,
		frames: frames.NewReader(watch, c.cfg.FrameMax),
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

// refusal tells a framework that is gone from one that is refused.
func (c *Client) refusal(text string) error {
	if contains(text, textRemoved) {
		id := c.cfg.Framework().ID
		return &RemovedError{Framework: string(or(id, c.framework)), Message: text}
	}
	return &RefusedError{Message: text}
}

// next returns the next event. Records that can't be decoded, which only a
// broken master sends, and events of unknown types are skipped: the following
// ones are sound, and dropping the subscription would bring the same record back.
func (c *Client) next(in *stream) (mesos.SchedulerEvent, error) {
	for {
		record, err := in.frames.Next()
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
func decode(record []byte) (event mesos.SchedulerEvent, err error) {
	defer func() {
		if p := recover(); p != nil {
			event, err = nil, fmt.Errorf("decode event: %v", p)
		}
	}()
	return wire.DecodeSchedulerEvent(record)
}

// Causes that end a subscription from this side.
var (
	errLate   = errors.New("subscribe: no answer in time")
	errSilent = errors.New("master is silent: heartbeats are missing")
)

// reason returns why live was ended from this side, err otherwise.
func reason(live context.Context, err error) error {
	var handler *handlerError
	if cause := context.Cause(live); cause != nil && !errors.As(err, &handler) {
		return cause
	}
	return err
}

// silenceMax returns how long a master with this heartbeat interval may be
// silent. An interval that can't be meant counts as the usual one.
func silenceMax(interval time.Duration, misses int) time.Duration {
	if interval <= 0 || interval > time.Hour {
		interval = heartbeatInterval
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
