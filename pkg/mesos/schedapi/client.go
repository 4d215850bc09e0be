// Package schedapi is a client of the scheduler API of Mesos
// ("Mesos, scheduler HTTP API"). It keeps a framework subscribed with the
// leading master through failovers, delivers the events one after the other,
// and sends calls on the current subscription. It decides nothing about
// offers, tasks or reconciliation.
package schedapi

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/backoff"
	"github.com/gantry-mesos/gantry/pkg/logfield"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/httptransport"
	"github.com/gantry-mesos/gantry/pkg/mesos/subscription"
	"github.com/gantry-mesos/gantry/pkg/pause"
)

// Leader tells where the leading master is.
type Leader interface {
	// Leader waits until a leader is known and returns its URL, such as
	// "http://10.0.0.1:5050". previous is what the last try used ("" at first);
	// it may be returned again when it still leads.
	Leader(ctx context.Context, previous string) (endpoint string, err error)
	// Suspect says that the endpoint did not answer as a leader should, so that it is looked up afresh.
	Suspect(endpoint string)
}

// Hinter is a Leader that takes advice. Without it the client tries the named
// leader itself, once.
type Hinter interface {
	// Hint passes the URL that the last endpoint, which does not lead, named as
	// the leader's. It stands for Suspect, which is not called.
	Hint(endpoint string)
}

// Watcher is a Leader that hears of elections. With it, a master that was elected ends
// the subscription with its predecessor and every back-off at once.
type Watcher interface {
	// Another waits until another master than the one at endpoint leads, and reports
	// whether that is so; it returns false when ctx ends.
	Another(ctx context.Context, endpoint string) bool
}

// Handler takes the events of a subscription, one after the other. While it
// blocks no further event is read. An error ends Run.
type Handler func(ctx context.Context, event mesos.SchedulerEvent) error

// Client is a scheduler's connection to Mesos. Its methods are safe for
// concurrent use; Run must be called once.
type Client struct {
	cfg     Config
	leader  Leader
	log     *zap.Logger
	current atomic.Pointer[session]
	// framework is the id of the last subscription: it protects from
	// registering a second time when Config.Framework does not know it yet.
	framework mesos.FrameworkID
	hint      string
}

// New makes a client that is not subscribed yet. It fails when cfg lacks
// Framework or the default transport can't be made.
func New(cfg Config, leader Leader, log *zap.Logger) (*Client, error) {
	if cfg.Framework == nil {
		return nil, errors.New("scheduler client: Config.Framework is missing")
	}
	cfg = cfg.filled()
	if cfg.Transport == nil {
		transport, err := httptransport.New(httptransport.Config{ConnsPerHost: cfg.Senders + 1})
		if err != nil {
			return nil, fmt.Errorf("scheduler client: %w", err)
		}
		cfg.Transport = transport
	}
	return &Client{cfg: cfg, leader: leader, log: log.Named("schedapi")}, nil
}

// Run subscribes, delivers the events to handle and subscribes again whenever
// the subscription ends, with a random delay that grows to 15 s and that a newly
// elected master ends (Watcher). For each
// Subscribed it delivers one Disconnected, unless handle itself failed or ctx
// has ended. ERROR events are not delivered but returned.
//
// Run returns nil when ctx ends, the handler's error, or an error that no
// retry can mend: *RemovedError, *RefusedError or *ConfigError. All its
// goroutines have ended then and calls that wait have failed.
func (c *Client) Run(ctx context.Context, handle Handler) error {
	defer c.closeIdle()
	retries := backoff.NewSeries(c.cfg.Backoff, rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())))
	previous := ""
	for {
		endpoint, err := c.locate(ctx, previous)
		if err == nil {
			previous = endpoint
			started := time.Now()
			err = c.subscribe(ctx, endpoint, handle)
			c.suspect(endpoint, err)
			if time.Since(started) > c.cfg.Backoff.Max {
				retries.Reset()
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		if final := permanent(err); final != nil {
			return final
		}
		delay := retries.Next()
		c.log.Warn("not subscribed", logfield.Address(previous), logfield.Attempt(retries.Attempt()),
			logfield.RetryIn(delay), zap.Error(err))
		c.closeIdle()
		if c.backOff(ctx, delay, previous) {
			retries.Reset()
		}
		if ctx.Err() != nil {
			return nil
		}
	}
}

// backOff waits for the delay, and reports whether another master than the one at
// previous was elected before it was over.
func (c *Client) backOff(ctx context.Context, delay time.Duration, previous string) bool {
	w, ok := c.leader.(Watcher)
	if !ok || previous == "" {
		pause.For(ctx, delay)
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, delay)
	defer cancel()
	return w.Another(ctx, previous)
}

// Send sends one call on the current subscription and waits for the answer.
// Accept, Decline, Revive, Suppress, UpdateFramework, Teardown and the answers
// to inverse offers are sent in the order in which they were given; the others
// may overtake. A nil error means that the master has received the call, not that it
// will act on it. Errors: ErrNotSubscribed, a *CallError, or ctx's.
func (c *Client) Send(ctx context.Context, call mesos.SchedulerCall) error {
	return subscription.Await(ctx, func(done func(error)) error { return c.Enqueue(ctx, call, done) })
}

// Enqueue hands over one call like Send, but does not wait for its answer: done
// is called with the result, once, possibly before Enqueue returns, and must
// not block. Enqueue waits while too many calls are waiting already. When it
// returns an error (ErrNotSubscribed or ctx's) the call was not sent and done is
// not called. The call is given up when ctx ends.
func (c *Client) Enqueue(ctx context.Context, call mesos.SchedulerCall, done func(error)) error {
	s := c.current.Load()
	if s == nil {
		return ErrNotSubscribed
	}
	return s.lane(call).Add(ctx, job{Ctx: ctx, Call: call, Done: done})
}

// locate returns the endpoint to try next: a hint, if one waits, or the leader.
func (c *Client) locate(ctx context.Context, previous string) (string, error) {
	if hint := c.hint; hint != "" {
		c.hint = ""
		return hint, nil
	}
	endpoint, err := c.leader.Leader(ctx, previous)
	if err != nil {
		return "", fmt.Errorf("find the leading master: %w", err)
	}
	return withScheme(endpoint), nil
}

// suspect tells the detector what the failed try at the endpoint has shown.
func (c *Client) suspect(endpoint string, err error) {
	if permanent(err) != nil {
		return
	}
	var moved *movedError
	if !errors.As(err, &moved) || moved.leader == "" {
		c.leader.Suspect(endpoint)
		return
	}
	if h, ok := c.leader.(Hinter); ok {
		h.Hint(moved.leader)
		return
	}
	c.leader.Suspect(endpoint)
	c.hint = moved.leader
}

// closeIdle closes the connections to a master that is not used any more.
func (c *Client) closeIdle() {
	if t, ok := c.cfg.Transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// post sends a request with the given body to the scheduler API at endpoint.
func (c *Client) post(ctx context.Context, endpoint string, body []byte, header http.Header) (*http.Response, error) {
	req, err := newRequest(ctx, endpoint, body)
	if err != nil {
		return nil, err
	}
	maps.Copy(req.Header, header)
	c.cfg.Credentials.Apply(req)
	return c.cfg.Transport.RoundTrip(req)
}

// permanent returns the error that Run must return for err, nil when a retry may help.
func permanent(err error) error {
	var (
		handler *subscription.HandlerError
		removed *RemovedError
		refused *RefusedError
		config  *ConfigError
	)
	switch {
	case errors.As(err, &handler):
		return handler.Err
	case errors.As(err, &removed), errors.As(err, &refused), errors.As(err, &config):
		return err
	default:
		return nil
	}
}
