package schedapi_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/httptransport/transporttest"
)

// faults are what a master may do to a subscription or to a call.
var faults = map[string]func(m *fakeMaster, c *client){
	"close the stream":  func(m *fakeMaster, _ *client) { m.events <- nil },
	"send garbage":      func(m *fakeMaster, _ *client) { m.events <- []byte("?") },
	"cut a record":      func(m *fakeMaster, _ *client) { m.events <- heartbeat()[:2]; m.events <- nil },
	"fall silent":       func(*fakeMaster, *client) { time.Sleep(2 * time.Minute) },
	"forget us":         failing(403, "Framework is not subscribed"),
	"lose leadership":   failing(503, "No leader elected"),
	"refuse a call":     failing(400, "Failed to validate scheduler::Call"),
	"be busy":           failing(503, ""),
	"take a call":       func(_ *fakeMaster, c *client) { _ = c.Send(c.t.Context(), acknowledge) },
	"send an event":     func(m *fakeMaster, _ *client) { m.events <- rescind("o") },
	"send a bad event":  func(m *fakeMaster, _ *client) { m.events <- []byte("1\nx") },
	"ignore a call":     func(m *fakeMaster, c *client) { m.on(hang); _ = c.Send(c.t.Context(), acknowledge); m.on(nil) },
	"redirect a call":   failing(307, ""),
	"fail a call":       failing(500, ""),
	"mix up stream ids": failing(400, "The stream ID 'x' included in this request didn't match"),
}

func hang(_ http.ResponseWriter, r *http.Request, _ *scheduler.Call) { <-r.Context().Done() }

func failing(code int, text string) func(*fakeMaster, *client) {
	return func(m *fakeMaster, c *client) {
		m.on(func(w http.ResponseWriter, r *http.Request, _ *scheduler.Call) { status(code, text)(w, r) })
		_ = c.Send(c.t.Context(), acknowledge)
		m.on(nil)
	}
}

// Whatever a master does: Subscribed and Disconnected take turns, calls carry
// the stream id of the subscription that they were sent on, no call is sent
// twice, and the client is subscribed in the end.
func TestClient_survives_any_series_of_faults(t *testing.T) {
	t.Parallel()
	names := make([]string, 0, len(faults))
	for name := range faults {
		names = append(names, name)
	}
	slices.Sort(names)
	rapid.Check(t, func(rt *rapid.T) {
		series := rapid.SliceOfN(rapid.SampledFrom(names), 1, 6).Draw(rt, "faults")
		synctest.Test(t, func(t *testing.T) {
			n, m := transporttest.New(), newFakeMaster(t)
			defer n.Serve(master, m)()
			c := start(t, defaults(t, n), one(), nil)
			for _, name := range series {
				c.settle()
				faults[name](m, c)
			}
			c.settle()
			if err := c.Send(t.Context(), mesos.Revive{}); err != nil {
				rt.Errorf("call after the faults: %v", err)
			}
			c.stop()
			if err := taking(c.events); err != nil {
				rt.Error(err)
			}
			if err := m.consistent(); err != nil {
				rt.Error(err)
			}
		})
	})
}

// settle waits until the client is subscribed with nothing under way.
func (c *client) settle() {
	c.t.Helper()
	synctest.Wait() // the client has seen what the last fault did
	for range 1000 {
		if err := c.Send(c.t.Context(), mesos.Reconcile{}); err == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	c.t.Fatal("not subscribed again")
}

// taking checks that Subscribed and Disconnected take turns and enclose all other events.
func taking(events <-chan mesos.SchedulerEvent) error {
	subscribed := false
	for len(events) > 0 {
		switch (<-events).(type) {
		case mesos.Subscribed:
			if subscribed {
				return errors.New("Subscribed twice without Disconnected")
			}
			subscribed = true
		case mesos.Disconnected:
			if !subscribed {
				return errors.New("Disconnected without Subscribed")
			}
			subscribed = false
		default:
			if !subscribed {
				return errors.New("event without a subscription")
			}
		}
	}
	return nil
}

// on changes the answer to the following calls, nil to the usual one.
func (m *fakeMaster) on(answer func(http.ResponseWriter, *http.Request, *scheduler.Call)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answer = answer
}

// consistent checks that each call carries the id of the stream that was the last one then.
func (m *fakeMaster) consistent() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	streams := 0
	for _, r := range m.requests {
		if r.call.Type == scheduler.Call_SUBSCRIBE {
			streams++
			continue
		}
		if got, want := r.header.Get("Mesos-Stream-Id"), streamID(streams); got != want {
			return fmt.Errorf("call %s carries the id %s, want %s", r.call.Type, got, want)
		}
	}
	return nil
}
