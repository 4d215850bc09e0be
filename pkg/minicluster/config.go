package minicluster

import (
	"errors"
	"fmt"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/minicluster/acl"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/simulated"
	"github.com/gantry-mesos/gantry/pkg/minicluster/master"
)

// Config describes a cluster. Start from [DefaultConfig].
type Config struct {
	// Masters are the masters, at least one. Without ZooKeeper the first one leads.
	Masters []MasterConfig
	// Agents are the agents; there may be none.
	Agents []AgentConfig
	// Simulated adds agents that run no process: their tasks are timers (see package simulated). Count 0: none.
	// Network and Detector are set by the cluster.
	Simulated simulated.Config
	// WorkDir is where agents without a work directory of their own get one (WorkDir/agent-1 and so on). Required if
	// there is such an agent.
	WorkDir string
	// ZooKeeper is the URL zk://host:port[,host:port...]/path under which masters contend and agents look for their
	// leader. Empty: the leader is elected in memory. The servers need not run yet.
	ZooKeeper string
	// RestartMasters starts a master again that lost its leadership, with a new id, as a supervisor would.
	RestartMasters bool
	// KeepTasks leaves the tasks running when the cluster stops, for the next cluster with the same work directories.
	// Built-in executors end all the same. Otherwise agents shut down gracefully and leave no process or container.
	KeepTasks bool
	// ResetAgents starts all agents as [AgentStart].Fresh does.
	ResetAgents bool
	// Log takes log lines; nil: none.
	Log *zap.Logger
}

// MasterConfig describes one master.
type MasterConfig struct {
	master.Config
	// ZKSessionTimeout is --zk_session_timeout.
	ZKSessionTimeout time.Duration
	// ZooKeeper is --zk as given by flags; it takes the place of [Config.ZooKeeper] if that is empty.
	ZooKeeper string
	// WorkDir is only shown.
	WorkDir string
	// ACLs decide what principals may do; nil: everything.
	ACLs *acl.List
	// Stopped keeps the master from being started with the cluster; see [Cluster.StartMaster].
	Stopped bool
}

// AgentConfig describes one agent. Network, Detector, Host, Listener, Extra and Log are set by the cluster.
type AgentConfig struct {
	agent.Config
	// RawFlags are the flags as given, shown by reads. May be nil.
	RawFlags map[string]string
	// Stopped keeps the agent from being started with the cluster; see [Cluster.StartAgent].
	Stopped bool
}

// DefaultMasterConfig is a master without flags on 127.0.0.1 and any free port.
func DefaultMasterConfig() MasterConfig {
	c := MasterConfig{Config: master.DefaultConfig()}
	c.IP, c.Hostname = "127.0.0.1", "localhost"
	return c
}

// Domain is the fault domain of a master or an agent. An agent with one is only admitted by a master with one.
func Domain(region, zone string) *mesos.DomainInfo {
	return &mesos.DomainInfo{FaultDomain: &mesos.DomainInfo_FaultDomain{
		Region: mesos.DomainInfo_FaultDomain_RegionInfo{Name: region},
		Zone:   mesos.DomainInfo_FaultDomain_ZoneInfo{Name: zone},
	}}
}

// DefaultConfig is one master and n agents with cpus:4, mem:4096, disk:10240 and host ports of their own (see
// [AgentPorts]) on 127.0.0.1 and free ports. WorkDir remains to be set.
func DefaultConfig(n int) Config {
	c := Config{Masters: []MasterConfig{DefaultMasterConfig()}}
	ports, err := AgentPorts(n, "")
	for i := range n {
		a := DefaultAgentConfig()
		a.Resources = "cpus:4;mem:4096;disk:10240"
		if err == nil { // else there are more agents than ports
			a.Resources += ";ports:" + ports[i]
		}
		a.RegistrationBackoffFactor = 10 * time.Millisecond
		c.Agents = append(c.Agents, a)
	}
	return c
}

// Validate returns all problems that can be seen before anything is started.
func (c Config) Validate() error {
	var errs []error
	if len(c.Masters) == 0 {
		errs = append(errs, errors.New("Masters: want at least one"))
	}
	for i, m := range c.Masters {
		if m.Port < 0 || m.Port > 65535 {
			errs = append(errs, fmt.Errorf("Masters[%d].Port is %d: want 0 (any free one) to 65535", i, m.Port))
		}
	}
	for i, a := range c.Agents {
		if a.WorkDir == "" && c.WorkDir == "" {
			errs = append(errs, fmt.Errorf("Agents[%d].WorkDir is empty: set it or WorkDir", i))
		}
		if err := a.ValidateFlags(); err != nil {
			errs = append(errs, fmt.Errorf("Agents[%d]: %w", i, err))
		}
	}
	return errors.Join(errs...)
}
