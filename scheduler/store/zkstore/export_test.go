package zkstore

import "context"

// OpenSmall is Open with znodes of at most node bytes and a fold after entries
// entries, so that tests reach what takes long to reach in production.
func OpenSmall(ctx context.Context, cfg Config, node, entries int) (*Store, error) {
	return open(ctx, cfg, limits{node: node, foldBytes: 1 << 30, foldEntries: entries})
}

// AwaitFold waits until no fold is at work.
func (s *Store) AwaitFold() { s.folds.Wait() }

// LogEntries returns how many entries the log has.
func (s *Store) LogEntries() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.usage.logEntries
}
