package zkstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-zookeeper/zk"
	"golang.org/x/sync/errgroup"

	"github.com/gantry-mesos/gantry/scheduler/store"
)

// readers is how many znodes are asked for at a time: ZooKeeper answers the
// questions of one connection in order, without pause when many wait.
const readers = 64

// Load reads the state as it is between two transactions. Appends wait until
// the reading is done, not until all records were handed out.
func (s *Store) Load(ctx context.Context, fn func(key string, value []byte) error) error {
	records, err := s.snapshot(ctx)
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

// snapshot returns all records in the order of their keys.
func (s *Store) snapshot(ctx context.Context) ([]store.Change, error) {
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
	base, baseBytes, err := s.readBase(ctx)
	if err != nil {
		return nil, err
	}
	numbers, err := s.entries(ctx)
	if err != nil {
		return nil, err
	}
	changes, logBytes, err := s.readLog(ctx, numbers)
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

// readBase returns the records of all buckets and their size in ZooKeeper.
func (s *Store) readBase(ctx context.Context) (records []store.Change, size int, err error) {
	names, err := s.children(ctx, s.paths.base)
	if err != nil {
		return nil, 0, unreadable(err)
	}
	parts := make([]bucket, len(names))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for i, name := range names {
		b, err := strconv.ParseUint(name, 16, 8)
		if err != nil {
			return nil, 0, errors.Join(corrupt(s.paths.base+"/"+name, errors.New("its name is no bucket")), g.Wait())
		}
		g.Go(func() (err error) {
			parts[i], err = s.readBucket(gctx, int(b))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, 0, err
	}
	n := 0
	for i := range parts {
		n += len(parts[i].records)
		size += parts[i].size
	}
	records = make([]store.Change, 0, n)
	for i := range parts {
		records = append(records, parts[i].records...)
	}
	return records, size, nil
}

// bucket is the content of one bucket.
type bucket struct {
	exists   bool
	head     bucketHead
	records  []store.Change
	size     int // bytes in ZooKeeper
	children int // pages, and leftovers of interrupted folds
}

// readBucket reads a bucket with its pages; one that does not exist is empty.
func (s *Store) readBucket(ctx context.Context, number int) (b bucket, err error) {
	p := s.paths.bucket(number)
	n, err := s.get(ctx, p)
	if errors.Is(err, zk.ErrNoNode) {
		return bucket{}, nil
	}
	if err != nil {
		return b, unreadable(err)
	}
	b.exists, b.size, b.children = true, len(n.Data), int(n.Stat.NumChildren)
	var payload []byte
	if b.head, payload, err = decodeBucket(n.Data); err != nil {
		return b, corrupt(p, err)
	}
	add := func(c store.Change) { b.records = append(b.records, c) }
	if err := s.codec.unpack(payload, add); err != nil {
		return b, corrupt(p, err)
	}
	for page := 1; page <= b.head.pages; page++ {
		p := s.paths.page(number, b.head.generation, page)
		n, err := s.get(ctx, p)
		if errors.Is(err, zk.ErrNoNode) {
			return b, corrupt(p, errors.New("the page is missing"))
		}
		if err != nil {
			return b, unreadable(err)
		}
		b.size += len(n.Data)
		payload, err := head(n.Data, kindPage)
		if err == nil {
			err = s.codec.unpack(payload, add)
		}
		if err != nil {
			return b, corrupt(p, err)
		}
	}
	return b, nil
}

// readLog returns the changes of the entries with the given numbers, in order,
// and their size in ZooKeeper. A transaction without end is left out.
func (s *Store) readLog(ctx context.Context, numbers []uint64) (changes []store.Change, size int, err error) {
	type part struct {
		entry   entry
		size    int
		changes []store.Change
	}
	parts := make([]part, len(numbers))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for i, number := range numbers {
		g.Go(func() error {
			p := s.paths.entry(number)
			n, err := s.get(gctx, p)
			if err != nil {
				return unreadable(err)
			}
			e, err := decodeEntry(n.Data)
			if err == nil {
				err = s.codec.unpack(e.payload, func(c store.Change) { parts[i].changes = append(parts[i].changes, c) })
			}
			if err != nil {
				return corrupt(p, err)
			}
			parts[i].entry, parts[i].size = e, len(n.Data)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, 0, err
	}
	whole := len(parts)
	for whole > 0 && !parts[whole-1].entry.last {
		whole--
	}
	for i := range parts[:whole] {
		size += parts[i].size
		changes = append(changes, parts[i].changes...)
	}
	return changes, size, nil
}
