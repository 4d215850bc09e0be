package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/checkpoint"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/containerizer"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/fetcher"
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
type Agent struct {
	cfg      Config
	log      *zap.Logger
	ip       string
	port     int
	listener net.Listener
	store    checkpoint.Store
	host     *containerizer.Host
	fetcher  *fetcher.Fetcher
	started  time.Time

	box       *mailbox.Box
	recovered atomic.Bool // containers are known again: executors may subscribe
	ready     atomic.Bool // recovery is over: everything is served
	http      *http.Server

	// What follows belongs to the goroutine of Run.
	info  mesos.AgentInfo // resources as configured, reservation stacks
	total []mesos.Resource
	// checkpointed is what an earlier agent on this work directory said of itself; nil without one.
	checkpointed *mesos.AgentInfo
	phase        phase
	master       masterState
	updates      *statusupdate.Manager
	retryTimer   *mailbox.Timer
	frameworks   map[string]*framework
	finished     []*framework // completed frameworks, the oldest first
	draining     *mesos.DrainConfig
	drainSince   time.Time
	operations   operations
	nested       map[string]*nestedContainer
	end          error
	ended        bool
	metrics      counters
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
	a := &Agent{
		cfg: cfg, log: log.Named("agent"), ip: cfg.IP, listener: listener, host: cfg.Host, started: time.Now(),
		store: checkpoint.Store{Layout: checkpoint.Layout{WorkDir: workDir}}, box: mailbox.New(),
		frameworks: make(map[string]*framework), nested: make(map[string]*nestedContainer), phase: recovering,
	}
	if addr, ok := listener.Addr().(*net.TCPAddr); ok {
		a.port = addr.Port
	}
	if a.cfg.Hostname == "" {
		a.cfg.Hostname = a.ip
		if net.ParseIP(a.ip).IsLoopback() {
			a.cfg.Hostname = "localhost"
		}
	}
	a.updates = statusupdate.NewManager(forwarder{a}, cfg.StatusUpdateRetryMin, cfg.StatusUpdateRetryMax)
	if err := a.prepare(); err != nil {
		_ = listener.Close()
		return nil, err
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

// prepare derives what the agent says of itself and sets up the fetcher.
func (a *Agent) prepare() error {
	resources, err := ParseResources(a.cfg.Resources, a.cfg.DefaultRole)
	if err != nil {
		return err
	}
	attributes, err := ParseAttributes(a.cfg.Attributes)
	if err != nil {
		return err
	}
	port := int32(a.port)
	a.info = mesos.AgentInfo{
		Hostname: a.cfg.Hostname, Port: &port, Resources: resources, Attributes: attributes, Domain: a.cfg.Domain,
	}
	a.total = resources
	if err := a.compatible(); err != nil {
		return err
	}
	cache, err := fetcher.NewCache(a.store.Layout.FetcherCache(), a.cfg.FetcherCacheSize)
	if err != nil {
		return err
	}
	a.fetcher = &fetcher.Fetcher{
		StallTimeout: a.cfg.FetcherStallTimeout, FrameworksHome: a.cfg.FrameworksHome, Cache: cache,
		Client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
	}
	return nil
}

// Address returns ip:port of the agent, which is also its address on the link.
func (a *Agent) Address() string { return net.JoinHostPort(a.ip, strconv.Itoa(a.port)) }

// PID returns the libprocess address that the agent claims to have.
func (a *Agent) PID() string { return "slave(1)@" + a.Address() }

// Ready tells whether recovery is over. Before that a Mesos agent answers operator requests with 503.
func (a *Agent) Ready() bool { return a.ready.Load() }

// Done is closed when the agent has ended.
func (a *Agent) Done() <-chan struct{} { return a.box.Done() }

// Run recovers, serves and works until the context ends, the agent is shut down or it fails. The end of the context
// is the sudden death of the agent: executors live on in the Host and Run returns nil. All goroutines of the agent are
// gone when it returns.
func (a *Agent) Run(ctx context.Context) error {
	a.serve()
	if err := a.recover(); err != nil {
		a.finish(err)
	}
	a.box.Run(ctx, nil)
	a.finish(nil) // which changes nothing if it was not the context that ended
	a.close()
	return a.end
}

// finish makes Run return.
func (a *Agent) finish(err error) {
	if !a.ended {
		a.ended, a.end = true, err
		a.box.Stop()
	}
}

// close drops all connections and waits for all goroutines.
func (a *Agent) close() {
	if a.master.conn != nil {
		a.cfg.Network.Break(a.Address())
	}
	for _, f := range a.frameworks {
		for _, e := range f.executors {
			e.stream.close()
		}
	}
	// The error is about connections that were open, which is the point.
	_ = a.http.Close()
	a.box.Wait()
}

// Shutdown stops the agent gracefully, as SIGUSR1 does with Mesos: it unregisters, lets all executors shut down within
// their grace periods and ends.
func (a *Agent) Shutdown(ctx context.Context) {
	// Whoever gives up waiting, or comes too late, has nothing to be told.
	_ = a.box.Do(ctx, func() {
		a.send(link.Unregister{AgentID: a.agentID()})
		a.leave(nil, a.shutdownExecutor)
	})
}

func (a *Agent) agentID() mesos.AgentID {
	if a.info.ID == nil {
		return mesos.AgentID{}
	}
	return *a.info.ID
}

func (a *Agent) id() string { return a.agentID().Value }
