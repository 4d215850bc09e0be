package execapi_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/execapi"
	"github.com/gantry-mesos/gantry/pkg/mesos/frames"
	"github.com/gantry-mesos/gantry/pkg/mesos/httptransport"
	"github.com/gantry-mesos/gantry/pkg/mesos/httptransport/transporttest"
)

func TestSubscribe_repeats_what_is_not_acknowledged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, a := transporttest.New(), newFakeAgent(t)
		defer n.Serve(agent, a)()
		cfg := defaults(t, n)
		cfg.Credentials = httptransport.Credentials{Token: "jwt"}
		c := start(t, cfg, nil)
		expect[mesos.ExecutorSubscribed](c)
		c.keep(update("a", mesos.TaskStarting))
		c.keep(update("b", mesos.TaskRunning))
		c.mu.Lock()
		c.pending.Tasks = []mesos.TaskInfo{{Name: "t", TaskID: "t1", AgentID: "S1"}}
		c.mu.Unlock()
		a.events <- nil
		expect[mesos.ExecutorSubscribed](c)
		calls := a.got(executor.Call_SUBSCRIBE)
		if s := calls[0].Subscribe; s == nil || len(s.UnacknowledgedTasks)+len(s.UnacknowledgedUpdates) != 0 {
			t.Errorf("first subscription = %v, want it present and empty", s)
		}
		got := calls[1]
		if got.ExecutorID.Value != "e1" || got.FrameworkID.Value != "fw-1" {
			t.Errorf("ids = %q, %q", got.ExecutorID.Value, got.FrameworkID.Value)
		}
		if len(got.Subscribe.UnacknowledgedTasks) != 1 || got.Subscribe.UnacknowledgedTasks[0].TaskID.Value != "t1" {
			t.Errorf("tasks = %v", got.Subscribe.UnacknowledgedTasks)
		}
		var uuids []string
		for _, u := range got.Subscribe.UnacknowledgedUpdates {
			uuids = append(uuids, string(u.Status.UUID[:1]))
		}
		if diff := cmp.Diff(uuids, []string{"a", "b"}); diff != "" {
			t.Errorf("updates (-got +want):\n%s", diff)
		}
		for key, want := range map[string]string{
			"Accept": "application/x-protobuf", "Content-Type": "application/x-protobuf",
			"Mesos-Stream-Id": "", "Authorization": "Bearer jwt",
		} {
			if got := a.headers[1].Get(key); got != want {
				t.Errorf("%s = %q, want %q", key, got, want)
			}
		}
		c.stop()
	})
}

func TestStream_delivers_every_event(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, a := transporttest.New(), newFakeAgent(t)
		defer n.Serve(agent, a)()
		c := start(t, defaults(t, n), nil)
		expect[mesos.ExecutorSubscribed](c)
		want := []mesos.ExecutorEvent{
			mesos.LaunchTask{Task: mesos.TaskInfo{Name: "web", TaskID: "t1", AgentID: "S1"}},
			mesos.KillTask{TaskID: "t1", Policy: &mesos.KillPolicy{GracePeriod: time.Second}},
			mesos.Acknowledged{TaskID: "t1", UUID: []byte("0123456789abcdef")},
			mesos.ExecutorMessage{Data: []byte("hello")},
			mesos.ExecutorHeartbeat{},
			mesos.ShutdownExecutor{},
		}
		a.events <- frame(launchGroup)
		a.events <- frames.Append(nil, []byte("garbage"))
		for _, e := range want {
			data := event(e)
			a.events <- data[:1]
			a.events <- data[1:]
		}
		var got []mesos.ExecutorEvent
		for range want {
			got = append(got, <-c.events)
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("events (-got +want):\n%s", diff)
		}
		c.stop()
	})
}

func TestSubscribe_answered_by_SHUTDOWN_alone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, a := transporttest.New(), newFakeAgent(t)
		a.subscribe = func(w http.ResponseWriter, r *http.Request) { a.stream(w, r, event(mesos.ShutdownExecutor{})) }
		defer n.Serve(agent, a)()
		c := start(t, defaults(t, n), nil)
		expect[mesos.ShutdownExecutor](c)
		c.stop()
	})
}

func TestSubscribe_is_tried_again_at_least_every_second(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int // 0: connection refused
	}{
		{"agent is not there", 0},
		{"agent is starting", 404},
		{"agent is recovering", 503},
		{"agent fails", 500},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n, a := transporttest.New(), newFakeAgent(t)
				stop := n.Serve(agent, a)
				c := start(t, defaults(t, n), nil)
				expect[mesos.ExecutorSubscribed](c)
				if tt.status == 0 {
					stop()
				} else {
					a.onSubscribe(status(tt.status, "Agent has not finished recovery"))
					a.events <- nil
				}
				before := n.Dials(agent) + len(a.got(executor.Call_SUBSCRIBE))
				time.Sleep(5 * time.Minute)
				if got := n.Dials(agent) + len(a.got(executor.Call_SUBSCRIBE)) - before; got < 300 {
					t.Errorf("tried %d times in 5 minutes, want once a second or more", got)
				}
				if tt.status == 0 {
					stop = n.Serve(agent, a)
				} else {
					a.onSubscribe(nil)
				}
				begin := time.Now()
				expect[mesos.ExecutorSubscribed](c)
				if took := time.Since(begin); took > time.Second {
					t.Errorf("subscribed %v after the agent was back", took)
				}
				c.stop()
				stop()
			})
		})
	}
}

func TestRun_ends_when_the_executor_must_shut_down(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		checkpoint bool
		answer     func(http.ResponseWriter, *http.Request) // to the second SUBSCRIBE
		want       error
		after      time.Duration
	}{
		{"without checkpoint when the stream ends", false, nil, execapi.ErrDisconnected, 0},
		{"agent does not come back", true, status(503, ""), execapi.ErrRecoveryTimeout, 15 * time.Minute},
		{"agent does not know the executor", true, status(400, "Executor cannot be found"), execapi.ErrForgotten, 0},
		{"agent does not know the framework", true, status(400, "Framework cannot be found"), execapi.ErrForgotten, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n, a := transporttest.New(), newFakeAgent(t)
				defer n.Serve(agent, a)()
				cfg := defaults(t, n)
				cfg.Checkpoint = tt.checkpoint
				c := start(t, cfg, nil)
				expect[mesos.ExecutorSubscribed](c)
				a.onSubscribe(tt.answer)
				begin := time.Now()
				a.events <- nil
				if err := c.ended(); !errors.Is(err, tt.want) {
					t.Errorf("Run = %v, want %v", err, tt.want)
				}
				if took := time.Since(begin); took > tt.after+time.Second || took < tt.after-time.Second {
					t.Errorf("ended after %v, want %v", took, tt.after)
				}
				if err := c.Send(context.Background(), update("a", mesos.TaskRunning)); !errors.Is(err, execapi.ErrNotSubscribed) {
					t.Errorf("Send after the end = %v", err)
				}
			})
		})
	}
}

func TestRun_ends_when_the_agent_refuses(t *testing.T) {
	t.Parallel()
	for _, code := range []int{400, 401, 403, 405, 406, 415, 307, 501} {
		t.Run(http.StatusText(code), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n, a := transporttest.New(), newFakeAgent(t)
				a.subscribe = status(code, "because")
				defer n.Serve(agent, a)()
				c := start(t, defaults(t, n), nil)
				err := c.ended()
				var got *execapi.StatusError
				want := execapi.StatusError{Call: "SUBSCRIBE", Status: code, Message: "because"}
				if !errors.As(err, &got) || *got != want || errors.Is(err, execapi.ErrForgotten) {
					t.Errorf("Run = %v, want %v", err, &want)
				}
			})
		})
	}
	t.Run("by an ERROR event", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			n, a := transporttest.New(), newFakeAgent(t)
			defer n.Serve(agent, a)()
			c := start(t, defaults(t, n), nil)
			expect[mesos.ExecutorSubscribed](c)
			a.events <- event(mesos.ExecutorError{Message: "no"})
			var got *execapi.RefusedError
			if err := c.ended(); !errors.As(err, &got) || got.Message != "no" {
				t.Errorf("Run = %v", err)
			}
		})
	})
}

func TestRun_ends_when_no_agent_answers_at_the_start(t *testing.T) {
	t.Parallel()
	for name, subscribe := range map[string]func(http.ResponseWriter, *http.Request){
		"refuses connections": nil,
		"says nothing":        func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n, a := transporttest.New(), newFakeAgent(t)
				if subscribe != nil {
					a.subscribe = subscribe
					defer n.Serve(agent, a)()
				}
				begin := time.Now()
				c := start(t, defaults(t, n), nil)
				if err := c.ended(); err == nil {
					t.Error("Run = nil")
				}
				if took := time.Since(begin); took > time.Minute+time.Second || took < 50*time.Second {
					t.Errorf("ended after %v, want a minute", took)
				}
			})
		})
	}
}

func TestRun_ends_with_the_error_of_its_handler(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, a := transporttest.New(), newFakeAgent(t)
		defer n.Serve(agent, a)()
		broken := errors.New("broken")
		c := start(t, defaults(t, n), func(context.Context, mesos.ExecutorEvent) error { return broken })
		if err := c.ended(); !errors.Is(err, broken) {
			t.Errorf("Run = %v, want %v", err, broken)
		}
	})
}

// The agent's domain socket is a real one here.
func TestSubscribe_through_the_domain_socket(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "agent.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: newFakeAgent(t), ReadHeaderTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	defer func() {
		_ = server.Close()
		<-served
	}()
	c := start(t, execapi.Config{
		FrameworkID: "fw-1", ExecutorID: "e1", AgentEndpoint: "10.255.255.1:5051",
		Transport: httptransport.Config{UnixSocket: socket},
	}, nil)
	expect[mesos.ExecutorSubscribed](c)
	c.stop()
}
