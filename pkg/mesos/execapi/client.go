package execapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/logfield"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/httptransport"
	"github.com/gantry-mesos/gantry/pkg/pause"
)

const (
	apiPath  = "/api/v1/executor"
	protobuf = "application/x-protobuf"
	// retryMax bounds the delay between two tries to subscribe: agents give
	// executors two seconds to come back, so a longer one risks to be late.
	retryMax = time.Second
	// laneSize is how many calls may wait; one executor has few tasks, and a full lane makes senders wait.
	laneSize = 64
	// frameMax is the longest event; an executor's largest is its TaskInfo.
	frameMax = 64 << 20
)

// Handler takes the events of a subscription, one after the other. An error ends Run.
type Handler func(ctx context.Context, event mesos.ExecutorEvent) error

// Client is an executor's connection to its agent. Its methods are safe for
// concurrent use; Run must be called once.
type Client struct {
	cfg       Config
	log       *zap.Logger
	transport http.RoundTripper
	url       string
	lane      chan job
	over      chan struct{}

	mu      sync.Mutex
	session *session      // nil while there is no subscription
	changed chan struct{} // closed when session changes
}

// New makes a client that is not subscribed yet. It fails when a TLS file can't be read.
func New(cfg Config, log *zap.Logger) (*Client, error) {
	if cfg.CallTimeout <= 0 {
		cfg.CallTimeout = DefaultCallTimeout
	}
	if cfg.StartTimeout <= 0 {
		cfg.StartTimeout = DefaultStartTimeout
	}
	transport := cfg.RoundTripper
	if transport == nil {
		made, err := httptransport.New(cfg.Transport)
		if err != nil {
			return nil, fmt.Errorf("executor client: %w", err)
		}
		transport = made
	}
	scheme := "http://"
	if cfg.TLS {
		scheme = "https://"
	}
	return &Client{
		cfg:       cfg,
		log:       log.Named("execapi"),
		transport: transport,
		url:       scheme + cfg.AgentEndpoint + apiPath,
		lane:      make(chan job, laneSize),
		over:      make(chan struct{}),
		changed:   make(chan struct{}),
	}, nil
}

// Run subscribes with the agent, delivers the events to handle and subscribes
// again when the agent goes away and comes back; unacknowledged is asked at each subscription
// for what the agent may not know yet. ERROR events are not delivered but returned.
//
// Run returns nil when ctx ends, the handler's error, or the reason why the
// executor must shut down: ErrForgotten, ErrDisconnected, ErrRecoveryTimeout,
// a *RefusedError, or a *StatusError when the agent refuses SUBSCRIBE. All its
// goroutines have ended then and calls that wait have failed.
func (c *Client) Run(ctx context.Context, unacknowledged func() mesos.Unacknowledged, handle Handler) error {
	ctx, stop := context.WithCancel(ctx)
	var sender sync.WaitGroup
	sender.Go(func() { c.serve(ctx) })
	defer func() {
		stop()
		sender.Wait()
		close(c.over)
		c.abandon()
		if t, ok := c.transport.(interface{ CloseIdleConnections() }); ok {
			t.CloseIdleConnections()
		}
	}()
	deadline := time.Now().Add(c.cfg.StartTimeout)
	var known bool
	for attempt := 1; ; attempt++ {
		subscribed, err := c.subscribe(ctx, deadline, unacknowledged(), handle)
		if ctx.Err() != nil {
			return nil
		}
		if final := permanent(err); final != nil {
			return final
		}
		if subscribed {
			known, attempt = true, 1
			if !c.cfg.Checkpoint {
				return fmt.Errorf("%w: %w", ErrDisconnected, err)
			}
			deadline = time.Now().Add(c.cfg.RecoveryTimeout)
		}
		delay := c.delay()
		if time.Now().Add(delay).After(deadline) {
			return c.tooLate(known, err)
		}
		c.log.Warn("not subscribed", logfield.Address(c.cfg.AgentEndpoint), logfield.Attempt(attempt),
			logfield.RetryIn(delay), zap.Error(err))
		if !pause.For(ctx, delay) {
			return nil
		}
	}
}

func (c *Client) tooLate(known bool, err error) error {
	if known {
		return fmt.Errorf("%w: %w", ErrRecoveryTimeout, err)
	}
	return fmt.Errorf("subscribe with the agent at %s within %v: %w", c.cfg.AgentEndpoint, c.cfg.StartTimeout, err)
}

// delay draws the time to the next try to subscribe.
func (c *Client) delay() time.Duration {
	return time.Duration(rand.Int64N(int64(max(1, min(c.cfg.BackoffMax, retryMax)))))
}

// post sends one call and returns the answer, whose status is 200 or 202.
func (c *Client) post(ctx context.Context, name string, body []byte, accept bool) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("address of the agent: %w", err)
	}
	req.Header.Set("Content-Type", protobuf)
	if accept {
		req.Header.Set("Accept", protobuf)
	}
	c.cfg.Credentials.Apply(req)
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", name, err)
	}
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusAccepted {
		defer resp.Body.Close()
		return nil, &StatusError{Call: name, Status: resp.StatusCode, Message: httptransport.ReadText(resp.Body)}
	}
	return resp, nil
}

// handlerError carries an error of the handler through the retries.
type handlerError struct{ err error }

func (e *handlerError) Error() string { return e.err.Error() }

// permanent returns the error that Run must return for err, nil when a retry may help.
func permanent(err error) error {
	var (
		handler *handlerError
		refused *RefusedError
		status  *StatusError
	)
	switch {
	case errors.As(err, &handler):
		return handler.err
	case errors.As(err, &refused):
		return err
	case errors.As(err, &status) && status.Call == subscribeCall && !status.Temporary():
		return err
	default:
		return nil
	}
}
