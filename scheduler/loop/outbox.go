package loop

import (
	"context"
	"sync"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

const (
	// outboxMax bounds the calls that wait to be sent. Beyond it calls are dropped
	// like lost ones: Mesos sends unacknowledged updates again, and timers in the
	// state repeat the rest.
	outboxMax = 200_000
	// parallel is how many calls whose order does not matter are under way at once.
	parallel = 16
)

// outbox sends calls without holding up the loop: those about offers one after
// the other in their order, all others beside them.
type outbox struct {
	caller  Caller
	metrics *Metrics
	log     *zap.Logger

	ordered, free *lane
}

func newOutbox(c Caller, m *Metrics, log *zap.Logger) *outbox {
	return &outbox{caller: c, metrics: m, log: log, ordered: newLane(), free: newLane()}
}

// put queues a call.
func (o *outbox) put(c mesos.SchedulerCall) {
	to := o.free
	switch c.(type) {
	case mesos.Accept, mesos.Decline, mesos.Revive, mesos.Suppress, mesos.UpdateFramework:
		to = o.ordered
	}
	if !to.put(c) {
		o.metrics.dropped()
		o.log.Warn("call to mesos dropped, too many wait", zap.String("call", name(c)))
	}
}

// clear forgets the calls that wait: their subscription is gone.
func (o *outbox) clear() {
	o.ordered.clear()
	o.free.clear()
}

// run sends until ctx ends.
func (o *outbox) run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { o.drain(ctx, o.ordered) })
	for range parallel {
		wg.Go(func() { o.drain(ctx, o.free) })
	}
	wg.Wait()
}

func (o *outbox) drain(ctx context.Context, from *lane) {
	for {
		c, ok := from.take(ctx)
		if !ok {
			return
		}
		if err := o.caller.Send(ctx, c); err != nil && ctx.Err() == nil {
			o.metrics.failed(name(c))
			o.log.Debug("call to mesos failed", zap.String("call", name(c)), zap.Error(err))
			continue
		}
		o.metrics.sent(name(c))
	}
}

// lane is a queue of calls.
type lane struct {
	mu    sync.Mutex
	calls []mesos.SchedulerCall
	// ready has size 1: it says that calls may be waiting.
	ready chan struct{}
}

func newLane() *lane { return &lane{ready: make(chan struct{}, 1)} }

func (l *lane) put(c mesos.SchedulerCall) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.calls) >= outboxMax {
		return false
	}
	l.calls = append(l.calls, c)
	l.wake()
	return true
}

func (l *lane) wake() {
	select {
	case l.ready <- struct{}{}:
	default:
	}
}

func (l *lane) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = nil
}

// take waits for a call; ok is false once ctx has ended.
func (l *lane) take(ctx context.Context) (c mesos.SchedulerCall, ok bool) {
	for {
		select {
		case <-l.ready:
		case <-ctx.Done():
			return nil, false
		}
		l.mu.Lock()
		if len(l.calls) > 0 {
			c, l.calls = l.calls[0], l.calls[1:]
			ok = true
		}
		if len(l.calls) > 0 {
			l.wake()
		}
		l.mu.Unlock()
		if ok {
			return c, true
		}
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
