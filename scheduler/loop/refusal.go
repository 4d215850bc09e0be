package loop

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/core"
)

// BugError says that a command made a write that the store refuses for what it
// holds. That should have been refused before: it is a fault of the scheduler, which
// goes on from the state before, as if the command had not been given.
type BugError struct {
	// Reference is in the log, too.
	Reference string
	Err       error
}

func (e *BugError) Error() string {
	return fmt.Sprintf("internal error %s: nothing was changed; please report it with the scheduler's log: %v", e.Reference, e.Err)
}

// Unwrap returns the store's error.
func (e *BugError) Unwrap() error { return e.Err }

// refusedError says that the store refuses a write for what it holds, whoever tries it
// again.
type refusedError struct {
	err error
	// unsent are the calls that were to follow.
	unsent []core.Call
}

func (e *refusedError) Error() string { return e.err.Error() }
func (e *refusedError) Unwrap() error { return e.err }

// refusal makes a *refusedError of an error of the journal that is one.
func refusal(err error, unsent []core.Call) error {
	var rejects interface{ Rejected() bool }
	if errors.As(err, &rejects) && rejects.Rejected() {
		return &refusedError{err, unsent}
	}
	return err
}

// apart goes on after a refused write from the state before, which the store has,
// with a step for each input, so that only the one whose write it is has no effect:
// a command is answered with a *BugError, an event of Mesos is left out like a lost
// one. It fails if the state before wants written by itself what the store refuses.
func (l *Loop) apart(ctx context.Context, batch []input, refused *refusedError) (wake time.Time, err error) {
	bug := &BugError{Reference: rand.Text()[:8], Err: refused.err}
	l.cfg.Log.Error("a write was refused by the store for what it holds, which is a bug; going on from the state before",
		zap.String("reference", bug.Reference), zap.Int("inputs", len(batch)), zap.Error(refused.err))
	l.cfg.Metrics.refused.Inc()
	if len(batch) == 1 && turns(batch[0].event) {
		return time.Time{}, refused // without it there is nothing to go on with
	}
	wake, err = l.reload(ctx, batch, refused.unsent)
	_, again := errors.AsType[*refusedError](err)
	if again || err == nil && len(batch) == 1 {
		blame(batch, bug)
	}
	if err != nil || len(batch) == 1 {
		return wake, err
	}
	for _, in := range batch {
		if in.look != nil {
			continue // it has seen the state that was
		}
		if wake, err = l.step(ctx, []input{in}); err != nil {
			return wake, err
		}
	}
	return wake, nil
}

// blame answers those who wait for inputs whose write was refused.
func blame(batch []input, bug *BugError) {
	for _, in := range batch {
		if in.reply != nil {
			in.reply <- core.Reply{Err: bug}
		}
	}
}

// reload replaces the state by what the store holds, in the same subscription:
// readers keep the picture that they have until the new one is drawn, and the
// connection to the master stays. What else a state knows beside the store is found
// out again, as after a restart. A batch that begins or ends a subscription is about
// to be repeated, and begins without one.
func (l *Loop) reload(ctx context.Context, batch []input, unsent []core.Call) (wake time.Time, err error) {
	standing := l.state.Standing(unsent)
	for _, in := range batch {
		if turns(in.event) {
			standing = core.Standing{Quiet: standing.Quiet}
			break
		}
		offered, _ := eventOf[mesos.Offers](in.event)
		standing.Offers = slices.DeleteFunc(standing.Offers, func(id mesos.OfferID) bool {
			return len(batch) > 1 && slices.ContainsFunc(offered.Offers, func(o mesos.Offer) bool { return o.ID == id })
		})
	}
	if l.state, err = l.cfg.Reload(ctx); err != nil {
		return time.Time{}, err
	}
	return l.commit(ctx, []input{{event: core.Resumed{Standing: standing}}})
}

// turns reports whether an event begins or ends a subscription.
func turns(ev core.Event) bool {
	_, begins := eventOf[mesos.Subscribed](ev)
	_, ends := eventOf[mesos.Disconnected](ev)
	return begins || ends
}
