package corpus

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// parts are what the parts of a path are tried with: what is there, what is not,
// and what is none.
var parts = map[string][]string{
	"{app}": {"web", "waits", "none", "a/b/c", "*", "web/*", "restart", "Ä"}, "{path}": {"", "web", "prod/x", "Prod", "versions"},
	"{name}": {"none", "web.instance-1._app.1", "2026-03-01T12:00:00.000Z", "2026-13-01", "%2f"},
}

// paths are those of a route with each value of one part.
func paths(route string) []string {
	out := []string{route}
	for part, values := range parts {
		var filled []string
		for _, path := range out {
			if !strings.Contains(path, part) {
				filled = append(filled, path)
				continue
			}
			for _, v := range values {
				filled = append(filled, strings.Replace(path, part, v, 1))
			}
		}
		out = filled
	}
	slices.Sort(out)
	return out
}

// bodies are all examples, the definitions of the corpus among them.
func bodies(tb testing.TB) []string {
	tb.Helper()
	out := []string{
		"", "{}", "[]", "null", `""`, `{"instances":3}`, `{"version":"2026-03-01T12:00:00.000Z"}`, `{"ids":["web.instance-1._app.1"]}`,
		`{"weight":2,"guarantee":{"cpus":1},"limit":{"cpus":10}}`, `{"enforceRole":true}`, `{"scaleBy":2}`, `{"id":"/g","apps":[{"id":"x","cmd":"y"}],"groups":[{"id":"h"}],"dependencies":["web"]}`,
	}
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		tb.Fatalf("no corpus: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			if strings.HasPrefix(line, "-- want") {
				break
			}
			if strings.HasPrefix(line, "{") || strings.HasPrefix(line, "[") {
				out = append(out, strings.TrimSpace(line))
			}
		}
	}
	examples, err := filepath.Glob("../../examples/apps/*.json")
	if err != nil || len(examples) == 0 {
		tb.Fatalf("no examples: %v", err)
	}
	for _, file := range examples {
		data, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		out = append(out, string(data))
	}
	return out
}

// endpoint is a method of a path.
type endpoint struct{ method, path string }

// endpoints are all that is served, with paths that lead somewhere and nowhere.
func endpoints(tb testing.TB) []endpoint {
	tb.Helper()
	var out []endpoint
	for _, r := range newServer(tb).api.Routes() {
		for _, path := range paths(r.Path) {
			for _, method := range append(r.Methods, http.MethodHead) {
				out = append(out, endpoint{method, path})
			}
		}
	}
	return append(out, endpoint{http.MethodPut, "/v2/groups"}, endpoint{http.MethodGet, "/v2/pods/x"}, endpoint{"BREW", "/v2/apps"})
}

// stocked is a server with an App that has versions and one that waits, held by
// a deployment.
func stocked(tb testing.TB) *server {
	tb.Helper()
	s := newServer(tb)
	for _, body := range []string{`{"id":"web","cmd":"x","instances":0,"role":"data"}`, `{"id":"waits","cmd":"x","cpus":100}`} {
		if status, v := s.call(tb, http.MethodPost, "/v2/apps", []byte(body)); status != http.StatusCreated {
			tb.Fatalf("got %d with %v", status, v)
		}
	}
	return s
}

// picture is all that can be seen of a server's state.
func (s *server) picture(tb testing.TB) string {
	tb.Helper()
	var out strings.Builder
	for _, path := range []string{"/v2/apps?embed=apps.tasks", "/v2/deployments", "/v2/queue", "/v3/queues", "/v3/kills", "/v2/apps/web/versions"} {
		w := s.send(http.MethodGet, path, "", nil)
		fmt.Fprintf(&out, "%s %d %s\n", path, w.Code, w.Body)
	}
	return out.String()
}

// send makes a request of any path, also of one that no URL could have.
func (s *server) send(method, path, query string, body []byte) *httptest.ResponseRecorder {
	if cut, q, ok := strings.Cut(path, "?"); ok && query == "" {
		path, query = cut, q
	}
	r := &http.Request{
		Method: method, URL: &url.URL{Path: path, RawQuery: query}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Host: "127.0.0.1",
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), RemoteAddr: "127.0.0.1:1",
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

// answers sends a request: whatever it is, the answer is no failure of the server,
// an error is JSON with a message, and who is refused has changed nothing.
func (s *server) answers(tb testing.TB, e endpoint, query string, body []byte) {
	tb.Helper()
	was := s.picture(tb)
	w := s.send(e.method, e.path, query, body)
	reads := e.method == http.MethodGet || e.method == http.MethodHead
	switch {
	case w.Code >= 500:
		tb.Fatalf("%s %s?%s with %q: got %d: %s", e.method, e.path, query, body, w.Code, w.Body)
	case w.Code >= 400 && e.method != http.MethodHead:
		var refused struct{ Message string }
		if err := json.Unmarshal(w.Body.Bytes(), &refused); err != nil || refused.Message == "" {
			tb.Fatalf("%s %s?%s with %q: got %d without a message: %q", e.method, e.path, query, body, w.Code, w.Body)
		}
	case strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") && !json.Valid(w.Body.Bytes()):
		tb.Fatalf("%s %s?%s: got no JSON: %q", e.method, e.path, query, w.Body)
	}
	if is := s.picture(tb); (w.Code >= 400 || reads) && is != was {
		tb.Fatalf("%s %s?%s with %q: got %d and a change:\n%s\nwas\n%s", e.method, e.path, query, body, w.Code, is, was)
	}
}

// FuzzRoutes sends anything to every route.
func FuzzRoutes(f *testing.F) {
	all, examples := endpoints(f), bodies(f)
	queries := []string{"force=true", "partialUpdate=False&scale=true&embed=apps.tasks&label=a!=b&status=running&strict=1", "dryRun=true&wipe=true"}
	for n, e := range all {
		f.Add(e.method, e.path, queries[n%len(queries)], []byte(examples[n%len(examples)]))
	}
	f.Fuzz(func(t *testing.T, method, path, query string, body []byte) {
		stocked(t).answers(t, endpoint{method, "/" + strings.TrimPrefix(path, "/")}, query, body)
	})
}

// FuzzMutations sends examples in which some values were exchanged, and so gets
// deeper than bytes that were.
func FuzzMutations(f *testing.F) {
	all := slices.DeleteFunc(endpoints(f), func(e endpoint) bool { return e.method == http.MethodGet || e.method == http.MethodHead })
	examples := bodies(f)
	for seed := range uint64(400) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		rng := rand.New(rand.NewPCG(seed, 1))
		s := stocked(t)
		for range 3 {
			query := []string{"", "force=true", "partialUpdate=false", "force=true&partialUpdate=false", "scale=true", "wipe=true"}[rng.IntN(6)]
			s.answers(t, all[rng.IntN(len(all))], query, mutated(rng, examples[rng.IntN(len(examples))]))
		}
	})
}
