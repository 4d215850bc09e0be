package hub_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/endpoint"
	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/discovery"
	"github.com/gantry-mesos/gantry/scheduler/discovery/hub"
	"github.com/gantry-mesos/gantry/scheduler/eventlog"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stage is a scheduler of which only the picture is there, and a hub that follows it.
type stage struct {
	*hub.Hub
	events *eventlog.Log

	mu    sync.Mutex
	view  *view.View
	freed []mesos.TaskID
}

func (s *stage) View() *view.View {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view
}

func (s *stage) Do(_ context.Context, cmd core.Command) (core.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.freed = append(s.freed, cmd.(core.LetGo).Tasks...)
	return core.Result{}, nil
}

func (s *stage) released(task mesos.TaskID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.freed, task)
}

var spec = &app.Spec{
	ID: "/web", Instances: 1, Version: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	Run: runspec.Run{Ports: []app.Port{{Protocol: "tcp"}}},
}

// show has the scheduler show these instances, and say so.
func (s *stage) show(instances ...*instance.Instance) {
	s.mu.Lock()
	s.view = view.New(time.Now(), view.Framework{}, []*view.App{{Spec: spec, Versions: []*app.Spec{spec}, Instances: instances}}, nil)
	s.mu.Unlock()
	s.events.Append(&event.InstanceChanged{RunSpecID: spec.ID})
}

func running() *instance.Instance {
	return &instance.Instance{
		ID: instance.NewID("/web", "1"), App: "/web", Version: spec.Version, Goal: instance.GoalRunning, Condition: instance.Running,
		Since: time.Now(), StagedAt: time.Now(), StartedAt: time.Now(), Incarnation: 1, Site: mesos.Site{AgentID: "a1", Hostname: "agent1"},
		HostPorts: []uint32{31000},
	}
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{events: eventlog.New(100, time.Now()), view: view.New(time.Now(), view.Framework{}, nil, nil)}
	s.Hub = hub.New(hub.Config{
		Table:     discovery.Config{Term: 5, Gate: discovery.GateConfig{Began: time.Now(), Drain: app.Drain{Timeout: time.Hour}, PublishTimeout: time.Hour}},
		Scheduler: s, Events: s.events,
		Resolve: func(_ context.Context, host string) (string, error) {
			if host != "agent1" {
				return "", errors.New("unknown host")
			}
			return "10.0.0.1", nil
		},
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("the hub ended with %v", err)
		}
	})
	return s
}

// until waits for changes after at until they are as wanted, and returns the index.
func (s *stage) until(t *testing.T, what string, wanted func(e *endpoint.Endpoint) bool) endpoint.Index {
	t.Helper()
	var set endpoint.Set
	deadline := time.Now().Add(20 * time.Second)
	for time.Now().Before(deadline) {
		at, _ := endpoint.ParseIndex(set.Index())
		c, err := s.Changes(t.Context(), at, endpoint.Selector{}, 5*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		set.Apply(c)
		for _, service := range set.Services() {
			if slices.ContainsFunc(service.Endpoints, wanted) {
				at, _ = endpoint.ParseIndex(c.Index)
				return at
			}
		}
	}
	t.Fatalf("never saw an endpoint that is %s", what)
	return endpoint.Index{}
}

func TestAChangeReachesThoseWhoWait(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	waiting := make(chan *endpoint.Changes, 1)
	go func() {
		c, err := s.Changes(context.Background(), endpoint.Index{Term: 5}, endpoint.Selector{}, time.Minute)
		if err != nil {
			t.Error(err)
		}
		waiting <- c
	}()
	s.show(running())
	c := <-waiting
	if len(c.Apps) != 1 || len(c.Endpoints) != 1 || c.Full {
		t.Fatalf("told %+v", c)
	}
	s.until(t, "located", func(e *endpoint.Endpoint) bool { return e.Numeric() == "10.0.0.1:31000" })
	if c, err := s.Changes(t.Context(), endpoint.Index{Term: 5, Number: 99}, endpoint.Selector{}, 0); err != nil || !c.Full {
		t.Errorf("an index of the future: %+v %v", c, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	at, _ := endpoint.ParseIndex(s.All(endpoint.Selector{}).Index)
	if _, err := s.Changes(ctx, at, endpoint.Selector{}, time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("a reader that leaves: %v", err)
	}
}

func TestATaskIsLetGoOfOnceItsConsumersHave(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	i := running()
	s.show(i)
	s.until(t, "ready", func(e *endpoint.Endpoint) bool { return e.State == endpoint.Ready })
	if _, err := s.Register("lb", endpoint.Registration{Kind: "test", Acks: true, TTL: "10m"}); err != nil {
		t.Fatal(err)
	}
	s.show(i.Drained(time.Now()))
	at := s.until(t, "draining", func(e *endpoint.Endpoint) bool { return e.State == endpoint.Draining })
	if consumers, drains := s.Consumers(); len(drains) != 1 || len(drains[0].HeldBy) != 1 || len(consumers[0].Holds) != 1 || s.released(i.TaskID()) {
		t.Fatalf("consumers %+v, drains %+v", consumers, drains)
	}
	if err := s.Acknowledge("lb", endpoint.Ack{Index: at.String()}); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); !s.released(i.TaskID()); {
		if time.Now().After(deadline) {
			t.Fatal("not let go of though its consumer has acknowledged")
		}
		time.Sleep(time.Millisecond)
	}
}
