package record

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/store"
	"github.com/gantry-mesos/gantry/scheduler/store/archive"
	"github.com/gantry-mesos/gantry/scheduler/store/boltstore"
)

func TestCheckNamesEveryRecordThatMakesNoSense(t *testing.T) {
	t.Parallel()
	c := NewCheck()
	c.Add("framework", []byte{format})
	c.Add("instance/a", []byte{format + 1, 1, 2})
	c.Add("instance/b", nil)
	c.Add("instance/c", []byte{0})
	c.Add("instance/d", []byte{format, 0xff, 0xff})
	c.Add("wonder/e", []byte{format})
	bad := c.End()
	var keys []string
	for _, e := range bad {
		keys = append(keys, e.Key)
	}
	if got, want := strings.Join(keys, " "), "instance/a instance/b instance/c instance/d wonder/e"; got != want {
		t.Errorf("named %s, want %s", got, want)
	}
	if text := bad[0].Error(); !strings.Contains(text, "format 4 is newer than 3") || !strings.Contains(text, "start the version that wrote it") {
		t.Errorf("a newer format is told as %q", text)
	}
	if k := c.Kinds(); k["instance"] != 4 || k["framework"] != 1 {
		t.Errorf("kinds %v", k)
	}
}

func TestCheckNamesADeploymentThatRefersToNothing(t *testing.T) {
	t.Parallel()
	d, changes := many(2)
	j := open(t, t.TempDir())
	if err := j.Append(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	c := NewCheck()
	missing := appKey(changes[0].(core.PutApp).Spec.ID, millis(at))
	for key, value := range raw(t, j.store) {
		if key != missing {
			c.Add(key, []byte(value))
		}
	}
	if bad := c.End(); len(bad) != 1 || !strings.Contains(bad[0].Error(), string(d.ID)) {
		t.Errorf("found %v, want the deployment", bad)
	}
}

// The store of an older version is copied whole before anything in it is rewritten.
func TestAMigrationKeepsAVerifiedCopyOfWhatWasBefore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f, err := os.Open("testdata/format2.db.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	old, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, boltstore.FileName), old, 0o600); err != nil {
		t.Fatal(err)
	}
	j := open(t, dir)
	before := raw(t, j.store)
	if _, err := j.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if j.Migrated() == 0 || j.Copied() == "" {
		t.Fatalf("%d records migrated, copy %q", j.Migrated(), j.Copied())
	}
	data, err := os.ReadFile(filepath.Join(dir, j.Copied()))
	if err != nil {
		t.Fatal(err)
	}
	copied := 0
	n, err := archive.Read(bytes.NewReader(data), func(key string, value []byte) error {
		if before[key] == string(value) {
			copied++
		}
		return nil
	})
	if err != nil || n != len(before) || copied != n {
		t.Errorf("the copy has %d records, %d as before, %v, want %d", n, copied, err, len(before))
	}
	if _, err := j.Load(t.Context()); err != nil || j.Migrated() != 0 || j.Copied() != "" {
		t.Errorf("the next Load migrated %d records, %v", j.Migrated(), err)
	}
}

// forgetful loses the end of what it is told to keep.
type forgetful struct {
	*boltstore.Store
	data []byte
}

func (f *forgetful) Keep(_ context.Context, _ string, data []byte) error {
	f.data = bytes.Clone(data[:len(data)-1])
	return nil
}

func (f *forgetful) Kept(context.Context, string) ([]byte, error) { return f.data, nil }

var _ store.Keeper = (*forgetful)(nil)

func TestWithoutAWholeCopyNothingIsRewritten(t *testing.T) {
	t.Parallel()
	st, err := boltstore.Open(t.Context(), t.TempDir(), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if err := st.Append(t.Context(), dumped(t, "testdata/format2.txt")); err != nil {
		t.Fatal(err)
	}
	before := raw(t, st)
	if _, err := New(&forgetful{Store: st}).Load(t.Context()); !errors.Is(err, archive.ErrDamaged) {
		t.Errorf("Load = %v, want the damage of the copy", err)
	}
	if diff := cmp.Diff(before, raw(t, st)); diff != "" {
		t.Errorf("the records have changed:\n%s", diff)
	}
}
