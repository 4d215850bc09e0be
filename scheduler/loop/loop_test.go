package loop

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is everything around a loop; it writes down in which order it is called.
type world struct {
	mu    sync.Mutex
	did   []string
	fail  error
	calls []mesos.SchedulerCall
}

func (w *world) note(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.did = append(w.did, what)
}

func (w *world) seen() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.did)
}

func (w *world) Append(context.Context, []core.Change) error {
	w.note("persist")
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fail
}

func (w *world) Enqueue(_ context.Context, call mesos.SchedulerCall, done func(error)) error {
	w.note("call " + name(call))
	w.mu.Lock()
	w.calls = append(w.calls, call)
	w.mu.Unlock()
	done(nil)
	return nil
}

func (w *world) Publish(events []event.Event) {
	for _, e := range events {
		if e.Type() == "deployment_info" {
			w.note("publish")
		}
	}
}

// Call converts launches to accepts without tasks, and refuses the App /bad.
func (w *world) Call(_ mesos.FrameworkID, call core.Call) (mesos.SchedulerCall, []mesos.TaskStatus) {
	switch c := call.(type) {
	case core.MesosCall:
		return c.SchedulerCall, nil
	case *core.Launch:
		var failed []mesos.TaskStatus
		for _, t := range c.Tasks {
			if t.Spec.ID == "/bad" {
				failed = append(failed, mesos.TaskStatus{TaskID: t.Instance.TaskID(), State: mesos.TaskError, Message: "cannot be built"})
			}
		}
		return mesos.Accept{OfferIDs: c.OfferIDs}, failed
	}
	return nil, nil
}

func start(t *testing.T, w *world) (l *Loop, run func(context.Context) error) {
	t.Helper()
	cfg := core.DefaultConfig()
	cfg.Rand = rand.New(rand.NewPCG(1, 1))
	l = New(Config{
		State:   core.New(cfg, placement.NewCluster(placement.Config{}), core.Stored{}, time.Now()),
		Journal: w, Caller: w, Converter: w, Publisher: w, Metrics: NewMetrics(prometheus.NewRegistry()), Log: zap.NewNop(),
	})
	return l, l.Run
}

func create(id app.ID) core.Command {
	return core.ChangeApps{Changes: []core.AppChange{{Create: true, Spec: &app.Spec{
		ID:        id,
		Instances: 1,
		Backoff:   app.Backoff{Initial: time.Second, Factor: 2, Max: time.Minute},
		Run: runspec.Run{
			Resources: resource.Vector{CPUs: 100},
			Networks:  []app.Network{{Mode: app.Host}},
		},
	}}}}
}

func offer() mesos.Offers {
	return mesos.Offers{Offers: []mesos.Offer{{ID: "o1", AgentID: "a1", Role: "*", Resources: []mesos.Resource{
		{Name: "cpus", Type: mesos.Scalar, Scalar: 4000, AllocationRole: "*"}, {Name: "mem", Type: mesos.Scalar, Scalar: 4000, AllocationRole: "*"},
	}}}}
}

func TestEffectsAreCarriedOutInTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		l, run := start(t, w)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- run(ctx) }()
		deliver(t, l, mesos.Subscribed{FrameworkID: "fw"})
		synctest.Wait()
		w.did = nil
		r, err := l.Do(ctx, create("/web"))
		if err != nil || r.Deployment == "" {
			t.Fatalf("create: %+v, %v", r, err)
		}
		if _, ok := l.View().App("/web"); !ok {
			t.Error("the reply came before the view shows the app")
		}
		synctest.Wait()
		if d := cmp.Diff([]string{"persist", "publish", "publish", "call revive"}, ordered(w.seen())); d != "" {
			t.Errorf("order (-want +got):\n%s", d)
		}
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("run ended with %v", err)
		}
		if _, err := l.Do(t.Context(), create("/late")); !errors.As(err, new(*StoppedError)) {
			t.Errorf("after the end: %v, want a StoppedError", err)
		}
	})
}

// ordered puts the call, which goes out on another goroutine, last; it must
// come after persist in any case.
func ordered(did []string) []string {
	if n := slices.Index(did, "call revive"); n > 0 {
		return append(slices.Delete(slices.Clone(did), n, n+1), "call revive")
	}
	return did
}

func deliver(t *testing.T, l *Loop, ev mesos.SchedulerEvent) {
	t.Helper()
	if err := l.Deliver(t.Context(), ev); err != nil {
		t.Fatal(err)
	}
}

func TestNothingElseHappensWhenAWriteFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{fail: errors.New("disk full")}
		l, run := start(t, w)
		ended := make(chan error, 1)
		go func() { ended <- run(t.Context()) }()
		_, err := l.Do(t.Context(), create("/web"))
		if !errors.As(err, new(*StoppedError)) {
			t.Errorf("the command: %v, want a StoppedError", err)
		}
		if err := <-ended; !errors.Is(err, w.fail) {
			t.Errorf("run ended with %v, want %v", err, w.fail)
		}
		if d := cmp.Diff([]string{"persist"}, w.seen()); d != "" {
			t.Errorf("happened (-want +got):\n%s", d)
		}
		if l.View().AppCount() != 0 {
			t.Error("the view shows what was not stored")
		}
	})
}

func TestATaskThatCannotBeDescribedFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		l, run := start(t, w)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- run(ctx) }()
		deliver(t, l, mesos.Subscribed{FrameworkID: "fw"})
		if _, err := l.Do(ctx, create("/bad")); err != nil {
			t.Fatal(err)
		}
		deliver(t, l, offer())
		synctest.Wait()
		a, _ := l.View().App("/bad")
		if a.LastFailure == nil || a.LastFailure.Message != "cannot be built" || a.Queue.DelayUntil.IsZero() {
			t.Errorf("failure %+v, delay until %v", a.LastFailure, a.Queue.DelayUntil)
		}
		stop()
		<-ended
	})
}

func TestWaitingInputsShareOneCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		l, run := start(t, w)
		results := make(chan error, 40)
		for n := range 40 {
			go func() {
				_, err := l.Do(t.Context(), create(app.ID(fmt.Sprintf("/web%d", n))))
				results <- err
			}()
		}
		synctest.Wait()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- run(ctx) }()
		for range 40 {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		if n := count(w.seen(), "persist"); n > 3 {
			t.Errorf("%d commits for 40 waiting commands", n)
		}
		stop()
		<-ended
	})
}

func count(all []string, what string) int {
	n := 0
	for _, s := range all {
		if s == what {
			n++
		}
	}
	return n
}

func TestTimersFireWithoutInput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		l, run := start(t, w)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- run(ctx) }()
		deliver(t, l, mesos.Subscribed{FrameworkID: "fw"})
		synctest.Wait()
		before := count(w.seen(), "call reconcile")
		time.Sleep(core.DefaultConfig().ReconcileEvery + time.Second)
		synctest.Wait()
		if got := count(w.seen(), "call reconcile"); got != before+1 {
			t.Errorf("%d reconciliations after their interval, want %d", got, before+1)
		}
		stop()
		<-ended
	})
}

func TestCallsOfAnEndedSubscriptionAreForgotten(t *testing.T) {
	t.Parallel()
	o := newOutbox(nil, NewMetrics(prometheus.NewRegistry()), zap.NewNop())
	o.put(mesos.Revive{})
	o.clear()
	if got := o.take(); len(got) != 0 {
		t.Errorf("still there: %v", got)
	}
	for range outboxMax + 1 {
		o.put(mesos.Revive{})
	}
	if got := len(o.take()); got != outboxMax {
		t.Errorf("%d calls wait, want at most %d", got, outboxMax)
	}
}

// unanswered is what a call without an answer fails with.
type unanswered struct{}

func (unanswered) Error() string   { return "no answer in time" }
func (unanswered) Temporary() bool { return true }

func TestOffersOfAnUnansweredCallAreGivenBack(t *testing.T) {
	t.Parallel()
	o := newOutbox(nil, NewMetrics(prometheus.NewRegistry()), zap.NewNop())
	lost := posted{call: mesos.Accept{OfferIDs: []mesos.OfferID{"o1"}}}
	for range giveBackMax {
		o.done(t.Context(), lost, unanswered{})
		waiting := o.take()
		if len(waiting) != 1 {
			t.Fatalf("%d calls wait, want a decline", len(waiting))
		}
		lost = waiting[0]
		if d, ok := lost.call.(mesos.Decline); !ok || !slices.Equal(d.OfferIDs, []mesos.OfferID{"o1"}) {
			t.Fatalf("got %#v, want a decline of o1", lost.call)
		}
	}
	o.done(t.Context(), lost, unanswered{})
	o.done(t.Context(), posted{call: mesos.Revive{}}, unanswered{})
	o.done(t.Context(), posted{call: mesos.Decline{OfferIDs: []mesos.OfferID{"o2"}}}, errors.New("not subscribed"))
	if got := o.take(); len(got) != 0 {
		t.Errorf("still tries: %v", got)
	}
}
