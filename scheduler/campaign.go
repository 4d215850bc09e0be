package scheduler

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/zkurl"
	"github.com/gantry-mesos/gantry/scheduler/election"
	"github.com/gantry-mesos/gantry/scheduler/store"
	"github.com/gantry-mesos/gantry/scheduler/store/boltstore"
	"github.com/gantry-mesos/gantry/scheduler/store/zkstore"
)

// campaigner takes part in an election: election.Solo or election.Candidate.
type campaigner interface {
	Run(ctx context.Context) error
	Leader() (election.Leader, bool)
}

// campaign decides when this scheduler leads, and opens the store for its terms.
type campaign struct {
	campaigner
	self election.Leader
	// ready reports whether the state of this scheduler's term is loaded.
	ready func() bool
	// resign ends this scheduler's present term; nil where there is none, and for
	// one that runs alone.
	resign *atomic.Pointer[context.CancelFunc]
}

// abdicateAfter is how long after the request a leader gives up, so that the
// answer has left before ("Marathon, leader").
const abdicateAfter = 50 * time.Millisecond

// abdicate returns what makes this scheduler give up the leadership, for another
// one that waits for it, nil for a scheduler that runs alone. Without another one
// it leads again after a moment.
func (c *campaign) abdicate() func() {
	if c.resign == nil {
		return nil
	}
	return func() {
		if resign := c.resign.Load(); resign != nil {
			time.AfterFunc(abdicateAfter, *resign)
		}
	}
}

// Leader implements httpapi.Leadership. A scheduler that was elected leads once
// it has loaded the state: until then it would show a cluster without Apps, and
// load balancers that ask would drop all their backends.
func (c *campaign) Leader() (self bool, address string) {
	l, ok := c.campaigner.Leader()
	if !ok {
		return false, ""
	}
	return l.ID == c.self.ID && c.ready(), l.Address
}

// leaderScheme is the scheme that the leader's API is called by.
func (c *campaign) leaderScheme() string {
	if l, _ := c.campaigner.Leader(); l.Secure {
		return "https"
	}
	return "http"
}

// newCampaign returns a campaign that calls term with the open store whenever this scheduler leads.
func newCampaign(cfg Config, self election.Leader, ready func() bool, term func(context.Context, store.Store) error, log *zap.Logger) (*campaign, error) {
	if cfg.StateDir != "" {
		lead := func(ctx context.Context, _ election.Term) error { return localTerms(ctx, cfg.StateDir, term, log) }
		return &campaign{campaigner: election.NewSolo(self, lead), self: self, ready: ready}, nil
	}
	url, err := zkurl.Parse(cfg.ZK)
	if err != nil {
		return nil, fmt.Errorf("--zk: %w", err)
	}
	resign := &atomic.Pointer[context.CancelFunc]{}
	lead := func(ctx context.Context, t election.Term) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		resign.Store(&cancel)
		defer resign.Store(nil)
		return sharedTerms(ctx, url, t, term, log)
	}
	candidate, err := election.New(election.Config{URL: url, Self: self, SessionTimeout: cfg.ZKSessionTimeout, Log: log.Named("election")}, lead)
	if err != nil {
		return nil, fmt.Errorf("--zk: %w", err)
	}
	return &campaign{candidate, self, ready, resign}, nil
}

// localTerms runs terms on the state in a directory; its lock keeps a second scheduler away.
func localTerms(ctx context.Context, dir string, term func(context.Context, store.Store) error, log *zap.Logger) error {
	return again(ctx, log, func() error {
		st, err := boltstore.Open(ctx, dir, boltstore.Options{})
		if err != nil {
			return &permanentError{fmt.Errorf("--state-dir %s: %w", dir, err)}
		}
		return errors.Join(term(ctx, st), st.Close())
	})
}

// sharedTerms runs terms on the state in ZooKeeper for as long as this
// scheduler leads. A lost leadership is no error: the campaign goes on.
func sharedTerms(ctx context.Context, url zkurl.URL, t election.Term, term func(context.Context, store.Store) error, log *zap.Logger) error {
	err := again(ctx, log, func() error {
		st, err := zkstore.Open(ctx, zkstore.Config{Session: t.Session, Path: url.Path, Node: t.Node, Epoch: t.Epoch, Log: log.Named("store")})
		if err != nil {
			return explainZooKeeper(err)
		}
		return explainZooKeeper(errors.Join(term(ctx, st), st.Close()))
	})
	if errors.Is(err, store.ErrNotLeader) {
		log.Warn("the store has another owner, stepping down", zap.Error(err))
		return nil
	}
	return err
}
