package core

import (
	"fmt"
	"maps"
	"time"

	"github.com/gantry-mesos/gantry/scheduler/fairshare"
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
	if _, stored := s.quotas[c.Queue]; c.Quota == nil && !stored {
		return &NotFoundError{Kind: "Quota", ID: c.Queue}
	}
	quotas := maps.Clone(s.quotas)
	if c.Quota != nil {
		quotas[c.Queue] = *c.Quota
	} else {
		delete(quotas, c.Queue)
	}
	all := maps.Clone(quotas)
	for path, q := range s.cfg.Fairness.Queues {
		if _, ok := all[path]; !ok {
			all[path] = q
		}
	}
	if err := fairshare.CheckQuotas(all); err != nil {
		return &InvalidQuotaError{Queue: c.Queue, Err: err}
	}
	s.quotas = quotas
	s.fair.SetQuota(c.Queue, all[c.Queue])
	s.unlimit()
	s.pictures.ShowShares()
	if c.Quota != nil {
		s.persist(PutQuota{Queue: c.Queue, Quota: *c.Quota})
	} else {
		s.persist(DropQuota{Queue: c.Queue})
	}
	return nil
}

// loadQuotas goes on with what was set at run time; it comes before the configuration.
func (s *State) loadQuotas(stored map[string]fairshare.Quota) {
	s.quotas = map[string]fairshare.Quota{}
	for path, q := range stored {
		s.quotas[path] = q
		s.fair.SetQuota(path, q)
	}
}

// unlimit has those looked at again that a limit kept out.
func (s *State) unlimit() {
	s.fair.Wake()
	s.sharesChanged, s.placeAgain, s.demand.fresh = true, true, true
}

// measure estimates how large the cluster is, as far as it is for this framework:
// the most that its agents ever offered, and at least what its tasks use. After
// a (new) subscription, when most may be in use, all that is not is offered
// together and comes on top of that.
func (s *State) measure() {
	if s.now.Before(s.measureUntil) {
		s.seen = s.seen.Max(s.fair.Used().Add(s.cluster.Free()))
	}
	s.fair.SetTotal(s.cluster.Peak().Max(s.fair.Used()).Max(s.seen))
}

// measureFor is how long after a subscription the master has shown all it has to offer.
const measureFor = time.Minute
