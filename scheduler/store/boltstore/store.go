// Package boltstore keeps the scheduler's records in one local file, for a
// scheduler that runs alone. Every transaction is synced to the disk before it
// is reported as written. The file is locked, so that a second scheduler on
// the same directory stops with a clear error.
package boltstore

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"sync"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/gantry-mesos/gantry/scheduler/store"
)

// checksumSize is the length of the CRC-32C that precedes every stored value:
// the file format itself notices damaged pages only by luck.
const checksumSize = 4

// maxTxSpare is the largest value buffer kept for the next transaction.
const maxTxSpare = 4 << 20

var checksums = crc32.MakeTable(crc32.Castagnoli)

// Store is a store.Store on a file. Make it with Open.
type Store struct {
	db   *bolt.DB
	path string

	mu     sync.Mutex // one Append at a time; guards what follows
	failed error      // outcome of an earlier write is unknown
	values []byte     // buffer of the values of one transaction
}

var _ store.Store = (*Store)(nil)

// Append writes changes in one file transaction and syncs the file. A context
// that ends while the disk works does not interrupt the write.
func (s *Store) Append(ctx context.Context, changes []store.Change) error {
	if err := store.Check(changes); err != nil {
		return fmt.Errorf("append to %s: %w", s.path, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("append to %s: %w", s.path, err)
	}
	if s.failed != nil {
		return s.failed
	}
	if len(changes) == 0 {
		return nil
	}
	err := guard(s.path, func() error { return s.write(changes) })
	if err != nil && !errors.Is(err, store.ErrClosed) {
		return fmt.Errorf("append %d changes to %s: %w", len(changes), s.path, err)
	}
	return err
}

// write runs one transaction; a failure of its commit leaves the outcome open,
// because the last page written may or may not have reached the disk.
func (s *Store) write(changes []store.Change) error {
	tx, err := s.db.Begin(true)
	if err != nil {
		return classify(s.path, err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	b := tx.Bucket(recordsBucket)
	values := s.buffer(changes)
	var key []byte // the file library keeps a copy
	for _, n := range inKeyOrder(changes) {
		c := &changes[n]
		key = append(key[:0], c.Key...)
		if c.Value == nil {
			err = b.Delete(key)
		} else {
			start := len(values)
			values = append(values, 0, 0, 0, 0)
			values = append(values, c.Value...)
			binary.BigEndian.PutUint32(values[start:], checksum(key, c.Value))
			err = b.Put(key, values[start:len(values):len(values)])
		}
		if err != nil {
			return fmt.Errorf("record %q: %w", c.Key, classify(s.path, err))
		}
	}
	if err := tx.Commit(); err != nil {
		s.failed = fmt.Errorf("append to %s: %w: %w", s.path, store.ErrUnknownOutcome, err)
		return fmt.Errorf("%w: %w", store.ErrUnknownOutcome, err)
	}
	return nil
}

// buffer returns an empty slice with room for all values of the transaction:
// the file library refers to it until the commit.
func (s *Store) buffer(changes []store.Change) []byte {
	size := 0
	for i := range changes {
		size += checksumSize + len(changes[i].Value)
	}
	if size > maxTxSpare {
		return make([]byte, 0, size)
	}
	s.values = slices.Grow(s.values[:0], size)
	return s.values[:0]
}

// inKeyOrder returns where the last change of each key is, sorted by key:
// neighbours share pages, which makes large transactions several times faster.
func inKeyOrder(changes []store.Change) []int {
	sorted := make([]int, len(changes))
	for n := range sorted {
		sorted[n] = n
	}
	slices.SortFunc(sorted, func(a, b int) int {
		return cmp.Or(strings.Compare(changes[a].Key, changes[b].Key), cmp.Compare(a, b))
	})
	last := sorted[:0]
	for i, n := range sorted {
		if i+1 == len(sorted) || changes[sorted[i+1]].Key != changes[n].Key {
			last = append(last, n)
		}
	}
	return last
}

// Load reads all records from one consistent view. Writers go on meanwhile.
func (s *Store) Load(ctx context.Context, fn func(key string, value []byte) error) error {
	return s.Examine(ctx, func(key string, value []byte, damage error) error {
		if damage != nil {
			return damage
		}
		return fn(key, value)
	})
}

// Examine implements store.Examiner. A damaged page ends it with ErrCorrupt, as what
// follows cannot be found.
func (s *Store) Examine(ctx context.Context, fn func(key string, value []byte, damage error) error) error {
	var tx *bolt.Tx
	err := guard(s.path, func() (err error) {
		tx, err = s.db.Begin(false)
		return err
	})
	if err != nil {
		return fmt.Errorf("load: %w", classify(s.path, err))
	}
	defer func() { _ = tx.Rollback() }() // a read transaction has nothing to lose
	r := reader{path: s.path, cursor: tx.Bucket(recordsBucket).Cursor()}
	for {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("load %s: %w", s.path, err)
		}
		// Only the read is guarded: a panic of fn is not a damaged file.
		if err := guard(s.path, r.next); err != nil {
			return fmt.Errorf("load: %w", err)
		}
		if r.key == nil {
			return nil
		}
		if err := fn(string(r.key), r.value, r.damage); err != nil {
			return fmt.Errorf("load record %q: %w", r.key, err)
		}
	}
}

// reader walks over the records; key is nil at the end.
type reader struct {
	path       string
	cursor     *bolt.Cursor
	key, value []byte // value is overwritten by next
	damage     error  // of the record
}

func (r *reader) next() error {
	var k, v []byte
	if r.key == nil {
		k, v = r.cursor.First()
	} else {
		k, v = r.cursor.Next()
	}
	r.key, r.damage = k, nil
	if k == nil {
		return nil
	}
	if len(v) < checksumSize {
		r.value, r.damage = nil, corrupt(r.path, fmt.Errorf("record %q has no checksum", k))
		return nil
	}
	r.value = append(r.value[:0], v[checksumSize:]...)
	if binary.BigEndian.Uint32(v) != checksum(k, r.value) {
		r.value, r.damage = nil, corrupt(r.path, fmt.Errorf("record %q does not match its checksum", k))
	}
	return nil
}

// Close releases the file and its lock. A second Close does nothing.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close %s: %w", s.path, err)
	}
	return nil
}

func checksum(key, value []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, checksums), checksums, value)
}

func classify(path string, err error) error {
	switch {
	case errors.Is(err, bolterrors.ErrDatabaseNotOpen):
		return fmt.Errorf("%s: %w", path, store.ErrClosed)
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum),
		errors.Is(err, bolterrors.ErrVersionMismatch), errors.Is(err, bolterrors.ErrInvalidMapping):
		return corrupt(path, err)
	default:
		return err
	}
}
