package boltstore_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/gantry-mesos/gantry/scheduler/store"
	"github.com/gantry-mesos/gantry/scheduler/store/boltstore"
	"github.com/gantry-mesos/gantry/scheduler/store/storetest"
)

// stocked makes a store of n records in a new directory.
func stocked(t *testing.T, n int) (dir string, s *boltstore.Store) {
	t.Helper()
	dir = t.TempDir()
	s, err := boltstore.Open(t.Context(), dir, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	changes := make([]store.Change, n)
	for i := range changes {
		changes[i] = store.Change{Key: fmt.Sprintf("instance/%d", i), Value: []byte(strings.Repeat("x", 1000))}
	}
	if err := s.Append(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	return dir, s
}

func TestExamineGoesOnAfterDamagedRecordsAndNamesThem(t *testing.T) {
	t.Parallel()
	dir, s := stocked(t, 50)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := bolt.Open(filepath.Join(dir, boltstore.FileName), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte("records"))
		return errors.Join(b.Put([]byte("instance/7"), []byte("xxxxdamaged")), b.Put([]byte("instance/9"), []byte("x")))
	})
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	if s, err = boltstore.Open(t.Context(), dir, boltstore.Options{}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	whole, damaged := 0, map[string]error{}
	err = s.Examine(t.Context(), func(key string, _ []byte, damage error) error {
		if damage != nil {
			damaged[key] = damage
		} else {
			whole++
		}
		return nil
	})
	if err != nil || whole != 48 || len(damaged) != 2 || !errors.Is(damaged["instance/7"], boltstore.ErrCorrupt) || !errors.Is(damaged["instance/9"], boltstore.ErrCorrupt) {
		t.Errorf("%d records whole, damaged %v, %v", whole, damaged, err)
	}
	err = s.Load(t.Context(), func(string, []byte) error { return nil })
	if !errors.Is(err, boltstore.ErrCorrupt) || !strings.Contains(err.Error(), "instance/7") || !strings.Contains(err.Error(), "gantry state check") {
		t.Errorf("Load = %v, want the record and the way out", err)
	}
}

func TestCompactKeepsTheRecordsAndGivesRoomBack(t *testing.T) {
	t.Parallel()
	dir, s := stocked(t, 3000)
	var drop []store.Change
	for i := range 2990 {
		drop = append(drop, store.Change{Key: fmt.Sprintf("instance/%d", i)})
	}
	if err := s.Append(t.Context(), drop); err != nil {
		t.Fatal(err)
	}
	want := storetest.Contents(t, s)
	if _, _, err := boltstore.Compact(t.Context(), dir, boltstore.Options{LockTimeout: time.Millisecond}); !errors.Is(err, boltstore.ErrLocked) {
		t.Errorf("Compact while a scheduler runs = %v, want ErrLocked", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	before, after, err := boltstore.Compact(t.Context(), dir, boltstore.Options{})
	if err != nil || after >= before/10 {
		t.Errorf("Compact: from %d to %d bytes, %v", before, after, err)
	}
	if s, err = boltstore.Open(t.Context(), dir, boltstore.Options{}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := storetest.Contents(t, s); !maps.Equal(got, want) {
		t.Errorf("%d records after Compact, want %d", len(got), len(want))
	}
}

func TestKeepWritesAFileBesideTheStore(t *testing.T) {
	t.Parallel()
	dir, s := stocked(t, 1)
	if err := s.Keep(t.Context(), "before-format-9.gantry", []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Kept(t.Context(), "before-format-9.gantry"); err != nil || string(got) != "hello" {
		t.Errorf("Kept = %q, %v", got, err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "before-format-9.gantry")); err != nil || string(got) != "hello" {
		t.Errorf("the file holds %q, %v", got, err)
	}
}
