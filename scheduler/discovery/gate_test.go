package discovery_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/endpoint"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/discovery"
	"github.com/gantry-mesos/gantry/scheduler/instance"
)

// gated is a stage whose term began an hour ago.
func gated(drain app.Drain) *stage {
	s := newStage(discovery.Config{Term: 1, Gate: discovery.GateConfig{
		Began: began.Add(-time.Hour), Drain: drain, PublishTimeout: 5 * time.Second,
	}})
	s.put(0, nil)
	return s
}

func (s *stage) drain(n int) mesos.TaskID {
	s.put(n, func(i *instance.Instance) { *i = *i.WithGoal(instance.GoalDecommissioned).Drained(s.now) })
	return s.is[n].TaskID()
}

// free reports whether the gate is open for a task after some time.
func (s *stage) free(after time.Duration) bool {
	s.now = s.now.Add(after)
	tasks, _ := s.Gate.Release(s.now)
	return len(tasks) > 0
}

func (s *stage) register(tb interface{ Fatal(...any) }, id string, r endpoint.Registration) {
	r.Kind = "test"
	if _, err := s.Register(s.now, id, r); err != nil {
		tb.Fatal(err)
	}
}

func (s *stage) ack(tb interface{ Fatal(...any) }, id string, draining map[mesos.TaskID]endpoint.Connections) {
	if err := s.Acknowledge(s.now, id, endpoint.Ack{Index: s.Index().String(), Draining: draining}); err != nil {
		tb.Fatal(err)
	}
}

func TestWithoutConsumersTheLeastTimeCounts(t *testing.T) {
	t.Parallel()
	s := gated(app.Drain{Timeout: time.Minute, MinDelay: 5 * time.Second})
	s.drain(0)
	if s.free(0) || s.free(4*time.Second) {
		t.Error("killed before its least time was over")
	}
	if _, next := s.Gate.Release(s.now); !next.Equal(began.Add(5 * time.Second)) {
		t.Errorf("to be asked again at %v", next)
	}
	if !s.free(time.Second) {
		t.Error("not killed after its least time")
	}
	if s.free(time.Second) || !s.free(5*time.Second) {
		t.Error("a kill that was not carried out is asked for again after five seconds, and not before")
	}
	s.drop(0)
	if s.free(time.Hour) {
		t.Error("a task that is over is to be killed")
	}
}

func TestAConsumerHoldsAKillUntilItHasLetGo(t *testing.T) {
	t.Parallel()
	s := gated(app.Drain{Timeout: time.Minute})
	s.register(t, "lb1", endpoint.Registration{Acks: true, TTL: "1m"})
	s.register(t, "other", endpoint.Registration{Acks: true, Label: "HAPROXY_GROUP=external", TTL: "1m"})
	s.register(t, "passive", endpoint.Registration{TTL: "1m"})
	s.ack(t, "lb1", nil)
	task := s.drain(0)
	if s.free(time.Second) {
		t.Error("killed before the balancer has acknowledged")
	}
	s.ack(t, "lb1", map[mesos.TaskID]endpoint.Connections{task: {Connections: 2}})
	if s.free(time.Second) {
		t.Error("killed with two connections")
	}
	held := s.Gate.Drains(s.now, 1)[0].HeldBy
	if len(held) != 1 || !strings.Contains(held[0], "lb1") || !strings.Contains(held[0], "2 connections") {
		t.Errorf("what holds it: %q", held)
	}
	if c := s.Consumers(s.now); c[0].ID != "lb1" || !slices.Equal(c[0].Holds, []mesos.TaskID{task}) || c[0].Behind != 0 || c[1].Holds != nil {
		t.Errorf("consumers are %+v", c)
	}
	s.ack(t, "lb1", nil)
	if !s.free(0) {
		t.Errorf("not killed though all have let go: %q", s.Gate.Drains(s.now, 1)[0].HeldBy)
	}
}

func TestAConsumerThatIsSilentHoldsNothingForEver(t *testing.T) {
	t.Parallel()
	s := gated(app.Drain{Timeout: time.Hour})
	s.register(t, "lb1", endpoint.Registration{Acks: true})
	s.drain(0)
	if s.free(14 * time.Second) {
		t.Error("killed while its registration holds")
	}
	if !s.free(time.Second) {
		t.Error("not killed though it has not renewed for 15 s")
	}
	err := s.Acknowledge(s.now, "lb1", endpoint.Ack{Index: s.Index().String()})
	if _, ok := errors.AsType[*discovery.UnknownConsumerError](err); !ok {
		t.Errorf("a forgotten consumer's acknowledgement: %v", err)
	}
}

func TestAnOutputHoldsAKillForAMoment(t *testing.T) {
	t.Parallel()
	s := gated(app.Drain{Timeout: time.Hour, MinDelay: time.Second})
	s.Gate.Output("zookeeper")
	s.drain(0)
	if s.free(2 * time.Second) {
		t.Error("killed while ZooKeeper names it")
	}
	s.Gate.Written("zookeeper", s.Index().Number)
	if s.free(0) || !s.free(time.Second) {
		t.Error("its least time counts from when it was taken back")
	}
	s.drop(0)
	s.put(1, nil)
	s.drain(1)
	if s.free(4 * time.Second) {
		t.Error("killed before ZooKeeper had its time")
	}
	if s.free(time.Second) || !s.free(time.Second) {
		t.Error("an output that does not answer holds a kill for five seconds, and then there is the least time")
	}
}

func TestANewLeaderWaitsForConsumersToRegister(t *testing.T) {
	t.Parallel()
	s := gated(app.Drain{Timeout: time.Hour})
	fresh := newStage(discovery.Config{Term: 2, Gate: discovery.GateConfig{Began: began.Add(time.Second), Drain: app.Drain{Timeout: time.Hour}}})
	fresh.is, fresh.now = s.is, began.Add(2*time.Second)
	fresh.drain(0)
	if fresh.free(13 * time.Second) {
		t.Error("killed before consumers of the leader before had time to register")
	}
	if !fresh.free(time.Second) {
		t.Error("not killed when they had")
	}
	fresh.put(1, nil)
	fresh.now = began.Add(3 * time.Second)
	fresh.drain(1)
	if !fresh.free(0) {
		t.Error("of a task that this leader has launched no other one can have told")
	}
}

func TestWhatConsumersMustNotTell(t *testing.T) {
	t.Parallel()
	s := gated(app.Drain{})
	for _, row := range []struct {
		id   string
		r    endpoint.Registration
		path string
	}{
		{"lb", endpoint.Registration{}, "/kind"},
		{"", endpoint.Registration{Kind: "x"}, "/id"},
		{"lb", endpoint.Registration{Kind: "x", TTL: "1s"}, "/ttl"},
		{"lb", endpoint.Registration{Kind: "x", TTL: "soon"}, "/ttl"},
	} {
		_, err := s.Register(s.now, row.id, row.r)
		if e, ok := errors.AsType[*discovery.InvalidError](err); !ok || e.Path != row.path {
			t.Errorf("%q %+v: %v", row.id, row.r, err)
		}
	}
	s.register(t, "lb", endpoint.Registration{Acks: true})
	for _, index := range []string{"", "1", "2.1", "1.99", "x.y"} {
		if _, ok := errors.AsType[*discovery.UnknownIndexError](s.Acknowledge(s.now, "lb", endpoint.Ack{Index: index})); !ok {
			t.Errorf("the index %q was taken", index)
		}
	}
	if err := s.Leave(s.now, "lb"); err != nil || len(s.Consumers(s.now)) != 0 {
		t.Errorf("leaving: %v", err)
	}
}

// TestNoTaskIsFreeThatSomebodyHolds has consumers and tasks come and go at random:
// the gate opens for no task that a live consumer has not let go of, and does for
// every other one once its least time is over.
func TestNoTaskIsFreeThatSomebodyHolds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		drain := app.Drain{Timeout: time.Hour, MinDelay: time.Duration(rapid.IntRange(0, 5).Draw(t, "least")) * time.Second}
		s := newStage(discovery.Config{Term: 1, Gate: discovery.GateConfig{Began: began, Drain: drain}})
		w := &witness{expires: map[string]time.Time{}, acked: map[string]uint64{}, busy: map[string]mesos.TaskID{}, drained: map[mesos.TaskID]drained{}}
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			s.now = s.now.Add(time.Duration(rapid.IntRange(0, 4000).Draw(t, "ms")) * time.Millisecond)
			n, id := rapid.IntRange(0, 3).Draw(t, "instance"), fmt.Sprintf("lb%d", rapid.IntRange(0, 2).Draw(t, "consumer"))
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0:
				s.put(n, func(i *instance.Instance) {
					if !i.Draining {
						*i = instance.Instance{ID: i.ID, App: i.App, Version: i.Version, Goal: instance.GoalRunning, Condition: instance.Running,
							Incarnation: i.Incarnation, Site: i.Site, HostPorts: i.HostPorts, StagedAt: s.now, StartedAt: s.now}
					}
				})
			case 1:
				if s.is[n] != nil && !s.is[n].Draining {
					task := s.drain(n)
					w.drained[task] = drained{s.Index().Number, s.now}
				}
			case 2:
				s.register(t, id, endpoint.Registration{Acks: true, TTL: "10s"})
				if w.expires[id].IsZero() || !s.now.Before(w.expires[id]) {
					delete(w.acked, id)
					delete(w.busy, id)
				}
				w.expires[id] = s.now.Add(10 * time.Second)
			default:
				w.ack(t, s, id, n)
			}
			free, _ := s.Gate.Release(s.now)
			w.judge(t, s.now, free, drain.MinDelay)
			for _, task := range free {
				delete(w.drained, task)
				for k, i := range s.is {
					if i.TaskID() == task {
						s.put(k, func(i *instance.Instance) { *i = *i.LetGo(); i.Incarnation++ })
					}
				}
			}
		}
	})
}

type drained struct {
	number uint64
	at     time.Time
}

// witness remembers what consumers have told.
type witness struct {
	expires map[string]time.Time
	acked   map[string]uint64
	busy    map[string]mesos.TaskID
	drained map[mesos.TaskID]drained
}

func (w *witness) ack(t *rapid.T, s *stage, id string, n int) {
	busy := map[mesos.TaskID]endpoint.Connections{}
	if s.is[n] != nil && rapid.Bool().Draw(t, "busy") {
		busy[s.is[n].TaskID()] = endpoint.Connections{Connections: 1}
	}
	at := rapid.Uint64Range(0, s.Index().Number).Draw(t, "index")
	err := s.Acknowledge(s.now, id, endpoint.Ack{Index: endpoint.Index{Term: 1, Number: at}.String(), Draining: busy})
	if live := s.now.Before(w.expires[id]); live != (err == nil) {
		t.Fatalf("the acknowledgement of %s, live %t: %v", id, live, err)
	}
	if err != nil {
		return
	}
	w.expires[id], w.acked[id] = s.now.Add(10*time.Second), max(w.acked[id], at)
	delete(w.busy, id)
	for task := range busy {
		w.busy[id] = task
	}
}

// judge compares what the gate opens for with what it has to.
func (w *witness) judge(t *rapid.T, now time.Time, free []mesos.TaskID, least time.Duration) {
	for task, d := range w.drained {
		open := !now.Before(d.at.Add(least))
		for id, expires := range w.expires {
			if now.Before(expires) && (w.acked[id] < d.number || w.busy[id] == task) {
				open = false
			}
		}
		if open != slices.Contains(free, task) {
			t.Fatalf("%s: open %t, free are %v", task, open, free)
		}
	}
}
