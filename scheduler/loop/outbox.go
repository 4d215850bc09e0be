package loop

import (
	"context"
	"sync"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// outboxMax bounds the calls that wait to be sent. Beyond it calls are dropped
// like lost ones: Mesos sends unacknowledged updates again, and timers in the
// state repeat the rest.
const outboxMax = 200_000

// outbox hands calls to the client without holding up the loop. The client
// keeps the order of those whose order matters.
type outbox struct {
	caller  Caller
	metrics *Metrics
	log     *zap.Logger

	mu    sync.Mutex
	calls []mesos.SchedulerCall
	// ready has size 1: it says that calls may be waiting.
	ready chan struct{}
}

func newOutbox(c Caller, m *Metrics, log *zap.Logger) *outbox {
	return &outbox{caller: c, metrics: m, log: log, ready: make(chan struct{}, 1)}
}

// put queues a call.
func (o *outbox) put(c mesos.SchedulerCall) {
	o.mu.Lock()
	full := len(o.calls) >= outboxMax
	if !full {
		o.calls = append(o.calls, c)
		o.wake()
	}
	o.mu.Unlock()
	if full {
		o.metrics.dropped()
		o.log.Warn("call to mesos dropped, too many wait", zap.String("call", name(c)))
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

// take removes all calls that wait.
func (o *outbox) take() []mesos.SchedulerCall {
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
			if err := o.caller.Enqueue(ctx, c, done); err != nil {
				done(err)
			}
		}
	}
}

func (o *outbox) done(ctx context.Context, c mesos.SchedulerCall, err error) {
	switch {
	case err == nil:
		o.metrics.sent(name(c))
	case ctx.Err() == nil:
		o.metrics.failed(name(c))
		o.log.Debug("call to mesos failed", zap.String("call", name(c)), zap.Error(err))
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
