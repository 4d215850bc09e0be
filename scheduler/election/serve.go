package election

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-zookeeper/zk"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/logfield"
	"github.com/gantry-mesos/gantry/pkg/zkconn"
)

// verifyTimeout bounds the look at the own node after the leader's work failed.
const verifyTimeout = 2 * time.Second

// rearmInterval is the pause between tries to watch the own node.
const rearmInterval = time.Second

// serve does the leader's work and watches over the term. It returns when the
// work has ended: nil after a resignation, a workError for the work's own
// failure, another error when the leadership was lost.
func (c *Candidate) serve(ctx context.Context, t Term) error {
	start := time.Now()
	c.log.Info("leadership won", logfield.Path(t.Node), zap.Int64("epoch", t.Epoch))
	term, lose := context.WithCancelCause(ctx)
	defer lose(nil)
	result := make(chan error, 1)
	go func() { result <- c.lead(term, t) }()
	w := watchman{session: t.Session, node: t.Node}
	lost := w.watch(term, result, lose)
	err := <-result
	c.setLeader(Leader{}, false)
	c.log.Info("leadership ended", logfield.Elapsed(time.Since(start)), zap.NamedError("lost", lost), zap.Error(err))
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case lost != nil:
		return lost
	case err != nil && c.holds(ctx, t):
		return workError{fmt.Errorf("lead as epoch %d: %w", t.Epoch, err)}
	default:
		return nil
	}
}

// holds tells whether the term still stood when the work failed. A deposed
// leader's work fails, too, and that is no reason to end the campaign.
func (c *Candidate) holds(ctx context.Context, t Term) bool {
	ctx, cancel := context.WithTimeout(ctx, verifyTimeout)
	defer cancel()
	ok, err := t.Session.Exists(ctx, t.Node)
	return err == nil && ok
}

// watchman ends a term that cannot be relied on any more.
type watchman struct {
	session *zkconn.Session
	node    string
	events  <-chan zk.Event
}

// watch returns when the work has ended, putting its result back, or the term
// is over: then it calls lose with the reason and returns that.
func (w *watchman) watch(term context.Context, result chan error, lose context.CancelCauseFunc) error {
	over := func(reason error) error {
		err := fmt.Errorf("%w: %w", ErrLost, reason)
		lose(err)
		return err
	}
	for {
		st := w.session.Status()
		if st.Connected && w.events == nil {
			if err := w.arm(term); errors.Is(err, errEvicted) {
				return over(err)
			}
		}
		alarm := time.NewTimer(w.patience(st))
		select {
		case err := <-result:
			result <- err
			return nil
		case e := <-w.events:
			w.events = nil
			if e.Type == zk.EventNodeDeleted {
				return over(errEvicted)
			}
		case <-alarm.C:
			if !st.Connected {
				return over(fmt.Errorf("ZooKeeper has been out of reach for %v", time.Since(st.Contact).Round(time.Millisecond)))
			}
		case <-w.session.Done():
			return over(w.session.Err())
		case <-st.Changed:
		case <-term.Done():
			return nil
		}
		alarm.Stop()
	}
}

// arm watches the own node. When it cannot, watch tries again.
func (w *watchman) arm(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, verifyTimeout)
	defer cancel()
	_, events, err := w.session.GetW(ctx, w.node)
	if errors.Is(err, zk.ErrNoNode) {
		return errEvicted
	}
	w.events = events
	return err
}

// patience is the time until something is to be done. A leader without
// connection must step down after two thirds of the time that its session was
// sure to last when the connection broke: another candidate can win only after
// the whole of it. A connected one without watch tries again soon.
func (w *watchman) patience(st zkconn.Status) time.Duration {
	switch {
	case !st.Connected:
		return max(time.Until(st.Contact.Add(st.Timeout))*2/3, 0)
	case w.events == nil:
		return rearmInterval
	default:
		return st.Timeout // nothing is due; look around now and then
	}
}
