package scheduler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gantry-mesos/gantry/pkg/logfield"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/identity"
	"github.com/gantry-mesos/gantry/scheduler/store/record"

	"go.uber.org/zap"
)

// ErrNoFrameworkID says that the store knows instances but not the framework
// that they belong to: registering anew would start all of them twice.
var ErrNoFrameworkID = errors.New("the store holds instances but no framework id, so that registering would start all of them twice; " +
	"find the id of the framework that runs them (gantry framework show --master) and take it (gantry framework adopt ID), or import a backup (gantry state import); " +
	"if the old tasks are gone for good, see 'gantry framework reset --dry-run' and start once with --framework-id-reset")

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
	if stored.Framework == "" && identity.Of(stored).Live > 0 {
		return core.Stored{}, ErrNoFrameworkID
	}
	return stored, nil
}

// resetFramework forgets the framework's id and the tasks that ran under it.
func (s *Scheduler) resetFramework(ctx context.Context, journal *record.Journal, stored *core.Stored) error {
	s.log.Warn("framework id reset, its tasks are forgotten", logfield.Framework(stored.Framework), zap.Int("instances", len(stored.Instances)))
	changes := identity.Reset(stored, time.Now())
	s.cfg.FrameworkIDReset = false
	return journal.Append(ctx, changes)
}
