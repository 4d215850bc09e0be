package dns_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/endpoint"
	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/dns"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// resolver is a Server, asked with Debian's dig.
type resolver struct {
	*dns.Server
	t    *testing.T
	port string
}

func newResolver(t *testing.T) *resolver {
	t.Helper()
	if _, err := exec.LookPath("dig"); err != nil {
		t.Fatal("dig is missing: apt-get install bind9-dnsutils")
	}
	r := &resolver{Server: dns.NewServer(dns.Config{Names: dns.Names{Domain: "gantry", Framework: "marathon"}}), t: t}
	udp, tcp, err := dns.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, r.port, _ = strings.Cut(tcp.Addr().String(), ":")
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx, udp, tcp) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("the server ended with %v", err)
		}
	})
	return r
}

// answer is what dig prints.
type answer struct {
	status, flags         string
	answer, extra, author []string
	size                  int
	text                  string
}

func (r *resolver) dig(args ...string) answer {
	r.t.Helper()
	out, err := exec.Command("dig", append([]string{"@127.0.0.1", "-p", r.port, "+tries=3", "+time=10", "+nocookie"}, args...)...).CombinedOutput()
	if err != nil {
		r.t.Fatalf("dig %v: %v\n%s", args, err, out)
	}
	a := answer{text: string(out)}
	if m := regexp.MustCompile(`status: (\w+)`).FindStringSubmatch(a.text); m != nil {
		a.status = m[1]
	}
	if m := regexp.MustCompile(`;; flags: ([a-z ]*);`).FindStringSubmatch(a.text); m != nil {
		a.flags = m[1]
	}
	_, _ = fmt.Sscanf(a.text[strings.LastIndex(a.text, "MSG SIZE"):], "MSG SIZE  rcvd: %d", &a.size)
	section := &[]string{}
	for line := range strings.Lines(a.text) {
		switch line = strings.Join(strings.Fields(line), " "); {
		case strings.HasPrefix(line, ";; ANSWER"):
			section = &a.answer
		case strings.HasPrefix(line, ";; AUTHORITY"):
			section = &a.author
		case strings.HasPrefix(line, ";; ADDITIONAL"):
			section = &a.extra
		case line != "" && line[0] != ';':
			*section = append(*section, line)
		}
	}
	slices.Sort(a.answer)
	slices.Sort(a.extra)
	return a
}

var created = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// service is an App with n ready tasks, each with a named and a nameless port.
func service(id app.ID, n int) endpoint.Service {
	s := endpoint.Service{App: &endpoint.App{ID: id, Created: event.Time{Time: created}}}
	for k := range n {
		e := endpoint.Endpoint{
			App: id, Instance: fmt.Sprintf("i-%d", k), Task: mesos.TaskID(fmt.Sprintf("%s.%d", id, k)), Agent: mesos.AgentID(fmt.Sprintf("x-S%d", k)),
			Host: "agent", IP: fmt.Sprintf("10.0.%d.%d", k/256, k%256), Port: 31000 + k, HostPort: 31000 + k, PortName: "http", Protocol: "tcp",
			State: endpoint.Ready, Published: true, Ordinal: k, ContainerIP: "172.17.0.2",
		}
		s.Endpoints = append(s.Endpoints, &e)
		other := e
		other.PortIndex, other.PortName, other.Protocol, other.Port, other.HostPort = 1, "", "udp", 32000+k, 32000+k
		s.Endpoints = append(s.Endpoints, &other)
	}
	return s
}

func TestNamesLeadToTasks(t *testing.T) {
	t.Parallel()
	r := newResolver(t)
	idle := service("/idle", 1)
	idle.Endpoints[0].Published, idle.Endpoints[1].Published = false, false
	early := service("/early", 1)
	early.Labels = map[string]string{dns.NotReadyLabel: "true"}
	for _, e := range early.Endpoints {
		e.State, e.Published = endpoint.Starting, false
	}
	six := service("/six", 1)
	for _, e := range six.Endpoints {
		e.IP = "fd00::7"
	}
	r.Show([]endpoint.Service{service("/group/app", 2), idle, early, six})
	both := []string{"10.0.0.0", "10.0.0.1"}
	for name, want := range map[string][]string{
		"app-group.marathon.gantry A": both, "app.group.marathon.gantry A": both, "app-group.marathon.slave.gantry A": both,
		"app-group.service.gantry A": both, "0.app-group.marathon.gantry A": both[:1], "1.app-group.marathon.gantry A": both[1:],
		"app-group.marathon.containerip.gantry A": {"172.17.0.2"}, "early.marathon.gantry A": both[:1],
		"_app-group._tcp.marathon.gantry SRV":            {"0 1 31000 app-group-if1nw-s0.marathon.gantry.", "0 1 31001 app-group-piehx-s1.marathon.gantry."},
		"_http._app-group._tcp.marathon.gantry SRV":      {"0 1 31000 app-group-if1nw-s0.marathon.gantry.", "0 1 31001 app-group-piehx-s1.marathon.gantry."},
		"_http._tcp.app-group.marathon.gantry SRV":       {"0 1 31000 app-group-if1nw-s0.marathon.gantry.", "0 1 31001 app-group-piehx-s1.marathon.gantry."},
		"_app-group._udp.marathon.gantry SRV":            {"0 1 32000 app-group-if1nw-s0.marathon.gantry.", "0 1 32001 app-group-piehx-s1.marathon.gantry."},
		"app-group-if1nw-s0.marathon.gantry A":           both[:1],
		"app-group-if1nw-s0.marathon.slave.gantry A":     both[:1],
		"six.marathon.gantry AAAA":                       {"fd00::7"},
		"_idle._tcp.marathon.gantry SRV":                 nil,
		"_app-group._tcp.marathon.slave.gantry SRV +tcp": nil,
	} {
		a := r.dig(append(strings.Fields(name), "+norecurse")...)
		var got []string
		for _, line := range a.answer {
			fields := strings.Fields(line)
			if fields[1] != "5" {
				t.Errorf("%s: time to live is %s", name, fields[1])
			}
			got = append(got, strings.Join(fields[4:], " "))
		}
		if strings.Contains(name, "slave.gantry SRV") { // both protocols for every port
			if len(got) != 4 {
				t.Errorf("%s: %v", name, got)
			}
			continue
		}
		slices.Sort(want)
		slices.Sort(got)
		if d := cmp.Diff(want, got); d != "" && !strings.Contains(name, "_idle") {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestWhatIsNotThereIsDeniedRightly(t *testing.T) {
	t.Parallel()
	r := newResolver(t)
	if a := r.dig("web.marathon.gantry", "A"); a.status != "SERVFAIL" {
		t.Errorf("before anything is known: %s", a.text)
	}
	idle := service("/idle", 1)
	for _, e := range idle.Endpoints {
		e.Published = false
	}
	r.Show([]endpoint.Service{service("/web", 1), idle})
	for _, row := range []struct{ name, kind, status string }{
		{"web.marathon.gantry", "AAAA", "NOERROR"},   // it has another type
		{"idle.marathon.gantry", "A", "NOERROR"},     // the app is there, no task is
		{"_tcp.marathon.gantry", "SRV", "NOERROR"},   // something is below it
		{"marathon.gantry", "A", "NOERROR"},          // the same
		{"nothing.marathon.gantry", "A", "NXDOMAIN"}, // neither
		{"_none._tcp.marathon.gantry", "SRV", "NXDOMAIN"},
	} {
		a := r.dig(row.name, row.kind)
		if a.status != row.status || len(a.answer) != 0 || !strings.Contains(a.flags, "aa") || strings.Contains(a.flags, "ra") {
			t.Errorf("%s %s: %s", row.name, row.kind, a.text)
		}
		if len(a.author) != 1 || !strings.HasPrefix(a.author[0], "gantry. 5 IN SOA ns1.gantry.") || !strings.HasSuffix(a.author[0], " 5") {
			t.Errorf("%s %s: authority is %v", row.name, row.kind, a.author)
		}
	}
	for _, args := range [][]string{{"example.org", "A"}, {"gantry.org", "A"}, {"web.marathon.gantry", "A", "-c", "CH"}} {
		if a := r.dig(args...); a.status != "REFUSED" || strings.Contains(a.flags, "ra") {
			t.Errorf("%v: %s", args, a.text)
		}
	}
	if a := r.dig("web.marathon.gantry", "ANY"); a.status != "NOERROR" || len(a.answer) != 1 || !strings.Contains(a.answer[0], `HINFO "RFC8482"`) {
		t.Errorf("ANY: %s", a.text)
	}
	if a := r.dig("gantry", "SOA"); len(a.answer) != 1 || !strings.HasPrefix(a.answer[0], "gantry. 5 IN SOA") {
		t.Errorf("SOA: %s", a.text)
	}
	if a := r.dig("wEb.MaraThon.GANtry", "A"); len(a.answer) != 1 || !strings.HasPrefix(a.answer[0], "wEb.MaraThon.GANtry. ") {
		t.Errorf("case: %s", a.text)
	}
	if a := r.dig("web.marathon.gantry", "A", "+edns=1", "+noednsnegotiation"); a.status != "BADVERS" {
		t.Errorf("EDNS version 1: %s", a.text)
	}
	if out, _ := exec.Command("dig", "@127.0.0.1", "-p", r.port, "gantry", "AXFR").CombinedOutput(); !strings.Contains(string(out), "Transfer failed") {
		t.Errorf("AXFR: %s", out)
	}
}

func TestLargeAnswersAreCutWhereTheyHaveToBe(t *testing.T) {
	t.Parallel()
	r := newResolver(t)
	r.Show([]endpoint.Service{service("/web", 100), service("/few", 9)})
	const many, few = "_web._tcp.marathon.gantry", "_few._tcp.marathon.gantry"
	for edns, size := range map[string]int{"+noedns": 512, "+bufsize=512": 512, "+bufsize=1232": 1232, "+bufsize=4096": 1232} {
		a := r.dig(many, "SRV", "+ignore", edns)
		if !strings.Contains(a.flags, "tc") || a.size > size || a.size == 0 || len(a.answer) == 0 {
			t.Errorf("%s: %d bytes with %d answers, flags %q", edns, a.size, len(a.answer), a.flags)
		}
	}
	for _, args := range [][]string{{"+tcp"}, {"+bufsize=1232"}} { // dig asks again over TCP by itself
		if a := r.dig(append([]string{many, "SRV"}, args...)...); len(a.answer) != 100 || strings.Contains(a.flags, "tc") || len(a.extra) != 100 {
			t.Errorf("%v: %d answers and %d addresses, flags %q", args, len(a.answer), len(a.extra), a.flags)
		}
	}
	// Without the addresses beside it the answer is whole, which is no truncation.
	if a := r.dig(few, "SRV", "+ignore", "+noedns"); len(a.answer) != 9 || len(a.extra) != 0 || strings.Contains(a.flags, "tc") {
		t.Errorf("%d answers and %d addresses, flags %q", len(a.answer), len(a.extra), a.flags)
	}
}

func TestTheOlderOfTwoAppsKeepsAName(t *testing.T) {
	t.Parallel()
	r := newResolver(t)
	first, second := service("/b/a", 1), service("/a-b", 2) // both are a-b
	second.Created = event.Time{Time: created.Add(time.Hour)}
	z := r.Show([]endpoint.Service{second, first})
	if d := cmp.Diff(map[app.ID]app.ID{"/a-b": "/b/a"}, z.Collisions); d != "" {
		t.Error(d)
	}
	if a := r.dig("a-b.marathon.gantry", "A"); len(a.answer) != 1 {
		t.Errorf("%s", a.text)
	}
	if a := r.dig("a.b.marathon.gantry", "A"); len(a.answer) != 1 {
		t.Errorf("%s", a.text)
	}
}

func TestMesosDNSHTTPInterface(t *testing.T) {
	t.Parallel()
	s := dns.NewServer(dns.Config{Names: dns.Names{Domain: "mesos", Framework: "marathon"}})
	web := httptest.NewServer(s.Handler("1.0"))
	defer web.Close()
	client := web.Client()
	defer client.CloseIdleConnections()
	get := func(path string) (int, string) {
		res, err := client.Get(web.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		data, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, strings.TrimSpace(string(data))
	}
	if status, _ := get("/v1/hosts/web.marathon.mesos"); status != http.StatusServiceUnavailable {
		t.Errorf("before anything is known: %d", status)
	}
	s.Show([]endpoint.Service{service("/web", 1)})
	for path, want := range map[string]string{
		"/v1/version":                            `{"Service":"Gantry DNS","URL":"https://github.com/gantry-mesos/gantry","Version":"1.0"}`,
		"/v1/config":                             `{"DNSOn":true,"Domain":"mesos","ExternalOn":false,"HTTPOn":true,"TTL":5}`,
		"/v1/hosts/web.marathon.mesos":           `[{"host":"web.marathon.mesos.","ip":"10.0.0.0"}]`,
		"/v1/hosts/none.marathon.mesos.":         `[{"host":"","ip":""}]`,
		"/v1/services/_none._tcp.marathon.mesos": `[{"service":"","host":"","ip":"","port":""}]`,
		"/v1/services/_web._udp.marathon.mesos":  `[{"service":"_web._udp.marathon.mesos","host":"web-f6uxo-s0.marathon.mesos.","ip":"10.0.0.0","port":"32000"}]`,
	} {
		if status, got := get(path); status != 200 || got != want {
			t.Errorf("%s: %d %s, want %s", path, status, got, want)
		}
	}
	var list struct {
		Frameworks []struct {
			Name  string
			Tasks []struct {
				Name, ID string
				Records  []struct{ Name, Host, RType string }
			}
		}
	}
	_, text := get("/v1/enumerate")
	if err := json.Unmarshal([]byte(text), &list); err != nil || len(list.Frameworks) != 1 || len(list.Frameworks[0].Tasks) != 1 || len(list.Frameworks[0].Tasks[0].Records) < 10 {
		t.Errorf("enumerate: %v %s", err, text)
	}
	var transfer struct {
		Domain  string
		Records struct{ As, SRVs map[string][]string }
	}
	_, text = get("/v1/axfr")
	if err := json.Unmarshal([]byte(text), &transfer); err != nil || !slices.Equal(transfer.Records.As["web.marathon.mesos."], []string{"10.0.0.0"}) {
		t.Errorf("axfr: %v %s", err, text)
	}
}
