package loop_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/executor/core"
	"github.com/gantry-mesos/gantry/executor/loop"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// agent is an Agent in memory. It acknowledges what it is sent unless told otherwise.
type agent struct {
	events chan mesos.ExecutorEvent
	// breaks ends the subscription; what it carries ends Run unless nil.
	breaks chan error

	mu      sync.Mutex
	silent  bool
	refuse  error
	states  []string
	repeats []mesos.Unacknowledged
}

func newAgent() *agent {
	return &agent{events: make(chan mesos.ExecutorEvent, 16), breaks: make(chan error)}
}

func (a *agent) Run(ctx context.Context, un func() mesos.Unacknowledged, handle func(context.Context, mesos.ExecutorEvent) error) error {
	for {
		repeat := un()
		a.mu.Lock()
		a.repeats = append(a.repeats, repeat)
		a.mu.Unlock()
		subscribed := mesos.ExecutorSubscribed{ContainerID: "c1", Framework: mesos.FrameworkInfo{Capabilities: []mesos.Capability{mesos.TaskKillingState}}}
		if err := handle(ctx, subscribed); err != nil {
			return err
		}
		if err, again := a.deliver(ctx, handle); !again {
			return err
		}
	}
}

func (a *agent) deliver(ctx context.Context, handle func(context.Context, mesos.ExecutorEvent) error) (err error, again bool) {
	for {
		select {
		case ev := <-a.events:
			if err := handle(ctx, ev); err != nil {
				return err, false
			}
		case err := <-a.breaks:
			return err, err == nil
		case <-ctx.Done():
			return nil, false
		}
	}
}

func (a *agent) Send(_ context.Context, call mesos.ExecutorCall) error {
	st := call.(mesos.StatusUpdate).Status
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.refuse != nil {
		return a.refuse
	}
	a.states = append(a.states, strings.TrimPrefix(st.State.String(), "TASK_"))
	if !a.silent {
		a.events <- mesos.Acknowledged{TaskID: st.TaskID, UUID: st.UUID}
	}
	return nil
}

func (a *agent) seen() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Join(a.states, " ")
}

// host makes runtimes that do what the test says.
type host struct {
	run   func(ctx context.Context, stops <-chan core.Stop, report func(core.Event))
	probe func(ctx context.Context, report func(core.Event))
	err   error
}

type runtimeFunc func(ctx context.Context, stops <-chan core.Stop, report func(core.Event))

func (f runtimeFunc) Run(ctx context.Context, _ taskinfo.Task, stops <-chan core.Stop, report func(core.Event)) {
	f(ctx, stops, report)
}

type proberFunc func(ctx context.Context, report func(core.Event))

func (f proberFunc) Run(ctx context.Context, report func(core.Event)) { f(ctx, report) }

func (h host) Runtime(taskinfo.Task, mesos.ExecutorSubscribed) (loop.Runtime, error) {
	return runtimeFunc(h.run), h.err
}

func (h host) Prober(taskinfo.Task, core.Running) loop.Prober { return proberFunc(h.probe) }

// untilStopped runs until it is stopped, by force or not.
func untilStopped(ctx context.Context, stops <-chan core.Stop, report func(core.Event)) {
	report(core.Running{})
	select {
	case <-stops:
		report(core.Exited{Code: 143, Message: "stopped"})
	case <-ctx.Done():
	}
}

func config() core.Config {
	return core.Config{
		ExecutorID: "e1", Checkpoint: true, RecoveryTimeout: 15 * time.Minute, ShutdownGrace: 10 * time.Second,
		AckWait: time.Minute, ForceEvery: 5 * time.Second, ProgressEvery: 10 * time.Second,
	}
}

func launch(t *testing.T) mesos.LaunchTask {
	t.Helper()
	s := &app.Spec{ID: "/web", Run: runspec.Run{Cmd: "true", HealthChecks: []app.HealthCheck{{Protocol: app.HealthCommand, Command: "true", MaxConsecutiveFailures: 1}}}}
	info, err := taskinfo.Build(taskinfo.Launch{Run: &s.Run, Owner: s.Owner(), TaskID: "t1"}, taskinfo.Options{Executor: taskinfo.ExecutorSource{Path: "/x"}})
	if err != nil {
		t.Fatal(err)
	}
	return mesos.LaunchTask{Task: info}
}

// begin runs a Loop in a bubble of virtual time.
func begin(ctx context.Context, a *agent, h host) <-chan error {
	if h.run == nil {
		h.run = untilStopped
	}
	if h.probe == nil {
		h.probe = func(ctx context.Context, _ func(core.Event)) { <-ctx.Done() }
	}
	done := make(chan error, 1)
	go func() { done <- loop.New(config(), a, h, zap.NewNop()).Run(ctx) }()
	return done
}

func TestLoop_tells_a_task_s_story_in_order(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAgent()
		done := begin(t.Context(), a, host{})
		a.events <- launch(t)
		synctest.Wait()
		a.events <- mesos.KillTask{TaskID: "t1"}
		if err := <-done; err != nil {
			t.Error(err)
		}
		if got, want := a.seen(), "STARTING RUNNING KILLING KILLED"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func TestLoop_tells_again_with_a_new_subscription(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAgent()
		a.silent = true
		done := begin(t.Context(), a, host{})
		a.events <- launch(t)
		synctest.Wait()
		a.breaks <- nil
		synctest.Wait()
		a.mu.Lock()
		first, second := a.repeats[0], a.repeats[1]
		a.silent = false
		a.mu.Unlock()
		if len(first.Tasks) != 0 || len(second.Tasks) != 1 || len(second.Updates) != 2 {
			t.Errorf("got %d tasks at first, then %d with %d updates; want 0, 1 and 2", len(first.Tasks), len(second.Tasks), len(second.Updates))
		}
		for _, st := range second.Updates {
			a.events <- mesos.Acknowledged{TaskID: st.TaskID, UUID: st.UUID}
		}
		a.events <- mesos.ShutdownExecutor{}
		if err := <-done; err != nil {
			t.Error(err)
		}
		if got, want := a.seen(), "STARTING RUNNING KILLING KILLED"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func TestLoop_ends_the_task_when_the_agent_is_gone_for_good(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAgent()
		stopped := make(chan struct{})
		done := begin(t.Context(), a, host{run: func(ctx context.Context, stops <-chan core.Stop, report func(core.Event)) {
			untilStopped(ctx, stops, report)
			close(stopped)
		}})
		a.events <- launch(t)
		synctest.Wait()
		a.breaks <- errors.New("executor cannot be found")
		if err := <-done; !errors.Is(err, loop.ErrUnfinished) {
			t.Errorf("got %v, want ErrUnfinished", err)
		}
		<-stopped
	})
}

func TestLoop_kills_by_force_when_gentleness_does_not_help(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAgent()
		began := time.Now()
		var forced time.Duration
		done := begin(t.Context(), a, host{run: func(_ context.Context, stops <-chan core.Stop, report func(core.Event)) {
			report(core.Running{})
			for stop := range stops {
				if stop.Force {
					break
				}
			}
			forced = time.Since(began)
			report(core.Exited{Code: 137})
		}})
		a.events <- launch(t)
		synctest.Wait()
		a.events <- mesos.KillTask{TaskID: "t1", Policy: &mesos.KillPolicy{GracePeriod: 30 * time.Second}}
		if err := <-done; err != nil {
			t.Error(err)
		}
		if forced != 30*time.Second {
			t.Errorf("forced after %s, want 30s", forced)
		}
	})
}

func TestLoop_tells_of_an_unhealthy_task_until_it_is_ended(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAgent()
		stopped := make(chan struct{})
		done := begin(t.Context(), a, host{probe: func(ctx context.Context, report func(core.Event)) {
			report(core.Probed{OK: true})
			report(core.Probed{Message: "refused"})
			a.events <- mesos.KillTask{TaskID: "t1"}
			<-ctx.Done()
			close(stopped)
		}})
		a.events <- launch(t)
		if err := <-done; err != nil {
			t.Error(err)
		}
		<-stopped
		if got, want := a.seen(), "STARTING RUNNING RUNNING RUNNING KILLING KILLED"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func TestLoop_stops_gracefully_with_its_context(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAgent()
		ctx, cancel := context.WithCancel(t.Context())
		done := begin(ctx, a, host{})
		a.events <- launch(t)
		synctest.Wait()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if got, want := a.seen(), "STARTING RUNNING KILLING KILLED"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func TestLoop_waits_a_bounded_time_for_the_last_acknowledgement(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAgent()
		a.silent = true
		began := time.Now()
		done := begin(t.Context(), a, host{run: func(_ context.Context, _ <-chan core.Stop, report func(core.Event)) {
			report(core.Running{})
			report(core.Exited{})
		}})
		a.events <- launch(t)
		if err := <-done; !errors.Is(err, loop.ErrUnfinished) {
			t.Errorf("got %v, want ErrUnfinished", err)
		}
		if got := time.Since(began); got != time.Minute {
			t.Errorf("ended after %s, want 1m", got)
		}
	})
}

func TestLoop_goes_on_when_an_update_is_refused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAgent()
		a.refuse = errors.New("400 Bad Request")
		done := begin(t.Context(), a, host{})
		a.events <- launch(t)
		synctest.Wait()
		a.mu.Lock()
		a.refuse = nil
		a.mu.Unlock()
		a.events <- mesos.KillTask{TaskID: "t1"}
		if err := <-done; !errors.Is(err, loop.ErrUnfinished) {
			t.Errorf("got %v, want ErrUnfinished: two updates were never taken", err)
		}
		if got, want := a.seen(), "KILLING KILLED"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func TestLoop_reports_a_host_or_payload_that_fails(t *testing.T) {
	t.Parallel()
	for want, h := range map[string]host{"STARTING FAILED": {err: errors.New("disk full")}, "ERROR": {}} {
		synctest.Test(t, func(t *testing.T) {
			a := newAgent()
			done := begin(t.Context(), a, h)
			ev := launch(t)
			if h.err == nil {
				ev.Task.Data = []byte("no payload")
			}
			a.events <- ev
			if err := <-done; err != nil {
				t.Error(err)
			}
			if got := a.seen(); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}
