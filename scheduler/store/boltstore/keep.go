package boltstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"

	"github.com/gantry-mesos/gantry/scheduler/store"
)

var (
	_ store.Keeper   = (*Store)(nil)
	_ store.Examiner = (*Store)(nil)
)

// Keep implements store.Keeper: a copy is a file beside the store's own.
func (s *Store) Keep(_ context.Context, name string, data []byte) error {
	dir := filepath.Dir(s.path)
	half := filepath.Join(dir, name+".part")
	err := writeSynced(half, data)
	if err == nil {
		err = os.Rename(half, filepath.Join(dir, name))
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return fmt.Errorf("keep a copy of %s: %w", s.path, err)
	}
	return nil
}

func writeSynced(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Close())
	}
	return errors.Join(f.Sync(), f.Close())
}

// Kept implements store.Keeper.
func (s *Store) Kept(_ context.Context, name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(filepath.Dir(s.path), name))
}

// copyMax bounds one transaction of a copy, in bytes.
const copyMax = 16 << 20

// Compact writes the store in directory dir anew, without the room that deleted
// records have left, and returns the sizes of its file before and after. Nothing is
// lost if it is interrupted. It fails like Open.
func Compact(ctx context.Context, dir string, o Options) (before, after int64, err error) {
	s, err := Open(ctx, dir, o)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.Load(ctx, func(string, []byte) error { return nil }); err != nil {
		return 0, 0, err
	}
	was, err := os.Stat(s.path)
	if err != nil {
		return 0, 0, fmt.Errorf("compact: %w", err)
	}
	half := s.path + ".part"
	if err := s.copyTo(half); err != nil {
		return 0, 0, fmt.Errorf("compact %s: %w", s.path, errors.Join(err, os.Remove(half)))
	}
	is, err := os.Stat(half)
	if err != nil {
		return 0, 0, fmt.Errorf("compact: %w", err)
	}
	// The lock is on the old file, which this process closes without writing to it.
	if err := os.Rename(half, s.path); err != nil {
		return 0, 0, fmt.Errorf("compact: %w", err)
	}
	return was.Size(), is.Size(), syncDir(dir)
}

func (s *Store) copyTo(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	to, err := bolt.Open(path, 0o600, &bolt.Options{NoSync: true, FreelistType: bolt.FreelistMapType})
	if err != nil {
		return err
	}
	err = bolt.Compact(to, s.db, copyMax)
	if err == nil {
		err = to.Sync()
	}
	return errors.Join(err, to.Close())
}
