package minicluster

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/containerizer"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/simulated"
	"github.com/gantry-mesos/gantry/pkg/minicluster/election"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
	"github.com/gantry-mesos/gantry/pkg/minicluster/master"
)

// StopGrace bounds how long agents may take to end their tasks when the cluster stops.
const StopGrace = 30 * time.Second

// Cluster is a set of masters and agents. Make it with [New] and start it with [Cluster.Run]; the addresses are known
// before. All methods may be called by any goroutine; masters and agents are counted from 1.
type Cluster struct {
	cfg     Config
	log     *zap.Logger
	network *link.Network
	host    *containerizer.Host
	masters []*masterNode
	agents  []*agentNode

	life       *life
	electorate electorate
	quorum     quorum
	calls      callFaults
	fleet      fleet
	departure  *departure
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
		cfg: cfg, log: log.Named("minicluster"), network: link.NewNetwork(), life: newLife(), departure: newDeparture(),
	}
	c.host = containerizer.NewHost(c.log)
	if cfg.ZooKeeper == "" {
		c.cfg.ZooKeeper = cfg.Masters[0].ZooKeeper
	}
	c.electorate = electorate{zooKeeper: c.cfg.ZooKeeper, log: c.log}
	if c.cfg.ZooKeeper == "" {
		c.electorate.local = &election.Local{}
	}
	if c.cfg.ZooKeeper != "" || len(cfg.Masters) > 1 {
		c.quorum.registry, c.quorum.size = master.NewMemoryRegistry(), cfg.Masters[0].Quorum
	}
	if err := c.prepare(); err != nil {
		c.each((*node).release)
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
	return c.fleet.prepare(c)
}

// Run starts the masters and then the agents and keeps them until ctx is done. Then it ends tasks and agents, unless
// KeepTasks is set, and masters. It fails if a master or an agent cannot start; one that ends by itself later ends
// nothing else.
func (c *Cluster) Run(ctx context.Context) error {
	runCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	c.life.begin(runCtx)
	fleetEnded := make(chan error, 1)
	go func() { fleetEnded <- c.fleet.run(runCtx) }()
	err := c.startAll(ctx)
	if err == nil {
		<-ctx.Done()
	}
	if !c.cfg.KeepTasks {
		c.departure.shutdown(c.agents)
	}
	c.each(func(n *node) { n.stop() })
	cancel()
	err = errors.Join(err, <-fleetEnded)
	if c.cfg.KeepTasks {
		c.host.Abandon()
	} else if closeErr := c.host.Close(); closeErr != nil && err == nil {
		err = fmt.Errorf("end tasks: %w", closeErr)
	}
	c.each((*node).release)
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

// each applies f to all masters and agents there are.
func (c *Cluster) each(f func(*node)) {
	for _, n := range c.agents {
		f(&n.node)
	}
	for _, n := range c.masters {
		f(&n.node)
	}
}

// Containers counts the containers of executors that run, and what runs inside them as containers of their own.
func (c *Cluster) Containers() int { return c.host.Running() }

// Hurry ends the grace period of tasks in a cluster that stops: they are killed at once. It returns before they have
// ended.
func (c *Cluster) Hurry() { c.departure.hurry() }

// Simulated counts the simulated agents that are registered and their tasks.
func (c *Cluster) Simulated() simulated.Stats { return c.fleet.stats() }

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
