package httpapi_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhatHasNoEffectIsSaid(t *testing.T) {
	t.Parallel()
	const (
		misspelt = `299 gantry "/instnces is no member that is known here; did you mean \"instances\"?"`
		unnamed  = `299 gantry "/container/docker/parameters(0) docker parameter name has no effect: the name marks the task"`
		second   = `299 gantry "(1)/cpu is no member that is known here; did you mean \"cpus\"?"`
	)
	s := newService(t)
	s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", web)
	for _, row := range []struct {
		method, path, body string
		status             int
		warnings           []string
	}{
		{http.MethodPost, "/v2/apps", `{"id":"/a","cmd":"x","instnces":3}`, http.StatusCreated, []string{misspelt}},
		{http.MethodPost, "/v2/apps", `{"id":"/b","container":{"docker":{"image":"i","parameters":[{"key":"name","value":"n"}]}}}`, http.StatusCreated, []string{unnamed}},
		{http.MethodPut, "/v2/apps/c", `{"cmd":"x","instnces":3}`, http.StatusCreated, []string{misspelt}},
		{http.MethodPut, "/v2/apps/prod/web?force=true", `{"instnces":3}`, http.StatusOK, []string{misspelt}},
		{http.MethodPatch, "/v2/apps/prod/web?force=true", `{"instnces":3}`, http.StatusOK, []string{misspelt}},
		{http.MethodPut, "/v2/apps/prod/web?force=true&partialUpdate=false", `{"cmd":"x","instnces":3}`, http.StatusOK, []string{misspelt}},
		{http.MethodPut, "/v2/apps?force=true", `[{"id":"/d","cmd":"x"},{"id":"/e","cmd":"x","cpu":1}]`, http.StatusOK, []string{second}},
		{http.MethodPatch, "/v2/apps?force=true", `[{"id":"/d","cmd":"x"},{"id":"/e","cmd":"x","cpu":1}]`, http.StatusOK, []string{second}},
		{http.MethodPost, "/v2/apps", `{"id":"/f","cmd":"x","tasks":[],"storeUrls":[]}`, http.StatusCreated, nil},
	} {
		status, header, body := s.call(t, row.method, row.path, row.body)
		if status != row.status {
			t.Errorf("%s %s: got %d: %v", row.method, row.path, status, body)
		}
		if diff := cmp.Diff(row.warnings, header.Values("Warning")); diff != "" {
			t.Errorf("%s %s: warnings (-want +got):\n%s", row.method, row.path, diff)
		}
	}
	if got := at(t, s.want(t, http.StatusOK, http.MethodGet, "/v2/apps/prod/web", ""), "app", "instances"); got != 1.0 {
		t.Errorf("a misspelt member changed the instances to %v", got)
	}
}

func TestWhatHasNoEffectIsRefusedStrictly(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, row := range []struct{ method, path, body, at string }{
		{http.MethodPost, "/v2/apps?strict=true", `{"id":"/a","cmd":"x","instnces":3}`, "/instnces"},
		{http.MethodPut, "/v2/apps/a?strict=true", `{"cmd":"x","upgradeStrategy":{"minimumHealth":1}}`, "/upgradeStrategy/minimumHealth"},
		{http.MethodPut, "/v2/apps?strict=true", `[{"id":"/d","cmd":"x"},{"id":"/e","cmd":"x","cpu":1}]`, "(1)/cpu"},
	} {
		status, _, body := s.call(t, row.method, row.path, row.body)
		if status != http.StatusUnprocessableEntity || at(t, body, "details", 0, "path") != row.at {
			t.Errorf("%s %s: got %d: %v", row.method, row.path, status, body)
		}
	}
	if apps := at(t, s.want(t, http.StatusOK, http.MethodGet, "/v2/apps", ""), "apps"); len(apps.([]any)) != 0 {
		t.Errorf("what was refused has made %v", apps)
	}
}
