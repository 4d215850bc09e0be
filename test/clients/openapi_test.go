package clients

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// described checks answers against the description that the scheduler serves.
type described struct {
	cluster
	router routers.Router
	// asked are the operations that were asked for.
	asked map[string]bool
}

func newDescribed(t *testing.T) *described {
	t.Helper()
	c := newCluster(t)
	document, err := openapi3.NewLoader().LoadFromData(c.must(t, http.MethodGet, "/v3/openapi.json", ""))
	check(t, err)
	check(t, document.Validate(t.Context()))
	router, err := gorillamux.NewRouter(document)
	check(t, err)
	return &described{cluster: c, router: router, asked: map[string]bool{}}
}

// ask makes a request, which has to fit the description where the answer is a good
// one, as has every answer. It returns the answer's body.
func (d *described) ask(t *testing.T, status int, operation, path, body string) []byte {
	t.Helper()
	method, template, _ := strings.Cut(operation, " ")
	d.asked[operation] = true
	r, err := http.NewRequestWithContext(t.Context(), method, d.url+path, strings.NewReader(body))
	check(t, err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(r)
	check(t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	check(t, err)
	if resp.StatusCode != status {
		t.Errorf("%s %s: got %d, want %d: %s", method, path, resp.StatusCode, status, data)
	}
	r.Body = io.NopCloser(strings.NewReader(body))
	route, params, err := d.router.FindRoute(r)
	if err != nil || route.Path != template {
		t.Fatalf("%s %s is described as %+v (%v), want %s", method, path, route, err, template)
	}
	options := &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}
	request := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: options}
	if status < 300 {
		if err := openapi3filter.ValidateRequest(t.Context(), request); err != nil {
			t.Errorf("%s %s: the request does not fit its description: %v", method, path, err)
		}
	}
	answer := &openapi3filter.ResponseValidationInput{RequestValidationInput: request, Status: resp.StatusCode, Header: resp.Header, Options: options}
	if err := openapi3filter.ValidateResponse(t.Context(), answer.SetBodyBytes(data)); err != nil {
		t.Errorf("%s %s: the answer does not fit its description: %v\n%s", method, path, err, data)
	}
	return data
}

// TestAnswersFitTheDescription asks for every operation that is described.
func TestAnswersFitTheDescription(t *testing.T) {
	t.Parallel()
	d := newDescribed(t)
	d.ask(t, 201, "POST /v2/apps", "/v2/apps?strict=true", `{"id":"web","cmd":"echo hello; exec sleep 1000","cpus":0.1,"mem":32,"env":{"A":"b"},"args":null,"constraints":[["hostname","UNIQUE"]],
	  "portDefinitions":[{"name":"http-api"}],"healthChecks":[{"protocol":"COMMAND","command":{"value":"true"},"delaySeconds":0,"intervalSeconds":1}],"fetch":[],
	  "upgradeStrategy":{"minimumHealthCapacity":0},"unreachableStrategy":"disabled"}`)
	d.settled(t)
	d.ask(t, 201, "POST /v2/apps", "/v2/apps", `{"id":"waits","cpus":1000,"container":{"docker":{"image":"nginx"}},"networks":[{"mode":"container/bridge"}],"ports":[]}`)
	var web struct{ App lbApp }
	check(t, d.get(t, "/v2/apps/web", &web))
	var versions struct{ Versions []string }
	check(t, d.get(t, "/v2/apps/web/versions", &versions))
	var deployments []struct{ ID string }
	check(t, d.get(t, "/v2/deployments", &deployments))
	var agents struct{ Agents []struct{ ID string } }
	check(t, d.get(t, "/v3/agents", &agents))
	task, agent := *web.App.Tasks[0].ID, agents.Agents[0].ID

	d.ask(t, 200, "GET /v2/apps", "/v2/apps?label=a!%3Db&embed=apps.tasks&embed=apps.taskStats", "")
	d.ask(t, 422, "GET /v2/apps", "/v2/apps?label=(", "")
	d.ask(t, 409, "POST /v2/apps", "/v2/apps", `{"id":"web","cmd":"x"}`)
	d.ask(t, 422, "POST /v2/apps", "/v2/apps", `{"id":"Web","cpus":-1}`)
	d.ask(t, 400, "POST /v2/apps", "/v2/apps", `{`)
	d.ask(t, 409, "PUT /v2/apps/{id}", "/v2/apps/waits", `{"instances":2}`)
	d.ask(t, 200, "GET /v2/apps/{id}", "/v2/apps/web?embed=app.readiness", "")
	d.ask(t, 200, "GET /v2/apps/{id}", "/v2/apps/waits", "")
	d.ask(t, 404, "GET /v2/apps/{id}", "/v2/apps/none", "")
	d.ask(t, 200, "GET /v2/apps/{id}/versions", "/v2/apps/web/versions", "")
	d.ask(t, 200, "GET /v2/apps/{id}/versions/{version}", "/v2/apps/web/versions/"+versions.Versions[0], "")
	d.ask(t, 200, "GET /v2/apps/{id}/tasks", "/v2/apps/web/tasks", "")
	d.ask(t, 200, "GET /v2/tasks", "/v2/tasks?status=running", "")
	d.ask(t, 200, "GET /v2/deployments", "/v2/deployments", "")
	eventually(t, func() error { return d.unused(t) })
	d.ask(t, 200, "GET /v2/queue", "/v2/queue?embed=lastUnusedOffers&embed=explanation", "")
	d.ask(t, 204, "DELETE /v2/queue/{id}/delay", "/v2/queue/waits/delay", "")
	d.ask(t, 404, "DELETE /v2/queue/{id}/delay", "/v2/queue/web/delay", "")
	d.ask(t, 200, "GET /v2/deployments/{deployment}", "/v2/deployments/"+deployments[0].ID, "")
	d.ask(t, 200, "DELETE /v2/deployments/{deployment}", "/v2/deployments/"+deployments[0].ID, "")
	d.settled(t)
	d.ask(t, 201, "PUT /v2/apps/{id}", "/v2/apps/two", `{"cmd":"exec sleep 1000","cpus":0.1,"mem":32}`)
	d.settled(t)
	d.ask(t, 200, "PUT /v2/apps/{id}", "/v2/apps/two?force=true&partialUpdate=true", `{"labels":{"a":"b"}}`)
	d.settled(t)
	d.ask(t, 200, "PATCH /v2/apps/{id}", "/v2/apps/two", `{"version":null,"instances":2}`)
	d.settled(t)
	d.ask(t, 200, "PUT /v2/apps", "/v2/apps?force=true", `[{"id":"two","instances":1},{"id":"three","cmd":"exec sleep 1000","instances":0}]`)
	d.settled(t)
	d.ask(t, 200, "PATCH /v2/apps", "/v2/apps", `[{"id":"three","labels":{"a":"b"}}]`)
	d.settled(t)
	d.ask(t, 200, "POST /v2/apps/{id}/restart", "/v2/apps/three/restart", "")
	d.settled(t)
	d.askGroups(t)
	d.ask(t, 200, "GET /v2/info", "/v2/info", "")
	d.ask(t, 200, "GET /v2/leader", "/v2/leader", "")
	d.ask(t, 409, "DELETE /v2/leader", "/v2/leader", "")
	d.ask(t, 200, "GET /v2/plugins", "/v2/plugins", "")
	d.ask(t, 405, "GET /v2/events", "/v2/events", "") // its good answer does not end: the other tests follow it
	d.askOwn(t, task, agent)
	d.ask(t, 200, "DELETE /v2/apps/{id}/tasks/{task}", "/v2/apps/web/tasks/"+task, "")
	d.ask(t, 200, "POST /v2/tasks/delete", "/v2/tasks/delete", `{"ids":[]}`)
	d.ask(t, 200, "DELETE /v2/apps/{id}/tasks", "/v2/apps/web/tasks?scale=true", "")
	d.settled(t)
	d.ask(t, 200, "DELETE /v2/apps/{id}", "/v2/apps/web?force=false", "")
	d.settled(t)
	d.ask(t, 200, "DELETE /v2/groups", "/v2/groups?force=true", "")
	d.settled(t)
	d.ask(t, 200, "POST /v3/agents/{agent}/drain", "/v3/agents/"+agent+"/drain?maxGracePeriod=1s", "")
	eventually(t, func() error { return d.drained(t, agent) })
	d.ask(t, 200, "POST /v3/agents/{agent}/undrain", "/v3/agents/"+agent+"/undrain", "")
	d.ask(t, 200, "POST /v3/agents/{agent}/gone", "/v3/agents/"+agent+"/gone", "")
	d.complete(t)
}

// askGroups asks for groups.
func (d *described) askGroups(t *testing.T) {
	t.Helper()
	const sleeper = `"cmd":"exec sleep 1000","cpus":0.05,"mem":16`
	d.ask(t, 201, "POST /v2/groups", "/v2/groups?strict=true", `{"id":"/shop","apps":[{"id":"db",`+sleeper+`},{"id":"web","dependencies":["db"],`+sleeper+`}]}`)
	d.settled(t)
	d.ask(t, 409, "POST /v2/groups", "/v2/groups", `{"id":"/shop"}`)
	d.ask(t, 200, "GET /v2/groups", "/v2/groups", "")
	d.ask(t, 200, "GET /v2/groups/{id}", "/v2/groups/shop?embed=group.apps&embed=group.apps.tasks", "")
	d.ask(t, 404, "GET /v2/groups/{id}", "/v2/groups/none", "")
	d.ask(t, 200, "GET /v2/groups/{id}/apps", "/v2/groups/shop/apps", "")
	var versions []string
	check(t, json.Unmarshal(d.ask(t, 200, "GET /v2/groups/{id}/versions", "/v2/groups/shop/versions", ""), &versions))
	d.ask(t, 200, "GET /v2/groups/{id}/versions/{version}", "/v2/groups/shop/versions/"+versions[0], "")
	d.ask(t, 201, "POST /v2/groups/{id}", "/v2/groups/shop", `{"id":"sub","groups":[{"id":"empty"}]}`)
	d.settled(t)
	d.ask(t, 200, "PUT /v2/groups/{id}", "/v2/groups/shop?dryRun=true", `{"scaleBy":2}`)
	d.ask(t, 200, "PUT /v2/groups/{id}", "/v2/groups/shop?force=true", `{"apps":[{"id":"web",`+sleeper+`}]}`)
	d.settled(t)
	d.ask(t, 422, "PUT /v2/groups/{id}", "/v2/groups/shop", `{"scaleBy":2,"apps":[]}`)
	d.ask(t, 200, "PUT /v2/groups/{id}/versions/{version}", "/v2/groups/shop/versions/"+versions[0], "")
	d.settled(t)
	d.ask(t, 200, "PUT /v2/groups", "/v2/groups", `{"groups":[]}`)
	d.settled(t)
	d.ask(t, 422, "PATCH /v2/groups", "/v2/groups", `{"enforceRole":true}`)
	d.ask(t, 201, "POST /v2/groups", "/v2/groups", `{"id":"/team"}`)
	d.settled(t)
	d.ask(t, 200, "PATCH /v2/groups/{id}", "/v2/groups/team", `{"enforceRole":false}`)
	d.ask(t, 200, "DELETE /v2/groups/{id}", "/v2/groups/team", "")
	d.settled(t)
}

// askOwn asks for what is Gantry's own.
func (d *described) askOwn(t *testing.T, task, agent string) {
	t.Helper()
	d.ask(t, 200, "GET /v3/openapi.json", "/v3/openapi.json", "")
	d.ask(t, 200, "GET /v3/status", "/v3/status", "")
	d.ask(t, 200, "GET /v3/apps", "/v3/apps", "")
	d.ask(t, 200, "GET /v3/events", "/v3/events?limit=5", "")
	d.ask(t, 200, "GET /v3/state", "/v3/state", "")
	d.ask(t, 409, "POST /v3/tasks/{task}/gone", "/v3/tasks/"+task+"/gone", "")
	d.ask(t, 200, "GET /v3/kills", "/v3/kills", "")
	d.ask(t, 409, "POST /v3/kills/confirm", "/v3/kills/confirm", "")
	d.ask(t, 200, "PUT /v3/queues", "/v3/queues", `{"limit":{"cpus":100}}`)
	d.ask(t, 200, "GET /v3/queues", "/v3/queues", "")
	d.ask(t, 200, "DELETE /v3/queues", "/v3/queues", "")
	d.ask(t, 200, "PUT /v3/queues/{path}", "/v3/queues/prod", `{"weight":2,"guarantee":{"cpus":1},"limit":{"mem":1000}}`)
	d.ask(t, 200, "GET /v3/queues/{path}", "/v3/queues/prod", "")
	d.ask(t, 200, "DELETE /v3/queues/{path}", "/v3/queues/prod", "")
	d.ask(t, 200, "GET /v3/agents", "/v3/agents", "")
	d.ask(t, 200, "GET /v3/agents/{agent}", "/v3/agents/"+agent, "")
	d.ask(t, 404, "GET /v3/agents/{agent}", "/v3/agents/none", "")
	d.ask(t, 200, "GET /v3/tasks/{task}/logs", "/v3/tasks/"+task+"/logs?tail=1", "")
	d.ask(t, 200, "GET /v3/tasks/{task}/files", "/v3/tasks/"+task+"/files", "")
	d.ask(t, 200, "GET /v3/tasks/{task}/files/content", "/v3/tasks/"+task+"/files/content?path=stdout", "")
	d.ask(t, 200, "GET /ping", "/ping", "")
	d.ask(t, 200, "GET /metrics", "/metrics", "")
	d.ask(t, 200, "GET /metrics/prometheus", "/metrics/prometheus", "")
}
