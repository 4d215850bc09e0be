package roster

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	"github.com/gantry-mesos/gantry/pkg/timer"
	"github.com/gantry-mesos/gantry/scheduler/instance"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func spec(version int, cmd string) *app.Spec {
	return &app.Spec{ID: "/web", Version: start.Add(time.Duration(version) * time.Minute), Run: runspec.Run{Cmd: cmd}}
}

func record(n, version int, c instance.Condition, g instance.Goal) *instance.Instance {
	return &instance.Instance{
		ID: instance.ID(fmt.Sprintf("web.instance-%04d", n)), App: "/web", Incarnation: 1, Goal: g, Condition: c, Since: start,
		Version: start.Add(time.Duration(version) * time.Minute),
	}
}

func condition(i *instance.Instance) string {
	if i == nil {
		return "-"
	}
	return i.Condition.String()
}

func TestObserversHearOfEveryChangeInTheirOrder(t *testing.T) {
	t.Parallel()
	r, a := New(), &App{}
	r.Add(a, spec(1, "a"), "owner")
	var heard []string
	say := func(who string) Observer {
		return func(c Change) {
			heard = append(heard, fmt.Sprintf("%s %s %s %s moved=%v placed=%v tally=%d waiting=%d", who, condition(c.Was), condition(c.Over),
				condition(c.Is), c.Moved, c.Placed, c.App.Tally().Fresh, c.App.Waiting()))
		}
	}
	r.Observe(say("first"))
	r.Observe(say("second"))
	r.Join(a, record(1, 1, instance.Scheduled, instance.GoalRunning))
	m := r.Find("web.instance-0001")
	if m == nil || m.App() != a || a.Owner() != "owner" || a.First() != m {
		t.Fatalf("the new instance is not found: %v", m)
	}
	r.Put(m, record(1, 1, instance.Provisioned, instance.GoalRunning))
	r.End(m, record(1, 1, instance.Failed, instance.GoalRunning), record(1, 1, instance.Scheduled, instance.GoalRunning))
	r.Drop(m)
	want := []string{
		"- - Scheduled moved=true placed=false tally=1 waiting=1",
		"Scheduled - Provisioned moved=false placed=true tally=1 waiting=0",
		"Provisioned Failed Scheduled moved=false placed=false tally=1 waiting=1",
		"Scheduled - - moved=true placed=false tally=0 waiting=0",
	}
	var both []string
	for _, w := range want {
		both = append(both, "first "+w, "second "+w)
	}
	if diff := cmp.Diff(both, heard); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
}

// TestNumbersAreThoseOfTheRecords compares everything that is kept up to date with
// what a look at all records gives, after any sequence of changes.
func TestNumbersAreThoseOfTheRecords(t *testing.T) {
	t.Parallel()
	conditions := []instance.Condition{
		instance.Scheduled, instance.Provisioned, instance.Staging, instance.Starting, instance.Running, instance.Killing,
		instance.Unreachable, instance.UnreachableInactive,
	}
	goals := []instance.Goal{instance.GoalRunning, instance.GoalStopped, instance.GoalDecommissioned}
	rapid.Check(t, func(t *rapid.T) {
		now := start
		r, a := New(), &App{}
		var queue timer.Queue
		d := NewDeadlines(Limits{Confirm: time.Second, Launch: time.Minute, Unknown: time.Minute, Forget: time.Hour}, &queue, &now)
		r.Observe(d.Changed)
		r.Add(a, spec(1, "a"), nil)
		version, next, line := 1, 0, []instance.ID{}
		draw := func(n int) *instance.Instance {
			i := record(n, rapid.IntRange(1, version).Draw(t, "version"), rapid.SampledFrom(conditions).Draw(t, "condition"), rapid.SampledFrom(goals).Draw(t, "goal"))
			if i.Condition == instance.Running && rapid.Bool().Draw(t, "checked") {
				healthy := rapid.Bool().Draw(t, "healthy")
				i.Healthy = &healthy
			}
			i.Forgotten = rapid.Bool().Draw(t, "forgotten")
			return i
		}
		follow := func(m *Member, id instance.ID) {
			lined := slices.Contains(line, id)
			switch waits := m != nil && m.Waits(); {
			case waits && !lined:
				line = append(line, id)
			case !waits && lined:
				line = slices.DeleteFunc(line, func(o instance.ID) bool { return o == id })
			}
		}
		pick := func() *Member {
			return rapid.SampledFrom(a.Members()).Draw(t, "member")
		}
		t.Repeat(map[string]func(*rapid.T){
			"join": func(t *rapid.T) {
				var fresh []*instance.Instance
				for range rapid.SampledFrom([]int{1, 2, insertMax + 3}).Draw(t, "n") {
					fresh = append(fresh, draw(next))
					next++
				}
				r.Join(a, fresh...)
				for _, i := range fresh {
					follow(a.Member(i.ID), i.ID)
				}
			},
			"put": func(t *rapid.T) {
				if a.Len() == 0 {
					t.Skip("nobody there")
				}
				m := pick()
				i := draw(0)
				i.ID = m.Is().ID
				r.Put(m, i)
				follow(m, i.ID)
			},
			"drop": func(t *rapid.T) {
				if a.Len() == 0 {
					t.Skip("nobody there")
				}
				m := pick()
				r.Drop(m)
				follow(nil, m.Is().ID)
			},
			"install": func(t *rapid.T) {
				version++
				a.Install(spec(version, rapid.SampledFrom([]string{"a", "b"}).Draw(t, "cmd")))
			},
			"": func(t *rapid.T) { checkNumbers(t, r, a, d, line) },
		})
	})
}

func checkNumbers(t *rapid.T, r *Roster, a *App, d *Deadlines, line []instance.ID) {
	var lined []instance.ID
	for m := a.First(); m != nil; m = m.Next() {
		lined = append(lined, m.Is().ID)
	}
	if !slices.Equal(lined, line) || r.Waiting() != len(line) || a.Waiting() != len(line) {
		t.Fatalf("in line: %v (%d, %d), want %v", lined, a.Waiting(), r.Waiting(), line)
	}
	due := 0
	for _, m := range a.Members() {
		if m.In() != !d.of(a, m.Is()).IsZero() && m.Is().Condition != instance.Unreachable {
			t.Fatalf("%s is %v and has a deadline: %v", m.Is().ID, m.Is().Condition, m.In())
		}
		if m.In() {
			due++
		}
	}
	if due != d.queue.Len() {
		t.Fatalf("%d deadlines of %d instances", d.queue.Len(), due)
	}
	kept := *a
	a.judge()
	if diff := cmp.Diff([]any{a.Tally(), a.Counts(), a.Waiting()}, []any{kept.tally, kept.counts, kept.Waiting()}); diff != "" {
		t.Fatalf("numbers (-of the records +kept):\n%s", diff)
	}
}

func TestDeadlinesComeInTheirOrder(t *testing.T) {
	t.Parallel()
	now := start
	r, a := New(), &App{}
	var queue timer.Queue
	d := NewDeadlines(Limits{Confirm: 10 * time.Second, Launch: 5 * time.Second, Unknown: time.Minute, Forget: time.Hour}, &queue, &now)
	r.Observe(d.Changed)
	r.Add(a, spec(1, "a"), nil)
	r.Join(a,
		record(1, 1, instance.Provisioned, instance.GoalRunning),
		record(2, 1, instance.Staging, instance.GoalRunning),
		record(3, 1, instance.Starting, instance.GoalRunning),
		record(4, 1, instance.Running, instance.GoalRunning),
	)
	if queue.Next() != start.Add(5*time.Second) || queue.Pop(start.Add(4*time.Second)) != nil {
		t.Errorf("the first deadline is %v", queue.Next())
	}
	var order []instance.ID
	for due := queue.Pop(start.Add(time.Minute)); due != nil; due = queue.Pop(start.Add(time.Minute)) {
		m, _ := due.(*Member)
		order = append(order, m.Is().ID)
	}
	if diff := cmp.Diff([]instance.ID{"web.instance-0002", "web.instance-0003", "web.instance-0001"}, order); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if !queue.Next().IsZero() {
		t.Errorf("there is a deadline left: %v", queue.Next())
	}
}

func TestAppsBelowAGroup(t *testing.T) {
	t.Parallel()
	r := New()
	for _, id := range []app.ID{"/b/x", "/a", "/b/x/y", "/b-1", "/b/w"} {
		r.Add(&App{}, &app.Spec{ID: id}, nil)
	}
	for group, want := range map[app.ID][]app.ID{
		"/": {"/a", "/b-1", "/b/w", "/b/x", "/b/x/y"}, "/b": {"/b/w", "/b/x", "/b/x/y"}, "/a": nil, "/c": nil,
	} {
		if diff := cmp.Diff(want, r.Below(group)); diff != "" {
			t.Errorf("below %s (-want +got):\n%s", group, diff)
		}
	}
	r.Remove(r.App("/b/x"))
	var left []app.ID
	for a := range r.Apps {
		left = append(left, a.Spec().ID)
	}
	if diff := cmp.Diff([]app.ID{"/a", "/b-1", "/b/w", "/b/x/y"}, left); diff != "" || r.Len() != 4 {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}
