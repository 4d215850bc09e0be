package minicluster

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/simulated"
	"github.com/gantry-mesos/gantry/pkg/minicluster/election"
)

// fleet is the simulated agents of a cluster, if it has some.
type fleet struct {
	agents *simulated.Fleet
	follow func(context.Context) error // keeps the agents' detector up to date
	gate   election.Gate
}

// prepare makes the agents.
func (f *fleet) prepare(c *Cluster) error {
	cfg := c.cfg.Simulated
	if cfg.Count == 0 {
		return nil
	}
	var err error
	cfg.Network = c.network
	if cfg.Detector, f.follow, err = c.electorate.detector(&f.gate, c.masters); err != nil {
		return err
	}
	f.agents, err = simulated.New(cfg)
	return err
}

func (f *fleet) stats() simulated.Stats {
	if f.agents == nil {
		return simulated.Stats{}
	}
	return f.agents.Stats()
}

// run keeps the agents connected until ctx is done.
func (f *fleet) run(ctx context.Context) error {
	if f.agents == nil {
		return nil
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return f.agents.Run(ctx) })
	g.Go(func() error { return f.follow(ctx) })
	return g.Wait()
}
