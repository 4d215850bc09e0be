package httpapi_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/scheduler/core"
)

const web = `{"id":"/prod/web","cmd":"sleep 100","cpus":0.1,"mem":32,"instances":2,"labels":{"tier":"front"}}`

func TestApps(t *testing.T) {
	t.Parallel()

	t.Run("a created app is answered with 201, its place and its ports assigned", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		status, header, body := s.call(t, http.MethodPost, "/v2/apps", web)
		if status != http.StatusCreated || header.Get("Location") != "/prod/web" || header.Get("Marathon-Deployment-Id") == "" {
			t.Fatalf("got %d with %v", status, header)
		}
		if got, want := at(t, body, "portDefinitions", 0, "port"), any(10000.0); got != want {
			t.Errorf("got service port %v, want %v", got, want)
		}
		if got := at(t, body, "deployments", 0, "id"); got != header.Get("Marathon-Deployment-Id") {
			t.Errorf("got deployment %v, want the header's %v", got, header.Get("Marathon-Deployment-Id"))
		}
		for _, absent := range []string{"versionInfo", "tasks", "container", "cmdline"} {
			if v := at(t, body, absent); v != nil {
				t.Errorf("got %s %v, want none", absent, v)
			}
		}
	})

	t.Run("the body of an app is exactly what strict clients know", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", web)
		s.Settle()
		got := s.want(t, http.StatusOK, http.MethodGet, "/v2/apps/prod/web/versions/2026-03-01T12:00:00.000Z", "")
		want := map[string]any{
			"id": "/prod/web", "cmd": "sleep 100", "instances": 2.0, "cpus": 0.1, "mem": 32.0, "disk": 0.0, "gpus": 0.0,
			"executor": "", "role": "*", "networks": []any{map[string]any{"mode": "host"}}, "requirePorts": false,
			"portDefinitions": []any{map[string]any{"port": 10000.0, "protocol": "tcp", "name": "default", "labels": map[string]any{}}},
			"backoffSeconds":  1.0, "backoffFactor": 1.15, "maxLaunchDelaySeconds": 300.0,
			"upgradeStrategy": map[string]any{"minimumHealthCapacity": 1.0, "maximumOverCapacity": 1.0},
			"labels":          map[string]any{"tier": "front"}, "killSelection": "YOUNGEST_FIRST",
			"unreachableStrategy": map[string]any{"inactiveAfterSeconds": 0.0, "expungeAfterSeconds": 0.0},
			"version":             "2026-03-01T12:00:00.000Z",
			"versionInfo":         map[string]any{"lastScalingAt": "2026-03-01T12:00:00.000Z", "lastConfigChangeAt": "2026-03-01T12:00:00.000Z"},
		}
		if diff := cmp.Diff(got, any(want)); diff != "" {
			t.Errorf("app (-got +want):\n%s", diff)
		}
	})

	t.Run("GET shows tasks, counts and deployments of one app", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", web)
		s.Advance()
		body := s.want(t, http.StatusOK, http.MethodGet, "/v2/apps//prod/web/", "")
		if got := at(t, body, "app", "tasksRunning"); got != 1.0 {
			t.Errorf("got %v running, want 1", got)
		}
		if got := at(t, body, "app", "deployments"); len(got.([]any)) != 1 {
			t.Errorf("got deployments %v, want one", got)
		}
		task := at(t, body, "app", "tasks", 0).(map[string]any)
		id, _ := task["id"].(string)
		if !strings.HasPrefix(id, "prod_web.instance-") || !strings.HasSuffix(id, "._app.1") {
			t.Errorf("got task id %q", id)
		}
		delete(task, "id")
		want := map[string]any{
			"appId": "/prod/web", "host": "host-1.example", "slaveId": "agent-1", "state": "TASK_RUNNING", "role": "*",
			"ports": []any{31000.0}, "servicePorts": []any{10000.0},
			"ipAddresses": []any{map[string]any{"ipAddress": "10.0.0.1", "protocol": "IPv4"}},
			"stagedAt":    "2026-03-01T12:00:00.000Z", "startedAt": "2026-03-01T12:00:00.000Z", "version": "2026-03-01T12:00:00.000Z",
			"healthCheckResults": []any{},
		}
		if diff := cmp.Diff(task, want); diff != "" {
			t.Errorf("task (-got +want):\n%s", diff)
		}
	})

	t.Run("lists filter by cmd, id and label, and wildcards list groups", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", web)
		s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", `{"id":"prod/db","cmd":"run DB","labels":{"tier":"back"}}`)
		for query, want := range map[string]string{
			"": "/prod/db /prod/web", "?id=WEB": "/prod/web", "?cmd=db": "/prod/db", "?label=tier==front": "/prod/web",
			"?label=tier+notin+(front,x)": "/prod/db", "?label=owner": "", "/*": "/prod/db /prod/web", "/prod/*": "/prod/db /prod/web",
		} {
			body := s.want(t, http.StatusOK, http.MethodGet, "/v2/apps"+query, "")
			list := at(t, body, "apps")
			if strings.HasSuffix(query, "*") {
				list = at(t, body, "*")
			}
			var ids []string
			for _, a := range list.([]any) {
				ids = append(ids, at(t, a, "id").(string))
			}
			if got := strings.Join(ids, " "); got != want {
				t.Errorf("GET /v2/apps%s: got %q, want %q", query, got, want)
			}
		}
		s.want(t, http.StatusNotFound, http.MethodGet, "/v2/apps/none/*", "")
		s.want(t, http.StatusUnprocessableEntity, http.MethodGet, "/v2/apps?label=a=b", "")
	})

	t.Run("an app that is being deleted is gone while its tasks end", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", web)
		s.Settle()
		s.want(t, http.StatusOK, http.MethodDelete, "/v2/apps/prod/web", "")
		s.want(t, http.StatusNotFound, http.MethodGet, "/v2/apps/prod/web", "")
		if got := at(t, s.want(t, http.StatusOK, http.MethodGet, "/v2/apps", ""), "apps"); len(got.([]any)) != 0 {
			t.Errorf("got %v, want no app", got)
		}
		if got := at(t, s.want(t, http.StatusOK, http.MethodGet, "/v2/tasks", ""), "tasks"); len(got.([]any)) != 2 {
			t.Errorf("got %v, want the two tasks", got)
		}
	})
}

func TestPut(t *testing.T) {
	t.Parallel()
	show := func(t *testing.T, s *service, path ...any) any {
		t.Helper()
		return at(t, s.want(t, http.StatusOK, http.MethodGet, "/v2/apps/prod/web", ""), append([]any{"app"}, path...)...)
	}

	t.Run("a partial update replaces whole members and keeps the rest", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", web)
		s.Settle()
		s.want(t, http.StatusOK, http.MethodPut, "/v2/apps/prod/web", `{"id":"/prod/web","instances":5,"ports":null,"dependencies":null,"tasksRunning":9}`)
		s.Settle()
		if got := show(t, s, "instances"); got != 5.0 {
			t.Errorf("got %v instances, want 5", got)
		}
		if got := show(t, s, "cpus"); got != 0.1 {
			t.Errorf("got cpus %v, want those stored, 0.1", got)
		}
		if got := show(t, s, "portDefinitions", 0, "port"); got != 10000.0 {
			t.Errorf("got port %v, want that stored, 10000", got)
		}
		s.want(t, http.StatusOK, http.MethodPut, "/v2/apps/prod/web", `{"labels":{"a":"b"}}`)
		if diff := cmp.Diff(show(t, s, "labels"), any(map[string]any{"a": "b"})); diff != "" {
			t.Errorf("labels (-got +want):\n%s", diff)
		}
	})

	t.Run("a full update returns what is absent to its default", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", web)
		s.Settle()
		s.want(t, http.StatusOK, http.MethodPut, "/v2/apps/prod/web?partialUpdate=False", `{"cmd":"true","version":"2019-01-01T00:00:00.000Z"}`)
		if got := show(t, s, "cpus"); got != 1.0 {
			t.Errorf("got cpus %v, want the default", got)
		}
	})

	t.Run("args take the place of a stored cmd, older forms that of newer ones", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", web)
		s.Settle()
		s.want(t, http.StatusOK, http.MethodPut, "/v2/apps/prod/web", `{"args":["a"],"ports":[1234,0],"uris":["http://x/y.tgz"]}`)
		if got := show(t, s, "cmd"); got != nil {
			t.Errorf("got cmd %v, want none", got)
		}
		if got := show(t, s, "portDefinitions", 0, "port"); got != 1234.0 {
			t.Errorf("got port %v, want 1234", got)
		}
	})

	t.Run("an unknown app is created by PUT and not by PATCH", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		s.want(t, http.StatusNotFound, http.MethodPatch, "/v2/apps/prod/web", `{"cmd":"x"}`)
		s.want(t, http.StatusNotFound, http.MethodPatch, "/v2/apps", `[{"id":"/prod/web","cmd":"x"}]`)
		status, header, _ := s.call(t, http.MethodPut, "/v2/apps/prod/web", `{"cmd":"x"}`)
		if status != http.StatusCreated || header.Get("Location") != "/prod/web" {
			t.Errorf("got %d at %q, want 201 at /prod/web", status, header.Get("Location"))
		}
	})

	t.Run("a version alone makes that version current again", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", web)
		s.Settle()
		first := show(t, s, "version").(string)
		s.want(t, http.StatusOK, http.MethodPut, "/v2/apps/prod/web", `{"cmd":"other"}`)
		s.Settle()
		s.want(t, http.StatusUnprocessableEntity, http.MethodPut, "/v2/apps/prod/web", `{"version":"`+first+`","cmd":"x"}`)
		s.want(t, http.StatusNotFound, http.MethodPut, "/v2/apps/prod/web", `{"version":"2001-01-01T00:00:00.000Z"}`)
		s.want(t, http.StatusOK, http.MethodPut, "/v2/apps/prod/web", `{"version":"`+first+`"}`)
		if got := show(t, s, "cmd"); got != "sleep 100" {
			t.Errorf("got cmd %v, want the first version's", got)
		}
		versions := at(t, s.want(t, http.StatusOK, http.MethodGet, "/v2/apps/prod/web/versions", ""), "versions").([]any)
		if len(versions) != 3 || versions[2] != first {
			t.Errorf("got versions %v, want three, newest first, down to %v", versions, first)
		}
	})

	t.Run("many apps change in one deployment, or none", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		s.want(t, http.StatusUnprocessableEntity, http.MethodPut, "/v2/apps", `[{"id":"/a","cmd":"x"},{"id":"/b","cpus":-1,"cmd":"x"}]`)
		s.want(t, http.StatusUnprocessableEntity, http.MethodPut, "/v2/apps", `[{"id":"/a","cmd":"x"},{"id":"a","cmd":"x"}]`)
		s.want(t, http.StatusNotFound, http.MethodGet, "/v2/apps/a", "")
		s.want(t, http.StatusOK, http.MethodPut, "/v2/apps", `[{"id":"/a","cmd":"x"},{"id":"/b","cmd":"x"}]`)
		body := s.want(t, http.StatusOK, http.MethodGet, "/v2/deployments", "")
		if diff := cmp.Diff(at(t, body, 0, "affectedApps"), any([]any{"/a", "/b"})); diff != "" {
			t.Errorf("affected apps (-got +want):\n%s", diff)
		}
	})

	t.Run("If-Match refuses to change another version", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", web)
		s.Settle()
		version := show(t, s, "version").(string)
		s.want(t, http.StatusPreconditionFailed, http.MethodPut, "/v2/apps/prod/web", `{"cmd":"x"}`, "If-Match", `"2001-01-01T00:00:00.000Z"`)
		s.want(t, http.StatusOK, http.MethodPut, "/v2/apps/prod/web", `{"cmd":"x"}`, "If-Match", `"`+version+`"`)
	})

	t.Run("an update that was overtaken is derived again from the newer version", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", web)
		s.Settle()
		refused := 0
		s.before = func(cmd core.Command) error {
			if c, ok := cmd.(core.ChangeApps); ok && refused < 3 {
				refused++
				return &core.ChangedError{ID: c.Changes[0].Spec.ID}
			}
			return nil
		}
		s.want(t, http.StatusOK, http.MethodPut, "/v2/apps/prod/web", `{"instances":7}`)
		if refused != 3 {
			t.Errorf("got %d refusals, want 3", refused)
		}
		s.before = func(core.Command) error { return &core.ChangedError{ID: "/prod/web"} }
		s.want(t, http.StatusConflict, http.MethodPut, "/v2/apps/prod/web", `{"instances":8}`)
	})

	t.Run("an unexpected error is told by its number only", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		s.before = func(core.Command) error { return errors.New("secret detail") }
		body := s.want(t, http.StatusInternalServerError, http.MethodPost, "/v2/apps", web)
		if got := at(t, body, "message").(string); strings.Contains(got, "secret") || !strings.Contains(got, "request id") {
			t.Errorf("got message %q", got)
		}
	})
}

func TestLocked(t *testing.T) {
	t.Parallel()
	s := newService(t)
	_, header, _ := s.call(t, http.MethodPost, "/v2/apps", web)
	body := s.want(t, http.StatusConflict, http.MethodPut, "/v2/apps/prod/web", `{"instances":3}`)
	if got, want := at(t, body, "deployments", 0, "id"), header.Get("Marathon-Deployment-Id"); got != want {
		t.Errorf("got lock %v, want %v", got, want)
	}
	if got := at(t, body, "message").(string); !strings.Contains(got, "force=true") {
		t.Errorf("got message %q, want one that names ?force=true", got)
	}
	duplicate := s.want(t, http.StatusConflict, http.MethodPost, "/v2/apps", web)
	if _, has := duplicate.(map[string]any)["deployments"]; has {
		t.Errorf("got %v, want no deployments for a duplicate", duplicate)
	}
	s.want(t, http.StatusOK, http.MethodPut, "/v2/apps/prod/web?force=True", `{"instances":3}`)
	s.want(t, http.StatusConflict, http.MethodPost, "/v2/apps/prod/web/restart", "{}")
	s.want(t, http.StatusOK, http.MethodPost, "/v2/apps/prod/web/restart?force=true", "{}")
	id := at(t, s.want(t, http.StatusOK, http.MethodGet, "/v2/deployments", ""), 0, "id").(string)
	s.want(t, http.StatusNotFound, http.MethodDelete, "/v2/deployments/none", "")
	s.want(t, http.StatusOK, http.MethodDelete, "/v2/deployments/"+id, "")
	id = at(t, s.want(t, http.StatusOK, http.MethodGet, "/v2/deployments", ""), 0, "id").(string)
	if got := s.want(t, http.StatusAccepted, http.MethodDelete, "/v2/deployments/"+id+"?force=true", ""); got != "" {
		t.Errorf("got body %q, want none", got)
	}
}

// Whatever a change says of the number of instances, it scales only if all else is
// as it was.
func TestAChangeThatAlsoScalesReplacesInstances(t *testing.T) {
	t.Parallel()
	for body, replaces := range map[string]bool{
		`{"instances":3}`:                      false,
		`{"instances":3,"env":{"A":"2"}}`:      true,
		`{"instances":3,"cpus":0.5}`:           true,
		`{"instances":3,"labels":{"a":"b"}}`:   true,
		`{"instances":3,"env":{"A":"1"}}`:      false,
		`{"env":{"A":"2"}}`:                    true,
		`{"instances":3,"cmd":"sleep 2000"}`:   true,
		`{"instances":3,"upgradeStrategy":{}}`: false,
	} {
		s := newService(t)
		s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", `{"id":"/x","cmd":"sleep 1000","instances":2,"env":{"A":"1"}}`)
		s.Settle()
		before := at(t, s.want(t, http.StatusOK, http.MethodGet, "/v2/apps/x", ""), "app", "versionInfo", "lastConfigChangeAt")
		s.want(t, http.StatusOK, http.MethodPatch, "/v2/apps/x", body)
		after := at(t, s.want(t, http.StatusOK, http.MethodGet, "/v2/apps/x", ""), "app", "versionInfo", "lastConfigChangeAt")
		if (before != after) != replaces {
			t.Errorf("%s: the configuration changed: %v, want %v", body, before != after, replaces)
		}
	}
}
