package election_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/gantry-mesos/gantry/pkg/backoff"
	"github.com/gantry-mesos/gantry/pkg/zkconn"
	"github.com/gantry-mesos/gantry/pkg/zkurl"
	"github.com/gantry-mesos/gantry/scheduler/election"
)

func callContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// stage notes what all candidates of a test do, in one order.
type stage struct {
	t       *testing.T
	url     zkurl.URL
	mu      sync.Mutex
	changed chan struct{}
	events  []string
	terms   map[string]election.Term
}

func newStage(t *testing.T, addrs ...string) *stage {
	t.Helper()
	return &stage{
		t: t, url: zkurl.URL{Hosts: addrs, Path: "/" + strings.ReplaceAll(t.Name(), "/", "_")},
		changed: make(chan struct{}), terms: map[string]election.Term{},
	}
}

func (s *stage) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, fmt.Sprintf(format, args...))
	close(s.changed)
	s.changed = make(chan struct{})
}

// await returns when event was noted n times.
func (s *stage) await(event string, n int) {
	s.t.Helper()
	ctx := callContext(s.t)
	for {
		s.mu.Lock()
		count := 0
		for _, e := range s.events {
			if e == event {
				count++
			}
		}
		changed := s.changed
		s.mu.Unlock()
		if count >= n {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			s.t.Fatalf("%q was not seen %d times; events: %v", event, n, s.history())
		}
	}
}

func (s *stage) history() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

func (s *stage) term(name string) election.Term {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.terms[name]
}

// actor is one candidate under test.
type actor struct {
	*election.Candidate
	stop context.CancelFunc
	end  chan error
}

// enter starts a candidate whose work is to wait for the end of its term.
func (s *stage) enter(name string, timeout time.Duration, via ...string) *actor {
	s.t.Helper()
	return s.perform(name, timeout, func(ctx context.Context, _ election.Term) error {
		<-ctx.Done()
		return ctx.Err()
	}, via...)
}

func (s *stage) perform(name string, timeout time.Duration, work election.Lead, via ...string) *actor {
	s.t.Helper()
	u := s.url
	if len(via) > 0 {
		u.Hosts = via
	}
	c, err := election.New(election.Config{
		URL: u, Self: election.Leader{ID: name, Address: name + ":8080"}, SessionTimeout: timeout,
		Backoff: backoff.Policy{Min: 10 * time.Millisecond, Max: 100 * time.Millisecond},
	}, func(ctx context.Context, term election.Term) error {
		s.mu.Lock()
		s.terms[name] = term
		s.mu.Unlock()
		s.note("%s leads", name)
		err := work(ctx, term)
		if errors.Is(context.Cause(ctx), election.ErrLost) {
			s.note("%s lost", name)
		}
		s.note("%s stops", name)
		return err
	})
	if err != nil {
		s.t.Fatalf("New: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	a := &actor{Candidate: c, stop: cancel, end: make(chan error, 1)}
	var wg sync.WaitGroup
	wg.Go(func() { a.end <- c.Run(ctx) })
	s.t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
	return a
}

// awaitEnd returns what Run returned.
func (a *actor) awaitEnd(t *testing.T) error {
	t.Helper()
	select {
	case err := <-a.end:
		return err
	case <-callContext(t).Done():
		t.Fatal("Run did not return")
		return nil
	}
}

// awaitLeader waits until the candidate knows the leader of that name, "" for none.
func (a *actor) awaitLeader(t *testing.T, name string) {
	t.Helper()
	ctx := callContext(t)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		l, ok := a.Leader()
		if ok && l == (election.Leader{ID: name, Address: name + ":8080"}) || !ok && name == "" {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("leader = %+v, %v, want %q", l, ok, name)
		}
	}
}

// session opens a session beside the candidates.
func (s *stage) session() *zkconn.Session {
	s.t.Helper()
	z, err := zkconn.Open(zkconn.Config{URL: s.url})
	if err != nil {
		s.t.Fatalf("Open: %v", err)
	}
	s.t.Cleanup(z.Close)
	return z
}

// awaitQueue waits until n candidates are in the queue.
func (s *stage) awaitQueue(z *zkconn.Session, n int) {
	s.t.Helper()
	ctx := callContext(s.t)
	for {
		names, changes, err := z.ChildrenW(ctx, s.url.Join("election"))
		if errors.Is(err, zk.ErrNoNode) {
			_, changes, err = z.ExistsW(ctx, s.url.Join("election"))
		}
		if err != nil {
			s.t.Fatalf("ChildrenW: %v", err)
		}
		if len(names) == n {
			return
		}
		<-changes
	}
}
