package core_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/why"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// play runs a script and returns the State's last View.
func play(t *testing.T, in string) *view.View {
	t.Helper()
	s := newScript(t)
	s.run(in)
	return s.state.View()
}

// launched counts the instances of an App that were launched.
func launched(t *testing.T, v *view.View, id app.ID) int {
	t.Helper()
	a, ok := v.App(id)
	if !ok {
		t.Fatalf("no App %s", id)
	}
	n := 0
	for _, i := range a.Instances {
		if i.Condition.Live() {
			n++
		}
	}
	return n
}

// queues prints the shares, one line each.
func queues(v *view.View) []string {
	var out []string
	for _, q := range v.Sharing.Queues {
		out = append(out, strings.Join([]string{
			q.Queue, q.Used.CPUs.String() + " cpus", q.Used.Mem.String() + " mem", q.Resource,
		}, " "))
	}
	return out
}

func TestSharing(t *testing.T) {
	t.Parallel()

	t.Run("tenants get equal dominant shares whoever came first", func(t *testing.T) {
		t.Parallel()
		v := play(t, `
00:00 subscribed fw
00:01 create a/web instances=20 cpus=1
00:02 create b/web instances=20 cpus=1
00:03 offer o1 a1 cpus=10 mem=10000
`)
		if a, b := launched(t, v, "/a/web"), launched(t, v, "/b/web"); a != 5 || b != 5 {
			t.Errorf("launched: got %d of /a and %d of /b, want 5 and 5", a, b)
		}
		want := []string{"/ 10 cpus 640 mem cpus", "/a 5 cpus 320 mem cpus", "/b 5 cpus 320 mem cpus"}
		if diff := cmp.Diff(queues(v), want); diff != "" {
			t.Errorf("queues (-got +want):\n%s", diff)
		}
	})

	t.Run("what runs counts after a restart", func(t *testing.T) {
		t.Parallel()
		v := play(t, `
00:00 subscribed fw
00:01 create a/web instances=5 cpus=1
00:02 offer o1 a1 cpus=5 mem=10000
00:03 crash
00:04 subscribed fw
00:05 create b/web instances=20 cpus=1
00:06 change a/web instances=20
00:07 offer o2 a2 cpus=5 mem=10000
`)
		if a, b := launched(t, v, "/a/web"), launched(t, v, "/b/web"); a != 5 || b != 5 {
			t.Errorf("launched: got %d of /a and %d of /b, want 5 and 5", a, b)
		}
	})

	t.Run("what runs is part of the total after a restart", func(t *testing.T) {
		t.Parallel()
		s := newScript(t)
		s.run(`
00:00 subscribed fw
00:01 create a/web instances=6 cpus=1
00:02 offer o1 a1 cpus=8 mem=1000
00:03 crash
00:04 subscribed fw
00:05 create b/big cpus=9
00:06 offer o2 a1 cpus=2 mem=616
`)
		got := []string{s.state.View().Sharing.Total.CPUs.String(), s.state.View().Sharing.Total.Mem.String()}
		if diff := cmp.Diff(got, []string{"8", "1000"}); diff != "" {
			t.Errorf("total (-got +want):\n%s", diff)
		}
	})

	t.Run("a lost agent is no part of the total, and an unreachable task counts until it is given up", func(t *testing.T) {
		t.Parallel()
		s := newScript(t)
		s.run(`
00:00 subscribed fw
00:01 quota /a:cpus=-2
00:01 create a/web instances=2 cpus=1 inactive=60
00:02 offer o1 a1 cpus=4 mem=1000
00:02 offer o2 a2 cpus=4 mem=1000
00:03 status a_web.2/1 TASK_RUNNING uuid=r1 agent=a1
00:03 status a_web.3/1 TASK_RUNNING uuid=r2 agent=a1
`)
		if got := s.state.View().Sharing.Total.CPUs.String(); got != "8" {
			t.Errorf("total with both agents: got %s cpus, want 8", got)
		}
		s.run(`
00:04 lost a1
00:04 status a_web.2/1 TASK_UNREACHABLE agent=a1
00:05 offer o3 a2 cpus=4 mem=1000
`)
		if diff := cmp.Diff(queues(s.state.View()), []string{"/ 2 cpus 128 mem cpus", "/a 2 cpus 128 mem cpus"}); diff != "" {
			t.Errorf("while unreachable (-got +want):\n%s", diff)
		}
		if got := launched(t, s.state.View(), "/a/web"); got != 2 {
			t.Errorf("launched while the limit is reached: got %d", got)
		}
		s.run(`
01:10 tick
01:11 offer o4 a2 cpus=4 mem=1000
`)
		v := s.state.View()
		if got := v.Sharing.Total.CPUs.String(); got != "4" {
			t.Errorf("total without the lost agent: got %s cpus, want 4", got)
		}
		if diff := cmp.Diff(queues(v), []string{"/ 2 cpus 128 mem cpus", "/a 2 cpus 128 mem cpus"}); diff != "" {
			t.Errorf("with the replacement (-got +want):\n%s", diff)
		}
		if got := launched(t, v, "/a/web"); got != 3 {
			t.Errorf("known tasks: got %d, want the replacement beside the one given up", got)
		}
	})

	t.Run("priority comes first within a queue, and a label names the queue", func(t *testing.T) {
		t.Parallel()
		v := play(t, `
00:00 subscribed fw
00:01 create a/low instances=5 cpus=1
00:02 create a/high instances=2 cpus=1 priority=5
00:03 create x/other instances=5 cpus=1 queue=/a/sub
00:04 offer o1 a1 cpus=6 mem=10000
`)
		// /a's own Apps and /a/sub are siblings: three each.
		got := []int{launched(t, v, "/a/high"), launched(t, v, "/a/low"), launched(t, v, "/x/other")}
		if diff := cmp.Diff(got, []int{2, 1, 3}); diff != "" {
			t.Errorf("launched (-got +want):\n%s", diff)
		}
	})

	t.Run("what ended does not count", func(t *testing.T) {
		t.Parallel()
		v := play(t, `
00:00 subscribed fw
00:01 create a/web instances=1 cpus=1
00:02 offer o1 a1 cpus=5 mem=10000
00:03 status a_web.2/1 TASK_RUNNING uuid=r1 agent=a1
00:04 delete a/web
00:05 status a_web.2/1 TASK_KILLED uuid=k1 agent=a1
`)
		if diff := cmp.Diff(queues(v), []string{"/ 0 cpus 0 mem "}); diff != "" {
			t.Errorf("queues (-got +want):\n%s", diff)
		}
	})
}

func TestWhyNot(t *testing.T) {
	t.Parallel()
	v := play(t, `
00:00 subscribed fw
00:01 create web instances=3 cpus=4 unique=hostname
00:02 offer o1 a1 cpus=8 mem=512
00:02 offer o2 a2 cpus=3.5 mem=512
00:03 offer o3 a1 cpus=4 mem=448
`)
	a, _ := v.App("/web")
	// The offer of a2 was declined, and counts all the same.
	want := "needs 4 cpus; the largest free agent has 3.5: 1 agent too small, 1 excluded by hostname UNIQUE"
	if why.Words(a.Queue.Cause) != want {
		t.Errorf("explanation: got %q, want %q", why.Words(a.Queue.Cause), want)
	}
	if n := a.Queue.Processed; n != 3 {
		t.Errorf("processed: got %d offers, want 3", n)
	}
	var unused []string
	for _, u := range a.Queue.UnusedOffers {
		unused = append(unused, string(u.Offer.ID)+" "+u.Reason.String())
	}
	if diff := cmp.Diff(unused, []string{"o3 UnfulfilledConstraint", "o2 InsufficientCpus"}); diff != "" {
		t.Errorf("unused offers (-got +want):\n%s", diff)
	}
	if a.Queue.LastUsed.IsZero() || a.Queue.LastUnused.IsZero() {
		t.Errorf("last used %v, last unused %v: want both", a.Queue.LastUsed, a.Queue.LastUnused)
	}
}

// Rejections of a wait that is over say nothing about the next one.
func TestRejectionsBeginAnewWithEachWait(t *testing.T) {
	t.Parallel()
	v := play(t, `
00:00 subscribed fw
00:01 create web instances=1 cpus=4
00:02 offer o1 a1 cpus=3 mem=512
00:03 offer o2 a2 cpus=2 mem=512
00:04 offer o3 a3 cpus=4 mem=512
00:05 status web.2/1 TASK_RUNNING uuid=r1 agent=a3
00:06 change web instances=2 cpus=4
00:07 offer o4 a1 cpus=1 mem=512
`)
	a, _ := v.App("/web")
	want := "needs 4 cpus; the largest free agent has 1: 1 agent too small"
	if why.Words(a.Queue.Cause) != want {
		t.Errorf("explanation: got %q, want %q", why.Words(a.Queue.Cause), want)
	}
	if a.Queue.Processed != 1 || a.Queue.Unused != 1 {
		t.Errorf("offers: got %d, %d of no use, want the one since the App waits again", a.Queue.Processed, a.Queue.Unused)
	}
}

// TestStarvation has small instances take every part of an agent that becomes
// free, until the agent is held for the large one.
func TestStarvation(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.run(`
00:00 subscribed fw
00:01 create a/small instances=3 cpus=1
00:02 offer o1 a1 cpus=3 mem=3000
00:04 create b/large instances=1 cpus=3
00:05 create a/more instances=9 cpus=1
00:06 offer o2 a2 cpus=1 mem=1000
`)
	if n := launched(t, s.state.View(), "/a/more"); n != 1 {
		t.Fatalf("small ones: got %d, want one in the first gap", n)
	}
	s.run(`
01:30 offer o3 a1 cpus=1 mem=1000
01:31 offer o4 a1 cpus=1 mem=1000
01:32 offer o5 a1 cpus=1 mem=1000
`)
	v := s.state.View()
	if n := launched(t, v, "/b/large"); n != 1 {
		a, _ := v.App("/b/large")
		t.Errorf("the large one was not launched: %s", why.Words(a.Queue.Cause))
	}
}

// TestAvoid has an App fail on the first agent: the next run goes to another
// one, and back when nothing else is there.
func TestAvoid(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.run(`
00:00 subscribed fw
00:01 create web cpus=1
00:02 offer o1 a1 cpus=2 mem=1000
00:03 status web.2/1 TASK_FAILED uuid=f1 agent=a1
00:03.9 offer o2 a1 cpus=2 mem=1000
00:03.9 offer o3 a2 cpus=2 mem=1000
00:10 tick
`)
	a, _ := s.state.View().App("/web")
	if got := a.Instances[0].AgentID; got != "a2" {
		t.Errorf("after a failure on a1: got a run on %q, want a2", got)
	}
	s.run(`
00:11 status web.2/2 TASK_FAILED uuid=f2 agent=a2
00:15 offer o4 a1 cpus=2 mem=1000
`)
	a, _ = s.state.View().App("/web")
	if got := a.Instances[0].AgentID; got != "a1" {
		t.Errorf("with a1 alone: got a run on %q, want a1", got)
	}
}

// A task that is being killed is there until it has ended: UNIQUE keeps its
// replacement off the host until then, and no longer.
func TestConstraintsCountTasksThatAreBeingKilled(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, before string }{ // what happens before the App is scaled down and up again
		{"running", "00:03 status web.2/1 TASK_RUNNING uuid=r1 agent=a1\n"},
		{"just launched", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			start := `
00:00 subscribed fw
00:01 create web instances=1 cpus=1 unique=hostname
00:02 offer o1 a1 cpus=4 mem=512
` + row.before + `00:04 change web instances=0 cpus=1 unique=hostname force=true
00:05 change web instances=1 cpus=1 unique=hostname force=true
00:06 offer o2 a1 cpus=3 mem=256
`
			a, _ := play(t, start).App("/web")
			if a.Queue.Waiting != 1 || why.Words(a.Queue.Cause) != "1 excluded by hostname UNIQUE" {
				t.Errorf("while it is killed: got %d waiting, %q, want one that hostname UNIQUE excludes", a.Queue.Waiting, why.Words(a.Queue.Cause))
			}
			a, _ = play(t, start+`
00:07 status web.2/1 TASK_KILLED uuid=k1 agent=a1
00:20 offer o3 a1 cpus=4 mem=512
`).App("/web")
			if a.Queue.Waiting != 0 {
				t.Errorf("after its end: got %d waiting, %q, want none", a.Queue.Waiting, why.Words(a.Queue.Cause))
			}
		})
	}
}
