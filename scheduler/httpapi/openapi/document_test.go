package openapi_test

import (
	"context"
	"flag"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/eventlog"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
	"github.com/gantry-mesos/gantry/scheduler/httpapi/openapi"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

var update = flag.Bool("update", false, "write the document")

func TestTheDocumentIsUpToDate(t *testing.T) {
	t.Parallel()
	want := indented(t, document(t))
	if *update {
		if err := os.WriteFile("openapi.json", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(openapi.Document), want); diff != "" {
		t.Errorf("run go test ./scheduler/httpapi/openapi -update and read the difference (-got +want):\n%s", diff)
	}
}

// document is the whole description.
func document(t *testing.T) object {
	t.Helper()
	s := newSchemas(t)
	paths := object{}
	for _, op := range slices.Concat(operations, further) {
		path, ok := paths[op.path].(object)
		if !ok {
			path = object{}
			if names := placeholders(op.path); len(names) > 0 {
				path["parameters"] = names
			}
			paths[op.path] = path
		}
		path[strings.ToLower(op.method)] = op.describe(s)
	}
	return object{
		"openapi": "3.1.1",
		"info": object{
			"title": "Gantry", "version": "1",
			"description": "The API of Gantry's scheduler: /v2 as Marathon 1.11 has it, /v3 of its own. HEAD works wherever GET does. What differs from Marathon is in docs/api.md.",
			"license":     object{"name": "Apache-2.0", "identifier": "Apache-2.0"},
		},
		"security":   []any{object{}, object{"basic": []any{}}},
		"paths":      paths,
		"components": object{"schemas": s.made, "securitySchemes": object{"basic": object{"type": "http", "scheme": "basic"}}},
	}
}

var placeholder = regexp.MustCompile(`\{(\w+)\}`)

// explained are the parts of paths.
var explained = map[string]string{
	"id": "The app's path. It may hold slashes, which stay as they are.", "path": "The queue's path. It may hold slashes, which stay as they are.",
	"task": "The task's id.", "version": "A version of the app.", "deployment": "The deployment's id.", "agent": "The agent's id.",
}

func placeholders(path string) []any {
	var out []any
	for _, m := range placeholder.FindAllStringSubmatch(path, -1) {
		out = append(out, object{"name": m[1], "in": "path", "required": true, "description": explained[m[1]], "schema": object{"type": "string"}})
	}
	return out
}

func (op operation) describe(s *schemas) object {
	out := object{"summary": op.summary, "operationId": op.name()}
	if op.text != "" {
		out["description"] = op.text
	}
	var query []any
	for _, p := range op.query {
		schema := object{"type": p.kind}
		if p.repeated {
			schema = object{"type": "array", "items": schema}
		}
		query = append(query, object{"name": p.name, "in": "query", "description": p.text, "schema": schema})
	}
	if query != nil {
		out["parameters"] = query
	}
	if op.body != nil {
		schema := s.of(op.body, true)
		if op.body.Name() == "App" {
			schema = s.app()
		}
		if op.list {
			schema = object{"type": "array", "items": schema}
		}
		out["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": schema}}}
	}
	good := object{"description": "Done."}
	content := object{}
	if op.answer != nil {
		content["application/json"] = object{"schema": op.answered(s)}
	}
	if op.kind != "" {
		content[op.kind] = object{"schema": object{"type": "string"}}
	}
	if len(content) > 0 {
		good["content"] = content
	}
	if op.starts {
		good["headers"] = object{"Marathon-Deployment-Id": object{"description": "The deployment that was started.", "schema": object{"type": "string"}}}
	}
	responses := object{
		strconv.Itoa(op.status): good,
		"default":               object{"description": "Refused, or failed; then nothing has changed.", "content": object{"application/json": object{"schema": object{"$ref": "#/components/schemas/Error"}}}},
	}
	s.made["Detail"] = object{"type": "object", "required": []any{"path", "errors"}, "properties": object{"path": object{"type": "string"}, "errors": object{"type": "array", "items": object{"type": "string"}}}}
	s.made["DeploymentRef"] = object{"type": "object", "required": []any{"id"}, "properties": object{"id": object{"type": "string"}}}
	if op.method == "PUT" && op.path == "/v2/apps/{id}" {
		responses["201"] = good
	}
	if op.method == "POST" && op.path == "/v2/apps" {
		responses["200"] = good // when it was only tried
	}
	if op.method == "DELETE" && op.path == "/v2/deployments/{deployment}" {
		responses["202"] = object{"description": "Stopped."}
	}
	out["responses"] = responses
	return out
}

// answered is the schema of a good answer; one that ends tasks is a deployment when
// the app shrinks.
func (op operation) answered(s *schemas) object {
	schema := s.of(op.answer, false)
	switch {
	case slices.ContainsFunc(op.query, func(p parameter) bool { return p.name == "scale" }):
		deployment := s.of(typed[api.DeploymentResult](), false)
		return object{"anyOf": []any{schema, deployment}}
	case slices.Contains(op.query, dryRun):
		return object{"anyOf": []any{schema, s.of(typed[appList](), false)}}
	case op.path == "/v2/apps/{id}" && op.method == "GET":
		all := object{"type": "object", "required": []any{"*"}, "properties": object{"*": object{"type": "array", "items": object{"$ref": "#/components/schemas/App"}}}}
		return object{"anyOf": []any{schema, all}}
	}
	return schema
}

// name is what generated clients call the operation: "putV2AppsId".
func (op operation) name() string {
	var out strings.Builder
	out.WriteString(strings.ToLower(op.method))
	for part := range strings.FieldsFuncSeq(op.path, func(r rune) bool { return strings.ContainsRune("/{}.-", r) }) {
		out.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return out.String()
}

// idle is a scheduler that does nothing.
type idle struct{}

func (idle) Do(context.Context, core.Command) (core.Result, error) { return core.Result{}, nil }
func (idle) View() *view.View                                      { return &view.View{} }
func (idle) Leader() (self bool, address string)                   { return true, "" }

// routes are the methods of what is served under /v2 and /v3, by paths whose
// placeholders have no names.
func routes(t *testing.T) map[string][]string {
	t.Helper()
	server, err := httpapi.New(httpapi.Config{
		Scheduler: idle{}, Leadership: idle{}, Agents: struct{ httpapi.Agents }{}, Sandboxes: struct{ httpapi.Sandboxes }{}, Export: func(context.Context, io.Writer, bool) error { return nil }, Events: func() *eventlog.Log { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for _, r := range server.Routes() {
		if !strings.HasPrefix(r.Path, "/v2/") && !strings.HasPrefix(r.Path, "/v3/") {
			continue
		}
		if whole, open := strings.CutSuffix(r.Path, "/{path}"); open {
			out[whole] = r.Methods
		}
		out[placeholder.ReplaceAllString(r.Path, "{}")] = r.Methods
	}
	return out
}

func TestEveryRouteIsDescribedAndNothingElse(t *testing.T) {
	t.Parallel()
	described := map[string][]string{}
	for _, op := range operations {
		path := placeholder.ReplaceAllString(op.path, "{}")
		described[path] = append(described[path], op.method)
	}
	served := routes(t)
	// An App may have the id a/tasks/b or a/versions/b, which takes the methods of an App.
	served["/v2/apps/{}/tasks/{}"], served["/v2/apps/{}/versions/{}"] = []string{"DELETE"}, []string{"GET"}
	// So may a group, and the methods are that group's.
	served["/v2/groups/{}/apps"], served["/v2/groups/{}/versions"], served["/v2/groups/{}/versions/{}"] = []string{"GET"}, []string{"GET"}, []string{"GET", "PUT"}
	for _, path := range sorted(served) {
		slices.Sort(served[path])
		slices.Sort(described[path])
		if diff := cmp.Diff(described[path], served[path]); diff != "" {
			t.Errorf("%s: operations_test.go and the table of routes differ; mend the one that is wrong, then run with -update (-described +served):\n%s", path, diff)
		}
	}
	for _, path := range sorted(described) {
		if served[path] == nil {
			t.Errorf("%s is described and not served", path)
		}
	}
}
