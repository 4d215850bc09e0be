package core

import (
	"math/rand/v2"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/checkup"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/matching"
	"github.com/gantry-mesos/gantry/scheduler/roster"
)

// Config holds what decisions depend on beside state and events.
type Config struct {
	// Rand makes ids and chooses ports; the same seed repeats a run.
	Rand *rand.Rand
	// ExecutorOverhead is what an executor needs beside its task.
	ExecutorOverhead resource.Vector
	// Fairness is how the queues share the cluster.
	Fairness fairshare.Config
	// AvoidFor is how long an agent on which an App failed is tried after all others.
	AvoidFor time.Duration
	// StarveAfter is how long an instance waits until agents are held for it, and
	// HoldFor how long each time.
	StarveAfter, HoldFor time.Duration
	// DeclineFor is the filter of an offer that nothing waits for or fits in.
	DeclineFor time.Duration
	// OfferKeep is how long offers are kept for an App whose back-off is about to end.
	OfferKeep time.Duration
	// MaintenanceLead is how long before a maintenance window an agent gets nothing new.
	MaintenanceLead time.Duration
	// IgnoreMaintenance places on agents whatever their maintenance windows are.
	IgnoreMaintenance bool
	// ReviveEvery and ReviveMax bound how often offers are asked for while something
	// waits: first after ReviveEvery, then doubling.
	ReviveEvery, ReviveMax time.Duration
	// ConfirmAfter is when a launch or kill without an answer is asked about.
	ConfirmAfter time.Duration
	// LaunchTimeout is how long a task may stay short of running without any sign of life.
	LaunchTimeout time.Duration
	// KillRetry and KillRetryMax bound how often a kill is repeated, doubling.
	KillRetry, KillRetryMax time.Duration
	// Drain is how tasks that may be in use are drained before they are killed, where
	// their App does not say so; without a Timeout they are not.
	Drain app.Drain
	// UnknownGrace is how long a task that the master has forgotten may come back.
	UnknownGrace time.Duration
	// ForgetAfter is how long a given-up unreachable instance is remembered, so
	// that its task is recognised and killed when it comes back.
	ForgetAfter time.Duration
	// ReconcileEvery is the time between implicit reconciliations.
	ReconcileEvery time.Duration
	// ProgressDeadline ends a deployment that came no closer to its goal for so long; 0 never does.
	ProgressDeadline time.Duration
	// ServicePortMin and ServicePortMax bound the service ports that are assigned.
	ServicePortMin, ServicePortMax int
	// Storable returns an error if a definition does not fit into a record of the
	// store; nil means that all do. An App that is not storable is refused.
	Storable func(*app.Spec) error
	// VersionsMax is how many definitions of an App are kept beside those in use.
	VersionsMax int
	// GuardShare and GuardMin bound the kills on Gantry's own judgement: more than
	// GuardMin tasks and more than GuardShare of all known ones need a confirmation.
	GuardShare float64
	GuardMin   int
	// UnhealthyShare bounds how many of an App's instances are replaced for bad health
	// at a time, as a share of those wanted, though one in any case. The others are
	// left as they are until the new ones are healthy.
	UnhealthyShare float64
	// ParseReport reads what an executor says of its task's checks in an update's
	// data, nil if that is nothing; a nil function means that no executor says anything.
	ParseReport func([]byte) (*checkup.Report, error)
}

// DefaultConfig returns the defaults; the caller supplies Rand.
func DefaultConfig() Config {
	return Config{
		AvoidFor: 10 * time.Minute, StarveAfter: time.Minute, HoldFor: 5 * time.Minute,
		DeclineFor: 5 * time.Minute, OfferKeep: 2 * time.Second, MaintenanceLead: 5 * time.Minute,
		ReviveEvery: time.Second, ReviveMax: time.Minute,
		ConfirmAfter: 30 * time.Second, LaunchTimeout: 10 * time.Minute,
		KillRetry: 5 * time.Second, KillRetryMax: 2 * time.Minute,
		UnknownGrace: 2 * time.Minute, ForgetAfter: 24 * time.Hour, ReconcileEvery: 10 * time.Minute,
		ProgressDeadline: 30 * time.Minute, ServicePortMin: 10000, ServicePortMax: 20000,
		VersionsMax: 50, GuardShare: 0.2, GuardMin: 5, UnhealthyShare: 0.5,
	}
}

// matchingConfig is the part that is the market's.
func (s *State) matchingConfig() matching.Config {
	c := &s.cfg
	return matching.Config{
		Fairness: c.Fairness, AvoidFor: c.AvoidFor, StarveAfter: c.StarveAfter, HoldFor: c.HoldFor, DeclineFor: c.DeclineFor,
		OfferKeep: c.OfferKeep, MaintenanceLead: c.MaintenanceLead, IgnoreMaintenance: c.IgnoreMaintenance,
		ReviveEvery: c.ReviveEvery, ReviveMax: c.ReviveMax,
		Of: func(a *roster.App) *matching.App { return &stateOf(a).App }, Call: s.call,
	}
}
