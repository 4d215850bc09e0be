package main

import (
	"errors"
	"flag"
	"net/http/httptest"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
	"github.com/gantry-mesos/gantry/scheduler/httpapi/httpapitest"
)

var updateScripts = flag.Bool("update", false, "write what the commands print into the scripts")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"gantry": main})
}

var scriptStart = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

type fakeKey struct{}

// newAPI serves the real API over a pretended scheduler.
func newAPI(fake *httpapitest.Scheduler) (*httptest.Server, error) {
	rules := app.DefaultRules()
	rules.Roles = append(rules.Roles, "gantry")
	h, err := httpapi.New(httpapi.Config{
		Scheduler: fake, Leadership: fake, Rules: rules, Address: "leader.example:8080", Build: "gantry 0.1.0 test",
	})
	if err != nil {
		return nil, err
	}
	return httptest.NewServer(h), nil
}

// TestScripts runs the program as users do. Beside testscript's commands there are:
//
//	exits CODE COMMAND...   the command ends with this code
//	settle                  let the scheduler finish what it does
//	stick APP [WHY]         let instances of an app wait for ever, or no longer
//	hold N                  let the scheduler hold back so many kills
//	fail APP STATE MESSAGE  note a task's end as the app's last failure
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", UpdateScripts: *updateScripts, RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			fake := httpapitest.New(scriptStart, true)
			server, err := newAPI(fake)
			if err != nil {
				return err
			}
			e.Defer(server.Close)
			e.Values[fakeKey{}] = fake
			e.Setenv("GANTRY_URL", server.URL)
			e.Setenv("GANTRY_POLL_INTERVAL", "1ms")
			e.Setenv("HOME", e.WorkDir)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			"settle": func(ts *testscript.TestScript, _ bool, _ []string) {
				fakeOf(ts).Settle()
			},
			"hold": func(ts *testscript.TestScript, _ bool, args []string) {
				n, err := strconv.Atoi(args[0])
				ts.Check(err)
				fakeOf(ts).Hold(n)
			},
			"stick": func(ts *testscript.TestScript, _ bool, args []string) {
				fakeOf(ts).Stick(app.ID(args[0]), strings.Join(args[1:], " "))
			},
			"fail": func(ts *testscript.TestScript, _ bool, args []string) {
				state, ok := mesos.ParseTaskState(args[1])
				if !ok {
					ts.Fatalf("no task state %q", args[1])
				}
				fakeOf(ts).Fail(app.ID(args[0]), state, args[2])
			},
		},
	})
}

func fakeOf(ts *testscript.TestScript) *httpapitest.Scheduler {
	fake, ok := ts.Value(fakeKey{}).(*httpapitest.Scheduler)
	if !ok {
		ts.Fatalf("no scheduler")
	}
	return fake
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
