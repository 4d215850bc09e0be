package minicluster_test

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/minicluster"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent"
	"github.com/gantry-mesos/gantry/pkg/minicluster/master"
)

func TestTwoClustersDoNotShareAPort(t *testing.T) {
	t.Parallel()
	first := start(t, minicluster.DefaultConfig(1))
	for _, address := range []string{first.MasterAddr(1), first.AgentAddr(1)} {
		_, text, _ := net.SplitHostPort(address)
		port, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		second := minicluster.DefaultConfig(1)
		second.WorkDir, second.Masters[0].Port = t.TempDir(), port
		if _, err := minicluster.New(second); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("New on %s = %v, want address already in use", address, err)
		}
	}
}

func TestAWrongFlagOfAnAgentIsSeenBeforeAnythingStarts(t *testing.T) {
	t.Parallel()
	cfg := minicluster.DefaultConfig(2)
	cfg.WorkDir, cfg.Agents[1].Attributes = t.TempDir(), "zones:{a,b}"
	if _, err := minicluster.New(cfg); err == nil || !strings.Contains(err.Error(), "Agents[1]") {
		t.Errorf("New = %v, want the agent named", err)
	}
}

// A killed cluster leaves checkpoints; the next one may have other ports, but no less of anything.
func TestTheNextClusterOnAWorkDirectory(t *testing.T) {
	t.Parallel()
	cfg := minicluster.DefaultConfig(1)
	cfg.WorkDir, cfg.KeepTasks, cfg.Agents[0].PortMayChange = t.TempDir(), true, true
	id, _ := life(t, cfg)
	again, err := life(t, cfg) // on a port of its own
	if err != nil || again != id {
		t.Errorf("agent id on another port = %q, %v, want %q", again, err, id)
	}
	cfg.Agents[0].Resources = strings.Replace(cfg.Agents[0].Resources, "mem:4096", "mem:2048", 1)
	_, err = life(t, cfg)
	if differs, ok := errors.AsType[*agent.ReconfiguredError](err); !ok || differs.What != "mem" || differs.Was != "4096" || differs.Now != "2048" {
		t.Errorf("Run with less memory = %v, want a ReconfiguredError with both values", err)
	}
	cfg.ResetAgents = true
	if fresh, err := life(t, cfg); err != nil || fresh == id {
		t.Errorf("agent id after a reset = %q, %v, want a new one", fresh, err)
	}
}

// life runs a cluster until its agent is registered and returns the agent's id.
func life(t *testing.T, cfg minicluster.Config) (id string, err error) {
	t.Helper()
	c, err := minicluster.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		ended <- c.Run(ctx)
		cancel()
	}()
	if c.Ready(ctx) == nil {
		if err := c.Master(1).View(ctx, func(s *master.State) {
			for found := range s.Agents {
				id = found
			}
		}); err != nil {
			t.Error(err)
		}
	}
	cancel()
	return id, <-ended
}
