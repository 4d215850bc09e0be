package minicluster

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/minicluster/election"
)

// ErrNotRunning is returned by actions on a master or agent that does not run.
var ErrNotRunning = errors.New("not running")

// ErrNoLeader is returned when an action needs a leading master and there is none.
var ErrNoLeader = errors.New("no master leads")

// ErrRunning is returned by the start of a master or agent that runs.
var ErrRunning = errors.New("already running")

// node is what masters and agents have in common: a process that can be started, killed and frozen.
type node struct {
	c      *Cluster
	kind   string // "master" or "agent"
	number int
	port   *port
	gate   election.Gate
	log    *zap.Logger

	mu     sync.Mutex
	cancel context.CancelFunc // nil while it does not run
	done   chan struct{}      // closed when the process has ended
	frozen bool
}

// release gives the address back.
func (n *node) release() { n.port.release() }

func (n *node) name() string { return fmt.Sprintf("%s %d", n.kind, n.number) }

// launch runs a process until its context ends or run returns. When launch
// returns, run has called made, which it does once the new process can be asked
// in place of the last one, or has ended; the error is that of a process that
// could not be made.
func (n *node) launch(run func(ctx context.Context, made func()) error) error {
	made, err := n.begin(run)
	if err != nil {
		return err
	}
	return <-made
}

// begin starts run; the channel has what launch returns.
func (n *node) begin(run func(ctx context.Context, made func()) error) (<-chan error, error) {
	parent := n.c.life.context()
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cancel != nil {
		return nil, fmt.Errorf("start %s: %w", n.name(), ErrRunning)
	}
	ctx, cancel := context.WithCancel(parent)
	done, made := make(chan struct{}), make(chan error, 1)
	var once sync.Once
	announce := func(err error) { once.Do(func() { made <- err }) }
	n.cancel, n.done, n.frozen = cancel, done, false
	n.gate.Thaw()
	go func() {
		defer close(done)
		err := run(ctx, func() { announce(nil) })
		if err != nil {
			n.log.Warn("process ended", zap.String("node", n.name()), zap.Error(err))
		}
		cancel()
		n.mu.Lock()
		if n.done == done {
			n.cancel = nil
		}
		n.mu.Unlock()
		announce(err)
	}()
	return made, nil
}

// running tells whether the process lives.
func (n *node) running() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.cancel != nil
}

// healthy tells whether the process lives and is not frozen.
func (n *node) healthy() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.cancel != nil && !n.frozen
}

// stop ends the process and waits for its end; without effect if it does not run.
func (n *node) stop() {
	n.mu.Lock()
	cancel, done := n.cancel, n.done
	n.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	if done != nil {
		<-done
	}
	n.c.network.Thaw(n.port.address())
}

// kill ends the process as SIGKILL would: connections break at once.
func (n *node) kill() error {
	if !n.running() {
		return fmt.Errorf("kill %s: %w", n.name(), ErrNotRunning)
	}
	n.c.network.Break(n.port.address())
	n.stop()
	return nil
}

// freeze stands the process still as SIGSTOP would.
func (n *node) freeze() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cancel == nil {
		return fmt.Errorf("freeze %s: %w", n.name(), ErrNotRunning)
	}
	n.frozen = true
	n.gate.Freeze()
	n.c.network.Freeze(n.port.address())
	return nil
}

// thaw undoes freeze; without effect if it is not frozen.
func (n *node) thaw() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.frozen = false
	n.gate.Thaw()
	n.c.network.Thaw(n.port.address())
}
