package boltstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// FileName is the name of the store's file inside the state directory.
const FileName = "gantry.db"

// SchemaVersion is the layout this package writes. It reads the same version
// only; a later layout brings its own migration.
const SchemaVersion = 1

// DefaultLockTimeout is long enough for a predecessor that is just stopping.
const DefaultLockTimeout = 5 * time.Second

var (
	recordsBucket = []byte("records")
	metaBucket    = []byte("meta")
	schemaKey     = []byte("schema")
)

var (
	// ErrLocked says that another process has the file open.
	ErrLocked = errors.New("the state file is in use by another process")
	// ErrCorrupt says that the file is damaged or no state file at all.
	ErrCorrupt = errors.New("the state file is damaged")
	// ErrSchema says that the file was written by another version of Gantry.
	ErrSchema = errors.New("the state file has an unknown schema version")
)

// mappingSize is how much of the file is mapped into memory from the start. It
// takes address space only, and is enough for half a million instances.
const mappingSize = 256 << 20

// growth is how much the file grows at a time; each time costs a sync more.
const growth = 4 << 20

// Options tune Open; the zero value is ready for production.
type Options struct {
	// LockTimeout is how long Open waits for another process to release the
	// file; 0 means DefaultLockTimeout.
	LockTimeout time.Duration
}

// Open opens the store in directory dir, which is made, with the file, when
// missing. It fails with ErrLocked when another process keeps the file longer
// than the lock timeout, with ErrCorrupt and with ErrSchema.
func Open(ctx context.Context, dir string, o Options) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make state directory %s: %w", dir, err)
	}
	path := filepath.Join(dir, FileName)
	timeout := o.LockTimeout
	if timeout <= 0 {
		timeout = DefaultLockTimeout
	}
	if deadline, ok := ctx.Deadline(); ok {
		timeout = max(min(timeout, time.Until(deadline)), time.Millisecond)
	}
	db, err := openFile(path, timeout)
	if err != nil {
		return nil, err
	}
	err = guard(path, func() error { return prepare(db, path) })
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &Store{db: db, path: path}, nil
}

func openFile(path string, timeout time.Duration) (db *bolt.DB, err error) {
	var file *os.File
	err = guard(path, func() error {
		db, err = bolt.Open(path, 0o600, &bolt.Options{
			Timeout:      timeout,
			FreelistType: bolt.FreelistMapType,
			NoStatistics: true,
			// Whenever the file outgrows its mapping the library copies what a
			// transaction refers to and maps it anew.
			InitialMmapSize: mappingSize,
			OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
				file, err = os.OpenFile(name, flag, mode)
				return file, err
			},
		})
		return err
	})
	switch {
	case err == nil:
		db.AllocSize = growth
		return db, nil
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, fmt.Errorf("%w: %s was locked for %v; stop the other scheduler, or give this one its own --state-dir",
			ErrLocked, path, timeout)
	case errors.Is(err, ErrCorrupt) && file != nil:
		unlock(file) // left open, and locked, where the library panicked
		return nil, err
	default:
		return nil, fmt.Errorf("open %s: %w", path, classify(path, err))
	}
}

// prepare makes the buckets of a new file and checks an old one.
func prepare(db *bolt.DB, path string) error {
	if err := checkSize(db, path); err != nil {
		return err
	}
	return db.Update(func(tx *bolt.Tx) error {
		meta := tx.Bucket(metaBucket)
		if meta == nil {
			return initialise(tx, path)
		}
		switch version, err := strconv.Atoi(string(meta.Get(schemaKey))); {
		case err != nil:
			return corrupt(path, fmt.Errorf("schema record %q is no number", meta.Get(schemaKey)))
		case version != SchemaVersion:
			return fmt.Errorf("%w: %s has version %d, this program reads version %d; run the version of gantry that wrote it",
				ErrSchema, path, version, SchemaVersion)
		case tx.Bucket(recordsBucket) == nil:
			return corrupt(path, errors.New("the records are missing"))
		}
		return nil
	})
}

func initialise(tx *bolt.Tx, path string) error {
	if k, _ := tx.Cursor().First(); k != nil {
		return corrupt(path, fmt.Errorf("it belongs to another program, with a bucket %q", k))
	}
	if _, err := tx.CreateBucket(recordsBucket); err != nil {
		return err
	}
	meta, err := tx.CreateBucket(metaBucket)
	if err != nil {
		return err
	}
	return meta.Put(schemaKey, []byte(strconv.Itoa(SchemaVersion)))
}

// checkSize finds a file that was cut off: its pages are mapped into memory,
// and touching a missing one would be a fault, not an error.
func checkSize(db *bolt.DB, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return db.View(func(tx *bolt.Tx) error {
		if tx.Size() > info.Size() {
			return corrupt(path, fmt.Errorf("it should have %d bytes and has %d", tx.Size(), info.Size()))
		}
		return nil
	})
}

// guard turns the panics and memory faults by which the file library reports
// damaged pages into ErrCorrupt.
func guard(path string, f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		if re, ok := r.(runtime.Error); ok {
			err = corrupt(path, re)
			return
		}
		err = corrupt(path, fmt.Errorf("%v", r))
	}()
	return f()
}

// wayOut of damage, in the order in which to try.
const wayOut = "stop the scheduler, see all damage with 'gantry state check --state-dir DIR', then import a backup (gantry state import), " +
	"or what is whole (gantry state export --leave-out-damaged)"

func corrupt(path string, cause error) error {
	return fmt.Errorf("%w: %s: %w; %s", ErrCorrupt, path, cause, wayOut)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync state directory %s: %w", dir, err)
	}
	if err := d.Sync(); err != nil {
		return errors.Join(fmt.Errorf("sync state directory %s: %w", dir, err), d.Close())
	}
	return d.Close()
}
