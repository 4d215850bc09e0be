// Package simulated has agents that run no process: a task is a timer that ends it after a given duration with a given
// luck. Thousands of them live in one process and talk to the master through the same link as real ones, so that
// master and frameworks can be tried at scale. They keep nothing on disk and serve no HTTP.
package simulated

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/statusupdate"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

// Plan is the fate of a task.
type Plan struct {
	Start   time.Duration // from launch to TASK_RUNNING
	Run     time.Duration // from TASK_RUNNING to its end; 0 = until killed
	Failure bool          // it ends with TASK_FAILED instead of TASK_FINISHED
	Kill    time.Duration // from a KILL to TASK_KILLED
}

// Config describes a fleet of equal agents.
type Config struct {
	Network  *link.Network  // required
	Detector agent.Detector // required; shared by all agents
	Count    int            // number of agents, at least 1
	// Resources is the resources flag of each agent. Default "cpus:32;mem:131072;disk:1048576;ports:[31000-32000]".
	Resources string
	// Attributes returns the attributes flag of agent i, counted from 0; nil = none.
	Attributes func(i int) string
	// Domain returns the fault domain of agent i, counted from 0; nil = none.
	Domain func(i int) *mesos.DomainInfo
	// Plan decides the fate of a task; nil = it runs at once and until killed. It is called by one goroutine at a time
	// for one agent, with a source of randomness of that agent's own.
	Plan func(task *mesos.TaskInfo, random *rand.Rand) Plan
	// Seed makes the randomness repeatable.
	Seed uint64
	// RegistrationSpread bounds the random delay before the first registration. Default 1 s; below 0 = none.
	RegistrationSpread time.Duration
	// RetryMin and RetryMax bound the interval between repetitions of unacknowledged updates. Defaults 10 s, 10 min.
	RetryMin, RetryMax time.Duration
}

// defaultResources is a usual server.
const defaultResources = "cpus:32;mem:131072;disk:1048576;ports:[31000-32000]"

// Fleet is a number of simulated agents.
type Fleet struct {
	cfg    Config
	agents []*simAgent
	done   chan struct{}
}

// New returns a fleet that is not connected yet.
func New(cfg Config) (*Fleet, error) {
	if cfg.Network == nil || cfg.Detector == nil || cfg.Count < 1 {
		return nil, errors.New("simulated agents need a Network, a Detector and a Count of at least 1")
	}
	if cfg.Resources == "" {
		cfg.Resources = defaultResources
	}
	if cfg.RegistrationSpread == 0 {
		cfg.RegistrationSpread = time.Second
	}
	if cfg.RetryMin == 0 {
		cfg.RetryMin, cfg.RetryMax = statusupdate.DefaultRetryMin, statusupdate.DefaultRetryMax
	}
	if cfg.Plan == nil {
		cfg.Plan = func(*mesos.TaskInfo, *rand.Rand) Plan { return Plan{} }
	}
	resources, err := agent.ParseResources(cfg.Resources, "*")
	if err != nil {
		return nil, err
	}
	f := &Fleet{cfg: cfg, done: make(chan struct{})}
	for i := range cfg.Count {
		var attributes []mesos.Attribute
		if cfg.Attributes != nil {
			if attributes, err = agent.ParseAttributes(cfg.Attributes(i)); err != nil {
				return nil, err
			}
		}
		f.agents = append(f.agents, f.newAgent(i, resources, attributes))
	}
	return f, nil
}

func (f *Fleet) newAgent(i int, resources []mesos.Resource, attributes []mesos.Attribute) *simAgent {
	port := int32(5051)
	host := fmt.Sprintf("sim-%05d.test", i)
	a := &simAgent{
		fleet: f, address: fmt.Sprintf("%s:%d", host, port), tasks: make(map[taskKey]*simTask),
		frameworks: make(map[string]mesos.FrameworkInfo), executors: make(map[executorKey]*simExecutor),
		random: rand.New(rand.NewPCG(f.cfg.Seed, uint64(i))), //nolint:gosec // a simulation
		info:   mesos.AgentInfo{Hostname: host, Port: &port, Resources: resources, Attributes: attributes},
	}
	if f.cfg.Domain != nil {
		a.info.Domain = f.cfg.Domain(i)
	}
	a.updates = statusupdate.NewManager(a, f.cfg.RetryMin, f.cfg.RetryMax)
	return a
}

// Run connects the agents and keeps them connected until the context ends; then their connections are broken, as if
// they had died. It returns nil.
func (f *Fleet) Run(ctx context.Context) error {
	previous := ""
	for {
		leader, err := f.cfg.Detector.Detect(ctx, previous)
		if err != nil {
			break
		}
		previous = leader
		for _, a := range f.agents {
			a.follow(leader)
		}
	}
	close(f.done)
	var wg sync.WaitGroup
	for _, a := range f.agents {
		wg.Go(a.die)
	}
	wg.Wait()
	return nil
}

// Stats counts agents and tasks of the whole fleet.
type Stats struct {
	Registered int // agents
	Live       int // tasks that have not ended
	Ended      int // tasks that have ended since the start
	Pending    int // status updates without acknowledgement
}

// Stats returns the present counts.
func (f *Fleet) Stats() Stats {
	var s Stats
	for _, a := range f.agents {
		a.mu.Lock()
		if a.registered {
			s.Registered++
		}
		s.Live += a.live
		s.Ended += a.ended
		s.Pending += a.updates.Pending()
		a.mu.Unlock()
	}
	return s
}
