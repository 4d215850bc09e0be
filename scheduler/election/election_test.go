package election_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"go.uber.org/goleak"

	"github.com/gantry-mesos/gantry/scheduler/election"
	"github.com/gantry-mesos/gantry/test/faultproxy"
	"github.com/gantry-mesos/gantry/test/zktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestCandidate runs all tests that share one server.
func TestCandidate(t *testing.T) {
	t.Parallel()
	server := zktest.Start(t)
	for _, tt := range []struct {
		name string
		test func(*testing.T, *zktest.Server)
	}{
		{"the first leads and its successor takes over when it resigns", testResignation},
		{"a candidate that leaves the middle of the queue changes nothing", testMiddle},
		{"a leader that is cut off steps down before the next one leads", testCutOff},
		{"a short disconnect keeps the leadership", testShortDisconnect},
		{"a deleted node ends the term", testEviction},
		{"a session that the server forgot ends the term", testForgottenSession},
		{"a restarted candidate clears away its old node", testLeftOver},
		{"work that returns resigns", testWorkReturns},
		{"work that fails ends the campaign", testWorkFails},
		{"work that fails because of deposition does not", testDeposedWorkFails},
		{"wrong credentials end the campaign", testCredentials},
		{"foreign nodes are ignored", testForeignNodes},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.test(t, server)
		})
	}
}

// never stands for a session timeout that no test reaches.
const never = 100 * time.Second

func testResignation(t *testing.T, server *zktest.Server) {
	t.Helper()
	s := newStage(t, server.Addr())
	a := s.enter("a", never)
	s.await("a leads", 1)
	b := s.enter("b", never)
	b.awaitLeader(t, "a")
	a.awaitLeader(t, "a")
	a.stop()
	if err := a.awaitEnd(t); err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
	s.await("b leads", 1)
	b.awaitLeader(t, "b")
	if got, want := s.history(), []string{"a leads", "a stops", "b leads"}; !slices.Equal(got, want) {
		t.Errorf("events %v, want %v", got, want)
	}
	first, second := s.term("a"), s.term("b")
	if first.Epoch <= 0 || second.Epoch <= first.Epoch {
		t.Errorf("epochs %d and %d, want them to grow", first.Epoch, second.Epoch)
	}
	if ok, err := second.Session.Exists(callContext(t), second.Node); err != nil || !ok {
		t.Errorf("the node of the term exists: %v, %v", ok, err)
	}
	if l, ok := a.Leader(); ok {
		t.Errorf("a candidate that ended knows the leader %+v", l)
	}
}

func testMiddle(t *testing.T, server *zktest.Server) {
	t.Helper()
	s := newStage(t, server.Addr())
	z := s.session()
	a := s.enter("a", never)
	s.await("a leads", 1)
	b := s.enter("b", never)
	s.awaitQueue(z, 2)
	c := s.enter("c", never)
	s.awaitQueue(z, 3)
	d := s.enter("d", never)
	d.awaitLeader(t, "a")
	b.stop()
	s.awaitQueue(z, 3)
	a.stop()
	s.await("c leads", 1)
	d.awaitLeader(t, "c")
	c.stop()
	s.await("d leads", 1)
	if got, want := s.history(), []string{"a leads", "a stops", "c leads", "c stops", "d leads"}; !slices.Equal(got, want) {
		t.Errorf("events %v, want %v", got, want)
	}
}

func testCutOff(t *testing.T, server *zktest.Server) {
	t.Helper()
	for _, fault := range []struct {
		name string
		do   func(*faultproxy.Proxy)
	}{{"black hole", (*faultproxy.Proxy).Stall}, {"refused", (*faultproxy.Proxy).Refuse}} {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, server.Addr())
			proxy := faultproxy.Start(t, server.Addr())
			a := s.enter("a", 2*time.Second, proxy.Addr())
			s.await("a leads", 1)
			b := s.enter("b", never)
			b.awaitLeader(t, "a")
			fault.do(proxy)
			s.await("b leads", 1)
			if got, want := s.history(), []string{"a leads", "a lost", "a stops", "b leads"}; !slices.Equal(got, want) {
				t.Errorf("events %v, want %v", got, want)
			}
			a.awaitLeader(t, "")
			proxy.Heal()
			a.awaitLeader(t, "b")
			b.stop()
			s.await("a leads", 2)
		})
	}
}

func testShortDisconnect(t *testing.T, server *zktest.Server) {
	t.Helper()
	s := newStage(t, server.Addr())
	proxy := faultproxy.Start(t, server.Addr())
	a := s.enter("a", never, proxy.Addr())
	s.await("a leads", 1)
	b := s.enter("b", never, proxy.Addr())
	b.awaitLeader(t, "a")
	z := s.term("a").Session
	for range 2 {
		proxy.Refuse()
		for st := z.Status(); st.Connected; st = z.Status() {
			<-st.Changed
		}
		b.awaitLeader(t, "a")
		proxy.Heal()
		if err := z.WaitConnected(callContext(t)); err != nil {
			t.Fatalf("WaitConnected: %v", err)
		}
	}
	if got, want := s.history(), []string{"a leads"}; !slices.Equal(got, want) {
		t.Errorf("events %v, want %v", got, want)
	}
	a.stop()
	s.await("b leads", 1)
}

func testEviction(t *testing.T, server *zktest.Server) {
	t.Helper()
	s := newStage(t, server.Addr())
	z := s.session()
	s.enter("a", never)
	s.await("a leads", 1)
	first := s.term("a")
	if err := z.Delete(callContext(t), first.Node, -1); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	s.await("a lost", 1)
	s.await("a leads", 2)
	if again := s.term("a"); again.Node == first.Node || again.Epoch <= first.Epoch {
		t.Errorf("the second term is %+v, the first was %+v", again, first)
	}
}

func testForgottenSession(t *testing.T, server *zktest.Server) {
	t.Helper()
	s := newStage(t, server.Addr())
	stranger := zktest.Start(t)
	proxy := faultproxy.Start(t, server.Addr())
	s.enter("a", 2*time.Second, proxy.Addr())
	s.await("a leads", 1)
	proxy.Retarget(stranger.Addr())
	proxy.Cut()
	s.await("a lost", 1)
	s.await("a leads", 2)
}

func testLeftOver(t *testing.T, server *zktest.Server) {
	t.Helper()
	s := newStage(t, server.Addr())
	z := s.session()
	if err := z.EnsurePath(callContext(t), s.url.Join("election")); err != nil {
		t.Fatalf("EnsurePath: %v", err)
	}
	// The node of a session that lasts: as after the death of a process.
	if _, err := z.Create(callContext(t), s.url.Join("election", "a_"), nil, zk.FlagEphemeral|zk.FlagSequence); err != nil {
		t.Fatalf("Create: %v", err)
	}
	b := s.enter("b", never)
	s.awaitQueue(z, 2)
	b.awaitLeader(t, "")
	s.enter("a", never)
	s.await("b leads", 1)
	s.awaitQueue(z, 2)
}

func testWorkReturns(t *testing.T, server *zktest.Server) {
	t.Helper()
	s := newStage(t, server.Addr())
	resign := make(chan struct{}, 1)
	s.perform("a", never, func(ctx context.Context, _ election.Term) error {
		select {
		case <-resign:
		case <-ctx.Done():
		}
		return nil
	})
	s.await("a leads", 1)
	b := s.enter("b", never)
	b.awaitLeader(t, "a")
	resign <- struct{}{}
	s.await("b leads", 1)
	b.stop()
	s.await("a leads", 2)
}

func testWorkFails(t *testing.T, server *zktest.Server) {
	t.Helper()
	s := newStage(t, server.Addr())
	broken := errors.New("the framework was removed")
	fail := make(chan struct{})
	a := s.perform("a", never, func(ctx context.Context, _ election.Term) error {
		select {
		case <-fail:
		case <-ctx.Done():
		}
		return broken
	})
	s.await("a leads", 1)
	b := s.enter("b", never)
	b.awaitLeader(t, "a")
	close(fail)
	if err := a.awaitEnd(t); !errors.Is(err, broken) {
		t.Errorf("Run = %v, want the work's error", err)
	}
	s.await("b leads", 1)
}

func testDeposedWorkFails(t *testing.T, server *zktest.Server) {
	t.Helper()
	s := newStage(t, server.Addr())
	z := s.session()
	a := s.perform("a", never, func(ctx context.Context, term election.Term) error {
		if z.Delete(ctx, term.Node, -1) == nil {
			return errors.New("a write was refused")
		}
		return nil // the test is over
	})
	s.await("a leads", 2)
	a.stop()
	if err := a.awaitEnd(t); err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
}

func testCredentials(t *testing.T, server *zktest.Server) {
	t.Helper()
	s := newStage(t, server.Addr())
	s.url.User, s.url.Password = "gantry", "right"
	a := s.enter("a", never)
	s.await("a leads", 1)
	s.url.Password = "wrong"
	err := s.enter("b", never).awaitEnd(t)
	if !errors.Is(err, zk.ErrNoAuth) || !strings.Contains(err.Error(), "zk://user:password@") {
		t.Errorf("Run with a wrong password = %v, want a hint at the credentials", err)
	}
	a.awaitLeader(t, "a")
}

func testForeignNodes(t *testing.T, server *zktest.Server) {
	t.Helper()
	s := newStage(t, server.Addr())
	z := s.session()
	for _, name := range []string{"lock", "x_y", "_5"} {
		if err := z.EnsurePath(callContext(t), s.url.Join("election", name)); err != nil {
			t.Fatalf("EnsurePath: %v", err)
		}
	}
	s.enter("a", never)
	s.await("a leads", 1)
}

func TestLeaderSurvivesTheLossOfEnsembleMembers(t *testing.T) {
	t.Parallel()
	e := zktest.StartEnsemble(t, 3)
	var addrs []string
	for _, server := range e.Servers {
		addrs = append(addrs, server.Addr())
	}
	s := newStage(t, addrs...)
	a := s.enter("a", 20*time.Second)
	s.await("a leads", 1)
	b := s.enter("b", 20*time.Second)
	b.awaitLeader(t, "a")
	follower := e.Servers[0]
	if follower == e.Leader() {
		follower = e.Servers[1]
	}
	follower.Stop()
	z := s.session()
	s.awaitQueue(z, 2)
	if got, want := s.history(), []string{"a leads"}; !slices.Equal(got, want) {
		t.Errorf("events %v, want %v", got, want)
	}
	a.stop()
	s.await("b leads", 1)
}

func TestFrozenZooKeeperIsWaitedOut(t *testing.T) {
	t.Parallel()
	server := zktest.Start(t)
	s := newStage(t, server.Addr())
	a := s.enter("a", 2*time.Second)
	s.await("a leads", 1)
	server.Freeze()
	s.await("a lost", 1)
	a.awaitLeader(t, "")
	server.Thaw()
	s.await("a leads", 2)
}

func TestCampaignBeginsWithoutZooKeeper(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s := newStage(t, l.Addr().String())
	a := s.enter("a", never)
	a.awaitLeader(t, "")
	a.stop()
	if err := a.awaitEnd(t); err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
}

func TestBadIDIsRefused(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"a/b", "a_b"} {
		if _, err := election.New(election.Config{Self: election.Leader{ID: id}}, nil); err == nil || !strings.Contains(err.Error(), id) {
			t.Errorf("New with id %q = %v, want an error that names it", id, err)
		}
	}
}

func TestSoloLeadsUntilTheEnd(t *testing.T) {
	t.Parallel()
	self := election.Leader{ID: "x", Address: "x:1"}
	ctx, cancel := context.WithCancel(t.Context())
	solo := election.NewSolo(self, func(ctx context.Context, term election.Term) error {
		if term.Epoch != 1 || term.Session != nil {
			t.Errorf("term = %+v, want epoch 1 without session", term)
		}
		cancel()
		<-ctx.Done()
		return ctx.Err()
	})
	if l, ok := solo.Leader(); !ok || l != self {
		t.Errorf("Leader() = %+v, %v, want %+v", l, ok, self)
	}
	if err := solo.Run(ctx); err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
	broken := errors.New("broken")
	solo = election.NewSolo(self, func(context.Context, election.Term) error { return broken })
	if err := solo.Run(t.Context()); !errors.Is(err, broken) {
		t.Errorf("Run = %v, want the work's error", err)
	}
}
