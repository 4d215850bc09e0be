// Package app holds what a user declares: the App's definition in canonical
// form, its id, defaults and validation. Marathon's JSON is read and written by
// package api; running copies are the scheduler's matter.
package app

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/runspec"
)

// Spec is one version of an App's definition in canonical form ("Marathon, app
// definition"). A Spec is immutable once it left Normalize: share it, never write to it.
type Spec struct {
	ID ID
	// Run is what each instance is and needs.
	runspec.Run
	Instances int
	// Secrets are the sources that EnvSecrets and secret volumes refer to.
	Secrets      map[string]string
	Backoff      Backoff
	Readiness    []ReadinessCheck
	Check        *Check
	Dependencies []ID
	Upgrade      UpgradeStrategy
	KillSelect   KillSelection
	Unreachable  UnreachableStrategy

	// Version is the time of the last accepted change, in whole milliseconds, UTC.
	Version time.Time
	// RestartedAt is the last time that the user asked for a restart, zero if never:
	// two versions alike in everything but this need new instances.
	RestartedAt time.Time
	// LastScalingAt and LastConfigChangeAt tell which kind of change it was.
	LastScalingAt      time.Time
	LastConfigChangeAt time.Time
}

// Backoff delays the start of an App's instances after failures.
type Backoff struct {
	Initial time.Duration
	Factor  float64
	Max     time.Duration
}

// ReadinessCheck asks whether a new instance may take traffic, during deployments only.
type ReadinessCheck struct {
	Name                 string
	HTTPS                bool
	Path                 string
	PortName             string
	Interval             time.Duration
	Timeout              time.Duration
	StatusCodes          []int
	PreserveLastResponse bool
}

// Check is Mesos' general check; it informs and never kills.
type Check struct {
	HTTP      bool
	TCP       bool
	Command   []string
	Shell     bool
	Path      string
	Scheme    string
	PortIndex *int
	Port      *int
	Interval  time.Duration
	Timeout   time.Duration
	Delay     time.Duration
}

// UpgradeStrategy bounds a rolling upgrade; both are shares of Instances in [0, 1].
type UpgradeStrategy struct {
	MinimumHealthCapacity float64
	MaximumOverCapacity   float64
}

// KillSelection says which instances go first when an App shrinks.
type KillSelection uint8

// The kill selections.
const (
	YoungestFirst KillSelection = iota + 1
	OldestFirst
)

// UnreachableStrategy says what becomes of instances on an unreachable agent.
type UnreachableStrategy struct {
	// Disabled means they are never replaced.
	Disabled bool
	// InactiveAfter is when a replacement may start, ExpungeAfter when the old one is forgotten.
	InactiveAfter, ExpungeAfter time.Duration
}
