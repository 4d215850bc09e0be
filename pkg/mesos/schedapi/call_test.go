package schedapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/httptransport"
	"github.com/gantry-mesos/gantry/pkg/mesos/httptransport/transporttest"
	"github.com/gantry-mesos/gantry/pkg/mesos/schedapi"
)

var acknowledge = mesos.Acknowledge{AgentID: "S1", TaskID: "t1", UUID: make([]byte, 16)}

func TestSend_carries_the_stream_id_and_the_framework(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, m := transporttest.New(), newFakeMaster(t)
		defer n.Serve(master, m)()
		cfg := defaults(t, n)
		cfg.Credentials = httptransport.Credentials{Token: "abc"}
		c := start(t, cfg, one(), nil)
		expect[mesos.Subscribed](c)
		if err := c.Send(t.Context(), mesos.Kill{TaskID: "t1"}); err != nil {
			t.Fatal(err)
		}
		got := m.got(scheduler.Call_KILL)[0]
		if id := got.call.GetFrameworkID().GetValue(); id != "fw-1" {
			t.Errorf("framework id = %q", id)
		}
		if id := got.header.Get("Mesos-Stream-Id"); id != "stream-1" {
			t.Errorf("stream id = %q", id)
		}
		if auth := got.header.Get("Authorization"); auth != "Bearer abc" {
			t.Errorf("authorization = %q", auth)
		}
		c.stop()
	})
}

func TestSend_fails_at_once_without_a_subscription(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, m := transporttest.New(), newFakeMaster(t)
		c := start(t, defaults(t, n), one(), nil)
		if err := c.Send(t.Context(), acknowledge); !errors.Is(err, schedapi.ErrNotSubscribed) {
			t.Errorf("before: error = %v", err)
		}
		stop := n.Serve(master, m)
		expect[mesos.Subscribed](c)
		stop()
		expect[mesos.Disconnected](c)
		if err := c.Send(t.Context(), acknowledge); !errors.Is(err, schedapi.ErrNotSubscribed) {
			t.Errorf("after: error = %v", err)
		}
		c.stop()
	})
}

func TestSend_accepts_the_empty_200_of_UPDATE_FRAMEWORK(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, m := transporttest.New(), newFakeMaster(t)
		m.answer = func(w http.ResponseWriter, _ *http.Request, _ *scheduler.Call) {
			w.Header()["Content-Type"] = nil
			w.WriteHeader(http.StatusOK)
		}
		defer n.Serve(master, m)()
		c := start(t, defaults(t, n), one(), nil)
		expect[mesos.Subscribed](c)
		err := c.Send(t.Context(), mesos.UpdateFramework{Info: mesos.FrameworkInfo{User: "root", Name: "new"}})
		if err != nil {
			t.Error(err)
		}
		got := m.got(scheduler.Call_UPDATE_FRAMEWORK)[0].call.UpdateFramework.FrameworkInfo
		if got.Name != "new" || got.GetID().GetValue() != "fw-1" {
			t.Errorf("framework = %v", got)
		}
		c.stop()
	})
}

func TestSend_failed_call_does_not_end_the_stream(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		text   string
		want   schedapi.Kind
	}{
		{"wrong content", 400, "Failed to validate scheduler::Call: Not a valid UUID", schedapi.Bad},
		{"wrong principal", 400, "Authenticated principal 'bob' does not match principal 'alice' set in `FrameworkInfo`", schedapi.Bad},
		{"wrong password", 401, "401 Unauthorized.", schedapi.Unauthorized},
		{"no right", 403, "Not authorized to use role", schedapi.Unauthorized},
		{"wrong type", 415, "", schedapi.Bad},
		{"unknown call", 501, "", schedapi.Bad},
		{"busy", 429, "", schedapi.Temporary},
		{"internal error", 500, "", schedapi.Temporary},
		{"proxy is overloaded", 503, "upstream connect error", schedapi.Temporary},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n, m := transporttest.New(), newFakeMaster(t)
				m.answer = func(w http.ResponseWriter, r *http.Request, _ *scheduler.Call) { status(tt.status, tt.text)(w, r) }
				defer n.Serve(master, m)()
				c := start(t, defaults(t, n), one(), nil)
				expect[mesos.Subscribed](c)
				err := c.Send(t.Context(), acknowledge)
				want := schedapi.CallError{Call: "ACKNOWLEDGE", Kind: tt.want, Status: tt.status, Message: tt.text}
				var got *schedapi.CallError
				if !errors.As(err, &got) || *got != want {
					t.Errorf("error = %v, want %v", err, &want)
				}
				if errors.Is(err, schedapi.ErrNotSubscribed) {
					t.Error("error says that the subscription is lost")
				}
				m.events <- rescind("o1")
				expect[mesos.Rescind](c)
				c.stop()
			})
		})
	}
}

func TestSend_answer_that_shows_the_subscription_lost_renews_it(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		text   string
	}{
		{"another master leads", 307, ""},
		{"framework unknown", 400, "Framework cannot be found"},
		{"stream id of another subscription", 400, "The stream ID 'x' included in this request didn't match the stream ID currently associated with framework ID fw-1"},
		{"not subscribed", 403, "Framework is not subscribed"},
		{"subscribed otherwise", 403, "Framework is not connected via HTTP"},
		{"no leader", 503, "No leader elected"},
		{"leader has just begun", 503, "Master has not finished recovery"},
		{"framework removed meanwhile", 409, "Framework was removed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n, m := transporttest.New(), newFakeMaster(t)
				m.answer = func(w http.ResponseWriter, r *http.Request, _ *scheduler.Call) {
					w.Header().Set("Location", "//"+master+"/master/api/v1/scheduler")
					status(tt.status, tt.text)(w, r)
				}
				defer n.Serve(master, m)()
				c := start(t, defaults(t, n), one(), nil)
				expect[mesos.Subscribed](c)
				if err := c.Send(t.Context(), acknowledge); !errors.Is(err, schedapi.ErrNotSubscribed) {
					t.Errorf("error = %v, want one that is ErrNotSubscribed", err)
				}
				expect[mesos.Disconnected](c)
				expect[mesos.Subscribed](c)
				if got := len(m.got(scheduler.Call_ACKNOWLEDGE)); got != 1 {
					t.Errorf("call was sent %d times, want once", got)
				}
				c.stop()
			})
		})
	}
}

func TestSend_without_an_answer_in_time_does_not_end_the_stream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, m := transporttest.New(), newFakeMaster(t)
		m.answer = func(_ http.ResponseWriter, r *http.Request, _ *scheduler.Call) { <-r.Context().Done() }
		defer n.Serve(master, m)()
		c := start(t, defaults(t, n), one(), nil)
		expect[mesos.Subscribed](c)
		begin := time.Now()
		err := c.Send(t.Context(), acknowledge)
		var got *schedapi.CallError
		if !errors.As(err, &got) || !got.Temporary() {
			t.Errorf("error = %v, want a temporary one", err)
		}
		if took := time.Since(begin); took != schedapi.DefaultCallTimeout {
			t.Errorf("gave up after %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Send(ctx, acknowledge); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error = %v, want that of the caller's context", err)
		}
		m.events <- heartbeat()
		expect[mesos.Heartbeat](c)
		c.stop()
	})
}

func TestSend_waiting_calls_fail_when_the_subscription_ends(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net, m := transporttest.New(), newFakeMaster(t)
		m.answer = func(_ http.ResponseWriter, r *http.Request, _ *scheduler.Call) { <-r.Context().Done() }
		defer net.Serve(master, m)()
		c := start(t, defaults(t, net), one(), nil)
		expect[mesos.Subscribed](c)
		const calls = 1 + 256 // under way and waiting
		failed := make(chan error, calls+1)
		for range calls {
			if err := c.Enqueue(t.Context(), mesos.Revive{}, func(err error) { failed <- err }); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Enqueue(ctx, mesos.Revive{}, func(err error) { failed <- err }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("call into a full lane: %v, want it to wait until its deadline", err)
		}
		m.events <- []byte("x")
		expect[mesos.Disconnected](c)
		synctest.Wait()
		close(failed)
		n := 0
		for err := range failed {
			if n++; !errors.Is(err, schedapi.ErrNotSubscribed) {
				t.Errorf("call %d = %v", n, err)
			}
		}
		if n != calls {
			t.Errorf("%d calls ended, want %d", n, calls)
		}
		c.stop()
	})
}

func TestSend_keeps_the_order_of_calls_that_need_it_and_lets_others_overtake(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, m := transporttest.New(), newFakeMaster(t)
		release := make(chan struct{})
		m.answer = func(w http.ResponseWriter, _ *http.Request, call *scheduler.Call) {
			if call.Type == scheduler.Call_ACCEPT {
				<-release
			}
			w.WriteHeader(http.StatusAccepted)
		}
		defer n.Serve(master, m)()
		c := start(t, defaults(t, n), one(), nil)
		expect[mesos.Subscribed](c)
		ordered := []mesos.SchedulerCall{
			mesos.Accept{OfferIDs: []mesos.OfferID{"o1"}}, mesos.Decline{OfferIDs: []mesos.OfferID{"o2"}},
			mesos.Suppress{}, mesos.Revive{}, mesos.UpdateFramework{Info: mesos.FrameworkInfo{User: "u", Name: "n"}},
		}
		for _, call := range ordered {
			if err := c.Enqueue(t.Context(), call, func(err error) {
				if err != nil {
					t.Error(err)
				}
			}); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		for _, call := range []mesos.SchedulerCall{acknowledge, mesos.Kill{TaskID: "t"}, mesos.Reconcile{}} {
			if err := c.Send(t.Context(), call); err != nil {
				t.Errorf("%T behind an ACCEPT that waits: %v", call, err)
			}
		}
		close(release)
		synctest.Wait()
		var got []string
		for _, r := range m.requests[2:] {
			got = append(got, r.call.Type.String())
		}
		want := []string{"ACKNOWLEDGE", "KILL", "RECONCILE", "DECLINE", "SUPPRESS", "REVIVE", "UPDATE_FRAMEWORK"}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("calls (-got +want):\n%s", diff)
		}
		c.stop()
	})
}

func TestSend_reuses_its_connections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, m := transporttest.New(), newFakeMaster(t)
		m.answer = func(w http.ResponseWriter, r *http.Request, call *scheduler.Call) {
			if call.Type == scheduler.Call_KILL {
				status(400, fmt.Sprintf("%05000d", 1))(w, r)
				return
			}
			w.WriteHeader(http.StatusAccepted)
		}
		defer n.Serve(master, m)()
		c := start(t, defaults(t, n), one(), nil)
		expect[mesos.Subscribed](c)
		for range 100 {
			_ = c.Send(t.Context(), acknowledge)
			_ = c.Send(t.Context(), mesos.Kill{TaskID: "t"})
		}
		if got := n.Dials(master); got > 3 {
			t.Errorf("%d connections for the stream and 200 calls one after the other", got)
		}
		c.stop()
	})
}

func TestSend_call_that_can_not_be_encoded_is_bad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, m := transporttest.New(), newFakeMaster(t)
		defer n.Serve(master, m)()
		c := start(t, defaults(t, n), one(), nil)
		expect[mesos.Subscribed](c)
		var got *schedapi.CallError
		if err := c.Send(t.Context(), mesos.Acknowledge{AgentID: "a", TaskID: "t"}); !errors.As(err, &got) || got.Kind != schedapi.Bad {
			t.Errorf("acknowledge without a UUID: %v", err)
		}
		c.stop()
	})
}
