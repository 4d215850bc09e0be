package scheduler

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/minicluster"
	"github.com/gantry-mesos/gantry/pkg/minicluster/acl"
	"github.com/gantry-mesos/gantry/pkg/minicluster/master"
	"github.com/gantry-mesos/gantry/pkg/minicluster/minitest"
	"github.com/gantry-mesos/gantry/pkg/zkconn"
	"github.com/gantry-mesos/gantry/pkg/zkurl"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/test/zktest"
)

// wantWayOut checks that a scheduler with this configuration ends and says all of it.
func wantWayOut(t *testing.T, c Config, texts ...string) {
	t.Helper()
	err := run(t, c)
	if err == nil {
		t.Fatal("the scheduler did not end with an error")
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("the error does not say %q: %v", text, err)
		}
	}
}

func secretFile(t *testing.T, secret string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestRefusedCredentialsSayWhatToDo(t *testing.T) {
	t.Parallel()
	mini := minicluster.DefaultConfig(1)
	mini.Masters[0].AuthenticateFrameworks = true
	mini.Masters[0].Credentials = []master.Credential{{Principal: "gantry", Secret: "right"}, {Principal: "other", Secret: "right"}}
	var err error
	if mini.Masters[0].ACLs, err = acl.Parse([]byte(`{"permissive": false, "register_frameworks": [{"principals": {"values": ["gantry"]}, "roles": {"values": ["*"]}}]}`)); err != nil {
		t.Fatal(err)
	}
	cluster := minitest.Run(t, mini)
	t.Run("none", func(t *testing.T) {
		t.Parallel()
		wantWayOut(t, config(t, cluster.MasterURL()), "401", "--principal", "--secret-file")
	})
	t.Run("wrong secret", func(t *testing.T) {
		t.Parallel()
		c := config(t, cluster.MasterURL())
		c.Principal, c.SecretFile = "gantry", secretFile(t, "wrong")
		wantWayOut(t, c, "401", "--principal", "--secret-file")
	})
	t.Run("principal that may not register", func(t *testing.T) {
		t.Parallel()
		c := config(t, cluster.MasterURL())
		c.Principal, c.SecretFile = "other", secretFile(t, "right")
		wantWayOut(t, c, "register_frameworks", "--principal", "--mesos-role")
	})
}

func TestTwoStatesWithOneFrameworkIDAreToldApart(t *testing.T) {
	t.Parallel()
	cluster := minitest.Run(t, minicluster.DefaultConfig(1))
	first := config(t, cluster.MasterURL())
	s, err := New(first, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(t.Context()) }()
	id := subscribed(t, s)
	second := config(t, cluster.MasterURL())
	stored(t, second, core.PutFramework{ID: mesos.FrameworkID(id)})
	again, err := New(second, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- again.Run(ctx) }()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "two states hold the same one") || !strings.Contains(err.Error(), "gantry framework show") {
		t.Errorf("the first scheduler ends with %v", err)
	}
	cancel()
	if err := <-over; err != nil {
		t.Error(err)
	}
}

func TestZnodesOfAnotherUserSayWhatToDo(t *testing.T) {
	t.Parallel()
	server := zktest.Start(t)
	owner := zkurl.URL{Hosts: []string{server.Addr()}, User: "gantry", Password: "right"}
	session, err := zkconn.Open(zkconn.Config{URL: owner})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	if err := session.EnsurePath(t.Context(), "/whole"); err != nil {
		t.Fatal(err)
	}
	if err := session.EnsurePath(t.Context(), "/part/state"); err != nil {
		t.Fatal(err)
	}
	// There the election is open to all, and the state is not.
	if err := open(server.Addr(), "/part"); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/whole", "/part"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			c := config(t, "127.0.0.1:1")
			c.StateDir, c.ZK = "", "zk://"+server.Addr()+path
			wantWayOut(t, c, "zk://user:password@", "GANTRY_ZK", "setAcl")
		})
	}
}

// open lets everybody change a znode of the user gantry, not what is below it.
func open(addr, path string) error {
	conn, events, err := zk.Connect([]string{addr}, zkconn.DefaultTimeout, zk.WithLogInfo(false))
	if err != nil {
		return err
	}
	go func() {
		for range events { //nolint:revive // the library wants them read
		}
	}()
	defer conn.Close()
	if err := conn.AddAuth("digest", []byte("gantry:right")); err != nil {
		return err
	}
	_, err = conn.SetACL(path, zk.WorldACL(zk.PermAll), -1)
	return err
}

func TestALostQuorumIsToldWithWhatToDo(t *testing.T) {
	t.Parallel()
	seen, logs := observer.New(zap.WarnLevel)
	c := config(t, "127.0.0.1:1")
	c.StateDir, c.ZK = "", "zk://127.0.0.1:1/gantry"
	s, err := New(c, zap.New(seen))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for logs.FilterMessageSnippet("ZooKeeper does not serve").Len() == 0 {
		select {
		case err := <-ended:
			t.Fatalf("Run ended: %v", err)
		case <-tick.C:
		}
	}
	if text := logs.FilterMessageSnippet("ZooKeeper does not serve").All()[0].Message; !strings.Contains(text, "more than half") {
		t.Errorf("the log says %q", text)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
