package scheduler

import (
	"context"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/schedapi"
	"github.com/gantry-mesos/gantry/scheduler/dropwizard"
)

// traffic counts what is said to Mesos and by it, for Marathon's metrics.
type traffic struct {
	launched, revived, suppressed, incoming, used, declined, launches, reserves, outOfMemory *dropwizard.Counter
	updates                                                                                  map[mesos.TaskState]*dropwizard.Counter
}

func newTraffic(r *dropwizard.Registry) *traffic {
	t := &traffic{
		launched: r.Counter("tasks.launched.counter"),
		revived:  r.Counter("mesos.calls.revive.counter"), suppressed: r.Counter("mesos.calls.suppress.counter"),
		incoming: r.Counter("mesos.offers.incoming.counter"), used: r.Counter("mesos.offers.used.counter"),
		declined: r.Counter("mesos.offers.declined.counter"), launches: r.Counter("mesos.offer-operations.launch.counter"),
		reserves: r.Counter("mesos.offer-operations.reserve.counter"), outOfMemory: r.Counter("mesos.task.oom.memory-limit-exceeded.counter"),
		updates: map[mesos.TaskState]*dropwizard.Counter{},
	}
	r.Counter("mesos.offer-operations.launch-group.counter") // there are no groups of tasks yet
	for state := mesos.TaskStaging; state <= mesos.TaskUnknown; state++ {
		name := strings.ReplaceAll(strings.ToLower(state.String()), "_", "-")
		t.updates[state] = r.Counter("mesos.task-updates." + name + ".counter")
	}
	return t
}

// called counts a call that was handed over for Mesos.
func (t *traffic) called(call mesos.SchedulerCall) {
	switch c := call.(type) {
	case mesos.Revive:
		t.revived.Add(1)
	case mesos.Suppress:
		t.suppressed.Add(1)
	case mesos.Decline:
		t.declined.Add(len(c.OfferIDs))
	case mesos.Accept:
		t.used.Add(len(c.OfferIDs))
		for _, op := range c.Operations {
			switch op := op.(type) {
			case mesos.Launch:
				t.launches.Add(1)
				t.launched.Add(len(op.Tasks))
			case mesos.Reserve:
				t.reserves.Add(1)
			}
		}
	}
}

// heard counts an event of Mesos.
func (t *traffic) heard(e mesos.SchedulerEvent) {
	switch e := e.(type) {
	case mesos.Offers:
		t.incoming.Add(len(e.Offers))
	case mesos.Update:
		if c := t.updates[e.Status.State]; c != nil {
			c.Add(1)
		}
		if e.Status.Reason == mesos.ReasonMemoryLimit {
			t.outOfMemory.Add(1)
		}
	}
}

// counting counts what a handler gets.
func (t *traffic) counting(handle schedapi.Handler) schedapi.Handler {
	return func(ctx context.Context, e mesos.SchedulerEvent) error {
		t.heard(e)
		return handle(ctx, e)
	}
}
