// Package minitest runs a mini cluster for as long as a test lasts.
package minitest

import (
	"context"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/minicluster"
)

// The bounds of a cluster's start and end; both take seconds on a loaded machine.
const (
	readyMax = time.Minute
	stopMax  = time.Minute
)

// Run runs a cluster until the test ends, which fails if the cluster fails or
// does not end. Without a WorkDir it gets one that vanishes with the test.
func Run(tb testing.TB, cfg minicluster.Config) *minicluster.Cluster {
	tb.Helper()
	if cfg.WorkDir == "" {
		cfg.WorkDir = tb.TempDir()
	}
	c, err := minicluster.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(tb.Context()))
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	tb.Cleanup(func() {
		stop()
		select {
		case err := <-ended:
			if err != nil {
				tb.Errorf("mini cluster: %v", err)
			}
		case <-time.After(stopMax):
			tb.Errorf("mini cluster does not stop within %v", stopMax)
		}
	})
	return c
}

// Start does what Run does and returns once a master leads and all agents are registered.
func Start(tb testing.TB, cfg minicluster.Config) *minicluster.Cluster {
	tb.Helper()
	c := Run(tb, cfg)
	ctx, stop := context.WithTimeout(tb.Context(), readyMax)
	defer stop()
	if err := c.Ready(ctx); err != nil {
		tb.Fatalf("mini cluster is not ready: %v", err)
	}
	return c
}
