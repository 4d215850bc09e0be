package zkconn_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"go.uber.org/goleak"

	"github.com/gantry-mesos/gantry/pkg/zkconn"
	"github.com/gantry-mesos/gantry/pkg/zkurl"
	"github.com/gantry-mesos/gantry/test/faultproxy"
	"github.com/gantry-mesos/gantry/test/zktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestSession runs all tests that share one ZooKeeper server.
func TestSession(t *testing.T) {
	t.Parallel()
	server := zktest.Start(t)
	for _, tt := range []struct {
		name string
		test func(*testing.T, *zktest.Server)
	}{
		{"calls give what ZooKeeper holds", testCalls},
		{"credentials protect znodes", testCredentials},
		{"readable znodes are read by all and written by their owner", testReadable},
		{"a host that does not resolve does no harm", testUnknownHost},
		{"a broken connection keeps the session and its watches", testReconnect},
		{"a black hole ends the session by its timeout", testBlackHole},
		{"a server that forgot the session ends it", testForgotten},
		{"a lost reply has an unknown outcome", testLostReply},
		{"a refused connection sends nothing", testRefusedConnection},
		{"calls in flight are bounded", testInFlightBound},
		{"Close ends calls under way", testCloseEndsCalls},
		{"Close copes with connections that break meanwhile", testCloseWhileBreaking},
		{"Close removes ephemeral nodes at once", testCloseRemovesEphemerals},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.test(t, server)
		})
	}
}

func open(t *testing.T, hosts ...string) *zkconn.Session {
	t.Helper()
	return openURL(t, zkurl.URL{Hosts: hosts, Path: "/"}, zkconn.DefaultTimeout)
}

func openURL(t *testing.T, u zkurl.URL, timeout time.Duration) *zkconn.Session {
	t.Helper()
	s, err := zkconn.Open(zkconn.Config{URL: u, Timeout: timeout})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(s.Close)
	return s
}

func callContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func mustConnect(t *testing.T, s *zkconn.Session) {
	t.Helper()
	if err := s.WaitConnected(callContext(t)); err != nil {
		t.Fatalf("WaitConnected: %v", err)
	}
}

// uniquePath returns a znode path of the test's own.
func uniquePath(t *testing.T) string {
	t.Helper()
	return "/" + t.Name()[len("TestSession/"):]
}

func testCalls(t *testing.T, server *zktest.Server) {
	t.Helper()
	ctx, s, root := callContext(t), open(t, server.Addr()), uniquePath(t)
	if err := s.EnsurePath(ctx, root+"/a/b"); err != nil {
		t.Fatalf("EnsurePath: %v", err)
	}
	if err := s.EnsurePath(ctx, root+"/a/b"); err != nil {
		t.Fatalf("EnsurePath again: %v", err)
	}
	if _, err := s.Create(ctx, root+"/a/b/c", []byte("1"), 0); err != nil {
		t.Fatalf("Create: %v", err)
	}
	_, events, err := s.GetW(ctx, root+"/a/b/c")
	if err != nil {
		t.Fatalf("GetW: %v", err)
	}
	if err := s.Multi(ctx, root, &zk.SetDataRequest{Path: root + "/a/b/c", Data: []byte("2"), Version: 0}); err != nil {
		t.Fatalf("Multi: %v", err)
	}
	select {
	case e := <-events:
		if e.Type != zk.EventNodeDataChanged {
			t.Errorf("event %v, want a data change", e.Type)
		}
	case <-ctx.Done():
		t.Fatal("no event")
	}
	n, err := s.Get(ctx, root+"/a/b/c")
	if err != nil || string(n.Data) != "2" || n.Stat.Version != 1 {
		t.Errorf("Get = %q, version %d, %v, want 2, version 1", n.Data, n.Stat.Version, err)
	}
	_, err = s.Get(ctx, root+"/absent")
	if !errors.Is(err, zk.ErrNoNode) || zkconn.OutcomeOf(err) != zkconn.Refused {
		t.Errorf("Get of an absent node = %v, want ErrNoNode, refused", err)
	}
	err = s.Multi(ctx, root, &zk.DeleteRequest{Path: root + "/a/b/c", Version: -1}, &zk.CheckVersionRequest{Path: root + "/absent", Version: -1})
	if !errors.Is(err, zk.ErrNoNode) {
		t.Errorf("Multi with an absent node = %v, want ErrNoNode", err)
	}
	if names, err := s.Children(ctx, root+"/a/b"); err != nil || len(names) != 1 || names[0] != "c" {
		t.Errorf("Children = %v, %v, want c", names, err)
	}
	if err := s.Delete(ctx, root+"/a/b/c", 1); err != nil {
		t.Errorf("Delete: %v", err)
	}
}

func testCredentials(t *testing.T, server *zktest.Server) {
	t.Helper()
	ctx, root := callContext(t), uniquePath(t)
	u := zkurl.URL{Hosts: []string{server.Addr()}, User: "gantry", Password: "right"}
	owner := openURL(t, u, zkconn.DefaultTimeout)
	if _, err := owner.Create(ctx, root, []byte("secret"), 0); err != nil {
		t.Fatalf("Create: %v", err)
	}
	u.Password = "wrong"
	for name, s := range map[string]*zkconn.Session{"wrong password": openURL(t, u, zkconn.DefaultTimeout), "no credentials": open(t, server.Addr())} {
		_, err := s.Get(ctx, root)
		if !errors.Is(err, zk.ErrNoAuth) || zkconn.OutcomeOf(err) != zkconn.Refused {
			t.Errorf("%s: Get = %v, want ErrNoAuth", name, err)
		}
	}
	u.Password = "right"
	if n, err := openURL(t, u, zkconn.DefaultTimeout).Get(ctx, root); err != nil || string(n.Data) != "secret" {
		t.Errorf("Get with the right password = %q, %v", n.Data, err)
	}
}

func testReadable(t *testing.T, server *zktest.Server) {
	t.Helper()
	ctx, root := callContext(t), uniquePath(t)
	owner, err := zkconn.Open(zkconn.Config{URL: zkurl.URL{Hosts: []string{server.Addr()}, User: "mesos", Password: "right"}, Readable: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(owner.Close)
	if _, err := owner.Create(ctx, root, []byte("known"), 0); err != nil {
		t.Fatalf("Create: %v", err)
	}
	other := open(t, server.Addr())
	if n, err := other.Get(ctx, root); err != nil || string(n.Data) != "known" {
		t.Errorf("Get = %q, %v", n.Data, err)
	}
	if _, err := other.Create(ctx, root+"/child", nil, 0); !errors.Is(err, zk.ErrNoAuth) {
		t.Errorf("Create below it = %v, want ErrNoAuth", err)
	}
}

func testUnknownHost(t *testing.T, server *zktest.Server) {
	t.Helper()
	mustConnect(t, open(t, "no-such-host.invalid:2181", server.Addr()))
}

func testReconnect(t *testing.T, server *zktest.Server) {
	t.Helper()
	ctx, root := callContext(t), uniquePath(t)
	proxy := faultproxy.Start(t, server.Addr())
	s, other := open(t, proxy.Addr()), open(t, server.Addr())
	if err := s.EnsurePath(ctx, root); err != nil {
		t.Fatalf("EnsurePath: %v", err)
	}
	if _, err := s.Create(ctx, root+"/mine", nil, zk.FlagEphemeral); err != nil {
		t.Fatalf("Create: %v", err)
	}
	_, events, err := s.ChildrenW(ctx, root)
	if err != nil {
		t.Fatalf("ChildrenW: %v", err)
	}
	id := s.ID()
	changed := s.Status().Changed
	proxy.Refuse()
	<-changed
	if s.Status().Connected {
		t.Error("connected through a proxy that refuses")
	}
	if _, err := other.Create(ctx, root+"/theirs", nil, 0); err != nil {
		t.Fatalf("Create: %v", err)
	}
	proxy.Heal()
	mustConnect(t, s)
	select {
	case e := <-events:
		if e.Type != zk.EventNodeChildrenChanged {
			t.Errorf("event %v, want a change of the children", e.Type)
		}
	case <-ctx.Done():
		t.Fatal("the watch was lost")
	}
	if s.ID() != id || s.Err() != nil {
		t.Errorf("session %x, error %v, want session %x", s.ID(), s.Err(), id)
	}
	if ok, err := other.Exists(ctx, root+"/mine"); err != nil || !ok {
		t.Errorf("the ephemeral node: %v, %v, want it to last", ok, err)
	}
}

func testBlackHole(t *testing.T, server *zktest.Server) {
	t.Helper()
	ctx := callContext(t)
	proxy := faultproxy.Start(t, server.Addr())
	s := openURL(t, zkurl.URL{Hosts: []string{proxy.Addr()}}, 2*time.Second)
	mustConnect(t, s)
	granted := s.Status().Timeout
	proxy.Stall()
	start := time.Now()
	_, err := s.Get(ctx, "/")
	if zkconn.OutcomeOf(err) != zkconn.Unknown {
		t.Errorf("Get in a black hole = %v, want an unknown outcome", err)
	}
	select {
	case <-s.Done():
	case <-ctx.Done():
		t.Fatal("the session did not end")
	}
	if elapsed := time.Since(start); elapsed > granted+granted/2 {
		t.Errorf("the session ended after %v, want its timeout of %v", elapsed, granted)
	}
	if !errors.Is(s.Err(), zkconn.ErrExpired) {
		t.Errorf("the session ended with %v, want ErrExpired", s.Err())
	}
	proxy.Heal()
	_, err = s.Get(ctx, "/")
	if !zkconn.IsSessionOver(err) || zkconn.OutcomeOf(err) != zkconn.NotSent {
		t.Errorf("Get after the end = %v, want the session's end, not sent", err)
	}
}

func testForgotten(t *testing.T, server *zktest.Server) {
	t.Helper()
	ctx := callContext(t)
	proxy := faultproxy.Start(t, server.Addr())
	s := open(t, proxy.Addr())
	mustConnect(t, s)
	stranger := zktest.Start(t)
	proxy.Retarget(stranger.Addr())
	proxy.Cut()
	select {
	case <-s.Done():
	case <-ctx.Done():
		t.Fatal("the session did not end")
	}
	if !errors.Is(s.Err(), zkconn.ErrExpired) {
		t.Errorf("the session ended with %v, want ErrExpired", s.Err())
	}
	if _, err := s.Create(ctx, "/stray", nil, 0); !zkconn.IsSessionOver(err) {
		t.Errorf("Create after the end = %v, want the session's end", err)
	}
	if ok, err := open(t, stranger.Addr()).Exists(ctx, "/stray"); err != nil || ok {
		t.Errorf("the node exists: %v, %v; want no write in a new session", ok, err)
	}
}

func testLostReply(t *testing.T, server *zktest.Server) {
	t.Helper()
	ctx, root := callContext(t), uniquePath(t)
	proxy := faultproxy.Start(t, server.Addr())
	s := open(t, proxy.Addr())
	mustConnect(t, s)
	proxy.DropReplies()
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := s.Create(ctx, root, nil, 0)
		if zkconn.OutcomeOf(err) != zkconn.Unknown {
			t.Errorf("Create with a lost reply = %v, want an unknown outcome", err)
		}
	})
	other := open(t, server.Addr())
	for {
		ok, events, err := other.ExistsW(ctx, root)
		if err != nil {
			t.Fatalf("ExistsW: %v", err)
		}
		if ok {
			break
		}
		<-events
	}
	proxy.AwaitDropped()
	proxy.Heal()
	wg.Wait()
	if ok, err := s.Exists(ctx, root); err != nil || !ok {
		t.Errorf("after the lost reply the node exists: %v, %v; want true", ok, err)
	}
}

func testRefusedConnection(t *testing.T, _ *zktest.Server) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s := open(t, l.Addr().String())
	_, err = s.Create(callContext(t), "/x", nil, 0)
	if !errors.Is(err, zk.ErrNoServer) || zkconn.OutcomeOf(err) != zkconn.NotSent {
		t.Errorf("Create without a server = %v, want ErrNoServer, not sent", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := s.WaitConnected(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("WaitConnected = %v, want the deadline", err)
	}
}

func testInFlightBound(t *testing.T, server *zktest.Server) {
	t.Helper()
	proxy := faultproxy.Start(t, server.Addr())
	s := open(t, proxy.Addr())
	mustConnect(t, s)
	proxy.Stall()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	outcomes := make(chan zkconn.Outcome, 1000)
	for range cap(outcomes) {
		wg.Go(func() {
			_, err := s.Get(ctx, "/")
			outcomes <- zkconn.OutcomeOf(err)
		})
	}
	for range 300 { // let them reach the session; correct in any case
		if _, err := s.Get(ended(t), "/"); err == nil {
			t.Error("Get with an ended context succeeded")
		}
	}
	cancel()
	wg.Wait()
	close(outcomes)
	sent := 0
	for o := range outcomes {
		if o == zkconn.Unknown {
			sent++
		}
	}
	if sent > 128 {
		t.Errorf("%d calls were in flight, want at most 128", sent)
	}
}

func ended(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func testCloseRemovesEphemerals(t *testing.T, server *zktest.Server) {
	t.Helper()
	ctx, root := callContext(t), uniquePath(t)
	s, other := open(t, server.Addr()), open(t, server.Addr())
	if _, err := s.Create(ctx, root, nil, zk.FlagEphemeral); err != nil {
		t.Fatalf("Create: %v", err)
	}
	s.Close()
	if ok, err := other.Exists(ctx, root); err != nil || ok {
		t.Errorf("the ephemeral node exists after Close: %v, %v", ok, err)
	}
	if _, err := s.Get(ctx, "/"); !errors.Is(err, zkconn.ErrClosed) {
		t.Errorf("Get after Close = %v, want ErrClosed", err)
	}
}

func testCloseEndsCalls(t *testing.T, server *zktest.Server) {
	t.Helper()
	proxy := faultproxy.Start(t, server.Addr())
	s := open(t, proxy.Addr())
	mustConnect(t, s)
	proxy.Stall()
	var wg sync.WaitGroup
	for range 300 {
		wg.Go(func() {
			if _, err := s.Get(t.Context(), "/"); !errors.Is(err, zkconn.ErrClosed) {
				t.Errorf("Get during Close = %v, want ErrClosed", err)
			}
		})
	}
	start := time.Now()
	s.Close()
	wg.Wait()
	if elapsed := time.Since(start); elapsed > 20*time.Second {
		t.Errorf("Close took %v, want a few seconds", elapsed)
	}
}

// testCloseWhileBreaking ends sessions in the worst moments: the library can
// block for ever when a request fails in several ways at once.
func testCloseWhileBreaking(t *testing.T, server *zktest.Server) {
	t.Helper()
	for round := range 20 {
		proxy := faultproxy.Start(t, server.Addr())
		s := open(t, proxy.Addr())
		mustConnect(t, s)
		var wg sync.WaitGroup
		for range 60 {
			wg.Go(func() {
				for {
					if _, err := s.Get(t.Context(), "/"); zkconn.IsSessionOver(err) {
						return
					}
				}
			})
		}
		proxy.CutAfter(round * 500)
		s.Close()
		wg.Wait()
	}
}
