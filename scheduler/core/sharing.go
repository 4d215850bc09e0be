package core

import (
	"errors"
	"fmt"

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
	s.pictures.ShowShares()
	if c.Quota != nil {
		s.persist(PutQuota{Queue: c.Queue, Quota: *c.Quota})
	} else {
		s.persist(DropQuota{Queue: c.Queue})
	}
	return nil
}
