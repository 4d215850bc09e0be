package election

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/backoff"
	"github.com/gantry-mesos/gantry/pkg/logfield"
	"github.com/gantry-mesos/gantry/pkg/pause"
	"github.com/gantry-mesos/gantry/pkg/zkconn"
	"github.com/gantry-mesos/gantry/pkg/zkurl"
)

// electionNode is the parent of the candidates' nodes, below the URL's path.
const electionNode = "election"

// leaveTimeout bounds the last call of a candidate that goes.
const leaveTimeout = 3 * time.Second

// Config of a Candidate.
type Config struct {
	// URL of the ensemble; the candidates meet below its path.
	URL zkurl.URL
	// Self is shown to the others. An empty ID is replaced by a random one;
	// one that is kept over restarts clears away what the last run left.
	Self Leader
	// SessionTimeout is how long a leader that vanished keeps its place; 0
	// means 10 s.
	SessionTimeout time.Duration
	// Backoff between tries; the zero value is fine.
	Backoff backoff.Policy
	// Log gets a line for each change of leadership; nil means none.
	Log *zap.Logger
}

// Candidate takes part in the election. Each candidate has an ephemeral,
// numbered node; the lowest number leads, and every other candidate watches
// the one before it:
//
//	enter -> wait for the predecessor to go -> lead -> leave
//	  ^         | session over, own node gone     |
//	  +---------+---------------------------------+
//
// Losing ZooKeeper never ends a campaign. A leader that is cut off keeps its
// place over short disconnects and steps down by itself after two thirds of
// what remained of its session, before anybody else can take over.
type Candidate struct {
	cfg  Config
	lead Lead
	log  *zap.Logger
	dir  string
	data []byte
	rand *mathrand.Rand // used by Run only
	told bool           // of another session timeout; used by Run only

	mu     sync.Mutex
	leader Leader
	known  bool
}

// New returns a candidate that calls lead for each term it wins.
func New(cfg Config, lead Lead) (*Candidate, error) {
	if cfg.Self.ID == "" {
		cfg.Self.ID = rand.Text()
	}
	if strings.ContainsAny(cfg.Self.ID, "/_") {
		return nil, fmt.Errorf("candidate id %q: it must not hold a slash or an underscore", cfg.Self.ID)
	}
	data, err := json.Marshal(cfg.Self)
	if err != nil {
		return nil, fmt.Errorf("candidate %s: %w", cfg.Self.ID, err)
	}
	if cfg.Log == nil {
		cfg.Log = zap.NewNop()
	}
	return &Candidate{
		cfg: cfg, lead: lead, log: cfg.Log, data: data,
		dir:  cfg.URL.Join(electionNode),
		rand: mathrand.New(mathrand.NewPCG(mathrand.Uint64(), mathrand.Uint64())),
	}, nil
}

// Leader returns who leads as far as this candidate knows: false when there is
// no leader, or ZooKeeper was out of reach for a whole session timeout.
func (c *Candidate) Leader() (Leader, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.leader, c.known
}

func (c *Candidate) setLeader(l Leader, known bool) {
	c.mu.Lock()
	changed := c.leader != l || c.known != known
	c.leader, c.known = l, known
	c.mu.Unlock()
	switch {
	case !changed:
	case known:
		c.log.Info("leading scheduler known", logfield.Address(l.Address), zap.Bool("self", l == c.cfg.Self))
	default:
		c.log.Warn("leading scheduler unknown")
	}
}

// workError ends the campaign: the leader's own work failed.
type workError struct{ error }

// Unwrap returns the error of the work.
func (e workError) Unwrap() error { return e.error }

// Run campaigns until ctx ends, then resigns and returns nil. It returns early
// only with the error of the leader's work, or when ZooKeeper forbids this
// candidate to take part.
func (c *Candidate) Run(ctx context.Context) error {
	retries := backoff.NewSeries(c.cfg.Backoff, c.rand)
	for {
		err := c.session(ctx, retries)
		if work, ok := errors.AsType[workError](err); ok {
			return work.error
		}
		if errors.Is(err, zk.ErrNoAuth) || errors.Is(err, zk.ErrAuthFailed) {
			return fmt.Errorf("take part in the election: %w", err)
		}
		wait := retries.Next()
		if ctx.Err() == nil {
			c.log.Warn("the campaign was interrupted", zap.Error(err), logfield.Address(c.cfg.URL.String()),
				logfield.Attempt(retries.Attempt()), logfield.RetryIn(wait))
		}
		if !pause.For(ctx, wait) {
			return nil
		}
	}
}

// session campaigns for as long as one ZooKeeper session lasts, or until a
// campaign fails for another reason.
func (c *Candidate) session(ctx context.Context, retries *backoff.Series) error {
	s, err := zkconn.Open(zkconn.Config{URL: c.cfg.URL, Timeout: c.cfg.SessionTimeout, Log: c.log})
	if err != nil {
		return err
	}
	defer s.Close()
	defer c.setLeader(Leader{}, false)
	for {
		if err := c.awaitServer(ctx, s); err != nil {
			return err
		}
		c.tellTimeout(s)
		if err := c.campaign(ctx, s, retries.Reset); err != nil {
			return err
		}
		if !pause.For(ctx, retries.Next()) { // resigned; let another have a turn
			return nil
		}
	}
}

// awaitServer waits for the session, and says what to look at when that takes long.
func (c *Candidate) awaitServer(ctx context.Context, s *zkconn.Session) error {
	late := time.AfterFunc(s.Status().Timeout/2, func() {
		c.log.Warn("ZooKeeper does not serve; are more than half of its servers up, and the addresses right? Nobody leads until it does; tasks go on",
			logfield.Address(c.cfg.URL.String()))
	})
	defer late.Stop()
	return s.WaitConnected(ctx)
}

// tellTimeout says when ZooKeeper grants another session timeout than was wished for.
func (c *Candidate) tellTimeout(s *zkconn.Session) {
	if granted, wish := s.Status().Timeout, c.cfg.SessionTimeout; wish > 0 && granted != wish && !c.told {
		c.told = true
		c.log.Warn("ZooKeeper grants another session timeout; it holds (minSessionTimeout and maxSessionTimeout in its configuration are the bounds)",
			zap.Duration("wished", wish), zap.Duration("granted", granted))
	}
}

// campaign takes part once, from entering to leaving.
func (c *Candidate) campaign(ctx context.Context, s *zkconn.Session, entered func()) error {
	if err := s.EnsurePath(ctx, c.dir); err != nil {
		return err
	}
	q := &queue{session: s, dir: c.dir, id: c.cfg.Self.ID, show: c.setLeader}
	if err := q.enter(ctx, c.data); err != nil {
		return err
	}
	defer c.leave(ctx, s, q.own)
	entered()
	epoch, err := q.awaitTurn(ctx, c.pause)
	if err != nil {
		return err
	}
	c.setLeader(c.cfg.Self, true)
	return c.serve(ctx, Term{Epoch: epoch, Node: q.own, Session: s})
}

// pause waits a little before a call that failed is repeated.
func (c *Candidate) pause(ctx context.Context) bool {
	p := backoff.Policy{Min: 50 * time.Millisecond, Max: 500 * time.Millisecond}
	return pause.For(ctx, p.Delay(2, c.rand))
}

// leave deletes the candidate's node at once, where ZooKeeper can be reached;
// elsewhere the end of the session does.
func (c *Candidate) leave(ctx context.Context, s *zkconn.Session, node string) {
	if !s.Status().Connected {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
	defer cancel()
	if err := s.Delete(ctx, node, -1); err != nil && !errors.Is(err, zk.ErrNoNode) {
		c.log.Warn("the candidate's node was not deleted; it goes with the session", zap.Error(err))
	}
}
