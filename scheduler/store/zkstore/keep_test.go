package zkstore_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gantry-mesos/gantry/scheduler/store"
	"github.com/gantry-mesos/gantry/scheduler/store/zkstore"
	"github.com/gantry-mesos/gantry/test/zktest"
)

// testKeep keeps copies that need several znodes beside the state, and reads them as
// the owner and as somebody else.
func testKeep(t *testing.T, server *zktest.Server) {
	t.Helper()
	b := newBackend(t, server.Addr(), zkstore.Open)
	s := b.openVia(t, server.Addr())
	mustAppend(t, s, put("a", "1")...)
	large := make([]byte, 1_300_000)
	r := rand.New(rand.NewPCG(1, 1))
	for n := range large {
		large[n] = byte(r.Uint32())
	}
	reader, err := zkstore.NewReader(s.cfg.Session, b.url.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()                       // it holds nothing
	for _, want := range [][]byte{large, []byte("small"), {}} { // each replaces the one before
		if err := s.Keep(callContext(t), "before-format-9.gantry", want); err != nil {
			t.Fatalf("Keep: %v", err)
		}
		for name, from := range map[string]interface {
			store.Examiner
			Kept(ctx context.Context, name string) ([]byte, error)
		}{"owner": s.Store, "reader": reader} {
			if got, err := from.Kept(callContext(t), "before-format-9.gantry"); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: %d bytes, %v, want %d", name, len(got), err, len(want))
			}
		}
	}
	if _, err := reader.Kept(callContext(t), "other"); !errors.Is(err, zkstore.ErrNoCopy) || !strings.Contains(err.Error(), "before-format-9.gantry") {
		t.Errorf("Kept of another name = %v, want ErrNoCopy and what there is", err)
	}
	wantRecords(t, s, map[string]string{"a": "1"})
	next := b.openVia(t, server.Addr())
	if err := s.Keep(callContext(t), "late", []byte("x")); !errors.Is(err, store.ErrNotLeader) {
		t.Errorf("Keep of a deposed owner = %v, want ErrNotLeader", err)
	}
	mustAppend(t, next, put("a", "2")...)
}
