package boltstore_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
	"go.uber.org/goleak"

	"github.com/gantry-mesos/gantry/scheduler/store"
	"github.com/gantry-mesos/gantry/scheduler/store/boltstore"
	"github.com/gantry-mesos/gantry/scheduler/store/storetest"
)

// writerDirVariable makes this test program a process that writes until it is killed.
const writerDirVariable = "BOLTSTORE_TEST_WRITER_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerDirVariable); dir != "" {
		fmt.Fprintln(os.Stderr, writeForever(dir))
		os.Exit(1)
	}
	// A history costs about a hundred disk syncs; -rapid.checks asks for more.
	if err := flag.Set("rapid.checks", "25"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

type backend struct{ dir string }

func (b backend) Open(ctx context.Context) (store.Store, error) {
	return boltstore.Open(ctx, b.dir, boltstore.Options{})
}

// Crash closes the file: a lock of this process cannot be left behind, and
// closing writes nothing. TestKilledWriter kills a real process.
func (b backend) Crash(s store.Store) { _ = s.Close() }

func TestContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(tb testing.TB) storetest.Backend {
		tb.Helper()
		return backend{dir: tb.TempDir()}
	})
}

func open(t *testing.T, dir string) *boltstore.Store {
	t.Helper()
	s, err := boltstore.Open(t.Context(), dir, boltstore.Options{})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestSecondOwnerIsRefusedWithinABound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := open(t, dir)
	start := time.Now()
	_, err := boltstore.Open(t.Context(), dir, boltstore.Options{LockTimeout: 60 * time.Millisecond})
	if !errors.Is(err, boltstore.ErrLocked) {
		t.Fatalf("Open of a locked file = %v, want ErrLocked", err)
	}
	if elapsed := time.Since(start); elapsed > 10*time.Second {
		t.Errorf("the refusal took %v, want the lock timeout", elapsed)
	}
	for _, part := range []string{filepath.Join(dir, boltstore.FileName), "--state-dir"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not mention %q", err, part)
		}
	}
	if err := first.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	open(t, dir)
}

func TestUnusableDirectoryIsNamed(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := boltstore.Open(t.Context(), filepath.Join(file, "state"), boltstore.Options{})
	if err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("Open below a file = %v, want an error that names it", err)
	}
}

// writeForever appends transactions of twenty records and reports each one
// after its Append returned.
func writeForever(dir string) error {
	ctx := context.Background()
	s, err := boltstore.Open(ctx, dir, boltstore.Options{})
	if err != nil {
		return err
	}
	for n := 1; ; n++ {
		changes := make([]store.Change, 20)
		for i := range changes {
			changes[i] = store.Change{Key: "r/" + strconv.Itoa(i), Value: binary.BigEndian.AppendUint64(nil, uint64(n))}
		}
		if err := s.Append(ctx, changes); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

func TestKilledWriterLosesNothingReported(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for round := range 3 {
		last := runAndKillWriter(t, dir, 10+7*round)
		s := open(t, dir)
		values := map[string]bool{}
		var stored uint64
		for _, v := range storetest.Contents(t, s) {
			values[v] = true
			stored = binary.BigEndian.Uint64([]byte(v))
		}
		if len(values) != 1 || stored < last {
			t.Errorf("round %d: %d different values, stored transaction %d, want one value of transaction %d or later",
				round, len(values), stored, last)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// runAndKillWriter returns the number of the last transaction that the writer
// reported before it was killed.
func runAndKillWriter(t *testing.T, dir string, transactions int) uint64 {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), writerDirVariable+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var last uint64
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		if last, err = strconv.ParseUint(lines.Text(), 10, 64); err != nil {
			t.Errorf("the writer printed %q", lines.Text())
		}
		if n == transactions {
			if err := cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || last == 0 {
		t.Errorf("the writer ended with %v after transaction %d, want it killed", err, last)
	}
	return last
}

// filled makes a state file with 3000 records, closes it and returns its path.
func filled(t *testing.T, dir string) string {
	t.Helper()
	s := open(t, dir)
	changes := make([]store.Change, 3000)
	for i := range changes {
		changes[i] = store.Change{Key: fmt.Sprintf("instance/%06d", i), Value: bytes.Repeat([]byte("payload "), 10)}
	}
	if err := s.Append(t.Context(), changes); err != nil {
		t.Fatalf("Append: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	return filepath.Join(dir, boltstore.FileName)
}

func openAndLoad(t *testing.T, dir string) error {
	t.Helper()
	s, err := boltstore.Open(t.Context(), dir, boltstore.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	return s.Load(t.Context(), func(string, []byte) error { return nil })
}

func TestDamagedFileIsReported(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		damage func(data []byte) []byte
	}{
		{"no state file at all", func([]byte) []byte { return bytes.Repeat([]byte("hello "), 3000) }},
		{"short text", func([]byte) []byte { return []byte("hello") }},
		{"both headers zeroed", func(d []byte) []byte { clear(d[:8192]); return d }},
		{"cut in the middle", func(d []byte) []byte { return d[:len(bytes.TrimRight(d, "\x00"))/2/4096*4096] }},
		{"cut after the headers", func(d []byte) []byte { return d[:8192] }},
		{"one bit of a value", func(d []byte) []byte {
			d[bytes.LastIndex(d, []byte("payload "))] ^= 1
			return d
		}},
		{"data pages overwritten", func(d []byte) []byte {
			for i := 16384; i < len(d); i++ {
				d[i] = 0xa5
			}
			return d
		}},
		{"data pages zeroed", func(d []byte) []byte { clear(d[16384:]); return d }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filled(t, dir)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, tt.damage(data), 0o600); err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second try shows that the first released the lock
				err = openAndLoad(t, dir)
				if !errors.Is(err, boltstore.ErrCorrupt) {
					t.Fatalf("open and load = %v, want ErrCorrupt", err)
				}
				if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "backup") {
					t.Errorf("error %q names neither the file nor the way out", err)
				}
			}
		})
	}
}

func TestForeignFilesAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, bucket, key, value string
		want                     error
	}{
		{"later schema", "meta", "schema", "99", boltstore.ErrSchema},
		{"schema without number", "meta", "schema", "x", boltstore.ErrCorrupt},
		{"another program's buckets", "theirs", "a", "b", boltstore.ErrCorrupt},
		{"schema without records", "meta", "schema", "1", boltstore.ErrCorrupt},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			db, err := bolt.Open(filepath.Join(dir, boltstore.FileName), 0o600, nil)
			if err != nil {
				t.Fatal(err)
			}
			err = db.Update(func(tx *bolt.Tx) error {
				b, err := tx.CreateBucket([]byte(tt.bucket))
				if err != nil {
					return err
				}
				return b.Put([]byte(tt.key), []byte(tt.value))
			})
			if err := errors.Join(err, db.Close()); err != nil {
				t.Fatal(err)
			}
			if err := openAndLoad(t, dir); !errors.Is(err, tt.want) {
				t.Errorf("open = %v, want %v", err, tt.want)
			}
		})
	}
}

func TestPanicOfTheCallbackIsNotADamagedFile(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	if err := s.Append(t.Context(), []store.Change{{Key: "a", Value: []byte("1")}}); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if r := recover(); r != "broken invariant" {
			t.Errorf("recovered %v, want the callback's panic", r)
		}
	}()
	err := s.Load(t.Context(), func(string, []byte) error { panic("broken invariant") })
	t.Errorf("Load returned %v, want a panic", err)
}
