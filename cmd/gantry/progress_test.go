package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestProgress(t *testing.T) {
	t.Parallel()

	t.Run("writes a line for each change", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		p := newProgress(&out, goal{})
		for _, s := range []appState{
			{id: "/a", text: "0 of 2 running"}, {id: "/a", text: "0 of 2 running"}, {id: "/a", text: "1 of 2 running"},
			{id: "/a", text: "1 of 2 running", trouble: "last failure: TASK_FAILED"}, {id: "/a", text: "1 of 2 running", trouble: "last failure: TASK_FAILED"},
		} {
			p.show([]appState{s})
		}
		p.finished(time.Second)
		want := "deployment  started\n/a: 0 of 2 running\n/a: 1 of 2 running\n/a: last failure: TASK_FAILED\ndeployment finished\n"
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
		if n := len([]rune(strings.TrimPrefix(lines[3], "\r\x1b[K"))); n != 79 {
			t.Errorf("got a line of %d characters, want it cut to the terminal's width", n)
		}
	})
}
