package backup_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/zkconn"
	"github.com/gantry-mesos/gantry/pkg/zkurl"
	"github.com/gantry-mesos/gantry/scheduler/backup"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/election"
	"github.com/gantry-mesos/gantry/scheduler/store"
	"github.com/gantry-mesos/gantry/scheduler/store/boltstore"
	"github.com/gantry-mesos/gantry/scheduler/store/record"
	"github.com/gantry-mesos/gantry/scheduler/store/storetest"
	"github.com/gantry-mesos/gantry/scheduler/store/zkstore"
	"github.com/gantry-mesos/gantry/test/zktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scheduled is a directory with the state of a scheduler that has some Apps.
func scheduled(t *testing.T) (backup.Place, map[string]string) {
	t.Helper()
	p := backup.Place{Dir: t.TempDir()}
	s, err := boltstore.Open(t.Context(), p.Dir, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }() // nothing is left to write
	changes := []core.Change{core.PutFramework{ID: "framework-1"}}
	for _, id := range []app.ID{"/a", "/b", "/team/c"} {
		spec := app.Default()
		spec.ID, spec.Cmd = id, "true"
		n := *app.Normalize(&spec, app.DefaultRules())
		n.Version = time.UnixMilli(1_700_000_000_000).UTC()
		changes = append(changes, core.PutApp{Spec: &n})
	}
	if err := record.New(s).Append(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	return p, storetest.Contents(t, s)
}

// contents are the records of a place, as they are read without owning it.
func contents(t *testing.T, p backup.Place) map[string]string {
	t.Helper()
	got := map[string]string{}
	reading(t, p, func(src backup.Source) {
		err := src.Examine(t.Context(), func(key string, value []byte, damage error) error {
			got[key] = string(value)
			return damage
		})
		if err != nil {
			t.Errorf("Examine: %v", err)
		}
	})
	return got
}

func reading(t *testing.T, p backup.Place, f func(backup.Source)) {
	t.Helper()
	src, err := p.Read(t.Context())
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	defer func() { _ = src.Close() }() // nothing is left to write
	f(src)
}

func export(t *testing.T, p backup.Place, leaveOut bool) (backup.Archived, backup.Report, error) {
	t.Helper()
	var (
		b   bytes.Buffer
		r   backup.Report
		err error
	)
	reading(t, p, func(src backup.Source) { r, err = backup.Export(t.Context(), src, &b, leaveOut) })
	return backup.Archived{Data: b.Bytes()}, r, err
}

func TestAStateMovesFromOneStoreToTheOtherAndBack(t *testing.T) {
	t.Parallel()
	server := zktest.Start(t)
	from, want := scheduled(t)
	shared, back := backup.Place{ZK: "zk://" + server.Addr() + "/gantry"}, backup.Place{Dir: t.TempDir()}
	reading(t, shared, func(src backup.Source) {
		if _, err := backup.Check(t.Context(), src); !errors.Is(err, zkstore.ErrNoState) {
			t.Errorf("Check without a state = %v, want ErrNoState", err)
		}
	})
	at := from
	for _, to := range []backup.Place{shared, back} {
		a, r, err := export(t, at, false)
		if err != nil || r.Records != len(want) || r.Kinds["app"] != 3 {
			t.Fatalf("Export of %v: %+v, %v", at, r, err)
		}
		if _, err := backup.Import(t.Context(), a, to, false); err != nil {
			t.Fatalf("Import to %v: %v", to, err)
		}
		if diff := cmp.Diff(want, contents(t, to)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", to, diff)
		}
		occupied := &backup.OccupiedError{}
		if _, err := backup.Import(t.Context(), a, to, false); !errors.As(err, &occupied) || occupied.Records != len(want) {
			t.Errorf("a second Import = %v, want that the place is taken", err)
		}
		if _, err := backup.Import(t.Context(), a, to, true); err != nil {
			t.Errorf("Import that replaces: %v", err)
		}
		if c, err := backup.Compact(t.Context(), to); err != nil || c.Unit == "" {
			t.Errorf("Compact: %+v, %v", c, err)
		}
		if diff := cmp.Diff(want, contents(t, to)); diff != "" {
			t.Errorf("%v after Compact (-want +got):\n%s", to, diff)
		}
		at = to
	}
	if aside, _ := filepath.Glob(filepath.Join(back.Dir, boltstore.FileName+".replaced-*")); len(aside) != 1 {
		t.Errorf("files put aside: %v, want one", aside)
	}
}

func TestWhileASchedulerLeadsItsStateIsReadAndNotChanged(t *testing.T) {
	t.Parallel()
	server := zktest.Start(t)
	url := zkurl.URL{Hosts: []string{server.Addr()}, Path: "/gantry"}
	p := backup.Place{ZK: "zk://" + server.Addr() + "/gantry"}
	ctx, stop := context.WithCancel(t.Context())
	opened, ended := make(chan *zkstore.Store, 1), make(chan error, 1)
	leader, err := election.New(election.Config{URL: url, Self: election.Leader{ID: "one", Address: "10.0.0.1:8080"}},
		func(ctx context.Context, term election.Term) error {
			s, err := zkstore.Open(ctx, zkstore.Config{Session: term.Session, Path: url.Path, Node: term.Node, Epoch: term.Epoch})
			if err != nil {
				return err
			}
			opened <- s
			<-ctx.Done()
			return s.Close()
		})
	if err != nil {
		t.Fatal(err)
	}
	go func() { ended <- leader.Run(ctx) }()
	s := <-opened
	for _, change := range []func() error{
		func() error { _, err := backup.Compact(t.Context(), p); return err },
		func() error { _, err := backup.Import(t.Context(), backup.Archived{}, p, true); return err },
	} {
		if err := change(); err == nil {
			t.Error("a state that a scheduler works on was changed")
		}
	}
	if _, err := backup.Compact(t.Context(), p); !errors.Is(err, backup.ErrLed) || !strings.Contains(err.Error(), "10.0.0.1:8080") {
		t.Errorf("Compact = %v, want that 10.0.0.1:8080 leads", err)
	}
	// What is read is between two transactions, whatever the writer and its folds do.
	wrote := make(chan error, 1)
	go func() {
		for n := range 300 {
			value := []byte{byte(n), byte(n >> 8)}
			err := s.Append(ctx, []store.Change{{Key: "a", Value: value}, {Key: "b", Value: value}, {Key: "c/d", Value: value}})
			if err == nil && n%20 == 0 { // as a log that is long does by itself
				_, err = s.Compact(ctx)
			}
			if err != nil {
				wrote <- err
				return
			}
		}
		wrote <- nil
	}()
	for looks := 0; ; looks++ {
		reading(t, p, func(src backup.Source) {
			got := map[string]string{}
			err := src.Examine(t.Context(), func(key string, value []byte, damage error) error {
				got[key] = string(value)
				return damage
			})
			if err != nil && !strings.Contains(err.Error(), "folds the log too often") {
				t.Errorf("Examine: %v", err)
			}
			if err == nil && (got["a"] != got["b"] || got["a"] != got["c/d"]) {
				t.Errorf("a torn picture: %q", got)
			}
		})
		select {
		case err := <-wrote:
			if err != nil {
				t.Errorf("Append: %v", err)
			}
			if got := contents(t, p); len(got) != 3 || got["a"] != string([]byte{299 & 0xff, 299 >> 8}) {
				t.Errorf("at the end: %q after %d looks", got, looks)
			}
			stop()
			if err := <-ended; err != nil {
				t.Errorf("Run: %v", err)
			}
			return
		default:
		}
	}
}

func TestDamageIsNamedAndTheRestIsSaved(t *testing.T) {
	t.Parallel()
	server := zktest.Start(t)
	from, want := scheduled(t)
	a, _, err := export(t, from, false)
	if err != nil {
		t.Fatal(err)
	}
	p := backup.Place{ZK: "zk://" + server.Addr() + "/gantry"}
	if _, err := backup.Import(t.Context(), a, p, false); err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Compact(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	session, err := zkconn.Open(zkconn.Config{URL: zkurl.URL{Hosts: []string{server.Addr()}}})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	names, err := session.Children(t.Context(), "/gantry/state/base")
	if err != nil || len(names) != len(want) {
		t.Fatalf("%d buckets, %v, want one a record", len(names), err)
	}
	damaged := "/gantry/state/base/" + names[0]
	if err := session.Multi(t.Context(), damaged, &zk.SetDataRequest{Path: damaged, Data: []byte("x"), Version: -1}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := export(t, p, false); err == nil || !strings.Contains(err.Error(), damaged) || !strings.Contains(err.Error(), "--leave-out-damaged") {
		t.Errorf("Export = %v, want the znode and the way out", err)
	}
	saved, r, err := export(t, p, true)
	if err != nil || len(r.Damaged) != 1 || r.Damaged[0].Name != damaged || r.Records != len(want)-1 {
		t.Fatalf("Export that leaves damage out: %+v, %v", r, err)
	}
	if _, err := backup.Import(t.Context(), saved, p, true); err != nil {
		t.Fatalf("Import over the damage: %v", err)
	}
	if got := contents(t, p); len(got) != len(want)-1 {
		t.Errorf("%d records, want the %d that were whole", len(got), len(want)-1)
	}
}

func TestADamagedFileIsReplaced(t *testing.T) {
	t.Parallel()
	p, want := scheduled(t)
	a, _, err := export(t, p, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.Dir, boltstore.FileName), []byte("not a database, but long enough to look at"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Read(t.Context()); !errors.Is(err, boltstore.ErrCorrupt) || !strings.Contains(err.Error(), "gantry state import") {
		t.Errorf("Read = %v, want ErrCorrupt and the way out", err)
	}
	if _, err := backup.Import(t.Context(), a, p, true); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, contents(t, p)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestARecordOfANewerFormatIsNotImported(t *testing.T) {
	t.Parallel()
	p, _ := scheduled(t)
	s, err := boltstore.Open(t.Context(), p.Dir, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Append(t.Context(), []store.Change{{Key: "instance/new", Value: []byte{200, 1}}})
	if err = errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	reading(t, p, func(src backup.Source) {
		if _, err := backup.Import(t.Context(), src, backup.Place{Dir: t.TempDir()}, false); err == nil || !strings.Contains(err.Error(), "instance/new") || !strings.Contains(err.Error(), "format 200 is newer than") {
			t.Errorf("Import = %v, want the record and its format", err)
		}
	})
}
