package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"github.com/gantry-mesos/gantry/pkg/minicluster"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent"
	"github.com/gantry-mesos/gantry/scheduler"
)

// agentsMax leaves every agent some ports.
const agentsMax = 1000

// rememberedPorts are the ports that the agents had the last time, 0 for those that get any: executors that outlive a
// killed cluster find their agent only at its old address. A port that something else has by now is forgotten.
func (c *miniConfig) rememberedPorts() []int {
	ports, taken := make([]int, c.agents), map[int]bool{}
	for n := range ports {
		text, err := os.ReadFile(c.portFile(n))
		if err != nil {
			continue
		}
		port, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err == nil && port > 0 && port < 1<<16 && !taken[port] && minicluster.PortFree("127.0.0.1", port) {
			ports[n], taken[port] = port, true
		}
	}
	return ports
}

// rememberPorts keeps the ports of the agents for the next start.
func (c *miniConfig) rememberPorts(cluster *minicluster.Cluster) error {
	for n := range c.agents {
		_, port, err := net.SplitHostPort(cluster.AgentAddr(n + 1))
		if err != nil {
			return fmt.Errorf("port of agent %d: %w", n+1, err)
		}
		if err := os.WriteFile(c.portFile(n), []byte(port+"\n"), 0o600); err != nil {
			return fmt.Errorf("keep the port of agent %d: %w", n+1, err)
		}
	}
	return nil
}

func (c *miniConfig) portFile(n int) string {
	return filepath.Join(c.workDir, fmt.Sprintf("agent-%d.port", n+1))
}

// lockWorkDir makes the work directory ours until unlock is called or the process ends, before anything is written there.
func (c *miniConfig) lockWorkDir() (unlock func(), err error) {
	if err := os.MkdirAll(c.workDir, 0o755); err != nil {
		return nil, fmt.Errorf("--work-dir: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(c.workDir, "mini.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("--work-dir: %w", err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("--work-dir %s is used by another gantry mini; stop that one, or give this one a directory of its own", c.workDir)
	}
	return func() { _ = file.Close() }, nil // closing unlocks
}

// explainStart names the flag behind the reason why the cluster did not start.
func (c *miniConfig) explainStart(err error) error {
	differs, ok := errors.AsType[*agent.ReconfiguredError](err)
	if !ok {
		return err
	}
	flag := map[string]string{
		"cpus": "--agent-cpus", "mem": "--agent-mem", "disk": "--agent-disk", "ports": "--agent-ports",
		"attributes": "--agent-attributes", "domain": "--agent-domain",
	}[differs.What]
	if flag == "" {
		flag = differs.What
	}
	return usageError(fmt.Errorf("%s is %s, but the agents in %s were started with %s and keep tasks of that time; "+
		"use the old value, or --agent-reset to begin with new agents (their tasks are started again)",
		flag, differs.Now, c.workDir, differs.Was))
}

// hostname gives each agent a loopback address of its own as its name, so that
// constraints on the host name mean something; ports are open on all of them.
func hostname(n int) string {
	const perNet = 253 // from .2 to .254
	return fmt.Sprintf("127.0.%d.%d", n/perNet, n%perNet+2)
}

func (c *miniConfig) cluster(log *zap.Logger) (minicluster.Config, error) {
	ranges, err := minicluster.AgentPorts(c.agents, c.agentPorts)
	if err != nil {
		return minicluster.Config{}, usageError(fmt.Errorf("--agent-ports: %w", err))
	}
	ports := c.rememberedPorts()
	cfg := minicluster.DefaultConfig(c.agents)
	cfg.Log, cfg.WorkDir, cfg.ZooKeeper, cfg.RestartMasters = log, c.workDir, c.mesosZK, true
	cfg.ResetAgents = c.agentReset
	host, port, _ := splitAddress(c.mesosAddr)
	for range c.masters - 1 {
		cfg.Masters = append(cfg.Masters, minicluster.DefaultMasterConfig())
	}
	for n := range cfg.Masters {
		if host != "" {
			cfg.Masters[n].IP = host
		}
		if region, zone, ok := splitDomain(c.masterDomain); ok {
			cfg.Masters[n].Domain = minicluster.Domain(region, zone)
		}
	}
	cfg.Masters[0].Port = port
	for n := range cfg.Agents {
		a := &cfg.Agents[n]
		a.Resources = fmt.Sprintf("cpus:%g;mem:%d;disk:%d;ports:%s", c.agentCPUs, c.agentMem, c.agentDisk, ranges[n])
		a.Hostname = hostname(n)
		a.Port, a.PortMayChange = ports[n], true
		if n < len(c.attributes) {
			a.Attributes = c.attributes[n]
		}
		if n < len(c.agentDomains) {
			region, zone, _ := splitDomain(c.agentDomains[n])
			a.Domain = minicluster.Domain(region, zone)
		}
	}
	return cfg, nil
}

func (c *miniConfig) scheduler(cluster *minicluster.Cluster, executor string, engine taskRuntime) scheduler.Config {
	cfg := c.access
	cfg.Master = cluster.MasterURL()
	cfg.StateDir = filepath.Join(c.workDir, "scheduler")
	cfg.HTTPAddress = c.httpAddress
	cfg.ExecutorPath = executor
	cfg.MesosRoles = []string{c.role}
	cfg.ExecutorEnvironment = engine.environment
	// Everything is on this machine: a task that the new master does not know
	// after a restart is gone, once the agents had the time to come back.
	cfg.Decisions.UnknownGrace = 10 * time.Second
	return cfg
}

// taskRuntime is how apps with an image run.
type taskRuntime struct {
	says        string
	environment map[string]string
}

// chooseRuntime finds out whether a Docker engine answers.
func chooseRuntime(ctx context.Context, wanted string) (taskRuntime, error) {
	processes := taskRuntime{says: "process: apps run as plain processes; one with a Docker image fails and says so", environment: map[string]string{"GANTRY_EXECUTOR_DOCKER": "false"}}
	if wanted == "process" {
		return processes, nil
	}
	host := os.Getenv("DOCKER_HOST")
	if host == "" {
		host = "unix:///var/run/docker.sock"
	}
	err := ping(ctx, host)
	switch {
	case err == nil:
		return taskRuntime{says: "docker: engine at " + host, environment: map[string]string{"DOCKER_HOST": host}}, nil
	case wanted == "docker":
		return taskRuntime{}, fmt.Errorf("%s; or use --runtime process: %w", noEngine(host, err), err)
	default:
		processes.says = "process: " + noEngine(host, err) + "; apps run as plain processes, one with an image fails and says so"
		return processes, nil
	}
}

// noEngine says why there is no Docker engine for us, and what would help.
func noEngine(host string, err error) string {
	if errors.Is(err, fs.ErrPermission) {
		return "this user may not open the Docker engine's socket " + host + ", join its group (often: docker) or run as root"
	}
	return "no Docker engine answers at " + host + ", start it or set DOCKER_HOST"
}

// ping asks a Docker engine for a sign of life.
func ping(ctx context.Context, host string) error {
	network, address, ok := strings.Cut(host, "://")
	if !ok || network != "unix" && network != "tcp" {
		return fmt.Errorf("DOCKER_HOST %q: use unix:///path or tcp://host:port", host)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, 3*time.Second, errors.New("no answer within 3 s"))
	defer cancel()
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, address)
		},
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker/_ping", http.NoBody)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %s", res.Status)
	}
	return nil
}

// admin serves the cluster's faults; closing the server ends it.
func (c *miniConfig) admin(cluster *minicluster.Cluster) (*http.Server, error) {
	l, err := net.Listen("tcp", c.adminAddress)
	if err != nil {
		return nil, fmt.Errorf("--admin-address: %w", err)
	}
	srv := &http.Server{Addr: l.Addr().String(), Handler: cluster.AdminHandler(), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = srv.Serve(l) }() // it ends when it is closed
	return srv, nil
}

func (c *miniConfig) announce(out io.Writer, cluster *minicluster.Cluster, s *scheduler.Scheduler, engine taskRuntime, admin string) {
	debug := s.DebugAddress()
	if debug != "" {
		scheme, _, _ := strings.Cut(s.URL(), ":")
		debug = "  debug     " + scheme + "://" + debug + "/debug/\n"
	}
	fmt.Fprintf(out, `gantry mini: %d master(s) and %d agent(s) with %g cpus and %d MiB each
  runtime   %s
  API       %s
  Mesos     %s
  faults    http://%s/admin
%s  work dir  %s
Try: gantry --url %s app list      Stop with Ctrl-C.
`, c.masters, c.agents, c.agentCPUs, c.agentMem, engine.says, s.URL(), cluster.MasterURL(), admin, debug, c.workDir, s.URL())
}
