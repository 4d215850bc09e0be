package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// still is a scheduler that always shows one View.
type still struct {
	*service
	view *view.View
}

func (s still) View() *view.View { return s.view }

// many returns the API over n Apps with two tasks each.
func many(tb testing.TB, n int) *httpapi.Server {
	tb.Helper()
	s := newService(tb)
	apps := make([]*view.App, 0, n)
	s.want(tb, http.StatusCreated, http.MethodPost, "/v2/apps", `{"id":"/one","args":["a","b"],"instances":2,
		"container":{"docker":{"image":"nginx"},"portMappings":[{"containerPort":80}]},"networks":[{"mode":"container/bridge"}],
		"healthChecks":[{}],"env":{"A":"1","B":"2"},"labels":{"a":"b","c":"d"}}`)
	s.Settle()
	one, _ := s.View().App("/one")
	for i := range n {
		a := *one
		spec := *one.Spec
		spec.ID = app.ID(fmt.Sprintf("/g%d/h%d/app-%05d", i%50, i/50%10, i))
		a.Spec = &spec
		apps = append(apps, &a)
	}
	h, err := httpapi.New(httpapi.Config{Scheduler: still{s, view.New(start, view.Framework{}, apps, nil)}, Leadership: s, Rules: app.DefaultRules()})
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

func TestManyAppsAreListed(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	many(t, 500).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v2/apps?embed=apps.tasks", http.NoBody))
	var list struct{ Apps []api.App }
	if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Apps) != 500 || len(list.Apps[499].Tasks) != 2 {
		t.Errorf("got %d apps, want 500 with two tasks each", len(list.Apps))
	}
}

// counter takes an answer and keeps nothing of it.
type counter struct {
	header http.Header
	size   int
}

func (c *counter) Header() http.Header { return c.header }
func (c *counter) WriteHeader(int)     {}
func (c *counter) Write(p []byte) (int, error) {
	c.size += len(p)
	return len(p), nil
}

func BenchmarkListApps(b *testing.B) {
	for _, row := range []struct{ name, path, accept string }{
		{"apps=10000", "/v2/apps", ""}, {"apps=10000/gzip", "/v2/apps", "gzip"},
		{"apps=10000/tasks", "/v2/apps?embed=apps.tasks", ""}, {"apps=10000/tasks/gzip", "/v2/apps?embed=apps.tasks", "gzip"},
		{"groups=10000", "/v2/groups", ""}, {"groups=10000/gzip", "/v2/groups", "gzip"},
		{"apps=10000/brief", "/v3/apps", ""}, {"apps=10000/brief/gzip", "/v3/apps", "gzip"},
	} {
		b.Run(row.name, func(b *testing.B) {
			h := many(b, 10_000)
			b.ReportAllocs()
			var w *counter
			for b.Loop() {
				w = &counter{header: http.Header{}}
				r := httptest.NewRequest(http.MethodGet, row.path, http.NoBody)
				r.Header.Set("Accept-Encoding", row.accept)
				h.ServeHTTP(w, r)
			}
			b.ReportMetric(float64(w.size), "bytes")
			if w.size < 30_000 {
				b.Fatalf("got an answer of %d bytes, want all apps", w.size)
			}
		})
	}
}

// BenchmarkPutIntoGroup puts one more App into a group of 10,000.
func BenchmarkPutIntoGroup(b *testing.B) {
	s := newService(b)
	const idle = `{"id":"app-%d","cmd":"x","instances":0,"portDefinitions":[]}`
	var list []string
	for n := range 10_000 {
		list = append(list, fmt.Sprintf(idle, n))
	}
	s.want(b, http.StatusOK, http.MethodPut, "/v2/groups/large", `{"apps":[`+strings.Join(list, ",")+`]}`)
	s.Settle()
	n := len(list)
	for b.Loop() {
		n++
		s.want(b, http.StatusCreated, http.MethodPut, "/v2/apps/large/app-"+strconv.Itoa(n), `{"cmd":"x","instances":0,"portDefinitions":[]}`)
	}
}
