package minicluster

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"golang.org/x/sync/errgroup"

	"github.com/gantry-mesos/gantry/pkg/minicluster/election"
	"github.com/gantry-mesos/gantry/pkg/minicluster/master"
	"github.com/gantry-mesos/gantry/pkg/minicluster/operator"
)

// masterNode is a master that can be started again and again on the same address.
type masterNode struct {
	node
	cfg     MasterConfig
	current atomic.Pointer[master.Master]
	known   chan struct{} // closed when the first process has heard who leads, or that nobody does
}

func newMasterNode(c *Cluster, number int, cfg MasterConfig) (*masterNode, error) {
	p, err := reservePort(cfg.IP, cfg.Port)
	if err != nil {
		return nil, fmt.Errorf("master %d: %w", number, err)
	}
	cfg.Port = p.number
	n := &masterNode{cfg: cfg, known: make(chan struct{})}
	n.node = node{c: c, kind: "master", number: number, port: p, log: c.log}
	return n, nil
}

// enrolled returns once the master's first process contends, so that masters get their places in order. If there is
// no ZooKeeper to contend in, it returns at once.
func (n *masterNode) enrolled(ctx context.Context) error {
	select {
	case <-n.known:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (n *masterNode) start() error {
	err := n.launch(func(ctx context.Context, made func()) error {
		defer n.c.quorum.update(n.c.masters)
		for {
			err := n.process(ctx, made)
			if !errors.Is(err, election.ErrDeposed) && !errors.Is(err, master.ErrDeposed) || !n.c.cfg.RestartMasters || ctx.Err() != nil {
				return err
			}
		}
	})
	n.c.quorum.update(n.c.masters)
	return err
}

// process is one life of a master.
func (n *masterNode) process(ctx context.Context, made func()) error {
	deps := master.Deps{Network: n.c.network, Log: n.c.log}
	if n.c.quorum.registry != nil {
		deps.Registry = n.c.quorum.registry
	}
	if n.cfg.ACLs != nil {
		deps.Authorizer = n.cfg.ACLs
	}
	m, err := master.New(n.cfg.Config, deps)
	if err != nil {
		return fmt.Errorf("master %d: %w", n.number, err)
	}
	group, err := n.c.electorate.group(n.cfg.ZKSessionTimeout)
	if err != nil {
		return fmt.Errorf("master %d: %w", n.number, err)
	}
	n.current.Store(m)
	made()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return endsAll(m.Run(ctx)) })
	g.Go(func() error {
		return endsAll(serve(ctx, n.port, &n.gate, n.c.calls.wrap(operator.MasterHandler(m, n.c.log)), n.c.log))
	})
	g.Go(func() error {
		return endsAll(group.Contend(ctx, m.Info(), &n.gate, func(leader *mesos.MasterInfo) { n.lead(m, leader) }))
	})
	g.Go(func() error {
		<-ctx.Done()
		n.c.network.Break(n.port.address())
		return nil
	})
	err = g.Wait()
	if errors.Is(err, errEnded) {
		return nil
	}
	return err
}

// errEnded ends the other parts of a process when one has ended without error.
var errEnded = errors.New("process ended")

func endsAll(err error) error {
	if err == nil {
		return errEnded
	}
	return err
}

// lead tells the master who leads.
func (n *masterNode) lead(m *master.Master, leader *mesos.MasterInfo) {
	own := m.Info()
	switch {
	case leader == nil:
		m.SetLeadership(master.Leadership{})
	case leader.ID == own.ID:
		m.SetLeadership(master.Leadership{Leading: true})
	default:
		m.SetLeadership(master.Leadership{Leader: leader})
	}
	select {
	case <-n.known:
	default:
		close(n.known)
	}
}
