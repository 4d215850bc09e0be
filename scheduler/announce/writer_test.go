package announce_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/endpoint"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/zkconn"
	"github.com/gantry-mesos/gantry/pkg/zkurl"
	"github.com/gantry-mesos/gantry/scheduler/announce"
	"github.com/gantry-mesos/gantry/test/zktest"
)

// table is a source that a test sets.
type table struct {
	mu      sync.Mutex
	number  uint64
	now     *endpoint.Changes
	changed chan struct{}
	written uint64
}

func newTable(services ...endpoint.Service) *table {
	s := &table{changed: make(chan struct{})}
	s.set(services...)
	return s
}

func (s *table) set(services ...endpoint.Service) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.number++
	s.now = &endpoint.Changes{Full: true, Index: endpoint.Index{Term: 1, Number: s.number}.String()}
	for _, service := range services {
		s.now.Apps = append(s.now.Apps, service.App)
		s.now.Endpoints = append(s.now.Endpoints, service.Endpoints...)
	}
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *table) All(endpoint.Selector) *endpoint.Changes {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *table) Changes(ctx context.Context, after endpoint.Index, _ endpoint.Selector, _ time.Duration) (*endpoint.Changes, error) {
	for {
		s.mu.Lock()
		now, changed, number := s.now, s.changed, s.number
		s.mu.Unlock()
		if number != after.Number {
			return now, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (s *table) Output(string) {}

func (s *table) Written(_ string, at endpoint.Index) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.written = at.Number
}

// settle waits until what was set is written.
func (s *table) settle(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		s.mu.Lock()
		done := s.written == s.number
		s.mu.Unlock()
		if done {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("not written in time")
		}
	}
}

// service is an App with n published tasks with two ports.
func service(id app.ID, n int) endpoint.Service {
	s := endpoint.Service{App: &endpoint.App{ID: id, Ports: []endpoint.Port{{Name: "http"}, {}}}}
	for k := range n {
		for p := range 2 {
			e := &endpoint.Endpoint{
				App: id, Instance: fmt.Sprintf("i-%d", k), Task: mesos.TaskID(fmt.Sprintf("i-%d._app.1", k)), Host: "agent1", IP: "10.0.0.1",
				Port: 31000 + 2*k + p, PortIndex: p, Published: true, State: endpoint.Ready, Ordinal: k,
			}
			if p == 0 {
				e.PortName = "http"
			}
			s.Endpoints = append(s.Endpoints, e)
		}
	}
	return s
}

// ensemble is a real ZooKeeper with a look at what is in it.
type ensemble struct {
	*zktest.Server
	t       *testing.T
	session *zkconn.Session
}

func newEnsemble(t *testing.T) *ensemble {
	t.Helper()
	e := &ensemble{Server: zktest.Start(t), t: t}
	s, err := zkconn.Open(zkconn.Config{URL: e.url(), Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	e.session = s
	return e
}

func (e *ensemble) url() zkurl.URL {
	return zkurl.URL{Hosts: []string{e.Addr()}, Path: "/gantry/discovery"}
}

// list is what a directory has, by name.
func (e *ensemble) list(dir string) map[string]string {
	e.t.Helper()
	names, err := e.session.Children(e.t.Context(), "/gantry/discovery/"+dir)
	if err != nil {
		return nil
	}
	out := map[string]string{}
	for _, name := range names {
		n, err := e.session.Get(e.t.Context(), "/gantry/discovery/"+dir+"/"+name)
		if err != nil {
			e.t.Fatal(err)
		}
		out[name] = string(n.Data)
	}
	return out
}

// write has a writer of a term run until the test ends or stop is called; ended
// tells what it ended with.
func (e *ensemble) write(source announce.Source, term uint64, forms ...announce.Form) (stop func(), ended <-chan error) {
	w := announce.New(announce.Config{
		URL: e.url(), Forms: forms, Framework: func() string { return "fw" }, ID: "s", Address: "h:1", Term: term, Source: source,
		Log: testLog(e.t),
	})
	ctx, cancel := context.WithCancel(context.Background())
	done, gone := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(gone)
		done <- w.Run(ctx)
	}()
	stop = func() {
		cancel()
		<-gone
	}
	e.t.Cleanup(stop)
	return stop, done
}

func TestMembersHaveTheFormsThatReadersKnow(t *testing.T) {
	t.Parallel()
	e := newEnsemble(t)
	source := newTable(service("/prod/web", 1), endpoint.Service{App: &endpoint.App{ID: "/silent"}})
	e.write(source, 1, announce.ServerSet, announce.Nerve, announce.Curator)
	source.settle(t)
	for dir, want := range map[string]map[string]string{
		"serversets/prod/web": {"member_1000000000": `{"serviceEndpoint":{"host":"agent1","port":31000,"inet":"10.0.0.1"},` +
			`"additionalEndpoints":{"http":{"host":"agent1","port":31000,"inet":"10.0.0.1"},"port1":{"host":"agent1","port":31001,"inet":"10.0.0.1"}},` +
			`"status":"ALIVE","shard":0,"metadata":{"framework":"fw","task":"i-0._app.1"}}`},
		"nerve/prod/web/http": {"i-0_1000000001": `{"host":"agent1","port":31000,"name":"i-0","weight":1,"labels":{"framework":"fw","task":"i-0._app.1"}}`},
		"nerve/prod/web/1":    {"i-0_1000000002": `{"host":"agent1","port":31001,"name":"i-0","weight":1,"labels":{"framework":"fw","task":"i-0._app.1"}}`},
		"curator/prod.web": {"i-0._app.1": `{"name":"prod.web","id":"i-0._app.1","address":"agent1","port":31000,"sslPort":null,"payload":null,` +
			`"registrationTimeUTC":-62135596800000,"serviceType":"PERMANENT","uriSpec":{"parts":[{"value":"scheme","variable":true},{"value":"://","variable":false},` +
			`{"value":"address","variable":true},{"value":":","variable":false},{"value":"port","variable":true}]}}`},
		"serversets/silent": nil,
	} {
		got := e.list(dir)
		keys := func(m map[string]string) (out []string) {
			for name := range m {
				out = append(out, name)
			}
			return out
		}
		if len(want) == 1 && len(got) == 1 && strings.HasPrefix(keys(want)[0], "i-0_") { // the number depends on the order
			got = map[string]string{keys(want)[0]: got[keys(got)[0]]}
		}
		if d := cmp.Diff(want, got); d != "" && dir != "serversets/prod/web" || len(got) != len(want) {
			t.Errorf("%s (-want +got):\n%s", dir, d)
		}
		if dir == "serversets/prod/web" && !slices.Contains(values(got), want["member_1000000000"]) {
			t.Errorf("%s: %v", dir, got)
		}
	}
}

func values(m map[string]string) (out []string) {
	for _, v := range m {
		out = append(out, v)
	}
	return out
}

func TestMembersComeAndGoAndOthersStay(t *testing.T) {
	t.Parallel()
	e := newEnsemble(t)
	source := newTable(service("/web", 3))
	_, ended := e.write(source, 1, announce.ServerSet)
	source.settle(t)
	first := e.list("serversets/web")
	// Another program's member, made by ZooKeeper's own numbers.
	if _, err := e.session.Create(t.Context(), "/gantry/discovery/serversets/web/member_", []byte(`{"serviceEndpoint":{"host":"other","port":1},"status":"ALIVE"}`), 2); err != nil {
		t.Fatal(err)
	}
	moved := service("/web", 2)
	moved.Endpoints[0].Port = 40000
	source.set(moved)
	source.settle(t)
	second := e.list("serversets/web")
	if len(first) != 3 || len(second) != 3 {
		t.Fatalf("members are %v, then %v", first, second)
	}
	for name, data := range second {
		if old, kept := first[name]; kept && old != data {
			t.Errorf("the data of %s changed from %s to %s", name, old, data)
		}
	}
	// A new leader repairs what is wrong, and the old one writes no more.
	if err := e.session.Delete(t.Context(), "/gantry/discovery/serversets/web/"+ours(second), -1); err != nil {
		t.Fatal(err)
	}
	next := newTable(service("/web", 4), service("/new", 1))
	e.write(next, 2, announce.ServerSet)
	next.settle(t)
	if third := e.list("serversets/web"); len(third) != 5 || len(e.list("serversets/new")) != 1 {
		t.Errorf("after the repair: %v", third)
	}
	source.set(service("/web", 0))
	select {
	case err := <-ended:
		if !errors.Is(err, announce.ErrSuperseded) {
			t.Errorf("the old leader ended with %v", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the old leader goes on")
	}
	if third := e.list("serversets/web"); len(third) != 5 {
		t.Errorf("after the old leader wrote: %v", third)
	}
	// The directory of an App that is gone goes, but not what is not ours.
	next.set(service("/new", 0))
	next.settle(t)
	if left := e.list("serversets/web"); len(left) != 1 || e.list("serversets/new") == nil {
		t.Errorf("left are %v", left)
	}
}

func ours(members map[string]string) string {
	for name, data := range members {
		if strings.Contains(data, `"framework":"fw"`) {
			return name
		}
	}
	return ""
}

func TestANewLeaderThatKnowsNothingRemovesNothing(t *testing.T) {
	t.Parallel()
	e := newEnsemble(t)
	source := newTable(service("/web", 20))
	stop, _ := e.write(source, 1, announce.ServerSet)
	source.settle(t)
	stop()
	empty := newTable()
	e.write(empty, 2, announce.ServerSet)
	empty.settle(t)
	if left := e.list("serversets/web"); len(left) != 20 {
		t.Errorf("%d members are left of 20", len(left))
	}
}

// TestAReaderNeverSeesASmallerSet has kazoo watch a thousand members while one leader
// is followed by the next, and ZooKeeper is away.
func TestAReaderNeverSeesASmallerSet(t *testing.T) {
	t.Parallel()
	if out, err := exec.Command("/usr/bin/python3", "-c", "import kazoo").CombinedOutput(); err != nil {
		t.Fatalf("kazoo is missing: apt-get install python3-kazoo\n%s", out)
	}
	e := newEnsemble(t)
	const n = 1000
	source := newTable(service("/web", n))
	stop, _ := e.write(source, 1, announce.ServerSet)
	source.settle(t)
	cmd := exec.CommandContext(t.Context(), "/usr/bin/python3", "-u", "-c", `
import sys, json
from kazoo.client import KazooClient
zk = KazooClient(hosts=sys.argv[1], timeout=30); zk.start(timeout=60)
d = "/gantry/discovery/serversets/web"
@zk.ChildrenWatch(d)
def seen(names): print(len(names), min((int(x[len("member_"):]) for x in names), default=0))
sys.stdin.read()
`, e.Addr())
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	seen := func() (count, lowest int) {
		t.Helper()
		if !lines.Scan() {
			t.Fatal("the reader ended")
		}
		if _, err := fmt.Sscan(lines.Text(), &count, &lowest); err != nil {
			t.Fatalf("the reader says %q", lines.Text())
		}
		return count, lowest
	}
	if count, lowest := seen(); count != n || lowest != 1_000_000_000 {
		t.Fatalf("the reader sees %d members from %d", count, lowest)
	}
	stop() // as a kill would, it leaves everything behind
	next := newTable(service("/web", n))
	e.write(next, 2, announce.ServerSet)
	next.settle(t)
	e.Stop()
	next.set(service("/web", n+1))
	e.Start()
	next.settle(t)
	// What the reader sees next is one more, and never less.
	for count := n; count <= n; {
		if count, _ = seen(); count < n {
			t.Fatalf("the reader sees %d members", count)
		}
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	_ = cmd.Wait()
}
