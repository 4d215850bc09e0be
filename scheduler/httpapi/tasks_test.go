package httpapi_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

func taskIDs(t *testing.T, body any) []string {
	t.Helper()
	ids := []string{}
	for _, task := range at(t, body, "tasks").([]any) {
		ids = append(ids, at(t, task, "id").(string))
	}
	return ids
}

func TestTasks(t *testing.T) {
	t.Parallel()
	running := func(t *testing.T) *service {
		t.Helper()
		s := newService(t)
		s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", web)
		s.Settle()
		return s
	}

	t.Run("are listed for all apps, one app and a group", func(t *testing.T) {
		t.Parallel()
		s := running(t)
		for path, want := range map[string]int{
			"/v2/tasks": 2, "/v2/tasks?status=running": 2, "/v2/tasks?status=staging": 0, "/v2/tasks?status[]=running&status=other": 2,
			"/v2/apps/prod/web/tasks": 2, "/v2/apps/prod/*/tasks": 2,
		} {
			if got := len(taskIDs(t, s.want(t, http.StatusOK, http.MethodGet, path, ""))); got != want {
				t.Errorf("GET %s: got %d tasks, want %d", path, got, want)
			}
		}
	})

	t.Run("are listed as text for old bridges", func(t *testing.T) {
		t.Parallel()
		s := running(t)
		s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", `{"id":"/plain","cmd":"x","ports":[]}`)
		s.Settle()
		got, _ := s.want(t, http.StatusOK, http.MethodGet, "/v2/tasks", "", "Accept", "text/plain").(string)
		want := "plain\t \thost-1.example \nprod_web\t10000\thost-1.example:31000\thost-1.example:31001\t\n"
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})

	t.Run("one is ended by its id alone, whatever the path says", func(t *testing.T) {
		t.Parallel()
		s := running(t)
		id := taskIDs(t, s.want(t, http.StatusOK, http.MethodGet, "/v2/tasks", ""))[0]
		body := s.want(t, http.StatusOK, http.MethodDelete, "/v2/apps/prod/web.instance-x/._app/tasks/"+id, "")
		if got := at(t, body, "task", "id"); got != id {
			t.Errorf("got %v, want %v", got, id)
		}
		s.Settle()
		if got := taskIDs(t, s.want(t, http.StatusOK, http.MethodGet, "/v2/tasks", "")); len(got) != 2 || slices.Contains(got, id) {
			t.Errorf("got tasks %v, want another one for %s", got, id)
		}
	})

	t.Run("ended with scale answer with a deployment", func(t *testing.T) {
		t.Parallel()
		s := running(t)
		id := taskIDs(t, s.want(t, http.StatusOK, http.MethodGet, "/v2/tasks", ""))[0]
		body := s.want(t, http.StatusOK, http.MethodPost, "/v2/tasks/delete?scale=True", `{"ids":["`+id+`"]}`)
		if id, ok := at(t, body, "deploymentId").(string); !ok || id == "" {
			t.Errorf("got %v, want a deployment", body)
		}
		if got := at(t, s.want(t, http.StatusOK, http.MethodGet, "/v2/apps/prod/web", ""), "app", "instances"); got != 1.0 {
			t.Errorf("got %v instances, want 1", got)
		}
		s.want(t, http.StatusNotFound, http.MethodPost, "/v2/tasks/delete?scale=true", `{"ids":["prod_web.instance-none._app.1"]}`)
	})

	t.Run("of one host are ended", func(t *testing.T) {
		t.Parallel()
		s := running(t)
		if got := taskIDs(t, s.want(t, http.StatusOK, http.MethodDelete, "/v2/apps/prod/web/tasks?host=other", "")); len(got) != 0 {
			t.Errorf("got %v, want none", got)
		}
		if got := taskIDs(t, s.want(t, http.StatusOK, http.MethodDelete, "/v2/apps/prod/web/tasks?host=host-1.example", "")); len(got) != 2 {
			t.Errorf("got %v, want two", got)
		}
	})

	t.Run("that failed leave the last failure", func(t *testing.T) {
		t.Parallel()
		s := running(t)
		s.Fail("/prod/web", mesos.TaskFailed, "exit status 3")
		body := s.want(t, http.StatusOK, http.MethodGet, "/v2/apps/prod/web?embed=taskStats", "")
		if got := at(t, body, "app", "lastTaskFailure", "message"); got != "exit status 3" {
			t.Errorf("got %v", got)
		}
		if got := at(t, body, "app", "taskStats", "totalSummary", "stats", "counts", "running"); got != 1.0 {
			t.Errorf("got %v running in the statistics, want the other one", got)
		}
	})
}

func TestQueue(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", strings.Replace(web, `"cpus":0.1`, `"cpus":640`, 1))
	s.Rest()
	item := at(t, s.want(t, http.StatusOK, http.MethodGet, "/v2/queue?embed=explanation", ""), "queue", 0)
	if got := at(t, item, "count"); got != 2.0 {
		t.Errorf("got count %v, want 2", got)
	}
	if got := at(t, item, "explanation"); got != "needs 640 cpus; the largest free agent has 100: 1 agent too small" {
		t.Errorf("got explanation %v", got)
	}
	if got := at(t, item, "delay", "overdue"); got != true {
		t.Errorf("got overdue %v, want true without a back-off", got)
	}
	strict := at(t, s.want(t, http.StatusOK, http.MethodGet, "/v2/queue", ""), "queue", 0).(map[string]any)
	for name := range strict {
		if !slices.Contains([]string{"app", "count", "delay", "processedOffersSummary", "since"}, name) {
			t.Errorf("got member %s, which strict clients do not know", name)
		}
	}
	s.want(t, http.StatusNoContent, http.MethodDelete, "/v2/queue/prod/web/delay", "")
}
