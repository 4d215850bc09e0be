package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/checkpoint"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/statusupdate"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
	"github.com/gantry-mesos/gantry/pkg/minicluster/mailbox"
)

// ErrRemoved is returned by [Agent.Run] when the master has told the agent to end, for example because an operator has
// marked it gone. The agent has destroyed its containers.
var ErrRemoved = errors.New("the master has shut the agent down")

// phase is where an agent stands in its life.
//
//	recovering -> disconnected <-> running
//	     any -> terminating
type phase int

const (
	recovering phase = iota + 1
	disconnected
	running
	terminating
)

// Agent is one agent. Make it with [New] and start it with [Agent.Run].
//
// Its parts know only those above them, but for the limits, which destroy containers that exceed them.
type Agent struct {
	*base
	started time.Time
	gates   gates

	draining      *draining
	sandboxes     *sandboxes
	volumes       *volumes
	operations    *operations
	ledger        *ledger
	limits        *limits
	nested        *nested
	statuses      *statuses
	starting      *starting
	containers    *containers
	ending        *ending
	launching     *launching
	subscriptions *subscriptions
	upstream      *upstream
	recovery      *recovery
	api           *api
	views         *views
}

// New checks the configuration, opens the listener and returns an agent that is ready to run. The caller must call
// Run, which closes the listener.
func New(cfg Config) (*Agent, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("agent configuration: %w", err)
	}
	workDir, err := realDir(cfg.WorkDir)
	if err != nil {
		return nil, err
	}
	log := cfg.Log
	if log == nil {
		log = zap.NewNop()
	}
	listener := cfg.Listener
	if listener == nil {
		if listener, err = net.Listen("tcp", net.JoinHostPort(cfg.IP, strconv.Itoa(cfg.Port))); err != nil {
			return nil, fmt.Errorf("agent: %w", err)
		}
	}
	b := &base{
		cfg: cfg, log: log.Named("agent"), ip: cfg.IP, host: cfg.Host, phase: recovering, box: mailbox.New(),
		store: checkpoint.Store{Layout: checkpoint.Layout{WorkDir: workDir}},
	}
	if addr, ok := listener.Addr().(*net.TCPAddr); ok {
		b.port = addr.Port
	}
	if b.cfg.Hostname == "" {
		b.cfg.Hostname = b.ip
		if net.ParseIP(b.ip).IsLoopback() {
			b.cfg.Hostname = "localhost"
		}
	}
	a, err := assemble(b, listener)
	if err != nil {
		_ = listener.Close()
		return nil, err
	}
	return a, nil
}

// assemble makes the parts of an agent.
func assemble(b *base, listener net.Listener) (*Agent, error) {
	checkpointed, err := b.describe()
	if err != nil {
		return nil, err
	}
	files, err := b.newFetcher()
	if err != nil {
		return nil, err
	}
	a := &Agent{base: b, started: time.Now()}
	a.draining = &draining{base: b}
	a.sandboxes = &sandboxes{base: b}
	a.volumes = &volumes{base: b}
	a.operations = &operations{base: b, volumes: a.volumes, total: b.info.Resources}
	updates := statusupdate.NewManager(forwarder{b}, b.cfg.StatusUpdateRetryMin, b.cfg.StatusUpdateRetryMax)
	a.ledger = &ledger{base: b, sandboxes: a.sandboxes, updates: updates, frameworks: make(map[string]*framework)}
	a.limits = &limits{base: b}
	a.nested = &nested{base: b, ledger: a.ledger, all: make(map[string]*nestedContainer)}
	a.statuses = &statuses{base: b, draining: a.draining, ledger: a.ledger, limits: a.limits, updates: updates}
	a.starting = &starting{base: b, limits: a.limits, fetcher: files}
	a.containers = &containers{
		base: b, ledger: a.ledger, limits: a.limits, nested: a.nested, statuses: a.statuses, starting: a.starting,
	}
	a.limits.destroy = a.containers.destroy
	a.ending = &ending{
		base: b, draining: a.draining, ledger: a.ledger, nested: a.nested, statuses: a.statuses, containers: a.containers,
	}
	a.launching = &launching{
		base: b, draining: a.draining, volumes: a.volumes, ledger: a.ledger, limits: a.limits, statuses: a.statuses,
		starting: a.starting, containers: a.containers,
	}
	a.subscriptions = &subscriptions{base: b, ledger: a.ledger, statuses: a.statuses, ending: a.ending}
	a.upstream = &upstream{
		base: b, draining: a.draining, operations: a.operations, ledger: a.ledger, statuses: a.statuses, ending: a.ending,
		receive: a.receive,
	}
	a.recovery = &recovery{
		base: b, gates: &a.gates, checkpointed: checkpointed, draining: a.draining, sandboxes: a.sandboxes,
		operations: a.operations, ledger: a.ledger, statuses: a.statuses, starting: a.starting, containers: a.containers,
		ending: a.ending, upstream: a.upstream,
	}
	a.api = &api{
		base: b, gates: &a.gates, listener: listener, ledger: a.ledger, statuses: a.statuses, subscriptions: a.subscriptions,
	}
	a.views = &views{
		base: b, draining: a.draining, operations: a.operations, ledger: a.ledger, nested: a.nested, statuses: a.statuses,
		started: a.started,
	}
	return a, nil
}

// realDir makes the directory and returns its absolute path without symbolic links.
func realDir(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("work directory %s: %w", dir, err)
	}
	if err := mkdirAll(abs); err != nil {
		return "", fmt.Errorf("work directory: %w", err)
	}
	return filepath.EvalSymlinks(abs)
}

// Address returns ip:port of the agent, which is also its address on the link.
func (a *Agent) Address() string { return a.address() }

// PID returns the libprocess address that the agent claims to have.
func (a *Agent) PID() string { return a.pid() }

// Ready tells whether recovery is over. Before that a Mesos agent answers operator requests with 503.
func (a *Agent) Ready() bool { return a.gates.ready.Load() }

// Done is closed when the agent has ended.
func (a *Agent) Done() <-chan struct{} { return a.box.Done() }

// Run recovers, serves and works until the context ends, the agent is shut down or it fails. The end of the context
// is the sudden death of the agent: executors live on in the Host and Run returns nil. All goroutines of the agent are
// gone when it returns.
func (a *Agent) Run(ctx context.Context) error {
	a.api.serve()
	if err := a.recovery.begin(); err != nil {
		a.finish(err)
	}
	a.box.Run(ctx, nil)
	a.finish(nil) // which changes nothing if it was not the context that ended
	a.close()
	return a.outcome
}

// close drops all connections and waits for all goroutines.
func (a *Agent) close() {
	if a.master.conn != nil {
		a.cfg.Network.Break(a.address())
	}
	for _, f := range a.ledger.frameworks {
		for _, e := range f.executors {
			e.stream.close()
		}
	}
	// The error is about connections that were open, which is the point.
	_ = a.api.http.Close()
	a.box.Wait()
}

// Hurry kills all tasks without any grace period, also those that have one already. It is for the time after
// [Agent.Shutdown].
func (a *Agent) Hurry(ctx context.Context) {
	// An agent that has ended has no tasks.
	_ = a.box.Do(ctx, a.ending.hurry)
}

// Shutdown stops the agent gracefully, as SIGUSR1 does with Mesos: it unregisters, lets all executors shut down within
// their grace periods and ends.
func (a *Agent) Shutdown(ctx context.Context) {
	// Whoever gives up waiting, or comes too late, has nothing to be told.
	_ = a.box.Do(ctx, func() {
		a.send(link.Unregister{AgentID: a.agentID()})
		a.ending.leave(nil, a.ending.shutdown)
	})
}
