package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"net/http/httptest"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/backup"
	"github.com/gantry-mesos/gantry/scheduler/core/coretest"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
	"github.com/gantry-mesos/gantry/scheduler/store"
)

var updateScripts = flag.Bool("update", false, "write what the commands print into the scripts")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"gantry": main})
}

var scriptStart = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// exported stands for the state of the scheduler.
func exported(ctx context.Context, w io.Writer, leaveOutDamaged bool) error {
	_, err := backup.Export(ctx, stored{{Key: "framework", Value: []byte{3}}}, w, leaveOutDamaged)
	return err
}

// stored are records that can be read.
type stored []store.Change

// Examine implements store.Examiner.
func (s stored) Examine(_ context.Context, fn func(key string, value []byte, damage error) error) error {
	for _, c := range s {
		if err := fn(c.Key, c.Value, nil); err != nil {
			return err
		}
	}
	return nil
}

type schedulerKey struct{}

// newAPI serves the API over a scheduler.
func newAPI(s *coretest.Scheduler) (*httptest.Server, error) {
	rules := app.DefaultRules()
	rules.Roles = append(rules.Roles, "gantry")
	h, err := httpapi.New(httpapi.Config{
		Scheduler: s, Leadership: s, Now: s.Now, Rules: rules, Address: "leader.example:8080", Build: "gantry 0.1.0 test",
		Export: exported,
	})
	if err != nil {
		return nil, err
	}
	return httptest.NewServer(h), nil
}

// TestScripts runs the program as users do. Beside testscript's commands there are:
//
//	exits CODE COMMAND...   the command ends with this code
//	marathon FILE           serve a file as a Marathon's groups, at $MARATHON, to user:password
//	settle                  let the scheduler finish what it does
//	rest                    let the scheduler do what it can at present
//	offers on|off           let the master make offers, as it does at first, or none
//	pass DURATION           let time pass
//	strays N                let so many tasks run that the scheduler does not know
//	fail APP STATE MESSAGE  let a task of the app end
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", UpdateScripts: *updateScripts, RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			s := coretest.New(scriptStart, true)
			server, err := newAPI(s)
			if err != nil {
				return err
			}
			e.Defer(server.Close)
			e.Values[schedulerKey{}] = s
			e.Setenv("GANTRY_URL", server.URL)
			e.Setenv("GANTRY_POLL_INTERVAL", "1ms")
			e.Setenv("HOME", e.WorkDir)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":    exits,
			"marathon": serveMarathon,
			"settle": func(ts *testscript.TestScript, _ bool, _ []string) {
				schedulerOf(ts).Settle()
			},
			"rest": func(ts *testscript.TestScript, _ bool, _ []string) {
				schedulerOf(ts).Rest()
			},
			"strays": func(ts *testscript.TestScript, _ bool, args []string) {
				n, err := strconv.Atoi(args[0])
				ts.Check(err)
				schedulerOf(ts).Strays(n)
			},
			"pass": func(ts *testscript.TestScript, _ bool, args []string) {
				d, err := time.ParseDuration(args[0])
				ts.Check(err)
				schedulerOf(ts).Pass(d)
			},
			"offers": func(ts *testscript.TestScript, _ bool, args []string) {
				schedulerOf(ts).Offers(args[0] == "on")
			},
			"fail": func(ts *testscript.TestScript, _ bool, args []string) {
				state, ok := mesos.ParseTaskState(args[1])
				if !ok {
					ts.Fatalf("no task state %q", args[1])
				}
				schedulerOf(ts).Fail(app.ID(args[0]), state, args[2])
			},
		},
	})
}

func schedulerOf(ts *testscript.TestScript) *coretest.Scheduler {
	s, ok := ts.Value(schedulerKey{}).(*coretest.Scheduler)
	if !ok {
		ts.Fatalf("no scheduler")
	}
	return s
}

func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	if err != nil {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("got exit code %d, want %d", got, want)
	}
}
