package httpapi_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/core"
)

var update = flag.Bool("update", false, "write the answers seen into the scripts")

// TestGroupScripts replays testdata/groups/*.txtar against a core: requests in,
// answers out, one a second. The line "run" lets deployments end.
func TestGroupScripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/groups/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			rules := app.DefaultRules()
			rules.Roles = []string{"*", "prod"}
			s := newServiceBy(t, rules, nil)
			in := string(a.Files[0].Data)
			var got strings.Builder
			for line := range strings.Lines(in) {
				if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
					continue
				}
				fmt.Fprintf(&got, "> %s\n", line)
				s.Pass(time.Second)
				if line == "run" {
					s.Settle()
					continue
				}
				got.WriteString(answer(t, s, line))
			}
			if *update {
				a.Files = []txtar.File{{Name: "in", Data: []byte(in)}, {Name: "want", Data: []byte(got.String())}}
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := cmp.Diff(strings.Split(string(a.Files[1].Data), "\n"), strings.Split(got.String(), "\n")); d != "" {
				t.Errorf("answers differ (-want +got):\n%s", d)
			}
		})
	}
}

// answer makes the request of a line, and returns status, headers that matter and body.
func answer(tb testing.TB, s *service, line string) string {
	tb.Helper()
	words := strings.SplitN(line, " ", 3)
	body := ""
	if len(words) > 2 {
		body = words[2]
	}
	status, header, v := s.call(tb, words[0], words[1], body)
	var out strings.Builder
	fmt.Fprintf(&out, "%d", status)
	for _, name := range []string{"Location", "Marathon-Deployment-Id", "Warning"} {
		for _, value := range header.Values(name) {
			fmt.Fprintf(&out, " %s: %s", name, value)
		}
	}
	if v != "" {
		var text bytes.Buffer
		e := json.NewEncoder(&text)
		e.SetEscapeHTML(false)
		e.SetIndent("  ", " ")
		if err := e.Encode(v); err != nil {
			tb.Fatal(err)
		}
		fmt.Fprintf(&out, "\n  %s", strings.TrimSpace(text.String()))
	}
	return out.String() + "\n"
}

const sleeper = `"cmd":"sleep 1000","cpus":0.1,"mem":16`

// A change that overtakes another one is derived again, and both hold.
func TestAGroupIsDerivedAgainWhenItChangedMeanwhile(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.want(t, http.StatusCreated, http.MethodPost, "/v2/groups", `{"id":"/shop","apps":[{"id":"web",`+sleeper+`}]}`)
	s.before = func(core.Command) error {
		s.before = nil
		s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", `{"id":"/shop/late",`+sleeper+`}`)
		return nil
	}
	s.want(t, http.StatusOK, http.MethodPut, "/v2/groups/shop", `{"dependencies":["/db"]}`)
	var ids []any
	for _, a := range s.want(t, http.StatusOK, http.MethodGet, "/v2/groups/shop/apps", "").([]any) {
		ids = append(ids, at(t, a, "id"))
	}
	if !slices.Equal(ids, []any{"/shop/late", "/shop/web"}) {
		t.Errorf("got apps %v", ids)
	}
}

// What is shown may be sent back, and changes nothing: no deployment has a step.
func TestAGroupAsItIsShownMayBeSentBack(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.want(t, http.StatusCreated, http.MethodPost, "/v2/groups",
		`{"id":"/shop","dependencies":["/infra"],"apps":[{"id":"web",`+sleeper+`}],"groups":[{"id":"db","dependencies":["/x"],"apps":[{"id":"one","instances":0,`+sleeper+`}]},{"id":"empty"}]}`)
	before := s.want(t, http.StatusOK, http.MethodGet, "/v2/groups/shop", "")
	body, err := json.Marshal(before)
	if err != nil {
		t.Fatal(err)
	}
	plan := s.want(t, http.StatusOK, http.MethodPut, "/v2/groups/shop?dryRun=true", string(body))
	if d := cmp.Diff(map[string]any{"steps": []any{}}, plan); d != "" {
		t.Errorf("plan differs (-want +got):\n%s", d)
	}
	s.want(t, http.StatusOK, http.MethodPut, "/v2/groups/shop", string(body))
	if d := cmp.Diff(before, s.want(t, http.StatusOK, http.MethodGet, "/v2/groups/shop", "")); d != "" {
		t.Errorf("group differs (-before +after):\n%s", d)
	}
}

func TestBadGroups(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.want(t, http.StatusCreated, http.MethodPost, "/v2/groups", `{"id":"/shop","apps":[{"id":"web","instances":2,`+sleeper+`}],"groups":[{"id":"db"}]}`)
	s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", `{"id":"/single",`+sleeper+`}`)
	s.Settle()
	before := s.want(t, http.StatusOK, http.MethodGet, "/v2/groups", "")
	for _, row := range []struct {
		name, method, path, body string
		status                   int
		where, text              string
	}{
		{"no JSON", "PUT", "/v2/groups/shop", `{`, 400, "", "Invalid JSON"},
		{"no object", "PUT", "/v2/groups/shop", `[]`, 422, "/", "object"},
		{"nothing", "PUT", "/v2/groups/shop", ``, 400, "", "Invalid JSON"},
		{"an id that is a number", "PUT", "/v2/groups", `{"id":5}`, 422, "/id", "string"},
		{"a bad id", "POST", "/v2/groups", `{"id":"/Shop"}`, 422, "/id", "lower-case"},
		{"apps that are no list", "PUT", "/v2/groups/shop", `{"apps":{}}`, 422, "/apps", "array"},
		{"an app without id", "PUT", "/v2/groups/shop", `{"apps":[{"cmd":"x"}]}`, 422, "/apps(0)/id", "error.path.missing"},
		{"an app that is null", "PUT", "/v2/groups/shop", `{"apps":[null]}`, 422, "/apps(0)", "object"},
		{"a bad app in a group in it", "PUT", "/v2/groups/shop", `{"groups":[{"id":"a","apps":[{"id":"x"}]}]}`, 422, "/groups(0)/apps(0)/cmd", "nothing to run"},
		{"a wrong type in an app", "PUT", "/v2/groups/shop", `{"apps":[{"id":"x","cmd":5}]}`, 422, "/apps(0)/cmd", "jsstring"},
		{"an app elsewhere", "PUT", "/v2/groups/shop", `{"apps":[{"id":"/other/x","cmd":"x"}]}`, 422, "/apps(0)/id", "Identifier is not child of '/shop'"},
		{"a group elsewhere", "PUT", "/v2/groups/shop", `{"groups":[{"id":"/other"}]}`, 422, "/groups(0)/id", "Identifier is not child of '/shop'"},
		{"an app and a group of one name", "PUT", "/v2/groups/shop", `{"apps":[{"id":"db","cmd":"x"}]}`, 422, "/apps(0)/id", "may not have the same identifier"},
		{"a version beside others", "PUT", "/v2/groups/shop", `{"version":"2026-03-01T12:00:00.000Z","apps":[]}`, 422, "/version", "not allowed in conjunction with other properties"},
		{"a version that is none", "PUT", "/v2/groups/shop", `{"version":"yesterday"}`, 422, "/version", "timestamp"},
		{"an unknown version", "PUT", "/v2/groups/shop", `{"version":"2020-03-01T12:00:00.000Z"}`, 404, "", "Group '/shop' does not exist in version 2020-03-01T12:00:00.000Z"},
		{"scaling beside others", "PUT", "/v2/groups/shop", `{"scaleBy":2,"dependencies":[]}`, 422, "/scaleBy", "not allowed in conjunction with other properties"},
		{"scaling by less than nothing", "PUT", "/v2/groups/shop", `{"scaleBy":-1}`, 422, "/scaleBy", "from 0"},
		{"scaling by too much", "PUT", "/v2/groups/shop", `{"scaleBy":100000}`, 422, "/scaleBy", "more instances of app /shop/web"},
		{"scaling of nothing", "PUT", "/v2/groups/none", `{"scaleBy":2}`, 404, "", "Group '/none' does not exist"},
		{"scaling in a group in it", "PUT", "/v2/groups/shop", `{"groups":[{"id":"db","scaleBy":2}]}`, 422, "/groups(0)/scaleBy", "at the top"},
		{"a circle", "PUT", "/v2/groups/other", `{"apps":[{"id":"a","cmd":"x","dependencies":["b"]},{"id":"b","cmd":"x","dependencies":["a"]}]}`, 422, "/dependencies", "Dependency graph has cyclic dependencies: /other/a -> /other/b -> /other/a"},
		{"itself as a dependency", "PUT", "/v2/groups/shop", `{"dependencies":["/shop/db"]}`, 422, "/dependencies(0)", "Dependency graph has cyclic dependencies"},
		{"a pod", "PUT", "/v2/groups/shop", `{"pods":[{}]}`, 422, "/pods", "pods"},
		{"a group that exists", "POST", "/v2/groups", `{"id":"/shop"}`, 409, "", "Group /shop is already created. Use PUT to change this group."},
		{"the root", "POST", "/v2/groups", `{}`, 409, "", "Group / is already created"},
		{"a group with the name of an app", "POST", "/v2/groups", `{"id":"/single"}`, 409, "", "An app with the path /single already exists."},
		{"a group below an app", "PUT", "/v2/groups/single/x", `{}`, 409, "", "may not have the same identifier"},
		{"an app with the name of a group", "POST", "/v2/apps", `{"id":"/shop","cmd":"x"}`, 409, "", "may not have the same identifier"},
		{"another role for all", "PATCH", "/v2/groups/shop", `{"enforceRole":true}`, 422, "/enforceRole", "start it with --mesos-role shop"},
		{"a role below the top", "PATCH", "/v2/groups/shop/db", `{"enforceRole":true}`, 422, "/enforceRole", "at the top"},
		{"a role of nothing", "PATCH", "/v2/groups/none", `{"enforceRole":true}`, 404, "", "Group '/none' does not exist"},
		{"a patch of apps", "PATCH", "/v2/groups/shop", `{"apps":[]}`, 422, "/apps", "use PUT"},
		{"an empty patch", "PATCH", "/v2/groups/shop", `{}`, 422, "/enforceRole", "error.path.missing"},
		{"a role that is no boolean", "PATCH", "/v2/groups/shop", `{"enforceRole":"yes"}`, 422, "/enforceRole", "jsboolean"},
		{"a group to delete", "DELETE", "/v2/groups/none", ``, 404, "", "Group '/none' does not exist"},
		{"a version of nothing", "GET", "/v2/groups/none/versions/2026-03-01T12:00:00.000Z", ``, 404, "", "does not exist in version"},
		{"versions of nothing", "GET", "/v2/groups/none/versions", ``, 404, "", "Group '/none' does not exist"},
		{"a version that is no time", "GET", "/v2/groups/shop/versions/x", ``, 422, "", "timestamp"},
		{"going back to what is no time", "PUT", "/v2/groups/shop/versions/x", ``, 422, "", "timestamp"},
		{"apps of nothing", "GET", "/v2/groups/none/apps", ``, 404, "", "Group '/none' does not exist"},
		{"unknown members, strictly", "PUT", "/v2/groups/shop?strict=true", `{"dependency":["/x"]}`, 422, "/dependency", `did you mean "dependencies"?`},
	} {
		t.Run(row.name, func(t *testing.T) {
			body := s.want(t, row.status, row.method, row.path, row.body)
			if text := fmt.Sprint(body); !strings.Contains(text, row.text) || row.where != "" && !strings.Contains(text, "path:"+row.where+"]") {
				t.Errorf("got %v, want %q at %s", body, row.text, row.where)
			}
			if d := cmp.Diff(before, s.want(t, http.StatusOK, http.MethodGet, "/v2/groups", "")); d != "" {
				t.Errorf("refused, and changed (-before +after):\n%s", d)
			}
		})
	}
}

// A dependency on what does not exist is taken, and said.
func TestADependencyOnNothingIsSaid(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, row := range []struct {
		method, path, body string
		want               []string
	}{
		{"POST", "/v2/apps", `{"id":"/a","dependencies":["/none"],` + sleeper + `}`, []string{"/dependencies(0) names /none"}},
		{"PUT", "/v2/apps", `[{"id":"/b","dependencies":["/a","/c"],` + sleeper + `},{"id":"/c","dependencies":["/d/e"],` + sleeper + `}]`, []string{"(1)/dependencies(0) names /d/e"}},
		{"PUT", "/v2/groups/g", `{"dependencies":["/a","/x"],"apps":[{"id":"y","dependencies":["z","w"],` + sleeper + `}],"groups":[{"id":"z","dependencies":["/a","v"]}]}`,
			[]string{"/dependencies(1) names /x", "/apps(0)/dependencies(1) names /g/w", "/groups(0)/dependencies(1) names /g/v"}},
	} {
		_, header, body := s.call(t, row.method, row.path, row.body)
		got := header.Values("Warning")
		if len(got) != len(row.want) {
			t.Fatalf("%s: got %v, %v", row.path, got, body)
		}
		for i, want := range row.want {
			if !strings.Contains(got[i], want) {
				t.Errorf("%s: got %s, want %s", row.path, got[i], want)
			}
		}
	}
}
