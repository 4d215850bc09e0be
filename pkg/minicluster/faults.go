package minicluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
	"github.com/gantry-mesos/gantry/pkg/minicluster/master"
)

// ErrUnknown is returned for a master or agent number that the cluster does not have.
var ErrUnknown = errors.New("no such master or agent")

func (c *Cluster) master(n int) (*masterNode, error) {
	if n < 1 || n > len(c.masters) {
		return nil, fmt.Errorf("master %d of %d: %w", n, len(c.masters), ErrUnknown)
	}
	return c.masters[n-1], nil
}

func (c *Cluster) agent(n int) (*agentNode, error) {
	if n < 1 || n > len(c.agents) {
		return nil, fmt.Errorf("agent %d of %d: %w", n, len(c.agents), ErrUnknown)
	}
	return c.agents[n-1], nil
}

// Masters is the number of masters.
func (c *Cluster) Masters() int { return len(c.masters) }

// Agents is the number of agents.
func (c *Cluster) Agents() int { return len(c.agents) }

// MasterAddr is "ip:port" of a master, empty for an unknown number.
func (c *Cluster) MasterAddr(n int) string {
	m, err := c.master(n)
	if err != nil {
		return ""
	}
	return m.port.address()
}

// AgentAddr is "ip:port" of an agent, empty for an unknown number.
func (c *Cluster) AgentAddr(n int) string {
	a, err := c.agent(n)
	if err != nil {
		return ""
	}
	return a.port.address()
}

// AgentWorkDir is the work directory of an agent, empty for an unknown number.
func (c *Cluster) AgentWorkDir(n int) string {
	a, err := c.agent(n)
	if err != nil {
		return ""
	}
	return a.cfg.WorkDir
}

// MasterURL is what a framework is given to find the masters: the zk:// URL, or http://ip:port of the first one.
func (c *Cluster) MasterURL() string {
	if c.cfg.ZooKeeper != "" {
		return c.cfg.ZooKeeper
	}
	return "http://" + c.MasterAddr(1)
}

// Master is the present process of a master, nil if it was never started.
func (c *Cluster) Master(n int) *master.Master {
	m, err := c.master(n)
	if err != nil {
		return nil
	}
	return m.current.Load()
}

// Agent is the present process of an agent, nil if it was never started.
func (c *Cluster) Agent(n int) *agent.Agent {
	a, err := c.agent(n)
	if err != nil {
		return nil
	}
	return a.current.Load()
}

// MasterRunning tells whether a master's process lives.
func (c *Cluster) MasterRunning(n int) bool {
	m, err := c.master(n)
	return err == nil && m.running()
}

// AgentRunning tells whether an agent's process lives.
func (c *Cluster) AgentRunning(n int) bool {
	a, err := c.agent(n)
	return err == nil && a.running()
}

// Leader is the number of the leading master, 0 if none leads.
func (c *Cluster) Leader() int {
	for _, n := range c.masters {
		if m := n.current.Load(); m != nil && n.healthy() && m.Leadership().Leading {
			return n.number
		}
	}
	return 0
}

// StartMaster starts a master that was stopped or killed: on its address, with a new id.
func (c *Cluster) StartMaster(n int) error {
	m, err := c.master(n)
	if err != nil {
		return err
	}
	return m.start()
}

// KillMaster ends a master as SIGKILL would.
func (c *Cluster) KillMaster(n int) error {
	m, err := c.master(n)
	if err != nil {
		return err
	}
	err = m.kill()
	c.quorum.update(c.masters)
	return err
}

// FreezeMaster stands a master still as SIGSTOP would: its connections stay open and nothing is answered. Its
// ZooKeeper session expires meanwhile.
func (c *Cluster) FreezeMaster(n int) error {
	m, err := c.master(n)
	if err != nil {
		return err
	}
	err = m.freeze()
	c.quorum.update(c.masters)
	return err
}

// ThawMaster undoes [Cluster.FreezeMaster].
func (c *Cluster) ThawMaster(n int) error {
	m, err := c.master(n)
	if err != nil {
		return err
	}
	m.thaw()
	c.quorum.update(c.masters)
	return nil
}

// FailOver kills the leading master and starts it again as a follower, so that the next one leads. It fails if no
// master leads. With a single master the same one comes back with a new id and nothing remembered.
func (c *Cluster) FailOver() error {
	leader := c.Leader()
	if leader == 0 {
		return fmt.Errorf("fail over: %w", ErrNoLeader)
	}
	if err := c.KillMaster(leader); err != nil {
		return err
	}
	return c.StartMaster(leader)
}

// StartAgent starts an agent that was stopped or killed: on its address and with its work directory, so that it takes
// its executors back, unless how says otherwise. After [Cluster.StopAgent] it starts afresh in any case. The error
// matches [agent.ErrReconfigured] if the agent is not the one of its checkpoint any more.
func (c *Cluster) StartAgent(n int, how AgentStart) error {
	a, err := c.agent(n)
	if err != nil {
		return err
	}
	return a.start(how)
}

// KillAgent ends an agent as SIGKILL would; its executors live on.
func (c *Cluster) KillAgent(n int) error {
	a, err := c.agent(n)
	if err != nil {
		return err
	}
	return a.kill()
}

// StopAgent ends an agent gracefully, as SIGUSR1 does: it unregisters and kills its tasks.
func (c *Cluster) StopAgent(ctx context.Context, n int) error {
	a, err := c.agent(n)
	if err != nil {
		return err
	}
	if !a.running() {
		return fmt.Errorf("stop agent %d: %w", n, ErrNotRunning)
	}
	a.shutdown(ctx)
	return nil
}

// LoseAgent ends an agent with all that runs on it, as the loss of its machine would. It stays away until it is
// started again; the master takes it for unreachable after its ping timeouts.
func (c *Cluster) LoseAgent(n int) error {
	a, err := c.agent(n)
	if err != nil {
		return err
	}
	if err := a.freeze(); err != nil { // no connection breaks: the machine is simply silent
		return err
	}
	return a.destroyContainers()
}

// FreezeAgent stands an agent still as SIGSTOP would: its connections stay open and nothing is answered.
func (c *Cluster) FreezeAgent(n int) error {
	a, err := c.agent(n)
	if err != nil {
		return err
	}
	return a.freeze()
}

// ThawAgent undoes [Cluster.FreezeAgent].
func (c *Cluster) ThawAgent(n int) error {
	a, err := c.agent(n)
	if err != nil {
		return err
	}
	a.thaw()
	return nil
}

// Partition keeps an agent and all masters from reaching each other; executors still reach the agent.
func (c *Cluster) Partition(n int) error {
	a, err := c.agent(n)
	if err != nil {
		return err
	}
	for _, m := range c.masters {
		c.network.Partition(a.port.address(), m.port.address())
	}
	return nil
}

// Heal undoes [Cluster.Partition].
func (c *Cluster) Heal(n int) error {
	a, err := c.agent(n)
	if err != nil {
		return err
	}
	for _, m := range c.masters {
		c.network.Heal(a.port.address(), m.port.address())
	}
	return nil
}

// Delay makes every message between an agent and the masters take d; 0 undoes it.
func (c *Cluster) Delay(n int, d time.Duration) error {
	a, err := c.agent(n)
	if err != nil {
		return err
	}
	for _, m := range c.masters {
		c.network.Delay(a.port.address(), m.port.address(), d)
	}
	return nil
}

// Drop loses all messages of a class between an agent (0: all of them) and the masters until the returned function is
// called: for instance link.ClassStatus for status updates, link.ClassLaunch for launches.
func (c *Cluster) Drop(class link.Class, n int) (undo func(), err error) {
	addr := ""
	if n != 0 {
		a, err := c.agent(n)
		if err != nil {
			return nil, err
		}
		addr = a.port.address()
	}
	return c.network.Drop(link.DropClass(class, addr, "")), nil
}
