package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/httpapi/httpapitest"
)

// meanwhile runs a command line and does something once it has said a text.
func meanwhile(t *testing.T, fake *httpapitest.Scheduler, line, text string, do func() error) (code int, said string) {
	t.Helper()
	server, err := newAPI(fake)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	errOut := &stopper{text: text}
	errOut.cancel = func() {
		errOut.cancel = func() {}
		if err := do(); err != nil {
			t.Error(err)
		}
	}
	args := append(strings.Fields(line), "--url", server.URL, "--poll-interval", "1ms")
	return execute(t.Context(), args, strings.NewReader(`{"id":"/web","cmd":"true","instances":2}`), &bytes.Buffer{}, errOut), errOut.String()
}

func TestWaitingForADeploymentTellsWhetherItHasComeToItsGoal(t *testing.T) {
	t.Parallel()
	const id = "00000000-0000-4000-8000-000000000004"
	cancel := func(force bool) func(*httpapitest.Scheduler) error {
		return func(fake *httpapitest.Scheduler) error {
			_, err := fake.Do(context.Background(), core.CancelDeployment{ID: id, Force: force})
			return err
		}
	}
	for _, row := range []struct {
		name string
		do   func(*httpapitest.Scheduler) error
		code int
		want string
	}{
		{"goes on", func(fake *httpapitest.Scheduler) error { fake.Stick("/web", ""); return nil }, exitDone, "deployment finished"},
		{"is undone", cancel(false), exitFailed, "was changed again meanwhile"},
		{"is stopped", cancel(true), exitFailed, "has 2 of 3 running: no offers"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			fake := httpapitest.New(scriptStart, true)
			if code, said := meanwhile(t, fake, "app create - --wait", "no text", nil); code != exitDone {
				t.Fatal(said)
			}
			fake.Stick("/web", "no offers")
			if code, said := meanwhile(t, fake, "app scale /web 3", "no text", nil); code != exitDone {
				t.Fatal(said)
			}
			code, said := meanwhile(t, fake, "deployment wait "+id, "no offers", func() error { return row.do(fake) })
			if code != row.code || !strings.Contains(said, row.want) {
				t.Errorf("got exit code %d and %q, want %d and %q", code, said, row.code, row.want)
			}
		})
	}
}
