package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/minicluster"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent"
)

func miniOn(dir string, agents int) *miniConfig {
	return &miniConfig{
		agents: agents, masters: 1, agentCPUs: 1, agentMem: 64, agentDisk: 64, mesosAddr: "127.0.0.1:0",
		adminAddress: "127.0.0.1:0", role: "gantry", runtime: "process", workDir: dir,
	}
}

func TestMiniRefusesFlagsThatNoAgentCanStartWith(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		`--agent-attributes "zones:{a,b}": attributes: zones: a set is not allowed`: {"--agent-attributes", "zones:{a,b}"},
		"--agent-attributes is given 2 times for --agents 1":                        {"--agents", "1", "--agent-attributes", "a:b", "--agent-attributes", "a:c"},
		`--agent-ports "5": use from-to`:                                            {"--agent-ports", "5"},
		"--agent-ports 20000-20001: fewer ports than the 5 agents":                  {"--agents", "5", "--agent-ports", "20000-20001"},
	} {
		var errOut bytes.Buffer
		code := execute(t.Context(), append([]string{"mini", "--work-dir", t.TempDir()}, args...), strings.NewReader(""), &bytes.Buffer{}, &errOut)
		if code != exitMisused || !strings.Contains(errOut.String(), want) {
			t.Errorf("mini %v: exit code %d and %q, want %d and %q", args, code, &errOut, exitMisused, want)
		}
	}
}

func TestMiniWritesNothingIntoTheWorkDirectoryOfAnother(t *testing.T) {
	t.Parallel()
	first, second := miniOn(t.TempDir(), 2), miniOn("", 2)
	second.workDir = first.workDir
	unlock, err := first.lockWorkDir()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(first.portFile(0), []byte("12345\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := second.lockWorkDir(); err == nil || !strings.Contains(err.Error(), first.workDir) {
		t.Errorf("lockWorkDir = %v, want a refusal that names the directory", err)
	}
	unlock()
	unlock, err = second.lockWorkDir()
	if err != nil {
		t.Fatalf("lockWorkDir after the first one's end: %v", err)
	}
	unlock()
}

// Each of many agents listens on a port of its own, which it has again the next time.
func TestMiniKeepsThePortsOfItsAgents(t *testing.T) {
	t.Parallel()
	c := miniOn(t.TempDir(), 300)
	ports := clusterPorts(t, c)
	if seen := map[string]bool{}; true {
		for _, port := range ports {
			seen[port] = true
		}
		if len(seen) != c.agents {
			t.Errorf("%d agents have %d ports", c.agents, len(seen))
		}
	}
	again := 0
	for i, port := range clusterPorts(t, c) {
		if port == ports[i] {
			again++
		}
	}
	// Other tests make connections meanwhile.
	if again < c.agents*9/10 {
		t.Errorf("%d of %d agents have their ports again", again, c.agents)
	}
	hosts := map[string]bool{}
	for n := range c.agents {
		hosts[hostname(n)] = true
	}
	if len(hosts) != c.agents {
		t.Errorf("%d agents have %d host names", c.agents, len(hosts))
	}
}

func clusterPorts(t *testing.T, c *miniConfig) []string {
	t.Helper()
	cluster, err := c.newCluster(zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	ports := make([]string, c.agents)
	for n := range ports {
		_, ports[n], _ = net.SplitHostPort(cluster.AgentAddr(n + 1))
	}
	if err := closeUnused(cluster); err != nil {
		t.Fatal(err)
	}
	return ports
}

// Files of an older program may name a port twice, and something else may have one by now.
func TestMiniForgetsPortsThatAreTaken(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // only to take the port
	_, foreign, _ := net.SplitHostPort(l.Addr().String())
	c := miniOn(t.TempDir(), 4)
	free := strconv.Itoa(freePort(t))
	for n, text := range []string{free, free, foreign, "nonsense"} {
		if err := os.WriteFile(c.portFile(n), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ports := c.rememberedPorts()
	if strconv.Itoa(ports[0]) != free || ports[1] != 0 || ports[2] != 0 || ports[3] != 0 {
		t.Errorf("rememberedPorts = %v, want %s and three times any", ports, free)
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // only to take the port
	return l.Addr().(*net.TCPAddr).Port
}

func TestMiniNamesTheAddressThatIsTaken(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // only to take the port
	c := miniOn(t.TempDir(), 1)
	c.mesosAddr = l.Addr().String()
	if _, err := c.newCluster(zap.NewNop()); err == nil || !strings.Contains(err.Error(), "--mesos-address "+c.mesosAddr+": address already in use") {
		t.Errorf("newCluster = %v, want the flag and the address", err)
	}
	if _, err := os.Stat(c.portFile(0)); !os.IsNotExist(err) {
		t.Errorf("the port of an agent was kept: %v", err)
	}
}

// Agents that were killed refuse to come back with less: the flag, both values and the way out are said, and the way out works.
func TestMiniSaysHowToGoOnWhenAgentsWereKilledThatHadMore(t *testing.T) {
	t.Parallel()
	c := miniOn(t.TempDir(), 1)
	if err := miniLife(t, c); err != nil {
		t.Fatal(err)
	}
	c.agentMem = 32
	err := miniLife(t, c)
	if _, ok := errors.AsType[*misuse](err); !ok {
		t.Fatalf("got %v, want a usage error", err)
	}
	for _, text := range []string{"--agent-mem is 32", "started with 64", "--agent-reset", c.workDir} {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("got %q, want it to hold %q", err, text)
		}
	}
	c.agentReset = true
	if err := miniLife(t, c); err != nil {
		t.Errorf("with --agent-reset: %v", err)
	}
	if kept, err := filepath.Glob(filepath.Join(c.workDir, "agent-1", "meta", "slaves", "*")); err != nil || len(kept) == 0 {
		t.Errorf("the new agent's checkpoint = %v, %v", kept, err)
	}
}

// miniLife runs a cluster until its agents are registered and leaves it as kill -9 does.
func miniLife(t *testing.T, c *miniConfig) error {
	t.Helper()
	cfg, err := c.cluster(zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	cfg.KeepTasks = true
	cluster, err := minicluster.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		ended <- cluster.Run(ctx)
		cancel()
	}()
	ready := cluster.Ready(ctx)
	cancel()
	err = c.explainStart(<-ended)
	if ready != nil && err == nil {
		t.Errorf("not ready: %v", ready)
	}
	return err
}

func TestEveryReasonAgainstAnOldAgentNamesItsFlag(t *testing.T) {
	t.Parallel()
	for what, flag := range map[string]string{
		"cpus": "--agent-cpus", "mem": "--agent-mem", "disk": "--agent-disk", "ports": "--agent-ports",
		"attributes": "--agent-attributes", "domain": "--agent-domain",
	} {
		err := miniOn("/dir", 1).explainStart(&agent.ReconfiguredError{What: what, Was: "a", Now: "b"})
		if !strings.HasPrefix(err.Error(), flag+" is b") {
			t.Errorf("%s: got %q, want it to begin with %s", what, err, flag)
		}
		if newMiniCmd().Flags().Lookup(strings.TrimPrefix(flag, "--")) == nil {
			t.Errorf("there is no flag %s", flag)
		}
	}
	other := errors.New("other")
	if err := miniOn("/dir", 1).explainStart(other); !errors.Is(err, other) {
		t.Errorf("got %v, want the error as it is", err)
	}
}
