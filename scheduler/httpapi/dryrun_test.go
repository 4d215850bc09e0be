package httpapi_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestADryRunTellsAndChangesNothing(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", web)
	s.Settle()
	before := s.want(t, http.StatusOK, http.MethodGet, "/v2/apps", "")
	for _, row := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", "/v2/apps", `{"id":"new","cmd":"x","uris":["http://x/y.tgz"]}`, 200},
		{"POST", "/v2/apps", web, 409},
		{"POST", "/v2/apps", `{"id":"new","cmd":"x","cpus":-1}`, 422},
		{"PUT", "/v2/apps", `[{"id":"new","cmd":"x"},{"id":"/prod/web","instances":7}]`, 200},
		{"PUT", "/v2/apps", `[{"id":"new","cmd":"x"},{"id":"/prod/web","instances":-7}]`, 422},
		{"PATCH", "/v2/apps", `[{"id":"new","cmd":"x"}]`, 404},
		{"PUT", "/v2/apps/prod/web", `{"instances":7}`, 200},
		{"PATCH", "/v2/apps/none", `{"instances":7}`, 404},
	} {
		status, header, body := s.call(t, row.method, row.path+"?dryRun=true", row.body)
		if status != row.status || header.Get("Marathon-Deployment-Id") != "" {
			t.Errorf("%s %s of %s: got %d with %v, want %d", row.method, row.path, row.body, status, body, row.status)
		}
	}
	if diff := cmp.Diff(s.want(t, http.StatusOK, http.MethodGet, "/v2/apps", ""), before); diff != "" {
		t.Errorf("a change (-is +was):\n%s", diff)
	}
	_, header, body := s.call(t, http.MethodPut, "/v2/apps?dryRun=True&partialUpdate=false", `[{"id":"new","cmd":"x","uris":["http://x/y.tgz"],"memm":1}]`)
	if got := at(t, body, "apps", 0, "fetch", 0, "extract"); got != true {
		t.Errorf("got %v, want the newer form", body)
	}
	if _, has := at(t, body, "apps", 0).(map[string]any)["version"]; has || header.Get("Warning") == "" {
		t.Errorf("got a version in %v, or no warning in %v", body, header)
	}
}
