package minicluster

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/containerizer"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/simulated"
	"github.com/gantry-mesos/gantry/pkg/minicluster/election"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
	"github.com/gantry-mesos/gantry/pkg/minicluster/master"
)

// StopGrace bounds how long agents may take to end their tasks when the cluster stops.
const StopGrace = 30 * time.Second

// hurryGrace bounds it from [Cluster.Hurry] on: time for executors to clean up, not for tasks.
const hurryGrace = 5 * time.Second

// Cluster is a set of masters and agents. Make it with [New] and start it with [Cluster.Run]; the addresses are known
// before. All methods may be called by any goroutine; masters and agents are counted from 1.
type Cluster struct {
	cfg      Config
	log      *zap.Logger
	network  *link.Network
	host     *containerizer.Host
	registry *master.MemoryRegistry // shared; nil with a single master without ZooKeeper
	local    *election.Local        // nil with ZooKeeper
	masters  []*masterNode
	agents   []*agentNode

	calls callFaults
	fleet *simulated.Fleet // nil without simulated agents
	// follow keeps the fleet's detector up to date.
	follow    func(context.Context) error
	fleetGate election.Gate

	mu          sync.Mutex
	initialized bool // the registry's log has been set up by enough masters

	runCtx  context.Context // nodes live no longer than this
	started chan struct{}   // closed once nodes may be started
	hurry   chan struct{}   // closed by Hurry
	hurried sync.Once
}

// New reserves the addresses of all masters and agents. Nothing runs until [Cluster.Run], which also gives the
// addresses back at its end.
func New(cfg Config) (*Cluster, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("mini cluster configuration: %w", err)
	}
	log := cfg.Log
	if log == nil {
		log = zap.NewNop()
	}
	c := &Cluster{
		cfg: cfg, log: log.Named("minicluster"), network: link.NewNetwork(), started: make(chan struct{}), hurry: make(chan struct{}),
	}
	c.host = containerizer.NewHost(c.log)
	if cfg.ZooKeeper == "" {
		c.cfg.ZooKeeper = cfg.Masters[0].ZooKeeper
	}
	if c.cfg.ZooKeeper == "" {
		c.local = &election.Local{}
	}
	if c.cfg.ZooKeeper != "" || len(cfg.Masters) > 1 {
		c.registry = master.NewMemoryRegistry()
	}
	if err := c.prepare(); err != nil {
		c.release()
		return nil, fmt.Errorf("mini cluster: %w", err)
	}
	return c, nil
}

func (c *Cluster) prepare() error {
	for i, cfg := range c.cfg.Masters {
		n, err := newMasterNode(c, i+1, cfg)
		if err != nil {
			return err
		}
		c.masters = append(c.masters, n)
	}
	// Those that want a certain port come first, so that no other gets it by chance.
	agents := make([]*agentNode, len(c.cfg.Agents))
	for _, anyPort := range []bool{false, true} {
		for i, cfg := range c.cfg.Agents {
			if (cfg.Port == 0) != anyPort {
				continue
			}
			if cfg.WorkDir == "" {
				cfg.WorkDir = filepath.Join(c.cfg.WorkDir, "agent-"+strconv.Itoa(i+1))
			}
			n, err := newAgentNode(c, i+1, cfg)
			if err != nil {
				c.agents = slices.DeleteFunc(agents, func(n *agentNode) bool { return n == nil })
				return err
			}
			agents[i] = n
		}
	}
	c.agents = agents
	return c.prepareFleet()
}

// prepareFleet makes the simulated agents.
func (c *Cluster) prepareFleet() error {
	cfg := c.cfg.Simulated
	if cfg.Count == 0 {
		return nil
	}
	var err error
	cfg.Network = c.network
	if cfg.Detector, c.follow, err = c.detector(&c.fleetGate); err != nil {
		return err
	}
	c.fleet, err = simulated.New(cfg)
	return err
}

// Simulated counts the simulated agents that are registered and their tasks.
func (c *Cluster) Simulated() simulated.Stats {
	if c.fleet == nil {
		return simulated.Stats{}
	}
	return c.fleet.Stats()
}

// runFleet keeps the simulated agents connected until ctx is done.
func (c *Cluster) runFleet(ctx context.Context) error {
	if c.fleet == nil {
		return nil
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return c.fleet.Run(ctx) })
	g.Go(func() error { return c.follow(ctx) })
	return g.Wait()
}

func (c *Cluster) release() {
	for _, n := range c.masters {
		n.port.release()
	}
	for _, n := range c.agents {
		n.port.release()
	}
}

// Run starts the masters and then the agents and keeps them until ctx is done. Then it ends tasks and agents, unless
// KeepTasks is set, and masters. It fails if a master or an agent cannot start; one that ends by itself later ends
// nothing else.
func (c *Cluster) Run(ctx context.Context) error {
	runCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	c.mu.Lock()
	c.runCtx = runCtx
	c.mu.Unlock()
	close(c.started)
	fleetEnded := make(chan error, 1)
	go func() { fleetEnded <- c.runFleet(runCtx) }()
	err := c.startAll(ctx)
	if err == nil {
		<-ctx.Done()
	}
	if !c.cfg.KeepTasks {
		c.shutdownAgents()
	}
	c.each(func(n *node) { n.stop() })
	cancel()
	err = errors.Join(err, <-fleetEnded)
	if c.cfg.KeepTasks {
		c.host.Abandon()
	} else if closeErr := c.host.Close(); closeErr != nil && err == nil {
		err = fmt.Errorf("end tasks: %w", closeErr)
	}
	c.release()
	return err
}

func (c *Cluster) startAll(ctx context.Context) error {
	for _, n := range c.masters {
		if n.cfg.Stopped {
			continue
		}
		if err := c.StartMaster(n.number); err != nil {
			return err
		}
		if err := n.enrolled(ctx); err != nil {
			return nil //nolint:nilerr // the cluster was stopped while it started
		}
	}
	for _, n := range c.agents {
		if n.cfg.Stopped {
			continue
		}
		if err := c.StartAgent(n.number, AgentStart{Fresh: c.cfg.ResetAgents}); err != nil {
			return err
		}
	}
	return nil
}

// Hurry ends the grace period of tasks in a cluster that stops: they are killed at once. It returns before they have
// ended.
func (c *Cluster) Hurry() { c.hurried.Do(func() { close(c.hurry) }) }

// Containers counts the containers of executors that run, and what runs inside them as containers of their own.
func (c *Cluster) Containers() int { return c.host.Running() }

// shutdownAgents lets all agents end their tasks in an orderly way.
func (c *Cluster) shutdownAgents() {
	ctx, cancel := context.WithTimeout(context.Background(), StopGrace)
	defer cancel()
	var hurrying sync.WaitGroup
	hurrying.Go(func() { c.hurryAgents(ctx, cancel) })
	var agents sync.WaitGroup
	for _, n := range c.agents {
		agents.Go(func() {
			n.thaw()
			n.shutdown(ctx)
		})
	}
	agents.Wait()
	cancel()
	hurrying.Wait()
}

// hurryAgents waits for Hurry, has all tasks killed, and calls cancel when that does not end them.
func (c *Cluster) hurryAgents(ctx context.Context, cancel context.CancelFunc) {
	select {
	case <-c.hurry:
	case <-ctx.Done():
		return
	}
	defer time.AfterFunc(hurryGrace, cancel).Stop()
	for _, n := range c.agents {
		if a := n.current.Load(); a != nil {
			a.Hurry(ctx)
		}
	}
	<-ctx.Done()
}

func (c *Cluster) each(f func(*node)) {
	for _, n := range c.agents {
		f(&n.node)
	}
	for _, n := range c.masters {
		f(&n.node)
	}
}

// group is the masters' election; every process gets a session of its own.
func (c *Cluster) group(sessionTimeout time.Duration) (election.Group, error) {
	if c.local != nil {
		return c.local, nil
	}
	return election.NewZooKeeper(c.cfg.ZooKeeper, sessionTimeout, c.log)
}

// context is the life of the cluster's processes; it blocks until Run has begun.
func (c *Cluster) context() context.Context {
	<-c.started
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.runCtx
}

// RegisteredAgents is the number of active agents that the leading master knows. It fails if none leads.
func (c *Cluster) RegisteredAgents(ctx context.Context) (int, error) {
	leader := c.Leader()
	if leader == 0 {
		return 0, ErrNoLeader
	}
	count := 0
	err := c.Master(leader).View(ctx, func(s *master.State) {
		for _, a := range s.Agents {
			if a.Active {
				count++
			}
		}
	})
	return count, err
}
