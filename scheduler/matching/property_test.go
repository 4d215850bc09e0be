package matching

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/roster"
)

// TestLineAndChargesAreThoseOfTheRecords compares what the Market keeps up to date
// with what a look at all instances gives, after any sequence of changes.
func TestLineAndChargesAreThoseOfTheRecords(t *testing.T) {
	t.Parallel()
	conditions := []instance.Condition{
		instance.Scheduled, instance.Staging, instance.Running, instance.Killing, instance.Unreachable, instance.UnreachableInactive,
	}
	goals := []instance.Goal{instance.GoalRunning, instance.GoalStopped, instance.GoalDecommissioned}
	agents := []mesos.AgentID{"a1", "a2", "a3"}
	rapid.Check(t, func(t *rapid.T) {
		s := newScene(nil)
		apps := []*App{s.app("/x/one", 1), s.app("/x/two", 2), s.app("/y/three", 3)}
		versions := 0
		pick := func() *App { return rapid.SampledFrom(apps).Draw(t, "app") }
		member := func(a *App) *roster.Member {
			if a.Len() == 0 {
				t.Skip("nobody there")
			}
			return rapid.SampledFrom(a.Members()).Draw(t, "member")
		}
		t.Repeat(map[string]func(*rapid.T){
			"join": func(*rapid.T) { s.waits(pick(), 2) },
			"offer": func(t *rapid.T) {
				s.offer(rapid.IntRange(1, 6).Draw(t, "cpus"), rapid.SampledFrom(agents).Draw(t, "agent"))
			},
			"step": func(t *rapid.T) { s.after(time.Duration(rapid.IntRange(0, 90).Draw(t, "seconds")) * time.Second) },
			"put": func(t *rapid.T) {
				a := pick()
				m := member(a)
				next := *m.Is()
				next.Condition, next.Goal = rapid.SampledFrom(conditions).Draw(t, "condition"), rapid.SampledFrom(goals).Draw(t, "goal")
				if next.AgentID == "" {
					next.AgentID = rapid.SampledFrom(agents).Draw(t, "on")
				}
				next.Resources = a.Spec().Resources
				s.apps.Put(m, &next)
			},
			"drop": func(*rapid.T) { s.apps.Drop(member(pick())) },
			"rest": func(t *rapid.T) {
				s.Rest(pick(), s.now.Add(time.Duration(rapid.IntRange(-5, 60).Draw(t, "seconds"))*time.Second))
			},
			"wake": func(*rapid.T) { s.Rest(pick(), time.Time{}) },
			"install": func(t *rapid.T) {
				a := pick()
				versions++
				next := spec(a.Spec().ID, rapid.IntRange(1, 4).Draw(t, "cpus"), start.Add(time.Duration(versions)*time.Minute))
				next.Labels = map[string]string{app.QueueLabel: rapid.SampledFrom([]string{"/x", "/z"}).Draw(t, "queue")}
				a.Install(next)
				s.Install(a)
			},
			"avoid": func(t *rapid.T) {
				id := rapid.SampledFrom(agents).Draw(t, "agent")
				s.Avoid(pick(), id)
				s.Suspect(id)
			},
			"lose": func(t *rapid.T) { s.Lost(rapid.SampledFrom(agents).Draw(t, "agent")) },
			"":     func(t *rapid.T) { s.check(t, apps) },
		})
	})
}

func (s *scene) check(t *rapid.T, apps []*App) {
	var used resource.Vector
	queues := map[string]resource.Vector{}
	resting, lined := 0, 0
	for _, a := range apps {
		var own charge
		for i := range a.Instances {
			c := charged(i)
			own.used, own.n = own.used.Add(c.used), own.n+c.n
		}
		if own != a.charge {
			t.Fatalf("%s is charged for %v, want %v", a.Spec().ID, a.charge, own)
		}
		used = used.Add(own.used)
		queues[a.Spec().Queue()] = queues[a.Spec().Queue()].Add(own.used)
		if a.resting {
			resting++
			if s.resting[a.Spec().ID] != a || a.Waiting() == 0 {
				t.Fatalf("%s rests, and %d wait", a.Spec().ID, a.Waiting())
			}
		}
		want := 0
		if a.Waiting() > 0 && !a.resting {
			lined, want = lined+1, a.Waiting()
		}
		got := 0
		if it := s.fair.Waiting(a.Spec().ID); it != nil {
			got = it.Count
		}
		if got != want || a.waitsSince.IsZero() != (a.Waiting() == 0) {
			t.Fatalf("%s stands in line with %d, want %d; it waits since %v", a.Spec().ID, got, want, a.waitsSince)
		}
	}
	if s.fair.Used() != used || s.fair.Len() != lined || len(s.resting) != resting {
		t.Fatalf("used %v of %v, in line %d of %d, resting %d of %d", s.fair.Used(), used, s.fair.Len(), lined, len(s.resting), resting)
	}
	for _, share := range s.Shares() {
		if want, leaf := queues[share.Queue]; leaf && share.Used != want {
			t.Fatalf("%s uses %v, want %v", share.Queue, share.Used, want)
		}
	}
	for _, h := range s.hoards {
		if !h.timer.In() {
			t.Fatalf("%s is held for %s without an end", h.agent, h.app.Spec().ID)
		}
	}
}
