package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/minicluster"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent"
	"github.com/gantry-mesos/gantry/scheduler"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
)

// miniConfig is what "gantry mini" can be told; each field is a flag.
type miniConfig struct {
	agents, masters        int
	agentCPUs              float64
	agentMem, agentDisk    int
	httpAddress, mesosAddr string
	mesosZK, workDir       string
	adminAddress           string
	runtime, role          string
	attributes             []string
	masterDomain           string
	agentDomains           []string
	agentPorts             string
	agentReset             bool
	// access says who may use the scheduler's API and with what.
	access scheduler.Config
}

func newMiniCmd() *cobra.Command {
	var c miniConfig
	var logs logging
	cmd := &cobra.Command{
		Use:   "mini",
		Short: "Run a Mesos-compatible cluster and the scheduler in this process",
		Long: `Run an embedded cluster for trying, developing and testing: masters and agents
that speak Mesos' HTTP APIs, and Gantry's scheduler on top of them, all in one
process. Apps run for real, in Docker containers or as plain processes. It is no
replacement for Mesos: nothing isolates the tasks but what their runtime does.

Instances are placed first-fit: all of an app land on one agent while it has room.
An app spreads over agents with "constraints": [["hostname", "GROUP_BY"]].

State is kept under --work-dir, so that apps are there again after a restart.
Ctrl-C stops everything and leaves no container and no process behind; tasks get
their grace period, which a second Ctrl-C ends.`,
		Example: `  gantry mini
  gantry mini --agents 5 --agent-cpus 2 --agent-mem 2048
  gantry mini --runtime process --http-address 127.0.0.1:9090
  gantry mini --masters 3 --mesos-zk zk://127.0.0.1:2181/mesos`,
		Args: args(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, level, err := logs.logger()
			if err != nil {
				return usageError(err)
			}
			c.access.LogLevel = level
			return c.run(cmd.Context(), cmd.OutOrStdout(), log)
		},
	}
	f := cmd.Flags()
	f.IntVar(&c.agents, "agents", 2, "how many agents")
	f.IntVar(&c.masters, "masters", 1, "how many masters")
	f.Float64Var(&c.agentCPUs, "agent-cpus", 4, "cpus of each agent")
	f.IntVar(&c.agentMem, "agent-mem", 4096, "memory of each agent in MiB")
	f.IntVar(&c.agentDisk, "agent-disk", 10240, "disk of each agent in MiB")
	f.StringArrayVar(&c.attributes, "agent-attributes", nil, "attributes of an agent (rack:a;ssd:true); given n times, for the first n agents")
	f.StringVar(&c.agentPorts, "agent-ports", "", "host ports that the agents share out, as from-to; default: 1000 for each agent below the ports that the kernel gives to connections")
	f.BoolVar(&c.agentReset, "agent-reset", false, "begin with new agents: after agents were killed that had other resources or attributes")
	f.StringVar(&c.masterDomain, "master-domain", "", "fault domain of the masters, as region/zone; agents with one need it")
	f.StringArrayVar(&c.agentDomains, "agent-domain", nil, "fault domain of an agent, as region/zone; given n times, for the first n agents")
	f.StringVar(&c.httpAddress, "http-address", "127.0.0.1:8080", "host:port that the API listens on")
	f.StringVar(&c.mesosAddr, "mesos-address", "127.0.0.1:5050", "host:port that the first master listens on")
	f.StringVar(&c.adminAddress, "admin-address", "127.0.0.1:0", "loopback host:port for causing faults (docs/minicluster.md); 0 is any free port")
	f.StringVar(&c.mesosZK, "mesos-zk", "", "ZooKeeper that the masters register in: zk://host:2181/mesos")
	f.StringVar(&c.workDir, "work-dir", defaultWorkDir(), "directory for state and sandboxes")
	f.StringVar(&c.runtime, "runtime", "auto", "docker, process (no Docker needed; apps with an image fail), or auto")
	f.StringVar(&c.role, "mesos-role", "gantry", "role of the scheduler and its apps; nothing can be reserved for \"*\", so that persistent volumes need another one")
	c.access = scheduler.DefaultConfig()
	accessFlags(f, &c.access)
	featuresFlag(f, &c.access)
	// Those who read names here ask anew each time.
	c.access.Decisions.Drain.MinDelay = 0
	sharingFlags(f, &c.access.Decisions)
	discoveryFlags(f, &c.access)
	healthFlags(f, &c.access.Decisions)
	logs.flags(f, "warn")
	return cmd
}

func defaultWorkDir() string {
	home, err := os.UserHomeDir()
	if err != nil {
		home = os.TempDir()
	}
	return filepath.Join(home, ".gantry", "mini")
}

func (c *miniConfig) validate() error {
	var problems []error
	problem := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if c.agents < 1 || c.agents > agentsMax {
		problem("--agents %d: use 1 to %d", c.agents, agentsMax)
	}
	if c.masters < 1 || c.masters > 9 {
		problem("--masters %d: use 1 to 9", c.masters)
	}
	if c.agentCPUs <= 0 || c.agentMem <= 0 || c.agentDisk < 0 {
		problem("--agent-cpus %v, --agent-mem %d, --agent-disk %d: use positive amounts", c.agentCPUs, c.agentMem, c.agentDisk)
	}
	if c.role == "" {
		problem("--mesos-role must not be empty: use a name, or * for none")
	}
	if c.runtime != "auto" && c.runtime != "docker" && c.runtime != "process" {
		problem("--runtime %q: use docker, process or auto", c.runtime)
	}
	if err := scheduler.CheckFeatures(c.access.Features); err != nil {
		problem("--enable-features %w", err)
	}
	if err := fairshare.CheckQuotas(c.access.Decisions.Fairness.Queues); err != nil {
		problem("--queue: %w", err)
	}
	if err := c.access.CheckAccess(); err != nil {
		problems = append(problems, err)
	}
	c.validateDomains(problem)
	c.validateAttributes(problem)
	if host, _, err := splitAddress(c.adminAddress); err != nil || !net.ParseIP(host).IsLoopback() {
		problem("--admin-address %q: use a loopback address and a port, such as 127.0.0.1:5049; whoever reaches it can break the cluster", c.adminAddress)
	}
	if _, _, err := splitAddress(c.httpAddress); err != nil {
		problem("--http-address: %w", err)
	}
	if _, _, err := splitAddress(c.mesosAddr); err != nil {
		problem("--mesos-address: %w", err)
	}
	return errors.Join(problems...)
}

func (c *miniConfig) validateDomains(problem func(format string, args ...any)) {
	for _, d := range c.agentDomains {
		if _, _, ok := splitDomain(d); !ok {
			problem("--agent-domain %q: use region/zone, such as eu/a", d)
		}
	}
	_, _, ok := splitDomain(c.masterDomain)
	switch {
	case c.masterDomain != "" && !ok:
		problem("--master-domain %q: use region/zone, such as eu/a", c.masterDomain)
	case c.masterDomain == "" && len(c.agentDomains) > 0:
		problem("--agent-domain needs --master-domain: a master without a domain takes no agent with one")
	}
}

func (c *miniConfig) validateAttributes(problem func(format string, args ...any)) {
	for _, text := range c.attributes {
		if _, err := agent.ParseAttributes(text); err != nil {
			problem("--agent-attributes %q: %w", text, err)
		}
	}
	if len(c.attributes) > c.agents {
		problem("--agent-attributes is given %d times for --agents %d", len(c.attributes), c.agents)
	}
	if len(c.agentDomains) > c.agents {
		problem("--agent-domain is given %d times for --agents %d", len(c.agentDomains), c.agents)
	}
	if _, err := minicluster.AgentPorts(max(1, c.agents), c.agentPorts); err != nil {
		problem("--agent-ports %w", err)
	}
}

// splitDomain reads a fault domain; ok is false if one of the names is missing.
func splitDomain(text string) (region, zone string, ok bool) {
	region, zone, _ = strings.Cut(text, "/")
	return region, zone, region != "" && zone != ""
}

func splitAddress(address string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, fmt.Errorf("%q has not the form host:port", address)
	}
	port, err = strconv.Atoi(text)
	if err != nil || port < 0 || port > 65535 {
		return "", 0, fmt.Errorf("%q: port %q is not a number up to 65535", address, text)
	}
	return host, port, nil
}

// run starts the cluster and the scheduler and keeps them until ctx ends.
func (c *miniConfig) run(ctx context.Context, out io.Writer, log *zap.Logger) error {
	if err := c.validate(); err != nil {
		return usageError(err)
	}
	executor := findExecutor()
	if executor == "" {
		return errors.New("gantry-executor was not found beside gantry or in PATH; build it with: make build")
	}
	engine, err := chooseRuntime(ctx, c.runtime)
	if err != nil {
		return err
	}
	workDir, err := filepath.Abs(c.workDir)
	if err != nil {
		return err
	}
	c.workDir = workDir
	ctx, again, stop := untilAsked(ctx)
	defer stop()
	unlock, err := c.lockWorkDir()
	if err != nil {
		return err
	}
	defer unlock()
	cluster, err := c.newCluster(log.Named("cluster"))
	if err != nil {
		return err
	}
	s, err := scheduler.New(c.scheduler(cluster, executor, engine), log)
	if err != nil {
		return errors.Join(err, closeUnused(cluster))
	}
	admin, err := c.admin(cluster)
	if err != nil {
		return errors.Join(err, closeUnused(cluster))
	}
	defer func() { _ = admin.Close() }() // nothing is lost with it
	welcome := func() { c.announce(out, cluster, s, engine, admin.Addr) }
	return c.explainStart(together(ctx, cluster, s, welcome, farewell{out: out, again: again}))
}

// newCluster reserves the cluster's addresses and keeps those of the agents for the next time.
func (c *miniConfig) newCluster(log *zap.Logger) (*minicluster.Cluster, error) {
	cfg, err := c.cluster(log)
	if err != nil {
		return nil, err
	}
	if first := cfg.Masters[0]; first.Port != 0 && !minicluster.PortFree(first.IP, first.Port) {
		return nil, fmt.Errorf("--mesos-address %s: address already in use; is another gantry mini running? Name another one", c.mesosAddr)
	}
	cluster, err := minicluster.New(cfg)
	if err != nil {
		return nil, err
	}
	if err := c.rememberPorts(cluster); err != nil {
		return nil, errors.Join(err, closeUnused(cluster))
	}
	return cluster, nil
}

// closeUnused gives the addresses of a cluster back that never ran.
func closeUnused(cluster *minicluster.Cluster) error {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return cluster.Run(ctx)
}
