package zktest_test

import (
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/gantry-mesos/gantry/test/zktest"
)

type silent struct{}

func (silent) Printf(string, ...any) {}

func connect(t *testing.T, addrs ...string) *zk.Conn {
	t.Helper()
	conn, _, err := zk.Connect(addrs, 5*time.Second, zk.WithLogger(silent{}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

func TestDataSurviveAStopAndAreReadableAfterAThaw(t *testing.T) {
	t.Parallel()
	s := zktest.Start(t)
	conn := connect(t, s.Addr())
	if _, err := conn.Create("/a", []byte("1"), 0, zk.WorldACL(zk.PermAll)); err != nil {
		t.Fatal(err)
	}
	s.Stop()
	if got := s.Mode(); got != "" {
		t.Errorf("Mode of a stopped server = %q, want none", got)
	}
	s.Start()
	s.Freeze()
	s.Thaw()
	got, _, err := connect(t, s.Addr()).Get("/a")
	if err != nil || string(got) != "1" {
		t.Errorf("Get after restart = %q, %v, want 1", got, err)
	}
}

func TestEnsembleOutlivesItsLeader(t *testing.T) {
	t.Parallel()
	e := zktest.StartEnsemble(t, 3)
	leader := e.Leader()
	if leader == nil {
		t.Fatal("no leader")
	}
	leader.Stop()
	var addrs []string
	for _, s := range e.Servers {
		if s != leader {
			addrs = append(addrs, s.Addr())
		}
	}
	conn := connect(t, addrs...)
	var err error
	for range 10 { // the survivors close connections while they elect
		if _, err = conn.Create("/a", nil, 0, zk.WorldACL(zk.PermAll)); err == nil {
			break
		}
	}
	if err != nil {
		t.Errorf("Create without the old leader: %v", err)
	}
	leader.Start()
	if got := leader.Mode(); got != "follower" && got != "leader" {
		t.Errorf("Mode of the returned server = %q", got)
	}
}
