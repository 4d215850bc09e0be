package httpapi_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/endpoint"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/discovery"
	"github.com/gantry-mesos/gantry/scheduler/discovery/hub"
	"github.com/gantry-mesos/gantry/scheduler/eventlog"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// painted is a leading scheduler in which nothing happens.
type painted struct{ view *view.View }

func (s painted) View() *view.View { return s.view }
func (s painted) Do(context.Context, core.Command) (core.Result, error) {
	return core.Result{}, nil
}
func (s painted) Leader() (bool, string) { return true, "leader.example:8080" }

// webs is a View of /prod/web with a ready task on each of two agents, one of which
// is being drained, and of an App without tasks.
func webs() *view.View {
	spec := &app.Spec{ID: "/prod/web", Instances: 2, Version: start, Run: runspec.Run{
		Labels:    map[string]string{"HAPROXY_GROUP": "external,internal", "team-a.b": "x"},
		Container: &app.Container{Image: "nginx:1"},
		Ports: []app.Port{
			{Name: "http", Protocol: "tcp", ServicePort: 10001, Labels: map[string]string{"metrics": "", "metrics-path": "/stats"}},
			{Protocol: "udp"},
		},
	}}
	a := &view.App{Spec: spec, Versions: []*app.Spec{spec}}
	for n, host := range []string{"10.0.0.1", "10.0.0.2"} {
		i := &instance.Instance{
			ID: instance.NewID(spec.ID, host), App: spec.ID, Version: spec.Version, Goal: instance.GoalRunning, Condition: instance.Running, Since: start,
			StagedAt: start, StartedAt: start, Incarnation: 1, HostPorts: []uint32{31000, 31001},
			Site: mesos.Site{AgentID: "a", Hostname: host, Domain: mesos.Domain{Region: "eu", Zone: "eu-1"}},
		}
		if n == 1 {
			i = i.Drained(start)
		}
		a.Instances = append(a.Instances, i)
	}
	idle := &app.Spec{ID: "/idle", Version: start}
	return view.New(start, view.Framework{}, []*view.App{a, {Spec: idle, Versions: []*app.Spec{idle}}}, nil)
}

// newEndpoints is the API with a hub that has webs.
func newEndpoints(t *testing.T) (*service, *api.Client, *atomic.Pointer[hub.Hub]) {
	t.Helper()
	scheduler := painted{webs()}
	events := eventlog.New(10, start)
	h := &atomic.Pointer[hub.Hub]{}
	h.Store(hub.New(hub.Config{
		Table:     discovery.Config{Term: 3, Gate: discovery.GateConfig{Drain: app.Drain{Timeout: time.Hour}}},
		Scheduler: scheduler, Events: events,
	}))
	server, err := httpapi.New(httpapi.Config{Scheduler: scheduler, Leadership: scheduler, Rules: app.DefaultRules(), Discovery: h.Load})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	client, err := api.NewClient(web.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return &service{api: server, url: web.URL}, client, h
}

func TestEndpointsAreToldWithAnIndex(t *testing.T) {
	t.Parallel()
	s, client, h := newEndpoints(t)
	all, err := client.Endpoints(t.Context(), "", endpoint.Selector{}, 0)
	if err != nil || !all.Full || len(all.Apps) != 2 || len(all.Endpoints) != 4 {
		t.Fatalf("%+v %v", all, err)
	}
	if e := all.Endpoints[0]; e.Address() != "10.0.0.1:31000" || e.State != endpoint.Ready || all.Endpoints[2].State != endpoint.Draining {
		t.Errorf("endpoints are %+v and %+v", e, all.Endpoints[2])
	}
	none, err := client.Endpoints(t.Context(), all.Index, endpoint.Selector{}, time.Millisecond)
	if err != nil || none.Full || none.Index != all.Index || len(none.Endpoints) != 0 {
		t.Errorf("nothing new: %+v %v", none, err)
	}
	for query, want := range map[string]int{"?app=/prod": 4, "?app=/prod/web&label=HAPROXY_GROUP=internal": 4, "?label=HAPROXY_GROUP=other": 0, "?app=idle": 0, "?since=1.2": 4} {
		if got := len(at(t, s.want(t, 200, "GET", "/v3/endpoints"+query, ""), "endpoints").([]any)); got != want {
			t.Errorf("%s: %d endpoints, want %d", query, got, want)
		}
	}
	s.want(t, 400, "GET", "/v3/endpoints?since=3.1&wait=soon", "")
	one, err := client.AppEndpoints(t.Context(), "/prod/web")
	if err != nil || len(one.Endpoints) != 4 || one.App.Image != "nginx:1" || len(one.Drains) != 1 {
		t.Errorf("%+v %v", one, err)
	}
	s.want(t, 404, "GET", "/v3/apps/none/endpoints", "")
	if got := at(t, s.want(t, 200, "GET", "/v3/apps/idle/endpoints", ""), "endpoints"); len(got.([]any)) != 0 {
		t.Errorf("an app without tasks has %v", got)
	}
	h.Store(nil)
	for _, path := range []string{"/v3/endpoints", "/v3/consumers", "/v3/apps/idle/endpoints", "/v3/prometheus/targets"} {
		s.want(t, 503, "GET", path, "")
	}
}

func TestConsumersRegisterAndAcknowledge(t *testing.T) {
	t.Parallel()
	s, client, _ := newEndpoints(t)
	r := endpoint.Registration{Kind: "haproxy", Label: "HAPROXY_GROUP=external", Acks: true, TTL: "1m"}
	answer, err := client.Register(t.Context(), "lb-1", r)
	if err != nil {
		t.Fatal(err)
	}
	list, err := client.Consumers(t.Context())
	if err != nil || len(list.Consumers) != 1 || len(list.Consumers[0].Holds) != 1 || len(list.Drains) != 1 || len(list.Drains[0].HeldBy) != 1 {
		t.Fatalf("before it acknowledges: %+v %v", list, err)
	}
	task := list.Drains[0].Task
	for _, busy := range []int{2, 0} {
		ack := endpoint.Ack{Index: answer.Index, Draining: map[mesos.TaskID]endpoint.Connections{task: {Connections: busy}}}
		if err := client.Acknowledge(t.Context(), "lb-1", ack); err != nil {
			t.Fatal(err)
		}
		if list, err = client.Consumers(t.Context()); err != nil || len(list.Drains[0].HeldBy) != min(1, busy) || list.Consumers[0].Index != answer.Index {
			t.Errorf("with %d connections: %+v %v", busy, list, err)
		}
	}
	s.want(t, 409, "POST", "/v3/consumers/lb-1/ack", `{"index":"2.1"}`)
	s.want(t, 404, "POST", "/v3/consumers/lb-2/ack", `{"index":"3.1"}`)
	s.want(t, 400, "POST", "/v3/consumers/lb-1/ack", `{"index":1}`)
	s.want(t, 422, "PUT", "/v3/consumers/lb-1", `{"kind":"haproxy","ttl":"1s"}`)
	s.want(t, 400, "PUT", "/v3/consumers/lb-1", `{`)
	if err := client.Leave(t.Context(), "lb-1"); err != nil {
		t.Error(err)
	}
	s.want(t, 404, "DELETE", "/v3/consumers/lb-1", "")
}

func TestPrometheusIsToldOfTargets(t *testing.T) {
	t.Parallel()
	s, _, _ := newEndpoints(t)
	status, header, body := s.call(t, http.MethodGet, "/v3/prometheus/targets", "")
	if status != 200 || header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("answered %d, %v", status, header)
	}
	want := map[string]any{
		"__meta_gantry_app": "/prod/web", "__meta_gantry_group": "/prod", "__meta_gantry_app_version": "2026-03-01T12:00:00.000Z",
		"__meta_gantry_instance": "prod_web.instance-10.0.0.1", "__meta_gantry_task": "prod_web.instance-10.0.0.1._app.1",
		"__meta_gantry_agent": "a", "__meta_gantry_host": "10.0.0.1", "__meta_gantry_zone": "eu-1", "__meta_gantry_region": "eu",
		"__meta_gantry_image": "nginx:1", "__meta_gantry_state": "ready", "__meta_gantry_port_index": "0", "__meta_gantry_port_name": "http",
		"__meta_gantry_protocol": "tcp", "__meta_gantry_ordinal": "0", "__meta_gantry_service_port": "10001", "__meta_gantry_app_label_HAPROXY_GROUP": "external,internal",
		"__meta_gantry_app_label_team_a_b": "x", "__meta_gantry_port_label_metrics_path": "/stats", "__metrics_path__": "/stats",
	}
	if d := cmp.Diff(want, at(t, body, 0, "labels")); d != "" {
		t.Errorf("labels (-want +got):\n%s", d)
	}
	for query, want := range map[string]int{"": 2, "?all=true": 4, "?all=true&port=1": 2, "?port=http": 2, "?label=team-a.b=y": 0, "?app=idle&all=true": 0} {
		if got := len(s.want(t, 200, "GET", "/v3/prometheus/targets"+query, "").([]any)); got != want {
			t.Errorf("%q: %d targets, want %d", query, got, want)
		}
	}
}
