package detector_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"go.uber.org/goleak"

	"github.com/gantry-mesos/gantry/pkg/backoff"
	"github.com/gantry-mesos/gantry/pkg/mesos/detector"
	"github.com/gantry-mesos/gantry/pkg/zkconn"
	"github.com/gantry-mesos/gantry/pkg/zkurl"
	"github.com/gantry-mesos/gantry/test/faultproxy"
	"github.com/gantry-mesos/gantry/test/zktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func callContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// TestZooKeeper runs all tests that share one server.
func TestZooKeeper(t *testing.T) {
	t.Parallel()
	server := zktest.Start(t)
	for _, tt := range []struct {
		name string
		test func(*testing.T, *zktest.Server)
	}{
		{"the lowest number leads and its successor follows", testSuccession},
		{"a path that comes later is found", testPathComesLater},
		{"phases without leader are waited out", testNoLeader},
		{"a leader with unusable data is no leader", testUnusableLeader},
		{"suspicion makes it look again", testSuspicion},
		{"suspicion without ZooKeeper names the known leader", testSuspicionWithoutZooKeeper},
		{"session loss loses the leader until ZooKeeper is back", testSessionLoss},
		{"a short disconnect changes nothing", testShortDisconnect},
		{"a server that forgot everything is followed afresh", testForgottenSession},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.test(t, server)
		})
	}
}

// cluster plays the masters of one path.
type cluster struct {
	t    *testing.T
	s    *zkconn.Session
	path string
}

func newCluster(t *testing.T, addr string) *cluster {
	t.Helper()
	return &cluster{t: t, s: session(t, addr), path: "/" + strings.ReplaceAll(t.Name(), "/", "_")}
}

func session(t *testing.T, addrs ...string) *zkconn.Session {
	t.Helper()
	s, err := zkconn.Open(zkconn.Config{URL: zkurl.URL{Hosts: addrs}})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(s.Close)
	return s
}

func (c *cluster) makePath() {
	c.t.Helper()
	if err := c.s.EnsurePath(callContext(c.t), c.path+"/log_replicas"); err != nil {
		c.t.Fatalf("EnsurePath: %v", err)
	}
}

// register announces a master on a port and returns its node.
func (c *cluster) register(port int) string {
	c.t.Helper()
	return c.announce(fmt.Sprintf(`{"id":"id-%d","address":{"ip":"127.0.0.1","hostname":"m%[1]d","port":%[1]d}}`, port))
}

func (c *cluster) announce(data string) string {
	c.t.Helper()
	p, err := c.s.Create(callContext(c.t), c.path+"/json.info_", []byte(data), zk.FlagEphemeral|zk.FlagSequence)
	if err != nil {
		c.t.Fatalf("Create: %v", err)
	}
	return p
}

func (c *cluster) remove(node string) {
	c.t.Helper()
	if err := c.s.Delete(callContext(c.t), node, -1); err != nil {
		c.t.Fatalf("Delete: %v", err)
	}
}

// detect runs a detector for the cluster's path through addrs.
func (c *cluster) detect(addrs ...string) *detector.Detector {
	c.t.Helper()
	return detect(c.t, "zk://"+strings.Join(addrs, ",")+c.path)
}

func detect(t *testing.T, target string) *detector.Detector {
	t.Helper()
	d := newDetector(t, target, detector.Options{
		SessionTimeout: 2 * time.Second,
		Backoff:        backoff.Policy{Min: 10 * time.Millisecond, Max: 100 * time.Millisecond},
	})
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := d.Run(ctx); err != nil {
			t.Errorf("Run = %v, want nil", err)
		}
	})
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
	return d
}

func wantLeader(t *testing.T, d *detector.Detector, previous detector.Master, port int) detector.Master {
	t.Helper()
	m := leader(t, d, previous)
	want := detector.Master{
		ID: fmt.Sprintf("id-%d", port), Hostname: fmt.Sprintf("m%d", port),
		Address: fmt.Sprintf("127.0.0.1:%d", port), Scheme: "http", Seen: m.Seen,
	}
	if m != want || m.Seen <= previous.Seen {
		t.Fatalf("leader = %+v, want port %d, later than %d", m, port, previous.Seen)
	}
	return m
}

// wantNoLeader waits until the detector has no leader: only then does an
// earlier finding make Leader wait.
func wantNoLeader(t *testing.T, d *detector.Detector) {
	t.Helper()
	ctx := callContext(t)
	for ctx.Err() == nil {
		short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		_, err := d.Leader(short, detector.Master{})
		cancel()
		if err != nil {
			return
		}
	}
	t.Fatal("the detector still has a leader")
}

func testSuccession(t *testing.T, server *zktest.Server) {
	t.Helper()
	c := newCluster(t, server.Addr())
	c.makePath()
	first, second := c.register(1), c.register(2)
	d := c.detect(server.Addr())
	m := wantLeader(t, d, detector.Master{}, 1)
	third := c.register(3)
	c.remove(second) // followers come and go without notice
	c.remove(first)
	m = wantLeader(t, d, m, 3)
	c.register(4)
	c.remove(third)
	wantLeader(t, d, m, 4)
}

func testPathComesLater(t *testing.T, server *zktest.Server) {
	t.Helper()
	c := newCluster(t, server.Addr())
	d := c.detect(server.Addr())
	wantNoLeader(t, d)
	c.makePath()
	c.register(1)
	wantLeader(t, d, detector.Master{}, 1)
}

func testNoLeader(t *testing.T, server *zktest.Server) {
	t.Helper()
	c := newCluster(t, server.Addr())
	c.makePath()
	d := c.detect(server.Addr())
	wantNoLeader(t, d)
	node := c.register(1)
	m := wantLeader(t, d, detector.Master{}, 1)
	c.remove(node)
	wantNoLeader(t, d)
	c.register(1)
	wantLeader(t, d, m, 1)
}

func testUnusableLeader(t *testing.T, server *zktest.Server) {
	t.Helper()
	c := newCluster(t, server.Addr())
	c.makePath()
	node := c.announce("{broken")
	c.register(2)
	d := c.detect(server.Addr())
	wantNoLeader(t, d)
	c.remove(node)
	wantLeader(t, d, detector.Master{}, 2)
}

func testSuspicion(t *testing.T, server *zktest.Server) {
	t.Helper()
	c := newCluster(t, server.Addr())
	c.makePath()
	c.register(1)
	d := c.detect(server.Addr())
	m := wantLeader(t, d, detector.Master{}, 1)
	d.Suspect(m)
	again := wantLeader(t, d, m, 1)
	if err := d.Redirected(again, "//127.0.0.1:9999/api/v1/scheduler"); err != nil {
		t.Fatalf("Redirected: %v", err)
	}
	wantLeader(t, d, again, 1)
}

func testSuspicionWithoutZooKeeper(t *testing.T, server *zktest.Server) {
	t.Helper()
	c := newCluster(t, server.Addr())
	c.makePath()
	c.register(1)
	proxy := faultproxy.Start(t, server.Addr())
	d := newDetector(t, "zk://"+proxy.Addr()+c.path, detector.Options{SessionTimeout: time.Minute})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _ = d.Run(ctx) })
	defer wg.Wait()
	defer cancel()
	m := wantLeader(t, d, detector.Master{}, 1)
	proxy.Refuse()
	d.Suspect(m)
	m = wantLeader(t, d, m, 1)
	proxy.Heal()
	d.Suspect(m)
	wantLeader(t, d, m, 1)
}

func testSessionLoss(t *testing.T, server *zktest.Server) {
	t.Helper()
	c := newCluster(t, server.Addr())
	c.makePath()
	node := c.register(1)
	proxy := faultproxy.Start(t, server.Addr())
	d := c.detect(proxy.Addr())
	m := wantLeader(t, d, detector.Master{}, 1)
	for _, breakIt := range []func(){proxy.Stall, proxy.Refuse} {
		breakIt()
		wantNoLeader(t, d)
		proxy.Heal()
		m = wantLeader(t, d, m, 1) // the same master, found again
	}
	c.register(2)
	c.remove(node)
	wantLeader(t, d, m, 2)
}

func testShortDisconnect(t *testing.T, server *zktest.Server) {
	t.Helper()
	c := newCluster(t, server.Addr())
	c.makePath()
	first := c.register(1)
	proxy := faultproxy.Start(t, server.Addr())
	d := newDetector(t, "zk://"+proxy.Addr()+c.path, detector.Options{SessionTimeout: time.Minute})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _ = d.Run(ctx) })
	defer wg.Wait()
	defer cancel()
	m := wantLeader(t, d, detector.Master{}, 1)
	proxy.Refuse()
	c.register(2)
	c.remove(first)
	if got := leader(t, d, detector.Master{}); got != m {
		t.Errorf("leader while disconnected = %+v, want %+v", got, m)
	}
	proxy.Heal()
	if got := wantLeader(t, d, m, 2); got.Seen != m.Seen+1 {
		t.Errorf("the new leader is finding %d, want %d: nothing else was to be found", got.Seen, m.Seen+1)
	}
}

func testForgottenSession(t *testing.T, server *zktest.Server) {
	t.Helper()
	c := newCluster(t, server.Addr())
	c.makePath()
	c.register(1)
	proxy := faultproxy.Start(t, server.Addr())
	d := c.detect(proxy.Addr())
	m := wantLeader(t, d, detector.Master{}, 1)
	stranger := zktest.Start(t)
	other := &cluster{t: t, s: session(t, stranger.Addr()), path: c.path}
	other.makePath()
	other.register(7)
	proxy.Retarget(stranger.Addr())
	proxy.Cut()
	wantLeader(t, d, m, 7)
}

func TestEnsembleMembersMayStopAndFreeze(t *testing.T) {
	t.Parallel()
	e := zktest.StartEnsemble(t, 3)
	var addrs []string
	for _, s := range e.Servers {
		addrs = append(addrs, s.Addr())
	}
	s := session(t, addrs...)
	c := &cluster{t: t, s: s, path: "/mesos"}
	c.makePath()
	node := c.register(1)
	d := newDetector(t, "zk://"+strings.Join(addrs, ",")+"/mesos", detector.Options{SessionTimeout: 10 * time.Second})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _ = d.Run(ctx) })
	defer wg.Wait()
	defer cancel()
	m := wantLeader(t, d, detector.Master{}, 1)
	for i, server := range e.Servers {
		if i%2 == 0 {
			server.Stop()
		} else {
			server.Freeze()
		}
		next := registerAnyhow(c, 2+i, addrs)
		removeAnyhow(c, node, addrs)
		node = next
		m = wantLeader(t, d, m, 2+i)
		if i%2 == 0 {
			server.Start()
		} else {
			server.Thaw()
		}
	}
}

// renew replaces the test's own session if that did not outlive the ensemble's troubles.
func renew(c *cluster, addrs []string) {
	c.t.Helper()
	if c.s.Err() != nil {
		c.s = session(c.t, addrs...)
	}
}

// registerAnyhow repeats register while the ensemble reorganises itself.
func registerAnyhow(c *cluster, port int, addrs []string) string {
	c.t.Helper()
	ctx := callContext(c.t)
	data := fmt.Sprintf(`{"id":"id-%d","address":{"ip":"127.0.0.1","hostname":"m%[1]d","port":%[1]d}}`, port)
	for {
		renew(c, addrs)
		// Persistent: the master of this test has no session to lose, and a
		// number of its own, so that a repeated call makes no second node.
		p := fmt.Sprintf("%s/json.info_%010d", c.path, 100+port)
		if _, err := c.s.Create(ctx, p, []byte(data), 0); err == nil || strings.Contains(err.Error(), "exists") {
			return p
		} else if ctx.Err() != nil {
			c.t.Fatalf("Create: %v", err)
		}
	}
}

func removeAnyhow(c *cluster, node string, addrs []string) {
	c.t.Helper()
	ctx := callContext(c.t)
	for {
		renew(c, addrs)
		ok, err := c.s.Exists(ctx, node)
		if err == nil && !ok {
			return
		}
		if err == nil {
			err = c.s.Delete(ctx, node, -1)
		}
		if ctx.Err() != nil {
			c.t.Fatalf("Delete: %v", err)
		}
	}
}
