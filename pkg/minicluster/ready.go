package minicluster

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// readyEvery is how often Ready looks.
const readyEvery = 10 * time.Millisecond

// Ready returns once a master leads and all agents that run are registered with it. It fails with the context's error.
func (c *Cluster) Ready(ctx context.Context) error {
	ticker := time.NewTicker(readyEvery)
	defer ticker.Stop()
	for {
		err := unready(ctx, c)
		if err == nil {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("mini cluster is not ready: %w", errors.Join(ctx.Err(), err))
		}
	}
}

// unready says what is missing.
func unready(ctx context.Context, c *Cluster) error {
	want := c.cfg.Simulated.Count
	for _, n := range c.agents {
		if !n.cfg.Stopped {
			want++
		}
	}
	got, err := c.RegisteredAgents(ctx)
	if err != nil {
		return err
	}
	if got < want {
		return fmt.Errorf("%d of %d agents are registered", got, want)
	}
	return nil
}
