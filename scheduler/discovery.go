package scheduler

import (
	"fmt"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/discovery"
)

// DiscoveryConfig says how other programs are told where tasks are reached.
type DiscoveryConfig struct {
	// PanicThreshold is the share of an App's instances that were ready a minute before
	// which stay published even if their checks fail, from 0 (none) to 1. Default 0.5.
	PanicThreshold float64
	// PublishTimeout is how long the kill of a drained task waits for an output, such as
	// ZooKeeper, that does not answer. Default 5 s.
	PublishTimeout time.Duration
}

func (c DiscoveryConfig) problems() []error {
	var out []error
	if c.PanicThreshold < 0 || c.PanicThreshold > 1 {
		out = append(out, fmt.Errorf("--discovery-panic-threshold %v must be from 0 (take back whatever is not healthy) to 1", c.PanicThreshold))
	}
	if c.PublishTimeout <= 0 {
		out = append(out, fmt.Errorf("--publish-timeout %v must be positive", c.PublishTimeout))
	}
	return out
}

// drainProblems says what is wrong with how tasks are drained.
func drainProblems(d app.Drain) []error {
	if d.Timeout < 0 || d.MinDelay < 0 || d.MinDelay > d.Timeout {
		return []error{fmt.Errorf("--drain-min-delay %v must be from 0s to --drain-timeout %v; a timeout of 0s with a delay of 0s kills at once", d.MinDelay, d.Timeout)}
	}
	return nil
}

// endpoints is what the table of endpoints of a term that begins now goes by.
func (s *Scheduler) endpoints() discovery.Config {
	now := time.Now()
	return discovery.Config{
		// As with the event log, later terms have greater numbers.
		Term: uint64(now.UnixMilli()), GuardShare: s.cfg.Discovery.PanicThreshold,
		Gate: discovery.GateConfig{Began: now, Drain: s.cfg.Decisions.Drain, PublishTimeout: s.cfg.Discovery.PublishTimeout},
	}
}
