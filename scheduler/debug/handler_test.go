package debug_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	"github.com/gantry-mesos/gantry/pkg/webguard"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/debug"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/loop"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// marker is in every text of a definition that may be a secret.
const marker = "hunter2"

// world is everything around a loop; writes wait while it is stuck.
type world struct{ stuck chan struct{} }

func (w world) Append(ctx context.Context, _ []core.Change) error {
	select {
	case <-w.stuck:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (world) Enqueue(_ context.Context, _ mesos.SchedulerCall, done func(error)) error {
	done(nil)
	return nil
}

func (world) Publish([]event.Event) {}

func (world) Call(mesos.FrameworkID, core.Call) (mesos.SchedulerCall, []mesos.TaskStatus) {
	return mesos.Revive{}, nil
}

// serve runs f with a server around a loop, in virtual time.
func serve(t *testing.T, f func(t *testing.T, w world, l *loop.Loop, s *debug.Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := world{make(chan struct{})}
		cfg := core.DefaultConfig()
		cfg.Rand = rand.New(rand.NewPCG(1, 1))
		l := loop.New(loop.Config{
			State:   core.New(cfg, placement.NewCluster(placement.Config{}), core.Stored{}, time.Now()),
			Journal: w, Caller: w, Converter: w, Publisher: w, Metrics: loop.NewMetrics(prometheus.NewRegistry()), Log: zap.NewNop(),
		})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- l.Run(ctx) }()
		f(t, w, l, debug.New(debug.Config{
			View: l.View, Loop: func() *loop.Loop { return l }, Level: zap.NewAtomicLevel(), Log: zap.NewNop(), Guard: webguard.Guard{Loopback: true},
		}))
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the loop ended with %v", err)
		}
	})
}

func get(t *testing.T, s http.Handler, path string, into any) string {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
	r.Host = "127.0.0.1:6060"
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("GET %s: %d %s", path, w.Code, w.Body)
	}
	if into != nil {
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			t.Fatalf("GET %s: %v in %s", path, err, w.Body)
		}
	}
	return w.Body.String()
}

// fill puts marker into every text that a value holds, at any depth, so that a new
// member of a definition is tried, too.
func fill(v reflect.Value) {
	switch v.Kind() { //nolint:exhaustive // the others hold no text
	case reflect.String:
		v.SetString(marker)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		item := reflect.New(v.Type().Elem()).Elem()
		fill(item)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("NAME").Convert(v.Type().Key()), item)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for n := range v.NumField() {
			fill(v.Field(n))
		}
	default:
	}
}

// A dump shows no text of a definition or of a failure but the App's id, its role
// and the names in its environment.
func TestADumpHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	spec := &app.Spec{}
	fill(reflect.ValueOf(spec).Elem())
	spec.ID, spec.Role, spec.Resources = "/web", "prod", resource.Vector{CPUs: 1500}
	failure := &instance.TaskFailure{TaskID: "t1", State: mesos.TaskFailed, Message: marker}
	shown := view.New(time.Time{}, view.Framework{}, []*view.App{{Spec: spec, LastFailure: failure}}, nil)
	s := debug.New(debug.Config{View: func() *view.View { return shown }, Loop: func() *loop.Loop { return nil }, Level: zap.NewAtomicLevel(), Log: zap.NewNop()})
	var dump struct {
		Leading bool
		Apps    []struct {
			ID          string
			Env         map[string]string
			Resources   struct{ CPUs float64 }
			LastFailure struct{ State string } `json:"last_failure"`
		}
	}
	text := get(t, s, "/debug/state", &dump)
	if strings.Contains(text, marker) {
		t.Errorf("a secret is in the dump:\n%s", text)
	}
	if a := dump.Apps[0]; a.ID != "/web" || a.Env["NAME"] != "(redacted)" || a.Resources.CPUs != 1.5 || a.LastFailure.State != "TASK_FAILED" || dump.Leading {
		t.Errorf("the dump lacks what it is for:\n%s", text)
	}
}

func createWeb() core.Command {
	return core.ChangeApps{Changes: []core.AppChange{{Create: true, Spec: &app.Spec{
		ID: "/web", Instances: 1, Backoff: app.Backoff{Initial: time.Second, Factor: 2, Max: time.Minute},
		Run: runspec.Run{Resources: resource.Vector{CPUs: 100}, Networks: []app.Network{{Mode: app.Host}}},
	}}}}
}

type stateOf struct {
	Leading    bool
	Incomplete string
	Inside     *struct{ Offers int }
	Apps       []struct{ ID string }
}

type loopOf struct {
	Commands    struct{ Waiting, Max int }
	Steps       int
	SteppingFor float64             `json:"stepping_for_seconds"`
	Times       struct{ Count int } `json:"step_seconds"`
	Latest      []stepOf
}

type stepOf struct{ Inputs, Changes int }

func TestARunningLoopIsShown(t *testing.T) {
	serve(t, func(t *testing.T, w world, l *loop.Loop, s *debug.Server) {
		t.Helper()
		close(w.stuck)
		if _, err := l.Do(t.Context(), createWeb()); err != nil {
			t.Fatal(err)
		}
		var state stateOf
		text := get(t, s, "/debug/state", &state)
		if !state.Leading || state.Inside == nil || len(state.Apps) != 1 {
			t.Errorf("the state is incomplete:\n%s", text)
		}
		var busy loopOf
		text = get(t, s, "/debug/loop", &busy)
		if busy.Steps == 0 || busy.Times.Count != busy.Steps || busy.Commands.Max == 0 || busy.SteppingFor != 0 ||
			!slices.ContainsFunc(busy.Latest, func(s stepOf) bool { return s.Inputs > 0 && s.Changes > 0 }) {
			t.Errorf("the loop is not shown:\n%s", text)
		}
	})
}

// The dump is wanted most when the loop hangs.
func TestALoopThatHangsIsShown(t *testing.T) {
	serve(t, func(t *testing.T, w world, l *loop.Loop, s *debug.Server) {
		t.Helper()
		done := make(chan error, 1)
		go func() {
			_, err := l.Do(t.Context(), createWeb())
			done <- err
		}()
		synctest.Wait()
		var state stateOf
		text := get(t, s, "/debug/state", &state)
		if !state.Leading || state.Inside != nil || !strings.Contains(state.Incomplete, "does not answer") {
			t.Errorf("the dump does not say that the loop hangs:\n%s", text)
		}
		var busy loopOf
		text = get(t, s, "/debug/loop", &busy)
		if busy.SteppingFor < 3 || busy.Commands.Waiting != 1 { // the look above
			t.Errorf("the loop does not show that it hangs:\n%s", text)
		}
		close(w.stuck)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestLookingDoesNotPutOffTheNextDeadline(t *testing.T) {
	serve(t, func(t *testing.T, w world, l *loop.Loop, s *debug.Server) {
		t.Helper()
		close(w.stuck)
		if err := l.Deliver(t.Context(), mesos.Subscribed{FrameworkID: "fw"}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		get(t, s, "/debug/state", nil)
		before := l.Stats().Steps
		<-time.After(core.DefaultConfig().ReconcileEvery + time.Minute)
		if l.Stats().Steps == before {
			t.Error("no deadline passed after somebody looked")
		}
	})
}

func TestWhoMayDebug(t *testing.T) {
	t.Parallel()
	level := zap.NewAtomicLevel()
	s := debug.New(debug.Config{
		View: func() *view.View { return view.New(time.Time{}, view.Framework{}, nil, nil) }, Loop: func() *loop.Loop { return nil },
		Level: level, Log: zap.NewNop(), Guard: webguard.Guard{Loopback: true},
		Allowed: func(r *http.Request) bool { user, _, _ := r.BasicAuth(); return user == "ops" },
	})
	for _, row := range []struct {
		name, method, path, host, user, origin string
		want                                   int
	}{
		{"an operator", "GET", "/debug/state", "127.0.0.1:6060", "ops", "", 200},
		{"an operator who changes the level", "PUT", "/debug/log-level", "localhost:6060", "ops", "", 200},
		{"nobody", "GET", "/debug/state", "127.0.0.1:6060", "", "", 401},
		{"nobody who wants a profile", "GET", "/debug/pprof/heap", "127.0.0.1:6060", "", "", 401},
		{"another name", "GET", "/debug/pprof/heap", "evil.example", "ops", "", 403},
		{"a page", "PUT", "/debug/log-level", "127.0.0.1:6060", "ops", "https://evil.example", 403},
		{"what does not exist", "GET", "/debug/nothing", "127.0.0.1:6060", "ops", "", 404},
		{"the index", "GET", "/debug/", "127.0.0.1:6060", "ops", "", 200},
	} {
		r := httptest.NewRequest(row.method, row.path, bytes.NewReader([]byte(`{"level":"debug"}`)))
		r.Host = row.host
		r.Header.Set("Content-Type", "application/json")
		if row.user != "" {
			r.SetBasicAuth(row.user, "x")
		}
		if row.origin != "" {
			r.Header.Set("Origin", row.origin)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != row.want {
			t.Errorf("%s: got %d %s, want %d", row.name, w.Code, w.Body, row.want)
		}
	}
	if level.Level() != zap.DebugLevel {
		t.Errorf("the level is %v, want debug", level)
	}
}
