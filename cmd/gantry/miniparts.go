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

	"github.com/gantry-mesos/gantry/pkg/minicluster"
	"github.com/gantry-mesos/gantry/scheduler"
)

const (
	// All agents share one host, so each gets its own part of the ports.
	portsFrom, portsTo = 31000, 61000
	// portsMax is how many ports an agent gets at most.
	portsMax = 1000
	// agentsMax leaves every agent some ports.
	agentsMax = 1000
)

// ports returns the range of the n-th agent, counted from 0.
func (c *miniConfig) ports(n int) string {
	each := min(portsMax, (portsTo-portsFrom)/c.agents)
	from := portsFrom + n*each
	return fmt.Sprintf("[%d-%d]", from, from+each-1)
}

// rememberedPort returns the port that an agent had the last time, or a free
// one, and keeps it in file: executors that outlive a killed cluster find their
// agent only at its old address. 0 leaves the choice to the agent.
func rememberedPort(file string) int {
	if text, err := os.ReadFile(file); err == nil {
		if port, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && free(port) == port {
			return port
		}
	}
	port := free(0)
	if err := os.WriteFile(file, []byte(strconv.Itoa(port)+"\n"), 0o600); err != nil {
		return 0
	}
	return port
}

// free returns port if nobody listens on it, any free one for 0, else 0.
func free(port int) int {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return 0
	}
	_, text, _ := net.SplitHostPort(l.Addr().String())
	if err := l.Close(); err != nil {
		return 0
	}
	port, _ = strconv.Atoi(text)
	return port
}

// hostname gives each agent a loopback address of its own as its name, so that
// constraints on the host name mean something; ports are open on all of them.
func hostname(n int) string {
	if n > 252 {
		return "localhost"
	}
	return fmt.Sprintf("127.0.0.%d", n+2)
}

func (c *miniConfig) cluster(log *zap.Logger) minicluster.Config {
	cfg := minicluster.DefaultConfig(c.agents)
	cfg.Log, cfg.WorkDir, cfg.ZooKeeper, cfg.RestartMasters = log, c.workDir, c.mesosZK, true
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
		a.Resources = fmt.Sprintf("cpus:%g;mem:%d;disk:%d;ports:%s", c.agentCPUs, c.agentMem, c.agentDisk, c.ports(n))
		a.Hostname = hostname(n)
		a.Port = rememberedPort(filepath.Join(c.workDir, fmt.Sprintf("agent-%d.port", n+1)))
		if n < len(c.attributes) {
			a.Attributes = c.attributes[n]
		}
		if n < len(c.agentDomains) {
			region, zone, _ := splitDomain(c.agentDomains[n])
			a.Domain = minicluster.Domain(region, zone)
		}
	}
	return cfg
}

func (c *miniConfig) scheduler(cluster *minicluster.Cluster, executor string, engine taskRuntime) scheduler.Config {
	cfg := scheduler.DefaultConfig()
	cfg.Master = cluster.MasterURL()
	cfg.StateDir = filepath.Join(c.workDir, "scheduler")
	cfg.HTTPAddress = c.httpAddress
	cfg.ExecutorPath = executor
	cfg.MesosRoles = []string{c.role}
	cfg.ExecutorEnvironment = engine.environment
	cfg.Decisions = c.decisions
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
	fmt.Fprintf(out, `gantry mini: %d master(s) and %d agent(s) with %g cpus and %d MiB each
  runtime   %s
  API       http://%s
  Mesos     %s
  faults    http://%s/admin
  work dir  %s
Try: gantry --url http://%s app list      Stop with Ctrl-C.
`, c.masters, c.agents, c.agentCPUs, c.agentMem, engine.says, s.Address(), cluster.MasterURL(), admin, c.workDir, s.Address())
}
