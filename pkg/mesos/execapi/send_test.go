package execapi_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/execapi"
	"github.com/gantry-mesos/gantry/pkg/mesos/httptransport/transporttest"
)

// order returns the first letters of the UUIDs of all UPDATE calls so far.
func order(a *fakeAgent) []string {
	var out []string
	for _, c := range a.got(executor.Call_UPDATE) {
		out = append(out, uuid(c))
	}
	return out
}

// results makes a callback for each call and collects their errors by name.
type results map[string]error

func (r results) of(name string) func(error) {
	return func(err error) { r[name] = err }
}

func TestUpdate_is_sent_in_order_and_again_after_a_failure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, a := transporttest.New(), newFakeAgent(t)
		tries := 0
		a.answer = func(w http.ResponseWriter, r *http.Request, _ *executor.Call) {
			if tries++; tries <= 3 {
				status(503, "Agent has not finished recovery")(w, r)
				return
			}
			w.WriteHeader(http.StatusAccepted)
		}
		defer n.Serve(agent, a)()
		c := start(t, defaults(t, n), nil)
		expect[mesos.ExecutorSubscribed](c)
		got := results{}
		for _, name := range []string{"a", "b", "c"} {
			if err := c.Enqueue(t.Context(), update(name, mesos.TaskRunning), got.of(name)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if diff := cmp.Diff(order(a), []string{"a", "a", "a", "a", "b", "c"}); diff != "" {
			t.Errorf("updates (-got +want):\n%s", diff)
		}
		if diff := cmp.Diff(got, results{"a": nil, "b": nil, "c": nil}); diff != "" {
			t.Errorf("results (-got +want):\n%s", diff)
		}
		if got := len(a.got(executor.Call_SUBSCRIBE)); got != 1 {
			t.Errorf("subscribed %d times", got)
		}
		c.stop()
	})
}

func TestUpdate_waits_for_the_agent_and_is_not_sent_twice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, a := transporttest.New(), newFakeAgent(t)
		c := start(t, defaults(t, n), nil)
		got := results{}
		known, late := update("a", mesos.TaskRunning), update("b", mesos.TaskFinished)
		c.keep(known)
		for name, u := range map[string]mesos.StatusUpdate{"a": known, "b": late} {
			if err := c.Enqueue(t.Context(), u, got.of(name)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(30 * time.Second)
		defer n.Serve(agent, a)()
		expect[mesos.ExecutorSubscribed](c)
		synctest.Wait()
		if diff := cmp.Diff(order(a), []string{"b"}); diff != "" {
			t.Errorf("updates sent (-got +want):\n%s", diff)
		}
		if diff := cmp.Diff(got, results{"a": nil, "b": nil}); diff != "" {
			t.Errorf("results (-got +want):\n%s", diff)
		}
		c.stop()
	})
}

func TestUpdate_that_the_agent_does_not_take_renews_the_subscription(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int // 0: no answer
		text   string
		tries  int
	}{
		{"agent does not answer", 0, "", 5},
		{"agent is busy", 503, "", 5},
		{"agent says the executor is not subscribed", 403, "Executor is not subscribed", 1},
		{"agent does not know the executor", 400, "Executor cannot be found", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n, a := transporttest.New(), newFakeAgent(t)
				a.answer = func(w http.ResponseWriter, r *http.Request, _ *executor.Call) {
					if tt.status == 0 {
						<-r.Context().Done()
						return
					}
					status(tt.status, tt.text)(w, r)
				}
				defer n.Serve(agent, a)()
				c := start(t, defaults(t, n), nil)
				expect[mesos.ExecutorSubscribed](c)
				u := update("a", mesos.TaskRunning)
				c.keep(u)
				if err := c.Send(t.Context(), u); err != nil {
					t.Errorf("Send = %v", err)
				}
				expect[mesos.ExecutorSubscribed](c)
				if got := a.got(executor.Call_SUBSCRIBE)[1].Subscribe.UnacknowledgedUpdates; len(got) != 1 {
					t.Errorf("second subscription tells %d updates, want 1", len(got))
				}
				if got := len(order(a)); got != tt.tries {
					t.Errorf("sent %d times, want %d", got, tt.tries)
				}
				c.stop()
			})
		})
	}
}

func TestUpdate_that_is_wrong_is_refused_and_the_stream_goes_on(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, a := transporttest.New(), newFakeAgent(t)
		a.answer = func(w http.ResponseWriter, r *http.Request, _ *executor.Call) {
			status(400, "Failed to validate Executor::Call: Not a valid UUID")(w, r)
		}
		defer n.Serve(agent, a)()
		c := start(t, defaults(t, n), nil)
		expect[mesos.ExecutorSubscribed](c)
		var got *execapi.StatusError
		if err := c.Send(t.Context(), update("a", mesos.TaskRunning)); !errors.As(err, &got) || got.Status != 400 {
			t.Errorf("Send = %v", err)
		}
		a.events <- event(mesos.ExecutorHeartbeat{})
		expect[mesos.ExecutorHeartbeat](c)
		c.stop()
	})
}

func TestUpdate_is_given_up_with_its_context(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := start(t, defaults(t, transporttest.New()), nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Send(ctx, update("a", mesos.TaskRunning)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Send = %v", err)
		}
		got := results{}
		if err := c.Enqueue(t.Context(), update("b", mesos.TaskRunning), got.of("b")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		c.stop()
		if !errors.Is(got["b"], execapi.ErrNotSubscribed) {
			t.Errorf("result after the end = %v", got["b"])
		}
	})
}

func TestMessage_is_tried_once(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, a := transporttest.New(), newFakeAgent(t)
		c := start(t, defaults(t, n), nil)
		message := mesos.SchedulerMessage{Data: []byte("hello")}
		if err := c.Send(t.Context(), message); !errors.Is(err, execapi.ErrNotSubscribed) {
			t.Errorf("Send without a subscription = %v", err)
		}
		defer n.Serve(agent, a)()
		expect[mesos.ExecutorSubscribed](c)
		if err := c.Send(t.Context(), message); err != nil {
			t.Errorf("Send = %v", err)
		}
		a.mu.Lock()
		a.answer = func(w http.ResponseWriter, r *http.Request, _ *executor.Call) { status(503, "")(w, r) }
		a.mu.Unlock()
		if err := c.Send(t.Context(), message); err == nil {
			t.Error("Send = nil for an answer of 503")
		}
		got := a.got(executor.Call_MESSAGE)
		if len(got) != 2 || string(got[0].Message.Data) != "hello" {
			t.Errorf("messages = %v", got)
		}
		c.stop()
	})
}
