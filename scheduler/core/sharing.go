package core

import (
	"errors"
	"fmt"
	"time"

	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/matching"
)

// InvalidQuotaError says that a quota cannot hold together with the others.
type InvalidQuotaError struct {
	Queue string
	Err   error
}

func (e *InvalidQuotaError) Error() string { return fmt.Sprintf("quota of %s: %v", e.Queue, e.Err) }

// Unwrap returns what is wrong.
func (e *InvalidQuotaError) Unwrap() error { return e.Err }

// setQuota changes what a queue may have; nil makes the configured quota valid again.
func (s *State) setQuota(c SetQuota) error {
	switch err := s.market.SetQuota(c.Queue, c.Quota); {
	case errors.Is(err, matching.ErrNoQuota):
		return &NotFoundError{Kind: "Quota", ID: c.Queue}
	case err != nil:
		return &InvalidQuotaError{Queue: c.Queue, Err: err}
	}
	s.sharesShownAt = time.Time{}
	if c.Quota != nil {
		s.persist(PutQuota{Queue: c.Queue, Quota: *c.Quota})
	} else {
		s.persist(DropQuota{Queue: c.Queue})
	}
	return nil
}

// Sharing is how the queues share the cluster.
type Sharing struct {
	Mode fairshare.Mode
	// Total is the part of the cluster that shares are of: the most that offers
	// and tasks have shown.
	Total resource.Vector
	// Queues are the shares by path, the whole first.
	Queues []fairshare.Share
	// Set has the paths of the queues whose quota was set at run time.
	Set map[string]bool
	// Held are the agents held for Apps whose instances are large, by App.
	Held []HeldView
}

// HeldView is an agent that is held for an App whose instances are too large
// for what becomes free in small parts.
type HeldView = matching.Held

// showShares renews the shares; where there are many queues, a few times a second.
func (s *State) showShares(v *View) {
	if len(v.Sharing.Queues) > 100 && s.now.Sub(s.sharesShownAt) < 250*time.Millisecond {
		return
	}
	s.sharesShown, s.sharesShownAt = s.market.Shared(), s.now
	v.Sharing = Sharing{Mode: s.market.Mode(), Total: s.market.Total(), Queues: s.market.Shares(), Set: s.market.Quotas(), Held: s.market.Held()}
}
