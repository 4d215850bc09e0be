package zkstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gantry-mesos/gantry/scheduler/store"
)

// Load reads the state as it is between two transactions. Appends wait until
// the reading is done, not until all records were handed out.
func (s *Store) Load(ctx context.Context, fn func(key string, value []byte) error) error {
	records, err := s.snapshot(ctx, nil)
	if err != nil {
		return fmt.Errorf("load %s: %w", s.paths.state, err)
	}
	for i := range records {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("load %s: %w", s.paths.state, err)
		}
		if err := fn(records[i].Key, records[i].Value); err != nil {
			return fmt.Errorf("load record %q: %w", records[i].Key, err)
		}
	}
	return nil
}

// Examine implements store.Examiner; what is damaged is named by its znode.
func (s *Store) Examine(ctx context.Context, fn func(key string, value []byte, damage error) error) error {
	var d damages
	records, err := s.snapshot(ctx, &d)
	if err != nil {
		return fmt.Errorf("load %s: %w", s.paths.state, err)
	}
	return examine(ctx, records, &d, fn)
}

// snapshot returns all records in the order of their keys.
func (s *Store) snapshot(ctx context.Context, d *damages) ([]store.Change, error) {
	if err := s.take(ctx); err != nil {
		return nil, err
	}
	defer func() { <-s.turn }()
	select {
	case s.fold <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { <-s.fold }()
	base, baseBytes, err := s.readBase(ctx, d)
	if err != nil {
		return nil, err
	}
	numbers, err := s.entries(ctx)
	if err != nil {
		return nil, err
	}
	changes, logBytes, err := s.readLog(ctx, numbers, d)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.usage.logBytes, s.usage.logEntries, s.usage.baseBytes = logBytes, len(numbers), baseBytes
	s.mu.Unlock()
	return merge(base, changes), nil
}

// merge applies changes to records and sorts the result.
func merge(base, changes []store.Change) []store.Change {
	last := make(map[string]int, len(changes))
	for i := range changes {
		last[changes[i].Key] = i
	}
	records := make([]store.Change, 0, len(base)+len(last))
	for _, r := range base {
		if _, changed := last[r.Key]; !changed {
			records = append(records, r)
		}
	}
	for _, i := range last {
		if changes[i].Value != nil {
			records = append(records, changes[i])
		}
	}
	slices.SortFunc(records, func(a, b store.Change) int { return strings.Compare(a.Key, b.Key) })
	return records
}
