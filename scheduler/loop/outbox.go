package loop

import (
	"context"
	"errors"
	"sync"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// outboxMax bounds the calls that wait to be sent. Beyond it calls are dropped
// like lost ones: Mesos sends unacknowledged updates again, and timers in the
// state repeat the rest.
const outboxMax = 200_000

// giveBackMax is how often offers are given back whose call got no answer; a
// master that answers none of these will soon end the subscription anyway.
const giveBackMax = 3

// outbox hands calls to the client without holding up the loop. The client
// keeps the order of those whose order matters.
type outbox struct {
	caller  Caller
	metrics *Metrics
	log     *zap.Logger

	mu    sync.Mutex
	calls []posted
	// ready has size 1: it says that calls may be waiting.
	ready chan struct{}
}

// posted is a call that waits, and how often it was given up before.
type posted struct {
	call  mesos.SchedulerCall
	tries int
}

func newOutbox(c Caller, m *Metrics, log *zap.Logger) *outbox {
	return &outbox{caller: c, metrics: m, log: log, ready: make(chan struct{}, 1)}
}

// put queues a call.
func (o *outbox) put(c mesos.SchedulerCall) { o.add(posted{call: c}) }

func (o *outbox) add(p posted) {
	o.mu.Lock()
	full := len(o.calls) >= outboxMax
	if !full {
		o.calls = append(o.calls, p)
		o.wake()
	}
	o.mu.Unlock()
	if full {
		o.metrics.dropped()
		o.log.Warn("call to mesos dropped, too many wait", zap.String("call", name(p.call)))
	}
}

func (o *outbox) wake() {
	select {
	case o.ready <- struct{}{}:
	default:
	}
}

// clear forgets the calls that wait: their subscription is gone.
func (o *outbox) clear() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.calls = nil
}

// len is how many calls wait.
func (o *outbox) len() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.calls)
}

// take removes all calls that wait.
func (o *outbox) take() []posted {
	o.mu.Lock()
	defer o.mu.Unlock()
	calls := o.calls
	o.calls = nil
	return calls
}

// run hands calls over until ctx ends.
func (o *outbox) run(ctx context.Context) {
	for {
		select {
		case <-o.ready:
		case <-ctx.Done():
			return
		}
		for _, c := range o.take() {
			done := func(err error) { o.done(ctx, c, err) }
			if err := o.caller.Enqueue(ctx, c.call, done); err != nil {
				done(err)
			}
		}
	}
}

func (o *outbox) done(ctx context.Context, p posted, err error) {
	switch {
	case err == nil:
		o.metrics.sent(name(p.call))
	case ctx.Err() == nil:
		o.metrics.failed(name(p.call))
		o.log.Debug("call to mesos failed", zap.String("call", name(p.call)), zap.Error(err))
		o.giveBack(p, err)
	}
}

// giveBack declines the offers of a call that got no answer. If the call did
// not arrive, the master would hold them for as long as the subscription lasts;
// if an ACCEPT arrives later, it is refused.
func (o *outbox) giveBack(p posted, err error) {
	passing, ok := errors.AsType[interface {
		error
		Temporary() bool
	}](err)
	if !ok || !passing.Temporary() || p.tries >= giveBackMax {
		return
	}
	switch c := p.call.(type) {
	case mesos.Accept:
		o.add(posted{mesos.Decline{OfferIDs: c.OfferIDs}, p.tries + 1})
	case mesos.Decline:
		o.add(posted{mesos.Decline{OfferIDs: c.OfferIDs}, p.tries + 1})
	}
}

// name is the call's name in logs and metrics.
func name(c mesos.SchedulerCall) string {
	switch c.(type) {
	case mesos.Accept:
		return "accept"
	case mesos.Decline:
		return "decline"
	case mesos.Revive:
		return "revive"
	case mesos.Suppress:
		return "suppress"
	case mesos.Kill:
		return "kill"
	case mesos.Acknowledge:
		return "acknowledge"
	case mesos.Reconcile:
		return "reconcile"
	case mesos.Shutdown:
		return "shutdown"
	case mesos.Message:
		return "message"
	case mesos.AcceptInverseOffers, mesos.DeclineInverseOffers:
		return "inverse_offers"
	case mesos.UpdateFramework:
		return "update_framework"
	case mesos.Teardown:
		return "teardown"
	default:
		return "other"
	}
}
