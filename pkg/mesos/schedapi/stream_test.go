package schedapi_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	mesosgo "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/frames"
	"github.com/gantry-mesos/gantry/pkg/mesos/httptransport/transporttest"
)

func TestStream_silent_for_five_heartbeats_is_renewed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, m := transporttest.New(), newFakeMaster(t)
		defer n.Serve(master, m)()
		c := start(t, defaults(t, n), one(), nil)
		expect[mesos.Subscribed](c)
		begin := time.Now()
		got := expect[mesos.Disconnected](c)
		if took := time.Since(begin); took != 75*time.Second {
			t.Errorf("given up after %v, want 75 s", took)
		}
		if got.Reason != "master is silent: heartbeats are missing" {
			t.Errorf("reason = %q", got.Reason)
		}
		expect[mesos.Subscribed](c)
		c.stop()
	})
}

func TestStream_with_late_heartbeats_is_kept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, m := transporttest.New(), newFakeMaster(t)
		defer n.Serve(master, m)()
		c := start(t, defaults(t, n), one(), nil)
		expect[mesos.Subscribed](c)
		for range 10 {
			time.Sleep(74 * time.Second)
			m.events <- heartbeat()
			expect[mesos.Heartbeat](c)
		}
		c.stop()
	})
}

func TestStream_is_kept_while_the_handler_is_slow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, m := transporttest.New(), newFakeMaster(t)
		defer n.Serve(master, m)()
		c := start(t, defaults(t, n), one(), func(_ context.Context, e mesos.SchedulerEvent) error {
			if _, ok := e.(mesos.Rescind); ok {
				time.Sleep(30 * time.Minute)
			}
			return nil
		})
		expect[mesos.Subscribed](c)
		m.events <- rescind("o1")
		expect[mesos.Rescind](c)
		m.events <- heartbeat()
		expect[mesos.Heartbeat](c)
		c.stop()
	})
}

func TestStream_delivers_events_in_order_however_they_are_cut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, m := transporttest.New(), newFakeMaster(t)
		defer n.Serve(master, m)()
		c := start(t, defaults(t, n), one(), nil)
		expect[mesos.Subscribed](c)
		bytes := append(append(rescind("o1"), rescind("o2")...), heartbeat()...)
		go func() {
			for i := range bytes {
				m.events <- bytes[i : i+1]
			}
		}()
		want := []mesos.SchedulerEvent{mesos.Rescind{OfferID: "o1"}, mesos.Rescind{OfferID: "o2"}, mesos.Heartbeat{}}
		if diff := cmp.Diff([]mesos.SchedulerEvent{c.next(), c.next(), c.next()}, want); diff != "" {
			t.Errorf("events (-got +want):\n%s", diff)
		}
		c.stop()
	})
}

func TestStream_skips_what_it_can_not_read(t *testing.T) {
	t.Parallel()
	unknown, err := (&scheduler.Event{Type: 4711}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string][]byte{
		"event of an unknown type": frames.Append(nil, unknown),
		"bytes that are no event":  frames.Append(nil, []byte("garbage")),
		"event without content":    frame(&scheduler.Event{Type: scheduler.Event_OFFERS}),
		"operation feedback": frame(&scheduler.Event{
			Type: scheduler.Event_UPDATE_OPERATION_STATUS,
			UpdateOperationStatus: &scheduler.Event_UpdateOperationStatus{
				Status: mesosgo.OperationStatus{State: mesosgo.OPERATION_ERROR},
			},
		}),
	}
	for name, data := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n, m := transporttest.New(), newFakeMaster(t)
				defer n.Serve(master, m)()
				c := start(t, defaults(t, n), one(), nil)
				expect[mesos.Subscribed](c)
				m.events <- data
				m.events <- rescind("o1")
				if got := expect[mesos.Rescind](c); got.OfferID != "o1" {
					t.Errorf("event = %+v", got)
				}
				c.stop()
			})
		})
	}
}

func TestStream_takes_an_event_of_10_MB(t *testing.T) {
	t.Parallel()
	const offers = 20_000
	data := offersFrame(offers)
	if len(data) < 10_000_000 {
		t.Fatalf("event has only %d bytes", len(data))
	}
	synctest.Test(t, func(t *testing.T) {
		n, m := transporttest.New(), newFakeMaster(t)
		defer n.Serve(master, m)()
		c := start(t, defaults(t, n), one(), nil)
		expect[mesos.Subscribed](c)
		m.events <- data
		if got := expect[mesos.Offers](c); len(got.Offers) != offers {
			t.Errorf("%d offers, want %d", len(got.Offers), offers)
		}
		c.stop()
	})
}
