package scheduler

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/minicluster"
	"github.com/gantry-mesos/gantry/pkg/minicluster/minitest"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/store"
	"github.com/gantry-mesos/gantry/scheduler/store/boltstore"
	"github.com/gantry-mesos/gantry/scheduler/store/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAConfigNamesEveryProblemWithItsFlag(t *testing.T) {
	t.Parallel()
	c := DefaultConfig()
	c.HTTPAddress, c.DefaultExecutor, c.FailoverTimeout, c.Principal, c.MesosRoles = "nowhere", "other", 0, "p", nil
	c.ZK, c.StateDir = "zk://x/y", "/tmp"
	err := c.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, flag := range []string{"--master", "--zk", "--http-address", "--mesos-role", "--default-executor", "--failover-timeout", "--secret-file"} {
		if !strings.Contains(err.Error(), flag) {
			t.Errorf("the error does not name %s:\n%v", flag, err)
		}
	}
}

// config is a valid configuration on a cluster of the test's own.
func config(t *testing.T, master string) Config {
	t.Helper()
	c := DefaultConfig()
	c.Master, c.StateDir, c.HTTPAddress, c.DefaultExecutor = master, t.TempDir(), "127.0.0.1:0", "mesos"
	c.Decisions.Drain.MinDelay = 0
	return c
}

// stored puts changes into the state directory of c.
func stored(t *testing.T, c Config, changes ...core.Change) {
	t.Helper()
	st, err := boltstore.Open(t.Context(), c.StateDir, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(record.New(st).Append(t.Context(), changes), st.Close()); err != nil {
		t.Fatal(err)
	}
}

func live() core.Change {
	return core.PutInstance{Instance: &instance.Instance{
		ID: "web.instance-1", App: "/web", Goal: instance.GoalRunning, Condition: instance.Running, Incarnation: 1, Version: time.Unix(1, 0).UTC(),
	}}
}

func run(t *testing.T, c Config) error {
	t.Helper()
	s, err := New(c, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return s.Run(ctx)
}

func TestInstancesWithoutAFrameworkIDAreNeverRegisteredAnew(t *testing.T) {
	t.Parallel()
	c := config(t, "127.0.0.1:1")
	spec, err := api.ParseApp([]byte(`{"id": "/web", "cmd": "x"}`))
	if err != nil {
		t.Fatal(err)
	}
	spec.Version = time.Unix(1, 0).UTC()
	stored(t, c, core.PutApp{Spec: spec}, live())
	if err := run(t, c); !errors.Is(err, ErrNoFrameworkID) {
		t.Errorf("got %v, want ErrNoFrameworkID", err)
	}
}

func TestAStateThatCannotBeReadEndsTheScheduler(t *testing.T) {
	t.Parallel()
	c := config(t, "127.0.0.1:1")
	st, err := boltstore.Open(t.Context(), c.StateDir, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(st.Append(t.Context(), []store.Change{{Key: "instance/x", Value: []byte{99}}}), st.Close()); err != nil {
		t.Fatal(err)
	}
	if err := run(t, c); err == nil || !strings.Contains(err.Error(), "stored record instance/x") {
		t.Errorf("got %v, want an error that names the record", err)
	}
}

func TestAStateDirInUseIsNamed(t *testing.T) {
	t.Parallel()
	c := config(t, "127.0.0.1:1")
	st, err := boltstore.Open(t.Context(), c.StateDir, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }() // only its lock matters here
	err = run(t, c)
	if !errors.Is(err, boltstore.ErrLocked) || !strings.Contains(err.Error(), c.StateDir) {
		t.Errorf("got %v, want ErrLocked naming %s", err, filepath.Base(c.StateDir))
	}
}

func TestARemovedFrameworkSaysHowToGoOn(t *testing.T) {
	t.Parallel()
	cluster := minitest.Run(t, minicluster.DefaultConfig(1))
	c := config(t, cluster.MasterURL())
	s, err := New(c, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(t.Context()) }()
	id := subscribed(t, s)
	teardown(t, cluster, id)
	select {
	case err = <-ended:
	case <-time.After(30 * time.Second):
		t.Fatal("the scheduler goes on with a removed framework")
	}
	if err == nil || !strings.Contains(err.Error(), "--framework-id-reset") {
		t.Fatalf("got %v, want an error that names --framework-id-reset", err)
	}
	c.FrameworkIDReset = true
	again, err := New(c, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { ended <- again.Run(ctx) }()
	if fresh := subscribed(t, again); fresh == id {
		t.Errorf("registered with the removed id %s again", id)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// subscribed waits until the scheduler is subscribed and returns its framework id.
func subscribed(t *testing.T, s *Scheduler) string {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for time.Now().Before(deadline) {
		if fw := s.current.View().Framework; fw.Subscribed {
			return string(fw.ID)
		}
		<-tick.C
	}
	t.Fatal("not subscribed in time")
	return ""
}

func teardown(t *testing.T, c *minicluster.Cluster, id string) {
	t.Helper()
	body := strings.NewReader(`{"type":"TEARDOWN","teardown":{"framework_id":{"value":"` + id + `"}}}`)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.MasterURL()+"/api/v1", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("teardown: %s", res.Status)
	}
}
