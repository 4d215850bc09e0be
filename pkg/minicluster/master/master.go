package master

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
	"github.com/gantry-mesos/gantry/pkg/minicluster/mailbox"
)

// ErrStopped is returned by calls to a master whose Run has ended (or not begun before the context was over).
var ErrStopped = errors.New("master is not running")

// ErrDeposed is returned by [Master.Run] when the master led and then no longer did. As in Mesos, a deposed leader
// ends; whoever runs it starts a new one.
var ErrDeposed = errors.New("master lost its leadership")

// Deps are what a master needs from its surroundings.
type Deps struct {
	// Network carries messages to and from agents; the master listens on it at "IP:Port". Required.
	Network *link.Network
	// Registry is shared by the masters of a cluster. Nil: an own one in memory.
	Registry Registry
	// Authorizer decides what principals may do. Nil: everything is allowed.
	Authorizer Authorizer
	// Log may be nil.
	Log *zap.Logger
}

// Leadership tells a master who leads.
type Leadership struct {
	// Leading says that this master leads.
	Leading bool
	// Leader describes the leader if another master leads; nil: nobody does.
	Leader *mesos.MasterInfo
}

// Master is one master. Create it with New, then Run it.
type Master struct {
	cfg  Config
	deps Deps
	log  *zap.Logger
	info mesos.MasterInfo

	box    *mailbox.Box
	leads  atomic.Pointer[Leadership] // what SetLeadership was told, until the actor has seen it
	status atomic.Pointer[status]

	a *actor // touched by Run's goroutine only
}

// status is what HTTP handlers need to know without asking the actor.
type status struct {
	leadership Leadership
	recovered  bool
}

// New returns a master that does nothing until Run.
func New(cfg Config, deps Deps) (*Master, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("master configuration: %w", err)
	}
	if deps.Network == nil {
		return nil, errors.New("master dependencies: Network is nil")
	}
	if cfg.Hostname == "" {
		cfg.Hostname = cfg.IP
	}
	if cfg.ID == "" {
		cfg.ID = uuid.NewString()
	}
	if deps.Registry == nil {
		deps.Registry = NewMemoryRegistry()
	}
	if deps.Log == nil {
		deps.Log = zap.NewNop()
	}
	m := &Master{
		cfg: cfg, deps: deps, log: deps.Log.Named("master"),
		box: mailbox.New(),
	}
	m.info = masterInfo(cfg)
	m.status.Store(&status{})
	m.a = newActor(m, time.Now())
	return m, nil
}

// Info describes the master as it is advertised to schedulers and in ZooKeeper.
func (m *Master) Info() mesos.MasterInfo { return m.info }

// Config returns the configuration in effect.
func (m *Master) Config() Config { return m.cfg }

// Address returns "IP:Port", where the master listens on the link network and by HTTP.
func (m *Master) Address() string { return address(m.cfg) }

// SetLeadership tells the master who leads. It never blocks; only the newest value counts.
func (m *Master) SetLeadership(l Leadership) {
	m.leads.Store(&l)
	m.box.Post(func() {
		if newest := m.leads.Swap(nil); newest != nil {
			m.a.leadership.lead(*newest)
		}
	})
}

// Leadership returns who leads as far as this master knows.
func (m *Master) Leadership() Leadership { return m.status.Load().leadership }

// View runs f in the master's goroutine and returns when it has run. f may read the state but neither change nor keep
// it. It fails with [ErrStopped] or the context's error.
func (m *Master) View(ctx context.Context, f func(s *State)) error {
	return m.do(ctx, func() { f(m.a.State) })
}

// Observe runs snapshot on the state and then sink for each change after it, all in the master's goroutine, until
// cancel is called or the master ends; then ended is called. None of the three may block. Nothing is lost between
// snapshot and sink.
func (m *Master) Observe(ctx context.Context, snapshot func(s *State), sink func(e Event), ended func()) (cancel func(), err error) {
	o := &observer{sink: sink, ended: ended}
	err = m.do(ctx, func() {
		snapshot(m.a.State)
		m.a.watchers.add(o)
	})
	if err != nil {
		return nil, fmt.Errorf("observe master: %w", err)
	}
	return func() { m.box.Post(func() { m.a.watchers.remove(o) }) }, nil
}

// do runs f in the actor and waits for it.
func (m *Master) do(ctx context.Context, f func()) error {
	err := m.box.Do(ctx, f)
	if errors.Is(err, mailbox.ErrClosed) {
		return ErrStopped
	}
	return err
}
