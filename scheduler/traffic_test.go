package scheduler

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/dropwizard"
)

func TestTrafficWithMesosIsCounted(t *testing.T) {
	t.Parallel()
	r := dropwizard.NewRegistry()
	tr := newTraffic(r)
	for _, call := range []mesos.SchedulerCall{
		mesos.Revive{}, mesos.Suppress{}, mesos.Suppress{}, mesos.Decline{OfferIDs: []mesos.OfferID{"a", "b", "c"}},
		mesos.Accept{OfferIDs: []mesos.OfferID{"d", "e"}, Operations: []mesos.Operation{mesos.Reserve{}, mesos.Create{}, mesos.Launch{Tasks: make([]mesos.TaskInfo, 4)}}},
		mesos.Kill{},
	} {
		tr.called(call)
	}
	handled := 0
	handle := tr.counting(func(context.Context, mesos.SchedulerEvent) error { handled++; return nil })
	for _, e := range []mesos.SchedulerEvent{
		mesos.Offers{Offers: make([]mesos.Offer, 5)}, mesos.Heartbeat{},
		mesos.Update{Status: mesos.TaskStatus{State: mesos.TaskRunning}},
		mesos.Update{Status: mesos.TaskStatus{State: mesos.TaskFailed, Reason: mesos.ReasonMemoryLimit}},
	} {
		if err := handle(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]int64{}
	for name, c := range r.Document().Counters {
		if c.Count > 0 {
			got[name] = c.Count
		}
	}
	want := map[string]int64{
		"marathon.tasks.launched.counter": 4, "marathon.mesos.calls.revive.counter": 1, "marathon.mesos.calls.suppress.counter": 2,
		"marathon.mesos.offers.incoming.counter": 5, "marathon.mesos.offers.used.counter": 2, "marathon.mesos.offers.declined.counter": 3,
		"marathon.mesos.offer-operations.launch.counter": 1, "marathon.mesos.offer-operations.reserve.counter": 1,
		"marathon.mesos.task-updates.task-running.counter": 1, "marathon.mesos.task-updates.task-failed.counter": 1,
		"marathon.mesos.task.oom.memory-limit-exceeded.counter": 1,
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	if handled != 4 {
		t.Errorf("got %d events handled, want 4", handled)
	}
}
