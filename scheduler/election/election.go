// Package election decides which of several schedulers leads. A Candidate
// campaigns in ZooKeeper; Solo leads always, for a scheduler that runs alone.
// Both call one function for each term of leadership and end its context when
// the term is over.
package election

import (
	"context"
	"errors"

	"github.com/gantry-mesos/gantry/pkg/zkconn"
)

// ErrLost is the cause of a term's context that ended because the leadership
// was lost, or could not be relied on any more.
var ErrLost = errors.New("the leadership was lost")

// Term is one period of leadership.
type Term struct {
	// Epoch grows with every term of any candidate, so that of two terms the
	// one with the higher epoch is the later (ZooKeeper, czxid).
	Epoch int64
	// Node is the znode that exists as long as the term: a write that checks
	// for it cannot come from a deposed leader. Empty without ZooKeeper.
	Node string
	// Session holds Node and ends with the term at the latest. It belongs to
	// the election: use it, do not close it. Nil without ZooKeeper.
	Session *zkconn.Session
}

// Leader is what a leader tells the other schedulers about itself.
type Leader struct {
	ID      string `json:"id"`      // of one run of a scheduler
	Address string `json:"address"` // "host:port" of its HTTP API
	// Secure says that the API is served over TLS.
	Secure bool `json:"secure,omitempty"`
}

// Lead does the leader's work for one term. It must return soon after ctx
// ends; nobody else leads on behalf of this process before it has returned.
// Returning nil earlier resigns and campaigns again, an error resigns and ends
// the campaign with that error.
type Lead func(ctx context.Context, t Term) error

// Solo is the only scheduler of its state: it leads from the start to the end.
type Solo struct {
	self Leader
	lead Lead
}

// NewSolo returns a leader without rivals.
func NewSolo(self Leader, lead Lead) *Solo { return &Solo{self: self, lead: lead} }

// Run leads one term until ctx ends or the leader's work fails, with its error.
func (s *Solo) Run(ctx context.Context) error {
	err := s.lead(ctx, Term{Epoch: 1})
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

// Leader returns this scheduler.
func (s *Solo) Leader() (Leader, bool) { return s.self, true }
