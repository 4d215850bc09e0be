package httpapi_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/roster"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// shown is a scheduler that shows one picture and takes every command.
type shown struct{ picture *view.View }

func (s shown) Do(context.Context, core.Command) (core.Result, error) { return core.Result{}, nil }
func (s shown) View() *view.View                                      { return s.picture }
func (shown) Leader() (self bool, address string)                     { return true, "" }

func TestWhatIsBeingLaunchedIsQueued(t *testing.T) {
	t.Parallel()
	in := func(id app.ID, c instance.Condition) *view.App {
		spec := app.Default()
		spec.ID, spec.Cmd = id, "x"
		a := &view.App{Spec: app.Normalize(&spec, app.DefaultRules()), Counts: roster.Counts{Staged: 1}}
		a.Instances = []*instance.Instance{{ID: instance.NewID(id, "u"), App: id, Incarnation: 1, Condition: c, StagedAt: start}}
		return a
	}
	s := shown{view.New(start, view.Framework{}, []*view.App{in("/launched", instance.Provisioned), in("/staging", instance.Staging)}, nil)}
	h, err := httpapi.New(httpapi.Config{Scheduler: s, Leadership: s, Rules: app.DefaultRules()})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, path, http.NoBody))
		return w
	}
	var got struct {
		Queue []struct {
			Count int
			Since string
			App   struct{ ID string }
			Delay struct {
				Overdue         bool
				TimeLeftSeconds int
			}
		}
	}
	if err := json.Unmarshal(ask(http.MethodGet, "/v2/queue?embed=explanation").Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Queue) != 1 || got.Queue[0].App.ID != "/launched" || got.Queue[0].Count != 0 || got.Queue[0].Since != "2026-03-01T12:00:00.000Z" || !got.Queue[0].Delay.Overdue {
		t.Errorf("got %+v, want /launched with a count of 0 alone", got.Queue)
	}
	if w := ask(http.MethodDelete, "/v2/queue/launched/delay"); w.Code != http.StatusNoContent {
		t.Errorf("reset of what is being launched: got %d, want 204", w.Code)
	}
	if w := ask(http.MethodDelete, "/v2/queue/staging/delay"); w.Code != http.StatusNotFound {
		t.Errorf("reset of what is not queued: got %d, want 404", w.Code)
	}
}
