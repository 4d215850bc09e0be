package scheduler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gantry-mesos/gantry/pkg/logfield"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/store/record"

	"go.uber.org/zap"
)

// ErrNoFrameworkID says that the store knows instances but not the framework
// that they belong to: registering anew would start all of them twice.
var ErrNoFrameworkID = errors.New("the store holds instances but no framework id; " +
	"restore the store from a backup, or, if the old tasks are gone for good, start once with --framework-id-reset")

// load reads what was stored, and forgets the framework and its tasks when that was asked for.
func (s *Scheduler) load(ctx context.Context, journal *record.Journal) (core.Stored, error) {
	began := time.Now()
	stored, err := journal.Load(ctx)
	if err != nil {
		err = fmt.Errorf("load the state: %w", err)
		if _, unreadable := errors.AsType[*record.UnreadableError](err); unreadable {
			err = &permanentError{err}
		}
		return core.Stored{}, err
	}
	s.log.Info("state loaded", zap.Int("apps", len(stored.Versions)), zap.Int("instances", len(stored.Instances)),
		logfield.Framework(stored.Framework), logfield.Elapsed(time.Since(began)))
	if n := journal.Migrated(); n > 0 {
		s.log.Info("records of an older version rewritten, which that version does not read any more; a copy of all was kept before", logfield.Count(n), zap.String("copy", journal.Copied()))
	}
	if s.cfg.FrameworkIDReset {
		if err := s.resetFramework(ctx, journal, &stored); err != nil {
			return core.Stored{}, err
		}
	}
	if stored.Framework == "" && len(stored.Instances) > 0 {
		for _, i := range stored.Instances {
			if i.Condition.Live() {
				return core.Stored{}, ErrNoFrameworkID
			}
		}
	}
	return stored, nil
}

// resetFramework forgets the framework's id and the tasks that ran under it.
func (s *Scheduler) resetFramework(ctx context.Context, journal *record.Journal, stored *core.Stored) error {
	s.log.Warn("framework id reset, its tasks are forgotten", logfield.Framework(stored.Framework), zap.Int("instances", len(stored.Instances)))
	changes := []core.Change{core.PutFramework{}}
	for n, i := range stored.Instances {
		stored.Instances[n] = i.Rescheduled(time.Now(), i.Version)
		changes = append(changes, core.PutInstance{Instance: stored.Instances[n]})
	}
	stored.Framework = ""
	s.cfg.FrameworkIDReset = false
	return journal.Append(ctx, changes)
}
