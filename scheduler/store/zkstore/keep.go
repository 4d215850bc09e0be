package zkstore

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/go-zookeeper/zk"

	"github.com/gantry-mesos/gantry/scheduler/store"
)

var (
	_ store.Keeper   = (*Store)(nil)
	_ store.Examiner = (*Store)(nil)
	_ store.Examiner = (*Reader)(nil)
)

// ErrNoCopy says that no copy of that name is kept.
var ErrNoCopy = errors.New("there is no such copy of the state")

// Copies lie below backups/<name>/<part>, beside the state: the znode of
// the name holds the number of parts and comes last, so that half a copy is none.

// Keep implements store.Keeper.
func (s *Store) Keep(ctx context.Context, name string, data []byte) error {
	if err := s.take(ctx); err != nil {
		return fmt.Errorf("keep a copy of %s: %w", s.paths.state, err)
	}
	defer func() { <-s.turn }()
	p := path.Join(s.paths.backups, name)
	for _, dir := range []string{s.paths.backups, p} {
		if err := s.put(ctx, dir, nil, false); err != nil {
			return s.judge(ctx, false, err)
		}
	}
	parts := 0
	for part := range slices.Chunk(data, nodeMax) {
		if err := s.put(ctx, fmt.Sprintf("%s/%04d", p, parts), part, false); err != nil {
			return s.judge(ctx, false, err)
		}
		parts++
	}
	if err := s.put(ctx, p, fmt.Appendf(nil, "%d", parts), true); err != nil {
		return s.judge(ctx, false, err)
	}
	return nil
}

// Kept implements store.Keeper.
func (s *Store) Kept(ctx context.Context, name string) ([]byte, error) { return s.kept(ctx, name) }

// Kept returns a copy that the owner of the state has kept. It fails with ErrNoCopy,
// which names those that there are.
func (r *Reader) Kept(ctx context.Context, name string) ([]byte, error) {
	return r.tree.kept(ctx, name)
}

func (t *tree) kept(ctx context.Context, name string) ([]byte, error) {
	p := path.Join(t.paths.backups, name)
	head, err := t.get(ctx, p)
	if errors.Is(err, zk.ErrNoNode) {
		names, _ := t.children(ctx, t.paths.backups) // there may be none
		slices.Sort(names)
		return nil, fmt.Errorf("%w: %s; kept are: %s", ErrNoCopy, name, strings.Join(names, ", "))
	}
	if err != nil {
		return nil, unreadable(err)
	}
	parts := 0
	if _, err := fmt.Sscan(string(head.Data), &parts); err != nil {
		return nil, fmt.Errorf("%w: %s was not written to its end", ErrNoCopy, name)
	}
	var data []byte
	for part := range parts {
		n, err := t.get(ctx, fmt.Sprintf("%s/%04d", p, part))
		if err != nil {
			return nil, unreadable(err)
		}
		data = append(data, n.Data...)
	}
	return data, nil
}

// Compact brings the whole log into the base, and returns how many entries it had.
func (s *Store) Compact(ctx context.Context) (entries int, err error) {
	if err := s.take(ctx); err != nil {
		return 0, err
	}
	defer func() { <-s.turn }()
	select {
	case s.fold <- struct{}{}:
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	defer func() { <-s.fold }()
	s.mu.Lock()
	entries = s.usage.logEntries
	s.mu.Unlock()
	delta, err := s.foldEntries(ctx, s.next)
	if err != nil {
		return 0, fmt.Errorf("compact %s: %w", s.paths.state, err)
	}
	s.mu.Lock()
	s.usage.logEntries, s.usage.logBytes, s.usage.baseBytes = 0, 0, s.usage.baseBytes+delta
	s.mu.Unlock()
	return entries, nil
}
