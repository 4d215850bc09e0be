package zkstore_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/gantry-mesos/gantry/scheduler/store"
	"github.com/gantry-mesos/gantry/scheduler/store/storetest"
	"github.com/gantry-mesos/gantry/scheduler/store/zkstore"
	"github.com/gantry-mesos/gantry/test/zktest"
)

// wantFenced checks that the store refuses writes, for good.
func wantFenced(t *testing.T, s store.Store) {
	t.Helper()
	for range 2 {
		err := s.Append(callContext(t), put("deposed", "x"))
		if !errors.Is(err, store.ErrNotLeader) || store.IsTemporary(err) {
			t.Errorf("Append = %v, want ErrNotLeader, final", err)
		}
	}
}

func wantRecords(t *testing.T, s store.Store, want map[string]string) {
	t.Helper()
	if got := storetest.Contents(t, s); !maps.Equal(got, want) {
		t.Errorf("records %v, want %v", got, want)
	}
}

func testDeletedTerm(t *testing.T, server *zktest.Server) {
	t.Helper()
	b := newBackend(t, server.Addr(), zkstore.Open)
	s := b.openVia(t, server.Addr())
	mustAppend(t, s, put("a", "1")...)
	if err := s.cfg.Session.Delete(callContext(t), s.cfg.Node, -1); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	wantFenced(t, s)
	if _, err := zkstore.Open(callContext(t), s.cfg); !errors.Is(err, store.ErrNotLeader) {
		t.Errorf("Open without a term = %v, want ErrNotLeader", err)
	}
	wantRecords(t, b.openVia(t, server.Addr()), map[string]string{"a": "1"})
}

func testRaisedHead(t *testing.T, server *zktest.Server) {
	t.Helper()
	b := newBackend(t, server.Addr(), zkstore.Open)
	s := b.openVia(t, server.Addr())
	mustAppend(t, s, put("a", "1")...)
	again, err := zkstore.Open(callContext(t), s.cfg)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { _ = again.Close() })
	wantFenced(t, s)
	mustAppend(t, again, put("b", "2")...)
	wantRecords(t, again, map[string]string{"a": "1", "b": "2"})
}

func testEndedSession(t *testing.T, server *zktest.Server) {
	t.Helper()
	b := newBackend(t, server.Addr(), zkstore.Open)
	s := b.openVia(t, server.Addr())
	s.cfg.Session.Close()
	wantFenced(t, s)
	wantRecords(t, b.openVia(t, server.Addr()), map[string]string{})
}

// testLostAnswers loses the answer to the write of each of many transactions.
func testLostAnswers(t *testing.T, server *zktest.Server) {
	t.Helper()
	b, proxy, s := proxied(t, server)
	want := map[string]string{}
	for i := range 3 {
		value := strings.Repeat("x", i)
		proxy.DropReplies()
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := s.Append(callContext(t), put("a", value)); err != nil {
				t.Errorf("Append: %v", err)
			}
		})
		proxy.AwaitDropped()
		proxy.Heal()
		wg.Wait()
		want["a"] = value
		wantRecords(t, s, want)
	}
	if got := s.LogEntries(); got != 3 {
		t.Errorf("the log has %d entries, want 3: each transaction once", got)
	}
	wantRecords(t, b.openVia(t, server.Addr()), want)
}

func testDisconnect(t *testing.T, server *zktest.Server) {
	t.Helper()
	_, proxy, s := proxied(t, server)
	st := s.cfg.Session.Status()
	proxy.Refuse()
	<-st.Changed
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := s.Append(callContext(t), put("a", "1")); err != nil {
			t.Errorf("Append: %v", err)
		}
	})
	proxy.Heal()
	wg.Wait()
	wantRecords(t, s, map[string]string{"a": "1"})
}

func testNotSent(t *testing.T, server *zktest.Server) {
	t.Helper()
	_, proxy, s := proxied(t, server)
	mustAppend(t, s, put("a", "1")...)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Append(ended, put("a", "2")); !store.IsTemporary(err) || !errors.Is(err, context.Canceled) {
		t.Errorf("Append with an ended context = %v, want a temporary error", err)
	}
	st := s.cfg.Session.Status()
	proxy.Refuse()
	<-st.Changed
	// The library fails what waits once all servers were tried in vain; ending
	// the context at that moment leaves a call that was never sent.
	for {
		_, err := s.cfg.Session.Exists(callContext(t), "/")
		if errors.Is(err, zk.ErrNoServer) {
			break
		}
	}
	proxy.Heal()
	mustAppend(t, s, put("a", "3")...)
	wantRecords(t, s, map[string]string{"a": "3"})
}

func testUnknown(t *testing.T, server *zktest.Server) {
	t.Helper()
	b, proxy, s := proxied(t, server)
	mustAppend(t, s, put("a", "1")...)
	proxy.DropReplies()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		err := s.Append(ctx, put("a", "2"))
		if !errors.Is(err, store.ErrUnknownOutcome) || store.IsTemporary(err) {
			t.Errorf("Append = %v, want ErrUnknownOutcome", err)
		}
	})
	proxy.AwaitDropped()
	cancel()
	wg.Wait()
	proxy.Heal()
	if err := s.Append(callContext(t), put("a", "3")); !errors.Is(err, store.ErrUnknownOutcome) {
		t.Errorf("the next Append = %v, want ErrUnknownOutcome again", err)
	}
	wantRecords(t, b.openVia(t, server.Addr()), map[string]string{"a": "2"})
}

func testCredentials(t *testing.T, server *zktest.Server) {
	t.Helper()
	b := newBackend(t, server.Addr(), zkstore.Open)
	b.url.User, b.url.Password = "gantry", "right"
	s := b.openVia(t, server.Addr())
	mustAppend(t, s, put("secret", "1")...)
	stranger := s.cfg
	u := b.url
	u.User, u.Password = "", ""
	stranger.Session = session(t, u, time.Minute)
	for _, p := range []string{"head", "log/0000000000000000"} {
		if _, err := stranger.Session.Get(callContext(t), u.Join("state", p)); !errors.Is(err, zk.ErrNoAuth) {
			t.Errorf("a stranger's Get of %s = %v, want ErrNoAuth", p, err)
		}
	}
	_, err := zkstore.Open(callContext(t), stranger)
	if !errors.Is(err, zk.ErrNoAuth) || store.IsTemporary(err) || !strings.Contains(err.Error(), "user:password@") {
		t.Errorf("a stranger's Open = %v, want a final error that hints at the credentials", err)
	}
}

func testSchema(t *testing.T, server *zktest.Server) {
	t.Helper()
	b := newBackend(t, server.Addr(), zkstore.Open)
	s := b.openVia(t, server.Addr())
	head := b.url.Join("state", "head")
	for data, want := range map[string]error{`{"version":2}`: zkstore.ErrSchema, `hello`: zkstore.ErrCorrupt} {
		if err := s.cfg.Session.Multi(callContext(t), head, &zk.SetDataRequest{Path: head, Data: []byte(data), Version: -1}); err != nil {
			t.Fatalf("Multi: %v", err)
		}
		if _, err := zkstore.Open(callContext(t), s.cfg); !errors.Is(err, want) || !strings.Contains(err.Error(), head) {
			t.Errorf("Open with head %s = %v, want %v that names it", data, err, want)
		}
	}
}

func testDeletedState(t *testing.T, server *zktest.Server) {
	t.Helper()
	b := newBackend(t, server.Addr(), zkstore.Open)
	s := b.openVia(t, server.Addr())
	if err := s.cfg.Session.Delete(callContext(t), b.url.Join("state", "log"), -1); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	err := s.Append(callContext(t), put("a", "1"))
	if err == nil || errors.Is(err, store.ErrNotLeader) || store.IsTemporary(err) || !strings.Contains(err.Error(), "deleted by somebody else") {
		t.Errorf("Append to a deleted state = %v, want an error that says so", err)
	}
}
