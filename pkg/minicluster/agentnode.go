package minicluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"golang.org/x/sync/errgroup"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent"
	"github.com/gantry-mesos/gantry/pkg/minicluster/operator"
)

// AgentStart says how an agent is started.
type AgentStart struct {
	// Fresh empties the agent's checkpoints first, so that it comes back with a new id. Its reservations and persistent
	// volumes are still there, as with Mesos.
	Fresh bool
	// Flags change the configuration from now on.
	Flags map[string]any
}

// agentNode is an agent that can be started again and again on the same address and work directory.
type agentNode struct {
	node
	cfg     AgentConfig
	current atomic.Pointer[agent.Agent]
	left    atomic.Bool // it unregistered or was told to go: the next start is a fresh one
}

func newAgentNode(c *Cluster, number int, cfg AgentConfig) (*agentNode, error) {
	p, err := reservePort(cfg.IP, cfg.Port)
	if cfg.PortMayChange && errors.Is(err, syscall.EADDRINUSE) {
		p, err = reservePort(cfg.IP, 0)
	}
	if err != nil {
		return nil, fmt.Errorf("agent %d: %w", number, err)
	}
	cfg.Port = p.number
	n := &agentNode{cfg: cfg}
	n.node = node{c: c, kind: "agent", number: number, port: p, log: c.log}
	return n, nil
}

func (n *agentNode) start(how AgentStart) error {
	if n.running() {
		return fmt.Errorf("start %s: %w", n.name(), ErrRunning)
	}
	if err := n.cfg.SetFlags(how.Flags); err != nil {
		return fmt.Errorf("start %s: %w", n.name(), err)
	}
	if how.Fresh || n.left.Swap(false) {
		if err := os.RemoveAll(filepath.Join(n.cfg.WorkDir, "meta", "slaves")); err != nil {
			return fmt.Errorf("start %s: empty checkpoints: %w", n.name(), err)
		}
	}
	return n.launch(n.process)
}

// process is one life of an agent.
func (n *agentNode) process(ctx context.Context, made func()) error {
	l, err := n.port.listen(ctx)
	if err != nil {
		return err
	}
	cfg := n.cfg.Config
	cfg.Network, cfg.Host, cfg.Log, cfg.Wrap = n.c.network, n.c.host, n.c.log, n.c.calls.wrap
	cfg.Listener = gatedListener{Listener: l, ctx: ctx, gate: &n.gate}
	var late http.Handler
	cfg.Extra = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { late.ServeHTTP(w, r) })
	var watch func(context.Context) error
	if cfg.Detector, watch, err = n.c.electorate.detector(&n.gate, n.c.masters); err != nil {
		_ = l.Close()
		return err
	}
	a, err := agent.New(cfg)
	if err != nil {
		_ = l.Close()
		return fmt.Errorf("agent %d: %w", n.number, err)
	}
	late = operator.AgentHandler(a, n.cfg.RawFlags, n.c.log)
	n.current.Store(a)
	made()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return endsAll(a.Run(ctx)) })
	g.Go(func() error { return watch(ctx) })
	err = g.Wait()
	if errors.Is(err, agent.ErrRemoved) {
		n.left.Store(true)
	}
	if errors.Is(err, errEnded) {
		return nil
	}
	return err
}

// linkAddress is where a master listens for agents.
func linkAddress(info *mesos.MasterInfo) string {
	if info == nil {
		return ""
	}
	if a := info.Address; a != nil && a.GetIP() != "" {
		return net.JoinHostPort(a.GetIP(), strconv.Itoa(int(a.Port)))
	}
	ip := info.IP
	return net.JoinHostPort(net.IPv4(byte(ip), byte(ip>>8), byte(ip>>16), byte(ip>>24)).String(), strconv.Itoa(int(info.GetPort())))
}

// shutdown ends the agent as SIGUSR1 does and waits for that, but not beyond ctx.
func (n *agentNode) shutdown(ctx context.Context) {
	a := n.current.Load()
	if a == nil || !n.running() {
		return
	}
	n.left.Store(true)
	a.Shutdown(ctx)
	n.mu.Lock()
	done := n.done
	n.mu.Unlock()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// destroyContainers ends everything that runs below the agent's work directory.
func (n *agentNode) destroyContainers() error {
	dir, err := filepath.EvalSymlinks(n.cfg.WorkDir)
	if err != nil {
		return fmt.Errorf("lose agent %d: %w", n.number, err)
	}
	var errs []error
	for _, id := range n.c.host.IDs() {
		container, ok := n.c.host.Lookup(id)
		if !ok || !strings.HasPrefix(container.Sandbox(), dir+string(filepath.Separator)) {
			continue
		}
		if err := container.Destroy(); err != nil {
			errs = append(errs, fmt.Errorf("lose agent %d: %w", n.number, err))
		}
	}
	return errors.Join(errs...)
}
