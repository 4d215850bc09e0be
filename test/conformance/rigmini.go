package conformance

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/gantry-mesos/gantry/pkg/minicluster"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent"
	"github.com/gantry-mesos/gantry/test/zktest"
)

const stopMax = 60 * time.Second

// miniRig is a mini cluster made for one case.
type miniRig struct {
	*scratch
	c       *Case
	cluster *minicluster.Cluster
	zkAddr  string
}

// newMiniRig starts a cluster with what the case asks for; it is stopped when the test ends.
func newMiniRig(tb testing.TB, c *Case) *miniRig {
	tb.Helper()
	r := &miniRig{scratch: newScratch(tb, c), c: c}
	cfg, err := r.config(tb)
	if err != nil {
		tb.Fatal(err)
	}
	if r.cluster, err = minicluster.New(cfg); err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.cluster.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				tb.Errorf("stop mini cluster: %v", err)
			}
		case <-time.After(stopMax):
			tb.Errorf("mini cluster does not stop within %v", stopMax)
		}
	})
	for n := range r.cluster.Masters() {
		_, port, _ := net.SplitHostPort(r.cluster.MasterAddr(n + 1))
		r.known["MASTER_PORT_"+strconv.Itoa(n+1)] = port
	}
	for n := range r.cluster.Agents() {
		_, port, _ := net.SplitHostPort(r.cluster.AgentAddr(n + 1))
		r.known["AGENT_PORT_"+strconv.Itoa(n+1)] = port
		r.known["AGENT_WORK_DIR_"+strconv.Itoa(n+1)] = r.cluster.AgentWorkDir(n + 1)
	}
	r.ready(tb)
	return r
}

func (r *miniRig) config(tb testing.TB) (minicluster.Config, error) {
	tb.Helper()
	cfg := minicluster.Config{WorkDir: filepath.Join(r.dir, "work"), Log: logger(tb)}
	base := map[string]any{"ip": "127.0.0.1", "hostname": "localhost"}
	if r.c.Config.ZooKeeper {
		r.startZooKeeper(tb)
		cfg.ZooKeeper = "zk://" + r.zkAddr + "/mesos"
		base["zk"], base["quorum"] = cfg.ZooKeeper, strconv.Itoa(r.c.Config.Quorum)
	} else {
		base["registry"] = "in_memory"
	}
	var errs []error
	for n := range r.c.Config.Masters {
		m, err := minicluster.MasterFlags(r.flags(base, r.c.Config.MasterFlags))
		m.Stopped = r.c.startsMaster(n + 1)
		cfg.Masters = append(cfg.Masters, m)
		errs = append(errs, err)
	}
	for n, flags := range r.c.Config.AgentFlags {
		agentBase := map[string]any{
			"ip": "127.0.0.1", "registration_backoff_factor": "10ms", "containerizers": "mesos", "launcher": "posix",
			"isolation": "posix/cpu,posix/mem", "resources": baseResources,
			"work_dir": filepath.Join(cfg.WorkDir, "agent-"+strconv.Itoa(n+1)),
		}
		a, err := minicluster.AgentFlags(r.flags(agentBase, flags))
		a.Stopped = r.c.startsAgent(n + 1)
		cfg.Agents = append(cfg.Agents, a)
		errs = append(errs, err)
	}
	return cfg, errors.Join(errs...)
}

// logger writes to the test's log if CONFORMANCE_LOG is set.
func logger(tb testing.TB) *zap.Logger {
	tb.Helper()
	if os.Getenv("CONFORMANCE_LOG") == "" {
		return zap.NewNop()
	}
	core := zapcore.NewCore(zapcore.NewConsoleEncoder(zap.NewDevelopmentEncoderConfig()), zapcore.AddSync(testWriter{tb}), zap.DebugLevel)
	return zap.New(core)
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(p []byte) (int, error) {
	_, _ = os.Stderr.Write(append([]byte(w.t.Name()+" "), p...))
	return len(p), nil
}

func (r *miniRig) startZooKeeper(tb testing.TB) {
	tb.Helper()
	if r.c.zooKeeperDown() {
		r.zkAddr = net.JoinHostPort("127.0.0.1", strconv.Itoa(freePort(tb)))
	} else {
		r.zkAddr = zktest.Start(tb).Addr()
	}
	_, port, _ := net.SplitHostPort(r.zkAddr)
	r.known["ZK_PORT"] = port
}

// ready returns once masters answer and all agents that run are registered.
func (r *miniRig) ready(tb testing.TB) {
	tb.Helper()
	deadline := time.Now().Add(startMax)
	for {
		err := r.unready(tb.Context())
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			tb.Fatalf("mini cluster is not ready within %v: %v", startMax, err)
		}
		_ = pause(tb.Context(), probeEvery/2)
	}
}

func (r *miniRig) unready(ctx context.Context) error {
	for n := range r.cluster.Masters() {
		if r.c.startsMaster(n + 1) {
			continue
		}
		if _, _, err := get(ctx, r.cluster.MasterAddr(n+1), "/health"); err != nil {
			return err
		}
	}
	want := 0
	for n := range r.cluster.Agents() {
		if !r.c.startsAgent(n + 1) {
			want++
		}
	}
	if r.c.zooKeeperDown() {
		return nil
	}
	leader := r.cluster.Leader()
	if leader == 0 {
		return errors.New("no master leads")
	}
	if want == 0 {
		return nil
	}
	got, err := r.cluster.RegisteredAgents(ctx)
	if err != nil {
		return err
	}
	if got < want {
		return fmt.Errorf("%d of %d agents are registered", got, want)
	}
	return nil
}

// Addr implements Rig.
func (r *miniRig) Addr(to string) (string, error) {
	kind, n, err := parseTarget(to)
	if err != nil {
		return "", err
	}
	addr := r.cluster.MasterAddr(n)
	if kind == "agent" {
		addr = r.cluster.AgentAddr(n)
	}
	if addr == "" {
		return "", fmt.Errorf("target %q: the cluster has none", to)
	}
	return addr, nil
}

// ZooKeeper implements Rig.
func (r *miniRig) ZooKeeper() string { return r.zkAddr }

// Ctl implements Rig.
func (r *miniRig) Ctl(ctx context.Context, c *Ctl) error {
	switch c.Op {
	case "agent_kill":
		if !r.cluster.AgentRunning(c.Agent) { // it has ended by itself, or after SIGUSR1
			return nil
		}
		return r.cluster.KillAgent(c.Agent)
	case "agent_start":
		err := r.cluster.StartAgent(c.Agent, minicluster.AgentStart{Fresh: c.Fresh, Flags: r.flags(c.Flags, nil)})
		if errors.Is(err, agent.ErrReconfigured) {
			return nil // a process that starts and ends at once
		}
		return err
	case "agent_freeze":
		return r.cluster.FreezeAgent(c.Agent)
	case "agent_thaw":
		return r.cluster.ThawAgent(c.Agent)
	case "agent_sigusr1":
		go func() { _ = r.cluster.StopAgent(ctx, c.Agent) }() // a signal is not waited for
		return nil
	case "master_kill":
		return r.cluster.KillMaster(c.Master)
	case "master_start":
		return r.cluster.StartMaster(c.Master)
	case "master_freeze":
		return r.cluster.FreezeMaster(c.Master)
	case "master_thaw":
		return r.cluster.ThawMaster(c.Master)
	case "executor_kill":
		return killExecutor(c, r.cluster.AgentWorkDir(c.Agent))
	default:
		return fmt.Errorf("unknown ctl op %q", c.Op)
	}
}
