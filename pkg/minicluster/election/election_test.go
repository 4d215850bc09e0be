package election_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/google/go-cmp/cmp"
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/minicluster/election"
	"github.com/gantry-mesos/gantry/test/zktest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

func info(id string) mesos.MasterInfo {
	port := uint32(5050)
	host, ip, version, pid := "localhost", "127.0.0.1", "1.12.0", "master@127.0.0.1:5050"
	return mesos.MasterInfo{
		ID: id, IP: 16777343, Port: &port, Hostname: &host, Version: &version, PID: &pid,
		Address:      &mesos.Address{Hostname: &host, IP: &ip, Port: 5050},
		Capabilities: []mesos.MasterInfo_Capability{{Type: mesos.MasterInfo_Capability_AGENT_UPDATE}, {Type: 3}},
	}
}

// contender is a member with what it has been told.
type contender struct {
	gate    election.Gate
	leaders chan string // ids, "" for none
	ended   chan error
	stop    context.CancelFunc
}

func contend(t *testing.T, g election.Group, id string) *contender {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c := &contender{leaders: make(chan string, 100), ended: make(chan error, 1), stop: cancel}
	go func() {
		c.ended <- g.Contend(ctx, info(id), &c.gate, func(l *mesos.MasterInfo) {
			if l == nil {
				c.leaders <- ""
				return
			}
			c.leaders <- l.ID
		})
	}()
	t.Cleanup(func() {
		cancel()
		c.gate.Thaw()
	})
	return c
}

// follows waits until the contender has been told that id leads.
func (c *contender) follows(t *testing.T, id string) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		select {
		case got := <-c.leaders:
			if got == id {
				return
			}
		case <-deadline:
			t.Fatalf("not told within 30 s that %q leads", id)
		}
	}
}

func (c *contender) end(t *testing.T) error {
	t.Helper()
	select {
	case err := <-c.ended:
		return err
	case <-time.After(30 * time.Second):
		t.Fatal("still contends after 30 s")
		return nil
	}
}

func groups(t *testing.T) map[string]election.Group {
	t.Helper()
	z, err := election.NewZooKeeper("zk://"+zktest.Start(t).Addr()+"/deep/mesos", time.Second, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	return map[string]election.Group{"local": &election.Local{}, "zookeeper": z}
}

func TestTheOldestMemberLeadsAndTheNextOneFollows(t *testing.T) {
	t.Parallel()
	for name, g := range groups(t) {
		t.Run(name, func(t *testing.T) {
			a := contend(t, g, "a")
			a.follows(t, "a")
			b := contend(t, g, "b")
			b.follows(t, "a")
			a.stop()
			if err := a.end(t); err != nil {
				t.Errorf("Contend of a stopped leader = %v, want nil", err)
			}
			b.follows(t, "b")
			b.stop()
			if err := b.end(t); err != nil {
				t.Errorf("Contend = %v, want nil", err)
			}
		})
	}
}

func TestAFrozenLeaderIsDeposedAndAFollowerContendsAgain(t *testing.T) {
	t.Parallel()
	g := groups(t)["zookeeper"]
	a := contend(t, g, "a")
	a.follows(t, "a")
	b := contend(t, g, "b")
	b.follows(t, "a")
	a.gate.Freeze()
	b.follows(t, "b")
	a.gate.Thaw()
	if err := a.end(t); !errors.Is(err, election.ErrDeposed) {
		t.Errorf("Contend of a deposed leader = %v, want ErrDeposed", err)
	}
	b.stop()
	if err := b.end(t); err != nil {
		t.Errorf("Contend = %v, want nil", err)
	}
}

func TestALeaderWithoutZooKeeperStepsDownAfterItsSessionTimeout(t *testing.T) {
	t.Parallel()
	server := zktest.Start(t)
	g, err := election.NewZooKeeper("zk://"+server.Addr()+"/mesos", time.Second, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	a := contend(t, g, "a")
	a.follows(t, "a")
	server.Stop()
	if err := a.end(t); !errors.Is(err, election.ErrDeposed) {
		t.Errorf("Contend = %v, want ErrDeposed", err)
	}
}

func TestZnodesAreThoseOfMesos(t *testing.T) {
	t.Parallel()
	server := zktest.Start(t)
	g, err := election.NewZooKeeper("zk://"+server.Addr()+"/mesos", time.Second, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	a := contend(t, g, "a")
	a.follows(t, "a")
	conn, _, err := zk.Connect([]string{server.Addr()}, 5*time.Second, zk.WithLogger(silent{}))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	got, _, err := conn.Children("/mesos")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{"log_replicas": true, "json.info_0000000001": true}
	for _, child := range got {
		delete(want, child)
	}
	if len(want) > 0 || len(got) != 2 {
		t.Errorf("children of /mesos = %v, want log_replicas and json.info_0000000001", got)
	}
	data, _, err := conn.Get("/mesos/json.info_0000000001")
	if err != nil {
		t.Fatal(err)
	}
	const node = `{"id":"a","ip":16777343,"port":5050,"pid":"master@127.0.0.1:5050","hostname":"localhost","version":"1.12.0",` +
		`"address":{"hostname":"localhost","ip":"127.0.0.1","port":5050},"capabilities":[{"type":"AGENT_UPDATE"},{"type":"QUOTA_V2"}]}`
	if diff := cmp.Diff(string(data), node); diff != "" {
		t.Errorf("content of the member's node (-got +want):\n%s", diff)
	}
	a.stop()
	_ = a.end(t)
}

func TestURLsWithoutPathOrSchemeAreRefused(t *testing.T) {
	t.Parallel()
	for _, u := range []string{"zk://host:2181", "zk://host:2181/", "http://host/mesos", "zk:///mesos", "host:2181"} {
		if _, err := election.NewZooKeeper(u, 0, zap.NewNop()); err == nil {
			t.Errorf("NewZooKeeper(%q) = nil error, want one", u)
		}
	}
}

func TestResignMakesTheNextMemberLead(t *testing.T) {
	t.Parallel()
	g := &election.Local{}
	a := contend(t, g, "a")
	a.follows(t, "a")
	b := contend(t, g, "b")
	b.follows(t, "a")
	if !g.Resign("a") || g.Resign("a") {
		t.Error("Resign = false for a member or true for none")
	}
	b.follows(t, "b")
	if err := a.end(t); !errors.Is(err, election.ErrDeposed) {
		t.Errorf("Contend of a resigned leader = %v, want ErrDeposed", err)
	}
	b.stop()
	_ = b.end(t)
}

type silent struct{}

func (silent) Printf(string, ...any) {}

func ExampleNewZooKeeper() {
	_, err := election.NewZooKeeper("zk://127.0.0.1:2181/mesos", election.DefaultSessionTimeout, zap.NewNop())
	fmt.Println(err)
	// Output: <nil>
}
