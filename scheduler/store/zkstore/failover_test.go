package zkstore_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/zkurl"
	"github.com/gantry-mesos/gantry/scheduler/election"
	"github.com/gantry-mesos/gantry/scheduler/store"
	"github.com/gantry-mesos/gantry/scheduler/store/zkstore"
	"github.com/gantry-mesos/gantry/test/faultproxy"
	"github.com/gantry-mesos/gantry/test/zktest"
)

// scheduler is a candidate that opens the store when it leads.
type scheduler struct {
	opened chan *zkstore.Store // gets the store of each term
}

// run campaigns until the test ends. hold keeps the scheduler in its term even
// when that is lost, as a process that stands still.
func run(t *testing.T, u zkurl.URL, id string, timeout time.Duration, hold <-chan struct{}) *scheduler {
	t.Helper()
	s := &scheduler{opened: make(chan *zkstore.Store, 10)}
	c, err := election.New(election.Config{URL: u, Self: election.Leader{ID: id, Address: id + ":1"}, SessionTimeout: timeout},
		func(ctx context.Context, term election.Term) error {
			st, err := zkstore.Open(ctx, zkstore.Config{Session: term.Session, Path: u.Path, Node: term.Node, Epoch: term.Epoch})
			if err != nil {
				return err
			}
			defer func() { _ = st.Close() }()
			s.opened <- st
			<-ctx.Done()
			if hold != nil {
				<-hold
			}
			return nil
		})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := c.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
	return s
}

func (s *scheduler) awaitStore(t *testing.T) *zkstore.Store {
	t.Helper()
	select {
	case st := <-s.opened:
		return st
	case <-callContext(t).Done():
		t.Fatal("the scheduler did not come to lead")
		return nil
	}
}

// TestWriteHeldUpByTheNetworkCannotLandInALaterTerm sends a leader's write into
// a network that holds it up, lets another scheduler take over, and only then
// delivers the write.
func TestWriteHeldUpByTheNetworkCannotLandInALaterTerm(t *testing.T) {
	t.Parallel()
	server := zktest.Start(t)
	proxy := faultproxy.Start(t, server.Addr())
	u := zkurl.URL{Hosts: []string{proxy.Addr()}, Path: "/gantry"}
	hold := make(chan struct{})
	first := run(t, u, "first", 2*time.Second, hold).awaitStore(t)
	mustAppend(t, first, put("a", "first")...)
	u.Hosts = []string{server.Addr()}
	candidate := run(t, u, "second", time.Minute, nil)

	proxy.Stall()
	err := first.Append(callContext(t), put("a", "held up"))
	if !errors.Is(err, store.ErrNotLeader) {
		t.Errorf("Append of the leader that is cut off = %v, want ErrNotLeader", err)
	}
	second := candidate.awaitStore(t)
	wantRecords(t, second, map[string]string{"a": "first"})
	proxy.Heal()
	for i := range 5 {
		mustAppend(t, second, put("b", strconv.Itoa(i))...)
	}
	wantRecords(t, second, map[string]string{"a": "first", "b": "4"})
	if err := first.Append(callContext(t), put("a", "late")); !errors.Is(err, store.ErrNotLeader) {
		t.Errorf("Append of the deposed leader = %v, want ErrNotLeader", err)
	}
	wantRecords(t, second, map[string]string{"a": "first", "b": "4"})
	close(hold)
}

// TestNothingWrittenIsLostWhenTheEnsembleElects stops the ensemble's own leader
// in the middle of a series of transactions.
func TestNothingWrittenIsLostWhenTheEnsembleElects(t *testing.T) {
	t.Parallel()
	e := zktest.StartEnsemble(t, 3)
	u, err := zkurl.Parse("zk://" + e.Addrs() + "/gantry")
	if err != nil {
		t.Fatal(err)
	}
	s := run(t, u, "only", 30*time.Second, nil).awaitStore(t)
	want := map[string]string{}
	for i := range 40 {
		if i == 15 {
			e.Leader().Stop()
		}
		key, value := fmt.Sprintf("k/%d", i), strings.Repeat("v", i)
		mustAppend(t, s, put(key, value)...)
		want[key] = value
	}
	if got := s.LogEntries(); got != 40 {
		t.Errorf("the log has %d entries, want 40: each transaction once", got)
	}
	wantRecords(t, s, want)
}
