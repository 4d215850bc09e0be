package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// threeApps is a service with a running app, one that waits for good and one that
// waits, too, whose order is not that of their ids.
func threeApps(t *testing.T) *service {
	t.Helper()
	s := newService(t)
	s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", web)
	s.Settle()
	s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", `{"id":"/zoo","cmd":"sleep 1","instances":3,"cpus":1000,"mem":64,"healthChecks":[{"protocol":"COMMAND","command":{"value":"true"}}]}`)
	s.Rest()
	return s
}

func TestAppsAreListedInBrief(t *testing.T) {
	t.Parallel()
	s := threeApps(t)
	all := s.want(t, http.StatusOK, http.MethodGet, "/v3/apps", "")
	if got := at(t, all, "total"); got != 2.0 {
		t.Fatalf("got total %v in %v, want 2", got, all)
	}
	one, _ := at(t, all, "apps", 0).(map[string]any)
	delete(one, "version")
	if diff := cmp.Diff(one, map[string]any{
		"id": "/prod/web", "instances": 2.0, "tasksStaged": 0.0, "tasksRunning": 2.0, "tasksHealthy": 0.0, "tasksUnhealthy": 0.0,
		"labels": map[string]any{"tier": "front"}, "cpus": 0.1, "mem": 32.0, "disk": 0.0, "gpus": 0.0,
	}); diff != "" {
		t.Errorf("an app that runs (-got +want):\n%s", diff)
	}
	two := at(t, all, "apps", 1)
	if at(t, two, "waiting") != 3.0 || at(t, two, "healthChecked") != true || at(t, two, "explanation") != nil || at(t, two, "deployments", 0) == nil {
		t.Errorf("an app that waits: got %v", two)
	}
	explained := s.want(t, http.StatusOK, http.MethodGet, "/v3/apps?waiting=true&embed=explanation", "")
	if at(t, explained, "total") != 1.0 || !strings.Contains(fmt.Sprint(at(t, explained, "apps", 0, "explanation")), "needs 1000") {
		t.Errorf("those that wait: got %v", explained)
	}
}

func TestBriefsAreFilteredAsAppsAre(t *testing.T) {
	t.Parallel()
	s := threeApps(t)
	for query, want := range map[string][]string{
		"":                                {"/prod/web", "/zoo"},
		"?id=WEB":                         {"/prod/web"},
		"?cmd=sleep+100":                  {"/prod/web"},
		"?label=tier==front":              {"/prod/web"},
		"?app=/zoo":                       {"/zoo"},
		"?app=zoo&app=/none":              {"/zoo"},
		"?app=/zoo&app=/prod/web":         {"/prod/web", "/zoo"},
		"?app=/none":                      {},
		"?waiting=true":                   {"/zoo"},
		"?limit=1":                        {"/prod/web"},
		"?id=web&app=/zoo":                {},
		"?waiting=true&label=tier==front": {},
	} {
		list, _ := at(t, s.want(t, http.StatusOK, http.MethodGet, "/v3/apps"+query, ""), "apps").([]any)
		got := []string{}
		for _, a := range list {
			id, _ := at(t, a, "id").(string)
			got = append(got, id)
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", query, diff)
		}
	}
	for _, query := range []string{"?label=a=", "?limit=0", "?limit=many"} {
		s.want(t, http.StatusUnprocessableEntity, http.MethodGet, "/v3/apps"+query, "")
	}
	queue := s.want(t, http.StatusOK, http.MethodGet, "/v2/queue?app=/zoo", "")
	if at(t, queue, "queue", 0, "count") != 3.0 {
		t.Errorf("the queue of one app: got %v", queue)
	}
	if other, _ := at(t, s.want(t, http.StatusOK, http.MethodGet, "/v2/queue?app=/prod/web", ""), "queue").([]any); len(other) != 0 {
		t.Errorf("the queue of an app that does not wait: got %v", other)
	}
}

func TestTheStatusSaysWhatToLookAtFirst(t *testing.T) {
	t.Parallel()
	s := threeApps(t)
	s.Strays(20)
	held := at(t, s.want(t, http.StatusOK, http.MethodGet, "/v3/kills", ""), "held")
	got := s.want(t, http.StatusOK, http.MethodGet, "/v3/status", "")
	if diff := cmp.Diff(got, any(map[string]any{
		"version": "gantry 0.1.0 test", "leader": "leader.example:8080", "frameworkId": "framework-1", "master": map[string]any{"hostname": "master.example", "address": ""},
		"apps": 2.0, "deployments": 1.0, "appsWaiting": 1.0, "agentsAvoided": []any{}, "killsHeld": held, "volumesHeld": 0.0,
		"instances": map[string]any{"wanted": 5.0, "staged": 0.0, "running": 2.0, "healthy": 0.0, "unhealthy": 0.0, "waiting": 3.0},
	})); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}
