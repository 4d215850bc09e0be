package loop

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/core/coretest"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// rejected is what a store says of a write that it will never take.
type rejected struct{ error }

func (rejected) Rejected() bool { return true }

// strict is a world with a store that refuses some changes. It can be stopped
// before it writes, so that inputs wait.
type strict struct {
	world
	*coretest.Memory
	// gate holds a value while it may write.
	gate    chan struct{}
	loop    *Loop
	log     *observer.ObservedLogs
	reloads int
	ended   chan error
}

func (s *strict) Append(ctx context.Context, changes []core.Change) error {
	<-s.gate
	defer func() { s.gate <- struct{}{} }()
	return s.Memory.Append(ctx, changes)
}

func (s *strict) reload(context.Context) (*core.State, error) {
	s.reloads++
	cfg := core.DefaultConfig()
	cfg.Rand = rand.New(rand.NewPCG(1, uint64(s.reloads)))
	return core.New(cfg, placement.NewCluster(placement.Config{}), s.Stored(), time.Now()), nil
}

// newStrict runs a loop over a store that holds these Apps and refuses changes for which bad is true.
func newStrict(t *testing.T, bad func(core.Change) bool, stored ...*app.Spec) *strict {
	t.Helper()
	s := &strict{Memory: coretest.NewMemory(), gate: make(chan struct{}, 1), ended: make(chan error, 1)}
	for _, spec := range stored {
		s.Apply(core.PutApp{Spec: spec})
	}
	s.gate <- struct{}{}
	s.Refuse = func(changes []core.Change) error {
		if slices.ContainsFunc(changes, bad) {
			return rejected{errors.New("too large")}
		}
		return nil
	}
	state, err := s.reload(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen, log := observer.New(zap.ErrorLevel)
	s.log = log
	s.loop = New(Config{
		State: state, Reload: s.reload, Journal: s, Caller: &s.world, Converter: &s.world, Publisher: &s.world, Metrics: NewMetrics(prometheus.NewRegistry()), Log: zap.New(seen),
	})
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	go func() { s.ended <- s.loop.Run(ctx) }()
	return s
}

func puts(id app.ID) func(core.Change) bool {
	return func(c core.Change) bool {
		p, ok := c.(core.PutApp)
		return ok && p.Spec.ID == id
	}
}

func named(id mesos.OfferID) mesos.Offers {
	o := offer()
	o.Offers[0].ID, o.Offers[0].AgentID = id, mesos.AgentID("agent of "+id)
	return o
}

// together has the loop take all these inputs in one step.
func (s *strict) together(t *testing.T, inputs ...func()) {
	t.Helper()
	<-s.gate
	go func() { _, _ = s.loop.Do(t.Context(), create("/first")) }() // it is about to be stored
	synctest.Wait()
	var all sync.WaitGroup
	for _, in := range inputs {
		all.Go(in)
		synctest.Wait()
	}
	s.gate <- struct{}{}
	all.Wait()
	synctest.Wait()
}

// apps is what readers see of Apps and their instances.
func apps(v *view.View) map[app.ID][]string {
	out := map[app.ID][]string{}
	for a := range v.Apps {
		out[a.Spec.ID] = []string{a.Spec.Version.String()}
		for _, i := range a.Instances {
			out[a.Spec.ID] = append(out[a.Spec.ID], string(i.ID)+" "+i.Condition.String())
		}
	}
	return out
}

func TestARefusedWriteHasNoEffectAndAllElseGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStrict(t, puts("/bad"))
		l := s.loop
		deliver(t, l, mesos.Subscribed{FrameworkID: "fw"})
		if _, err := l.Do(t.Context(), create("/web")); err != nil {
			t.Fatal(err)
		}
		deliver(t, l, named("o1"))
		synctest.Wait()
		web, _ := l.View().App("/web")
		if web.Counts.Running+web.Counts.Staged != 1 {
			t.Fatalf("nothing was launched: %+v", web.Counts)
		}
		running := mesos.TaskStatus{TaskID: web.Instances[0].TaskID(), AgentID: web.Instances[0].AgentID, State: mesos.TaskRunning, UUID: []byte("u")}
		s.calls = nil

		var errs [3]error
		s.together(t,
			func() { _, errs[0] = l.Do(t.Context(), create("/good")) },
			func() { _, errs[1] = l.Do(t.Context(), create("/bad")) },
			func() { deliver(t, l, mesos.Update{Status: running}) },
			func() { deliver(t, l, named("o2")) },
			func() { _, errs[2] = l.Do(t.Context(), create("/better")) },
		)
		bug, ok := errors.AsType[*BugError](errs[1])
		if errs[0] != nil || errs[2] != nil || !ok {
			t.Fatalf("got %v, %v and %v, want a BugError for the second", errs[0], errs[1], errs[2])
		}
		var references []any
		for _, e := range s.log.All() {
			if !strings.Contains(e.Message, "which is a bug") {
				t.Errorf("logged %q", e.Message)
			}
			references = append(references, e.ContextMap()["reference"])
		}
		if !slices.Contains(references, any(bug.Reference)) {
			t.Errorf("logged references %v, want %s among them", references, bug.Reference)
		}
		if n := len(references); n != 2 {
			t.Errorf("%d refusals are logged, want that of all together and that of one", n)
		}
		v := l.View()
		for id, want := range map[app.ID]bool{"/web": true, "/first": true, "/good": true, "/better": true, "/bad": false} {
			if _, ok := v.App(id); ok != want {
				t.Errorf("%s: shown %v, want %v", id, ok, want)
			}
		}
		if web, _ := v.App("/web"); web.Counts.Running != 1 || !v.Framework.Subscribed {
			t.Errorf("got %d running, subscribed %v, want the status that came with it applied, and the subscription as it was", web.Counts.Running, v.Framework.Subscribed)
		}
		restarted, err := s.reload(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(apps(restarted.View()), apps(v)); d != "" {
			t.Errorf("differs from a restart (-restart +got):\n%s", d)
		}
		s.wantCalls(t)
		select {
		case err := <-s.ended:
			t.Errorf("the loop ended: %v", err)
		default:
		}
	})
}

// wantCalls checks that the master heard what keeps it in step, and of no offer twice.
func (s *strict) wantCalls(t *testing.T) {
	t.Helper()
	used, acknowledged := map[mesos.OfferID]int{}, 0
	for _, c := range s.calls {
		switch c := c.(type) {
		case mesos.Accept:
			for _, id := range c.OfferIDs {
				used[id]++
			}
		case mesos.Decline:
			for _, id := range c.OfferIDs {
				used[id]++
			}
		case mesos.Acknowledge:
			acknowledged++
		}
	}
	if d := cmp.Diff(map[mesos.OfferID]int{"o2": 1}, used); d != "" || acknowledged != 1 {
		t.Errorf("%d acknowledged; offers used (-want +got):\n%s", acknowledged, d)
	}
}

// Offers that the refused step would have used are the master's again.
func TestOffersOfARefusedStepAreGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		launched := func(c core.Change) bool {
			p, ok := c.(core.PutInstance)
			return ok && p.Instance.Condition.Live()
		}
		s := newStrict(t, launched)
		deliver(t, s.loop, mesos.Subscribed{FrameworkID: "fw"})
		if _, err := s.loop.Do(t.Context(), create("/web")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		s.calls = nil
		deliver(t, s.loop, named("o1"))
		synctest.Wait()
		want := []string{"reconcile", "decline", "revive"}
		var got []string
		for _, c := range s.calls {
			got = append(got, name(c))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("calls (-want +got):\n%s", d)
		}
		if web, _ := s.loop.View().App("/web"); web.Queue.Waiting != 1 {
			t.Errorf("got %d waiting, want the instance that was not launched", web.Queue.Waiting)
		}
	})
}

// What the state wants written by itself it would want again at once: the term ends,
// and whoever asked meanwhile is told of the bug.
func TestAStateThatCannotBeStoredEndsTheLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStrict(t, func(c core.Change) bool {
			_, instance := c.(core.PutInstance)
			return instance
		}, &app.Spec{ID: "/web", Instances: 1, Version: time.Now()})
		_, err := s.loop.Do(t.Context(), create("/x"))
		if bug, stopped := new(*BugError), new(*StoppedError); !errors.As(err, bug) && !errors.As(err, stopped) {
			t.Errorf("the command: %v, want it not done", err)
		}
		if err := <-s.ended; err == nil || !strings.Contains(err.Error(), "too large") {
			t.Errorf("the loop ended with %v", err)
		}
	})
}

// Without the beginning of its subscription there is nothing to go on with.
func TestASubscriptionThatCannotBeStoredEndsTheLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStrict(t, func(c core.Change) bool {
			_, framework := c.(core.PutFramework)
			return framework
		})
		deliver(t, s.loop, mesos.Subscribed{FrameworkID: "fw"})
		if err := <-s.ended; err == nil || !strings.Contains(err.Error(), "too large") {
			t.Errorf("the loop ended with %v", err)
		}
	})
}
