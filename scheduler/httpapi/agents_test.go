package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/operatorapi"
	"github.com/gantry-mesos/gantry/scheduler/core/coretest"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
)

// master is a master that knows two agents, or fails.
type master struct{ err error }

func (m master) List(context.Context) ([]operatorapi.Agent, error) {
	if errors.Is(m.err, httpapi.ErrNoMaster) {
		return nil, m.err
	}
	return []operatorapi.Agent{{ID: "a1", Active: true}, {ID: "a2", Deactivated: true, Drain: operatorapi.Draining}}, nil
}
func (m master) Drain(context.Context, mesos.AgentID, *time.Duration, bool) error { return m.err }
func (m master) Undrain(context.Context, mesos.AgentID) error                     { return m.err }
func (m master) Gone(context.Context, mesos.AgentID) error                        { return m.err }

// home is a master that knows one agent, by an id that comes later.
type home struct {
	master
	id mesos.AgentID
}

func (h *home) List(context.Context) ([]operatorapi.Agent, error) {
	return []operatorapi.Agent{{ID: h.id, Active: true}}, nil
}

func withMaster(t *testing.T, err error) *service {
	t.Helper()
	return withAgents(t, master{err})
}

func withAgents(t *testing.T, agents httpapi.Agents) *service {
	t.Helper()
	s := &service{Scheduler: coretest.New(start, false)}
	api, failed := httpapi.New(httpapi.Config{Agents: agents, Scheduler: s.Scheduler, Leadership: s.Scheduler, Rules: app.DefaultRules()})
	if failed != nil {
		t.Fatal(failed)
	}
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	s.api, s.url = api, server.URL
	return s
}

func TestAgentsAreShownAsTheMasterKnowsThem(t *testing.T) {
	t.Parallel()
	s := withMaster(t, nil)
	body := s.want(t, http.StatusOK, http.MethodGet, "/v3/agents", "")
	for n, want := range []string{"active", "draining"} {
		if got := at(t, body, "agents", n, "state"); got != want {
			t.Errorf("agent %d: got state %v, want %s", n+1, got, want)
		}
	}
	s.want(t, http.StatusOK, http.MethodGet, "/v3/agents/a2", "")
	s.want(t, http.StatusNotFound, http.MethodGet, "/v3/agents/a3", "")
	s.want(t, http.StatusNotFound, http.MethodGet, "/v3/agents/a1/tasks", "")
	s.want(t, http.StatusUnprocessableEntity, http.MethodPost, "/v3/agents/a1/drain?maxGracePeriod=soon", "")
	s.want(t, http.StatusOK, http.MethodPost, "/v3/agents/a1/drain?maxGracePeriod=30s", "")
	if got := at(t, s.want(t, http.StatusOK, http.MethodPost, "/v3/agents/a3/drain?markGone=true", ""), "state"); got != "gone" {
		t.Errorf("an agent that is gone at once: got state %v, want gone", got)
	}
	s.want(t, http.StatusNotFound, http.MethodPost, "/v3/agents/a3/drain", "")
	s.want(t, http.StatusOK, http.MethodPost, "/v3/agents/a1/undrain", "")
	s.want(t, http.StatusOK, http.MethodPost, "/v3/agents/a1/gone", "")
}

func TestAgentsTellWhatRunsThereAsIsAskedFor(t *testing.T) {
	t.Parallel()
	master := &home{}
	s := withAgents(t, master)
	for _, id := range []string{"/prod/web", "/zoo"} {
		s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", `{"id":"`+id+`","cmd":"sleep 1","instances":2,"cpus":0.5,"mem":64}`)
	}
	s.Settle()
	master.id = mesos.AgentID(fmt.Sprint(at(t, s.want(t, http.StatusOK, http.MethodGet, "/v2/apps/zoo", ""), "app", "tasks", 0, "slaveId")))
	for query, want := range map[string][2]bool{"": {true, false}, "?embed=tasks": {true, false}, "?embed=apps": {false, true}, "?embed=apps&embed=tasks": {true, true}} {
		one := at(t, s.want(t, http.StatusOK, http.MethodGet, "/v3/agents"+query, ""), "agents", 0)
		if got := [2]bool{at(t, one, "tasks") != nil, at(t, one, "apps") != nil}; got != want {
			t.Errorf("%s: got tasks and apps %v, want %v", query, got, want)
		}
	}
	apps := at(t, s.want(t, http.StatusOK, http.MethodGet, "/v3/agents/"+string(master.id)+"?embed=apps", ""), "apps")
	for n, id := range []string{"/prod/web", "/zoo"} {
		if at(t, apps, n, "app") != id || at(t, apps, n, "tasks") != 2.0 || at(t, apps, n, "used", "cpus") != 1.0 || at(t, apps, n, "used", "mem") != 128.0 {
			t.Errorf("app %d there: got %v, want two tasks of %s", n, at(t, apps, n), id)
		}
	}
	s.want(t, http.StatusUnprocessableEntity, http.MethodGet, "/v3/agents?embed=all", "")
	s.want(t, http.StatusUnprocessableEntity, http.MethodGet, "/v3/agents/a1?embed=all", "")
}

func TestWhatTheMasterDoesNotDoIsToldApart(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		err    error
		status int
		says   string
	}{
		"no master":        {httpapi.ErrNoMaster, http.StatusServiceUnavailable, "not subscribed"},
		"denied":           {fmt.Errorf("drain: %w", operatorapi.ErrDenied), http.StatusForbidden, "denied"},
		"refused":          {&operatorapi.RefusedError{Status: 400, Text: "still draining"}, http.StatusConflict, "still draining"},
		"unknown agent":    {&operatorapi.RefusedError{Status: 400, Text: "Unknown agent"}, http.StatusNotFound, "GET /v3/agents lists"},
		"broken":           {&operatorapi.RefusedError{Status: 500, Text: "oops"}, http.StatusBadGateway, "oops"},
		"does not answer":  {errors.New("connection refused"), http.StatusBadGateway, "connection refused"},
		"not found at all": {operatorapi.ErrNotFound, http.StatusNotFound, "GET /v3/agents lists"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := withMaster(t, row.err)
			for _, path := range []string{"/v3/agents/a1/drain", "/v3/agents/a1/undrain", "/v3/agents/a1/gone"} {
				body := s.want(t, row.status, http.MethodPost, path, "")
				if text, _ := at(t, body, "message").(string); !strings.Contains(text, row.says) {
					t.Errorf("%s: got %q, want it to say %q", path, text, row.says)
				}
			}
		})
	}
}
