package httpapi_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/core/coretest"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
	"github.com/gantry-mesos/gantry/scheduler/loop"
)

// full is a scheduler whose loop takes nothing.
type full struct{ *coretest.Scheduler }

func (full) Do(context.Context, core.Command) (core.Result, error) {
	return core.Result{}, &loop.BusyError{}
}

func TestAFullLoopAnswersWhenToComeBack(t *testing.T) {
	t.Parallel()
	s := coretest.New(time.Unix(1, 0), true)
	api, err := httpapi.New(httpapi.Config{Scheduler: full{s}, Leadership: s, Now: s.Now, Rules: app.DefaultRules(), Address: "leader.example:8080"})
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://leader.example:8080/v2/apps", strings.NewReader(`{"id": "/x", "cmd": "true"}`))
	req.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	api.ServeHTTP(w, req)
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "1" || !strings.Contains(w.Body.String(), "has not taken this one") {
		t.Errorf("answered %d, Retry-After %q: %s", w.Code, w.Header().Get("Retry-After"), w.Body)
	}
}
