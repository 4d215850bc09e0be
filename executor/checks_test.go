package executor_test

import (
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/checkup"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
)

// reported is what an update tells of checks.
func reported(t *testing.T, st mesos.TaskStatus) *checkup.Report {
	t.Helper()
	r, err := taskinfo.ParseReport(st.Data)
	if err != nil || r == nil {
		t.Fatalf("update %+v has no report: %v", st, err)
	}
	return r
}

// portOf is the port of a test server.
func portOf(t *testing.T, address string) int {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// free is a port below the ephemeral ones that nobody listens on.
func free(t *testing.T) int {
	t.Helper()
	for range 100 {
		port := 20000 + rand.IntN(10000)
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			_ = l.Close()
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

// TestExecutor_asks_the_ports_of_the_agent has each kind of check that Marathon
// runs at a port of the agent, over real connections.
func TestExecutor_asks_the_ports_of_the_agent(t *testing.T) {
	t.Parallel()
	answers := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/up" {
			http.NotFound(w, r)
		}
	}
	plain, secure := httptest.NewServer(http.HandlerFunc(answers)), httptest.NewTLSServer(http.HandlerFunc(answers))
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := portOf(t, "http://"+closed.Addr().String())
	_ = closed.Close()
	check := func(p app.HealthProtocol, port int, path string) app.HealthCheck {
		return app.HealthCheck{Protocol: p, Port: &port, Path: path, Interval: time.Second, Timeout: 10 * time.Second}
	}
	rows := map[string]struct {
		check app.HealthCheck
		cause string
	}{
		"http":             {check(app.HealthHTTP, portOf(t, plain.URL), "/up"), ""},
		"http, missing":    {check(app.HealthHTTP, portOf(t, plain.URL), "/down"), "status 404"},
		"https":            {check(app.HealthHTTPS, portOf(t, secure.URL), "/up"), ""},
		"https at no TLS":  {check(app.HealthHTTPS, portOf(t, plain.URL), "/up"), "TLS handshake"},
		"tcp":              {check(app.HealthTCP, portOf(t, plain.URL), ""), ""},
		"tcp, refused":     {check(app.HealthTCP, nobody, ""), "connection refused"},
		"mesos http":       {check(app.HealthMesosHTTP, portOf(t, plain.URL), "up"), ""},
		"mesos https":      {check(app.HealthMesosHTTPS, portOf(t, secure.URL), "up"), ""},
		"mesos tcp":        {check(app.HealthMesosTCP, portOf(t, secure.URL), ""), ""},
		"mesos tcp, fails": {check(app.HealthMesosTCP, nobody, ""), "connection refused"},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t)
			r.send(mesos.LaunchTask{Task: task(t, func(s *app.Spec) {
				asProcess("exec sleep 1000")(s)
				s.HealthChecks = []app.HealthCheck{row.check}
			})})
			got := r.await(func(st mesos.TaskStatus) bool { return st.Healthy != nil })
			h := reported(t, got).Health[0]
			if h.Alive() != (row.cause == "") || *got.Healthy != h.Alive() || !strings.Contains(h.Cause, row.cause) {
				t.Errorf("healthy=%t, reported %+v, want the cause %q", *got.Healthy, h, row.cause)
			}
			r.send(mesos.ShutdownExecutor{})
			r.awaitState(mesos.TaskKilled)
		})
	}
}

// TestExecutor_asks_a_container_in_its_own_network has a container without any port
// of the agent, which only its own network leads to.
func TestExecutor_asks_a_container_in_its_own_network(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.send(mesos.LaunchTask{Task: task(t, func(s *app.Spec) {
		inDocker("echo fine > /index.html; exec httpd -f -p 8088 -h /")(s)
		s.Ports = []app.Port{{ContainerPort: 8088, Name: "web"}}
		for _, p := range []app.HealthProtocol{app.HealthMesosHTTP, app.HealthTCP, app.HealthHTTP} {
			s.HealthChecks = append(s.HealthChecks, app.HealthCheck{Protocol: p, Path: "/index.html", Interval: 100 * time.Millisecond, Timeout: 10 * time.Second, GracePeriod: time.Minute})
		}
		s.Readiness = []app.ReadinessCheck{{
			Name: "ready", Path: "/index.html", PortName: "web", Interval: 100 * time.Millisecond, Timeout: 10 * time.Second, StatusCodes: []int{200}, PreserveLastResponse: true,
		}}
		s.Check = &app.Check{Command: []string{"/bin/test", "-e", "/index.html"}, Interval: time.Minute, Timeout: 10 * time.Second}
	})})
	got := r.await(func(st mesos.TaskStatus) bool {
		return st.Healthy != nil && *st.Healthy && reported(t, st).Ready(1) && st.Check != nil && st.Check.Result != nil
	})
	report := reported(t, got)
	if a := report.Readiness[0]; a.Name != "ready" || a.Response == nil || a.Response.Status != 200 || a.Response.Body != "fine\n" {
		t.Errorf("readiness: got %+v, %+v", a, a.Response)
	}
	if len(report.Health) != 3 || got.Check.Type != mesos.CheckCommand || *got.Check.Result != 0 {
		t.Errorf("got %+v and the check %+v", report.Health, got.Check)
	}
	r.send(mesos.ShutdownExecutor{})
	r.awaitState(mesos.TaskKilled)
}

// TestExecutor_asks_for_readiness_until_it_is_there counts the questions.
func TestExecutor_asks_for_readiness_until_it_is_there(t *testing.T) {
	t.Parallel()
	var ready atomic.Bool
	var asked atomic.Int64
	server := http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		if ready.Load() {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		http.Error(w, "warming up", http.StatusServiceUnavailable)
	})}
	r := start(t)
	port := free(t)
	r.send(mesos.LaunchTask{Task: task(t, func(s *app.Spec) {
		asProcess("exec sleep 1000")(s)
		s.Ports = []app.Port{{Name: "web"}}
		s.Networks = []app.Network{{Mode: app.Host}}
		s.Readiness = []app.ReadinessCheck{{
			Name: "ready", PortName: "web", Interval: 100 * time.Millisecond, Timeout: 10 * time.Second, StatusCodes: []int{204}, PreserveLastResponse: true,
		}}
	}, uint32(port))})
	r.awaitState(mesos.TaskRunning)
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	go func() { _ = server.Serve(listener) }()
	got := r.await(func(st mesos.TaskStatus) bool {
		return len(st.Data) > 0 && reported(t, st).Readiness[0].Response != nil && reported(t, st).Readiness[0].Response.Status == 503
	})
	if a := reported(t, got).Readiness[0]; a.Ready || a.Response.Body != "warming up\n" {
		t.Errorf("got %+v, %+v", a, a.Response)
	}
	ready.Store(true)
	r.await(func(st mesos.TaskStatus) bool { return len(st.Data) > 0 && reported(t, st).Ready(1) })
	before := asked.Load()
	r.send(mesos.ShutdownExecutor{})
	r.awaitState(mesos.TaskKilled)
	if after := asked.Load(); after != before {
		t.Errorf("asked %d times after it was ready", after-before)
	}
}
