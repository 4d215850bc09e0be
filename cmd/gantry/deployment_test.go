package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/core/coretest"
)

// meanwhile runs a command line and does something once it has said a text.
func meanwhile(t *testing.T, s *coretest.Scheduler, line, text string, do func() error) (code int, said string) {
	t.Helper()
	server, err := newAPI(s)
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
	cancel := func(force bool) func(*coretest.Scheduler) error {
		return func(s *coretest.Scheduler) error {
			_, err := s.Do(context.Background(), core.CancelDeployment{ID: id, Force: force})
			return err
		}
	}
	for _, row := range []struct {
		name string
		do   func(*coretest.Scheduler) error
		code int
		want string
	}{
		{"goes on", func(s *coretest.Scheduler) error { s.Offers(true); return nil }, exitDone, "deployment finished"},
		{"is undone", cancel(false), exitFailed, "was changed again meanwhile"},
		{"is stopped", cancel(true), exitFailed, "has 2 of 3 running: no agent"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := coretest.New(scriptStart, true)
			if code, said := meanwhile(t, s, "app create - --wait", "no text", nil); code != exitDone {
				t.Fatal(said)
			}
			s.Offers(false)
			if code, said := meanwhile(t, s, "app scale /web 3", "no text", nil); code != exitDone {
				t.Fatal(said)
			}
			s.Pass(time.Minute)
			code, said := meanwhile(t, s, "deployment wait "+id, "no agent", func() error { return row.do(s) })
			if code != row.code || !strings.Contains(said, row.want) {
				t.Errorf("got exit code %d and %q, want %d and %q", code, said, row.code, row.want)
			}
		})
	}
}
