package httpapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
)

func TestBodiesAreUTF8(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for body, says := range map[string]string{
		"{\"id\":\"/enc\",\n\"cmd\":\"echo \xe9\"}":   "line 2, column 13: byte 0xe9 is not UTF-8",
		`{"id":"/enc","cmd":"echo \ud800"}`:           `\ud800 is half a character`,
		`{"id":"/enc","cmd":"echo \udc00\ud800"}`:     `\udc00 is half a character`,
		`{"id":"/enc","cmd":"echo \ud800\u0041"}`:     `\ud800 is half a character`,
		`{"id":"/enc","cmd":"a","env":{"\ud800":""}}`: `\ud800 is half a character`,
	} {
		answer := s.want(t, http.StatusBadRequest, http.MethodPost, "/v2/apps", body)
		if got, _ := at(t, answer, "message").(string); !strings.Contains(got, says) {
			t.Errorf("%q: got %q, want it to say %q", body, got, says)
		}
	}
	for body, want := range map[string]string{
		"\xef\xbb\xbf" + `{"id":"/bom","cmd":"true"}`:     "true",
		`{"id":"/pair","cmd":"echo \ud83d\ude00 \u00e9"}`: "echo \U0001f600 \u00e9",
		`{"id":"/slash","cmd":"echo \\ud800"}`:            `echo \ud800`,
	} {
		answer := s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", body)
		if got := at(t, answer, "cmd"); got != want {
			t.Errorf("%q: got %q, want %q", body, got, want)
		}
	}
}

// Partial updates that come at the same time are all applied to what is stored.
func TestConcurrentUpdatesAreAllApplied(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", `{"id":"/cc","cmd":"sleep 1","instances":0}`)
	var all sync.WaitGroup
	for k := range 16 {
		all.Go(func() {
			for range 20 {
				body := `{"labels":{"L":"` + strings.Repeat("x", k) + `"}}`
				if k%2 == 0 {
					body = `{"env":{"A":"` + strings.Repeat("y", k) + `"}}`
				}
				if got, _, answer := s.call(t, http.MethodPut, "/v2/apps/cc?force=true", body); got != http.StatusOK {
					t.Errorf("got %d %v", got, answer)
				}
			}
		})
	}
	all.Wait()
}

// What a GET shows can be sent back as it is, to one App and among many, and is no change.
func TestAnAppAsItIsShownIsNoChange(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", web)
	s.Settle()
	shown := at(t, s.want(t, http.StatusOK, http.MethodGet, "/v2/apps/prod/web", ""), "app")
	body, err := json.Marshal(shown)
	if err != nil {
		t.Fatal(err)
	}
	for path, body := range map[string]string{
		"/v2/apps/prod/web": string(body), "/v2/apps/prod/web?partialUpdate=false": string(body), "/v2/apps": "[" + string(body) + "]",
	} {
		s.want(t, http.StatusOK, http.MethodPut, path, body)
		s.Settle()
		versions := at(t, s.want(t, http.StatusOK, http.MethodGet, "/v2/apps/prod/web/versions", ""), "versions").([]any)
		if len(versions) != 1 || versions[0] != at(t, shown, "version") {
			t.Errorf("PUT %s: got versions %v, want only %v", path, versions, at(t, shown, "version"))
		}
	}
}
