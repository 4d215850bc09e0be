package zkstore

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/gantry-mesos/gantry/pkg/logfield"
	"github.com/gantry-mesos/gantry/scheduler/store"
)

const (
	// folders is how many buckets are rewritten at a time: enough to share the
	// disk's syncs, few enough that appends are not held up.
	folders = 8
	// deleteBatch is how many entries of the log are deleted in one transaction.
	deleteBatch = 256
	// retryShare is the part of the largest log by which it must grow before a
	// fold that failed is tried again.
	retryShare = 8
)

// foldIfDue begins a fold in the background when the log is long. The caller
// has the turn.
func (s *Store) foldIfDue() {
	s.mu.Lock()
	u := s.usage
	s.mu.Unlock()
	long := u.logBytes > max(s.limits.foldBytes, u.baseBytes/2) || u.logEntries >= s.limits.foldEntries
	if !long || u.logEntries < u.retryAt {
		return
	}
	select {
	case s.fold <- struct{}{}:
	default:
		return // one is at work
	}
	end := s.next
	s.folds.Go(func() {
		defer func() { <-s.fold }()
		start := time.Now()
		delta, err := s.foldEntries(s.background, end)
		s.mu.Lock()
		defer s.mu.Unlock()
		if err != nil {
			s.usage.retryAt = s.usage.logEntries + max(s.limits.foldEntries/retryShare, 1)
			s.cfg.Log.Warn("log of the state not folded; it grows until the next try succeeds",
				logfield.Path(s.paths.log), logfield.Count(s.usage.logEntries), zap.Error(err))
			return
		}
		s.usage.retryAt = 0
		s.usage.logBytes -= u.logBytes
		s.usage.logEntries -= u.logEntries
		s.usage.baseBytes += delta
		s.cfg.Log.Debug("log of the state folded", logfield.Path(s.paths.log),
			logfield.Count(u.logEntries), logfield.Elapsed(time.Since(start)))
	})
}

// foldEntries brings the entries before end into the base and deletes them. It
// returns by how many bytes the base has grown.
func (s *Store) foldEntries(ctx context.Context, end uint64) (delta int, err error) {
	numbers, err := s.entries(ctx)
	if err != nil {
		return 0, err
	}
	numbers = slices.DeleteFunc(numbers, func(n uint64) bool { return n >= end })
	changes, _, err := s.readLog(ctx, numbers, nil)
	if err != nil {
		return 0, err
	}
	var touched [buckets][]store.Change
	for _, c := range changes {
		b := bucketOf(c.Key)
		touched[b] = append(touched[b], c)
	}
	var deltas [buckets]int
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(folders)
	for b, changes := range touched {
		if len(changes) == 0 {
			continue
		}
		g.Go(func() (err error) {
			deltas[b], err = s.foldBucket(gctx, b, changes)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return 0, err
	}
	for _, d := range deltas {
		delta += d
	}
	return delta, s.deleteEntries(ctx, numbers)
}

// foldBucket rewrites one bucket. Further pages are written under the names of
// the next generation before the bucket's own znode begins to refer to them.
func (s *Store) foldBucket(ctx context.Context, number int, changes []store.Change) (delta int, err error) {
	b, err := s.readBucket(ctx, number)
	if err != nil {
		return 0, err
	}
	payloads := s.codec.pack(merge(b.records, changes))
	next := bucketHead{generation: b.head.generation + 1, pages: len(payloads) - 1}
	data := next.encode(payloads[0])
	size := len(data)
	if !b.exists && next.pages > 0 {
		if err := s.put(ctx, s.paths.bucket(number), bucketHead{}.encode(nil), false); err != nil {
			return 0, err
		}
		b.exists = true
	}
	for i, payload := range payloads[1:] {
		page := encodePage(payload)
		size += len(page)
		if err := s.put(ctx, s.paths.page(number, next.generation, i+1), page, false); err != nil {
			return 0, err
		}
	}
	if err := s.put(ctx, s.paths.bucket(number), data, b.exists); err != nil {
		return 0, err
	}
	if b.children > 0 {
		if err := s.deletePages(ctx, number, next.generation); err != nil {
			return 0, err
		}
	}
	return size - b.size, nil
}

// put writes a znode of the base, whether it exists or not; exists tells which
// is likely.
func (s *Store) put(ctx context.Context, p string, data []byte, exists bool) error {
	set := &zk.SetDataRequest{Path: p, Data: data, Version: -1}
	create := &zk.CreateRequest{Path: p, Data: data, Acl: s.cfg.Session.ACL()}
	var err error
	if !exists {
		if _, err = s.multi(ctx, create); !errors.Is(err, zk.ErrNodeExists) {
			return err
		}
	}
	if _, err = s.multi(ctx, set); err != nil {
		return fmt.Errorf("write %s: %w", p, err)
	}
	return nil
}

// deletePages deletes the pages of a bucket but those of one generation.
func (s *Store) deletePages(ctx context.Context, number int, keep uint64) error {
	names, err := s.children(ctx, s.paths.bucket(number))
	if err != nil {
		return err
	}
	kept := path.Base(s.paths.page(number, keep, 0))
	kept = kept[:strings.LastIndexByte(kept, '-')+1]
	for _, name := range names {
		if strings.HasPrefix(name, kept) {
			continue
		}
		p := s.paths.bucket(number) + "/" + name
		if unsure, err := s.multi(ctx, &zk.DeleteRequest{Path: p, Version: -1}); err != nil && (!unsure || !errors.Is(err, zk.ErrNoNode)) {
			return err
		}
	}
	return nil
}

// deleteEntries deletes entries of the log, oldest first, so that what remains
// after an interruption is the end of the log.
func (s *Store) deleteEntries(ctx context.Context, numbers []uint64) error {
	for batch := range slices.Chunk(numbers, deleteBatch) {
		ops := make([]any, len(batch))
		for i, n := range batch {
			ops[i] = &zk.DeleteRequest{Path: s.paths.entry(n), Version: -1}
		}
		unsure, err := s.multi(ctx, ops...)
		if unsure && errors.Is(err, zk.ErrNoNode) {
			// Done by the try whose answer was lost, or the term is over; in
			// that case the next write finds out.
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}
