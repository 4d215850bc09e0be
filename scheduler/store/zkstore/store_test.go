package zkstore_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gantry-mesos/gantry/pkg/zkconn"
	"github.com/gantry-mesos/gantry/pkg/zkurl"
	"github.com/gantry-mesos/gantry/scheduler/store"
	"github.com/gantry-mesos/gantry/scheduler/store/storetest"
	"github.com/gantry-mesos/gantry/scheduler/store/zkstore"
	"github.com/gantry-mesos/gantry/test/faultproxy"
	"github.com/gantry-mesos/gantry/test/zktest"
)

func TestMain(m *testing.M) {
	asWriter()
	// A history costs some hundred round trips; -rapid.checks asks for more.
	if err := flag.Set("rapid.checks", "8"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// heap of the server, in MiB: histories of the largest values stay there until the
// end, some hundred megabytes.
const heap = 768

// TestZooKeeper runs all tests that share one server.
func TestZooKeeper(t *testing.T) {
	t.Parallel()
	server := zktest.StartWithHeap(t, heap)
	t.Run("contract", func(t *testing.T) {
		t.Parallel()
		storetest.Run(t, func(tb testing.TB) storetest.Backend {
			tb.Helper()
			return newBackend(tb, server.Addr(), zkstore.Open)
		})
	})
	t.Run("contract with small znodes and frequent folds", func(t *testing.T) {
		t.Parallel()
		storetest.Run(t, func(tb testing.TB) storetest.Backend {
			tb.Helper()
			return newBackend(tb, server.Addr(), func(ctx context.Context, cfg zkstore.Config) (*zkstore.Store, error) {
				return zkstore.OpenSmall(ctx, cfg, 10_000, 3)
			})
		})
	})
	for _, tt := range []struct {
		name string
		test func(*testing.T, *zktest.Server)
	}{
		{"a deleted term fences before anybody takes over", testDeletedTerm},
		{"a raised head fences though the term lasts", testRaisedHead},
		{"an ended session fences", testEndedSession},
		{"a write that was in the network over a change of owners is refused", testFrozenConnection},
		{"a write of a process that was stopped over a change of owners is refused", testStoppedProcess},
		{"lost answers are found out", testLostAnswers},
		{"a short disconnect is waited out", testDisconnect},
		{"an append that was not sent is temporary", testNotSent},
		{"an append whose answer never comes is unknown", testUnknown},
		{"a transaction without end is removed", testTornTransaction},
		{"a crash between any two writes leaves the state before or after", testInterrupted},
		{"a crash between any two writes of small znodes leaves the state before or after", testInterruptedSmall},
		{"a fold that is interrupted anywhere loses nothing", testInterruptedFold},
		{"folds shorten the log", testFoldShortens},
		{"damaged znodes are named", testDamage},
		{"copies are kept beside the state", testKeep},
		{"another schema version is refused", testSchema},
		{"credentials protect the state", testCredentials},
		{"deleted state is reported", testDeletedState},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.test(t, server)
		})
	}
}

type openFunc func(context.Context, zkstore.Config) (*zkstore.Store, error)

// backend is one state in ZooKeeper; every Open is a new term with a session of
// its own, as a new process has.
type backend struct {
	t    testing.TB
	url  zkurl.URL
	open openFunc

	mu    sync.Mutex
	epoch int64
	node  string
	terms []*zkconn.Session
}

var lastBackend struct {
	sync.Mutex
	number int
}

func newBackend(tb testing.TB, addr string, open openFunc) *backend {
	tb.Helper()
	lastBackend.Lock()
	defer lastBackend.Unlock()
	lastBackend.number++
	return &backend{t: tb, open: open, url: zkurl.URL{Hosts: []string{addr}, Path: fmt.Sprintf("/gantry-%d", lastBackend.number)}}
}

func session(tb testing.TB, u zkurl.URL, timeout time.Duration) *zkconn.Session {
	tb.Helper()
	s, err := zkconn.Open(zkconn.Config{URL: u, Timeout: timeout})
	if err != nil {
		tb.Fatalf("Open: %v", err)
	}
	tb.Cleanup(s.Close)
	return s
}

// term begins a new term and ends the one before, through the server addr.
func (b *backend) term(ctx context.Context, addr string) (zkstore.Config, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	u := b.url
	u.Hosts = []string{addr}
	s, err := zkconn.Open(zkconn.Config{URL: u, Timeout: time.Minute})
	if err != nil {
		return zkstore.Config{}, err
	}
	b.t.Cleanup(s.Close)
	b.epoch++
	cfg := zkstore.Config{Session: s, Path: u.Path, Node: u.Join("election", strconv.FormatInt(b.epoch, 10)), Epoch: b.epoch}
	if err := s.EnsurePath(ctx, cfg.Node); err != nil {
		return cfg, err
	}
	if b.node != "" {
		if err := s.Delete(ctx, b.node, -1); err != nil && !strings.Contains(err.Error(), "not exist") {
			return cfg, err
		}
	}
	b.node = cfg.Node
	b.terms = append(b.terms, s)
	return cfg, nil
}

// Open begins a new term with a store.
func (b *backend) Open(ctx context.Context) (store.Store, error) {
	cfg, err := b.term(ctx, b.url.Hosts[0])
	if err != nil {
		return nil, err
	}
	s, err := b.open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Crash cuts the session off, in the middle of a fold where one is at work.
func (b *backend) Crash(s store.Store) {
	b.mu.Lock()
	b.terms[len(b.terms)-1].Close()
	b.mu.Unlock()
	_ = s.Close()
}

// TakeOver begins a new term while the store of the old one is open.
func (b *backend) TakeOver(ctx context.Context) (store.Store, error) { return b.Open(ctx) }

func callContext(tb testing.TB) context.Context {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 40*time.Second)
	tb.Cleanup(cancel)
	return ctx
}

// opened is a store with its term.
type opened struct {
	*zkstore.Store
	cfg zkstore.Config
}

// openVia opens a store whose connection goes through addr.
func (b *backend) openVia(t *testing.T, addr string) opened {
	t.Helper()
	cfg, err := b.term(callContext(t), addr)
	if err != nil {
		t.Fatalf("begin a term: %v", err)
	}
	s, err := b.open(callContext(t), cfg)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return opened{s, cfg}
}

func put(key, value string) []store.Change {
	return []store.Change{{Key: key, Value: []byte(value)}}
}

func mustAppend(t *testing.T, s store.Store, changes ...store.Change) {
	t.Helper()
	if err := s.Append(callContext(t), changes); err != nil {
		t.Fatalf("Append: %v", err)
	}
}

func proxied(t *testing.T, server *zktest.Server) (*backend, *faultproxy.Proxy, opened) {
	t.Helper()
	b := newBackend(t, server.Addr(), zkstore.Open)
	proxy := faultproxy.Start(t, server.Addr())
	return b, proxy, b.openVia(t, proxy.Addr())
}
