package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/scheduler/core/coretest"
	"github.com/gantry-mesos/gantry/scheduler/eventlog"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
)

// events is the API of a scheduler whose log can be exchanged, as by another term.
type events struct {
	*httptest.Server
	log atomic.Pointer[eventlog.Log]
}

func newEvents(t *testing.T) *events {
	t.Helper()
	e := &events{}
	s := coretest.New(scriptStart, true)
	h, err := httpapi.New(httpapi.Config{Scheduler: s, Leadership: s, Rules: app.DefaultRules(), Address: "leader.example:8080", Events: e.log.Load})
	if err != nil {
		t.Fatal(err)
	}
	e.Server = httptest.NewServer(h)
	t.Cleanup(e.Close)
	e.term(0)
	t.Cleanup(func() { e.log.Load().Close() })
	return e
}

// term begins a new log whose numbers count from begin+1.
func (e *events) term(begin int64) *eventlog.Log {
	log := eventlog.New(8, time.UnixMicro(begin))
	if old := e.log.Swap(log); old != nil {
		old.Close()
	}
	return log
}

var (
	times   = regexp.MustCompile(`20\d\d-\d\d-\d\dT[0-9:.]+Z`)
	remotes = regexp.MustCompile(`127\.0\.0\.1:\d+`)
)

// plain has what differs from run to run replaced.
func plain(text string) string {
	return remotes.ReplaceAllString(times.ReplaceAllString(text, "TIME"), "REMOTE")
}

func TestEventsAreShownInALineEach(t *testing.T) {
	t.Parallel()
	e := newEvents(t)
	alive := false
	e.log.Load().Append(
		&event.StatusUpdate{TaskID: "web.instance-0d3c2a9e-4a57-4c55-9a53-5f0e4f0c8c11._app.2", TaskStatus: "TASK_FAILED", Host: "h1", Message: "exit 1\nbye"},
		&event.InstanceHealthChanged{InstanceID: "i", Healthy: &alive},
		&event.DeploymentInfo{Plan: &event.Plan{ID: "d"}, CurrentStep: &event.Step{Actions: []event.Action{{Action: "ScaleApplication", App: "/web"}}}},
		&event.KillsGuarded{Tasks: 3},
		&event.GroupChangeFailed{GroupID: "/a", Reason: "locked"},
	)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, errOut := &stopper{text: "event_stream_attached", cancel: cancel}, &bytes.Buffer{}
	if code := execute(ctx, []string{"events", "--since", "0", "--url", e.URL}, nil, out, errOut); code != exitDone {
		t.Fatalf("exit code %d: %s", code, errOut)
	}
	want := `EVENT             TIME                      TYPE                               WHAT
1                 TIME  status_update_event                web.0d3c2a9e.2 TASK_FAILED on h1: exit 1 bye
2                 TIME  instance_health_changed_event      i unhealthy
3                 TIME  deployment_info                    d ScaleApplication /web
4                 TIME  kills_held_event                   3 tasks
5                 TIME  group_change_failed                /a: locked
6                 TIME  event_stream_attached              REMOTE
`
	if d := cmp.Diff(want, plain(out.String())); d != "" {
		t.Errorf("output (-want +got):\n%s", d)
	}
}

func TestEventsAreShownAsJSONWithTheirNumbers(t *testing.T) {
	t.Parallel()
	e := newEvents(t)
	e.log.Load().Append(&event.GroupChanged{GroupID: "/a"}, &event.AppTerminated{AppID: "/web"})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, errOut := &stopper{text: "/web", cancel: cancel}, &bytes.Buffer{}
	if code := execute(ctx, []string{"events", "--since", "1h", "--type", "app_terminated_event", "-o", "json", "--url", e.URL}, nil, out, errOut); code != exitDone {
		t.Fatalf("exit code %d: %s", code, errOut)
	}
	want := `{"number":2,"eventType":"app_terminated_event","timestamp":"TIME","appId":"/web"}` + "\n"
	if d := cmp.Diff(want, plain(out.String())); d != "" {
		t.Errorf("output (-want +got):\n%s", d)
	}
}

func TestEventsGoOnWithTheNextLeaderAndSayWhatIsMissing(t *testing.T) {
	t.Parallel()
	e := newEvents(t)
	e.log.Load().Append(&event.AppTerminated{AppID: "/1"})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	next := &stopper{text: "/1", cancel: func() {
		if e.log.Load().Last() < 1000 {
			e.term(1000).Append(&event.AppTerminated{AppID: "/2"})
		}
	}}
	out, errOut := &stopper{text: "/2", cancel: cancel}, &bytes.Buffer{}
	code := execute(ctx, []string{"events", "--since", "0", "--type", "app_terminated_event", "--url", e.URL}, nil, both{next, out}, errOut)
	if code != exitDone || errOut.String() != "the stream has ended; trying again\n" {
		t.Fatalf("exit code %d: %s", code, errOut)
	}
	want := `EVENT             TIME                      TYPE                               WHAT
1                 TIME  app_terminated_event               /1
-                 TIME  gap                                events are missing up to 1000
1001              TIME  app_terminated_event               /2
`
	if d := cmp.Diff(want, plain(out.String())); d != "" {
		t.Errorf("output (-want +got):\n%s", d)
	}
}

// both writes to two streams.
type both [2]*stopper

func (b both) Write(p []byte) (int, error) {
	for _, s := range b {
		_, _ = s.Write(p) // a buffer takes all
	}
	return len(p), nil
}

func TestEventsRefusesABeginningThatIsNone(t *testing.T) {
	t.Parallel()
	errOut := &bytes.Buffer{}
	if code := execute(t.Context(), []string{"events", "--since", "yesterday"}, nil, &bytes.Buffer{}, errOut); code != exitMisused || !strings.Contains(errOut.String(), `--since "yesterday"`) {
		t.Errorf("exit code %d: %s", code, errOut)
	}
}

func TestEventsShowTheirCredentialsToTheLeaderToo(t *testing.T) {
	t.Parallel()
	leader := newEvents(t)
	leader.log.Load().Append(&event.AppTerminated{AppID: "/web"})
	guarded := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "u" || password != "p" {
			http.Error(w, "{}", http.StatusUnauthorized)
			return
		}
		leader.Config.Handler.ServeHTTP(w, r)
	}))
	defer guarded.Close()
	standby := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, guarded.URL+r.URL.RequestURI(), http.StatusFound)
	}))
	defer standby.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, errOut := &stopper{text: "/web", cancel: cancel}, &bytes.Buffer{}
	url := strings.Replace(standby.URL, "://", "://u:p@", 1)
	if code := execute(ctx, []string{"events", "--since", "0", "--url", url}, nil, out, errOut); code != exitDone {
		t.Errorf("exit code %d: %s", code, errOut)
	}
}
