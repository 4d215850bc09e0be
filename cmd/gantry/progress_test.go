package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/api"
)

func TestProgress(t *testing.T) {
	t.Parallel()

	t.Run("writes a line for each change", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		p := newProgress(&out, goal{})
		for _, s := range []appState{
			{id: "/a", text: "0 of 2 running"}, {id: "/a", text: "0 of 2 running"}, {id: "/a", text: "1 of 2 running"},
			{id: "/a", text: "1 of 2 running", trouble: "backs off for 1m8s"}, {id: "/a", text: "1 of 2 running", trouble: "backs off for 7s"},
		} {
			p.show([]appState{s})
		}
		p.finished(time.Second)
		want := "deployment  started\n/a: 0 of 2 running\n/a: 1 of 2 running\n/a: backs off for 1m8s\ndeployment finished\n"
		if got := out.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})

	t.Run("tells a reason once", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		p := newProgress(&out, goal{})
		for _, s := range []appState{
			{trouble: "needs 5 cpus; the largest has 4"}, {trouble: "needs 5 cpus; the largest has 3.9"}, {}, {trouble: "needs 5 cpus; the largest has 4"},
			{trouble: "last failure: TASK_FAILED on h: exit 3", failure: "exit 3"}, {failure: "exit 3"},
			{trouble: "backs off for 1s after TASK_FAILED: exit 3", failure: "exit 3"},
			{trouble: "no offers; last failure: TASK_FAILED on h: exit 3", failure: "exit 3"},
			{trouble: "backs off for 8s after TASK_FAILED: exit 4", failure: "exit 4"},
		} {
			s.id, s.text = "/a", "0 of 1 running"
			p.show([]appState{s})
		}
		want := "deployment  started\n/a: 0 of 1 running\n/a: needs 5 cpus; the largest has 4\n/a: needs 5 cpus; the largest has 3.9\n" +
			"/a: last failure: TASK_FAILED on h: exit 3\n/a: no offers; last failure: TASK_FAILED on h: exit 3\n/a: backs off for 8s after TASK_FAILED: exit 4\n"
		if got := out.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})

	t.Run("redraws bars on a terminal", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		p := &progress{w: &out, tty: true, start: time.Now()}
		p.show([]appState{{id: "/a", done: 1, wanted: 2, text: "1 of 2 running"}, {id: "/longer", text: "0 task(s) left"}})
		p.show([]appState{{id: "/a", done: 2, wanted: 2, text: "2 of 2 running"}, {id: "/longer", text: "0 task(s) left", trouble: strings.Repeat("x", 200)}})
		p.finished(time.Second)
		lines := strings.Split(out.String(), "\n")
		if got, want := lines[0], "\r\x1b[K/a      [##########----------] 1 of 2 running  0s"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if got, want := lines[2], "\x1b[2A\r\x1b[K/a      [####################] 2 of 2 running  0s"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if got, want := lines[4], "\r\x1b[K  "+strings.Repeat("x", 77); got != want {
			t.Errorf("got %q, want the trouble broken at the terminal's width: %q", got, want)
		}
		out.Reset()
		p.show([]appState{{id: "/a", done: 2, wanted: 2, text: "2 of 2 running"}})
		if got := out.String(); !strings.HasPrefix(got, "\x1b[5A\r") || !strings.HasSuffix(got, "\n\x1b[J") {
			t.Errorf("got %q, want what was below the bar cleared", got)
		}
	})
}

func TestTroubleIsToldOnceAndCut(t *testing.T) {
	t.Parallel()
	a := api.App{ID: "/a"}
	queue := func(text string) []api.QueueItem {
		return []api.QueueItem{{App: api.App{ID: "/a"}, Count: 1, Explanation: text}}
	}
	for _, row := range []struct{ name, explanation, state, message, want string }{
		{"a failure that the queue tells", "backs off for 8s after TASK_FAILED: exit status 3", "TASK_FAILED", "exit status 3", "backs off for 8s after TASK_FAILED: exit status 3"},
		{"another failure", "no offers", "TASK_FAILED", "exit status 3", "no offers; last failure: TASK_FAILED on h: exit status 3"},
		{"a failure alone", "", "TASK_FAILED", "exit status 3", "last failure: TASK_FAILED on h: exit status 3"},
		{"many lines", "backs off for 8s after TASK_FAILED: exit status 3", "TASK_FAILED", "exit status 3\nsecond", "backs off for 8s after TASK_FAILED: exit status 3 ... (the rest: gantry app show /a)"},
		{"a long line", "", "TASK_FAILED", strings.Repeat("x", 400), "last failure: TASK_FAILED on h: " + strings.Repeat("x", 268) + "... (the rest: gantry app show /a)"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			a := a
			a.LastTaskFailure = &api.TaskFailure{State: row.state, Host: "h", Message: row.message}
			if got := trouble(a, queue(row.explanation)); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}
