package zkstore_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"

	"github.com/go-zookeeper/zk"

	"github.com/gantry-mesos/gantry/scheduler/store"
	"github.com/gantry-mesos/gantry/scheduler/store/storetest"
	"github.com/gantry-mesos/gantry/scheduler/store/zkstore"
	"github.com/gantry-mesos/gantry/test/faultproxy"
	"github.com/gantry-mesos/gantry/test/zktest"
)

// small opens stores with tiny znodes that fold after every fourth entry.
func small(ctx context.Context, cfg zkstore.Config) (*zkstore.Store, error) {
	return zkstore.OpenSmall(ctx, cfg, 600, 4)
}

// values returns changes of n keys whose values do not compress well.
func values(n, round int) ([]store.Change, map[string]string) {
	changes, want := make([]store.Change, n), map[string]string{}
	for i := range changes {
		key := fmt.Sprintf("instance/%d", i)
		want[key] = strconv.Itoa(i*7919+round*104729) + "/" + strconv.Itoa(round)
		changes[i] = store.Change{Key: key, Value: []byte(want[key])}
	}
	return changes, want
}

func testFoldShortens(t *testing.T, server *zktest.Server) {
	t.Helper()
	b := newBackend(t, server.Addr(), small)
	s := b.openVia(t, server.Addr())
	var want map[string]string
	for round := range 12 {
		var changes []store.Change
		changes, want = values(60, round)
		mustAppend(t, s, changes...)
		s.AwaitFold()
		if got := s.LogEntries(); got > 6 {
			t.Fatalf("round %d: the log has %d entries after the fold, want a few", round, got)
		}
	}
	wantRecords(t, s, want)
	wantRecords(t, b.openVia(t, server.Addr()), want)
}

// testInterruptedFold cuts the connection after ever more requests, so that
// a fold ends in each of its phases once.
func testInterruptedFold(t *testing.T, server *zktest.Server) {
	t.Helper()
	b := newBackend(t, server.Addr(), small)
	keys := 40
	for round := range 12 {
		proxy := faultproxy.Start(t, server.Addr())
		s := b.openVia(t, proxy.Addr())
		var want map[string]string
		for i := range 4 {
			var changes []store.Change
			changes, want = values(keys, 10*round+i)
			mustAppend(t, s, changes...)
		}
		proxy.CutAfter(round * 4000)
		b.Crash(s.Store)
		next := b.openVia(t, server.Addr())
		if got := storetest.Contents(t, next); !maps.Equal(got, want) {
			t.Fatalf("round %d: after the interruption %d records, want the %d of the last transaction", round, len(got), len(want))
		}
		b.Crash(next.Store)
	}
}

func testTornTransaction(t *testing.T, server *zktest.Server) {
	t.Helper()
	b := newBackend(t, server.Addr(), small)
	s := b.openVia(t, server.Addr())
	first, want := values(5, 0)
	mustAppend(t, s, first...)
	second, _ := values(200, 1)
	mustAppend(t, s, second...)
	names, err := s.cfg.Session.Children(callContext(t), b.url.Join("state", "log"))
	if err != nil || len(names) < 4 {
		t.Fatalf("the log has the entries %v, %v, want several", names, err)
	}
	s.AwaitFold()
	b.Crash(s.Store)

	// The same again, with the last entry taken away before the next owner comes.
	b = newBackend(t, server.Addr(), func(ctx context.Context, cfg zkstore.Config) (*zkstore.Store, error) {
		return zkstore.OpenSmall(ctx, cfg, 600, 1000)
	})
	s = b.openVia(t, server.Addr())
	mustAppend(t, s, first...)
	mustAppend(t, s, second...)
	log := b.url.Join("state", "log")
	last := fmt.Sprintf("%s/%016x", log, s.LogEntries()-1)
	if err := s.cfg.Session.Delete(callContext(t), last, -1); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	b.Crash(s.Store)
	s = b.openVia(t, server.Addr())
	wantRecords(t, s, want)
	if got := s.LogEntries(); got != 1 {
		t.Errorf("the log has %d entries, want the one of the whole transaction", got)
	}
	mustAppend(t, s, put("more", "x")...)
	want["more"] = "x"
	wantRecords(t, b.openVia(t, server.Addr()), want)
}

func testDamage(t *testing.T, server *zktest.Server) {
	t.Helper()
	b := newBackend(t, server.Addr(), func(ctx context.Context, cfg zkstore.Config) (*zkstore.Store, error) {
		return zkstore.OpenSmall(ctx, cfg, 120, 4)
	})
	s := b.openVia(t, server.Addr())
	changes, _ := values(2000, 0) // enough for pages in most buckets
	mustAppend(t, s, changes...)
	mustAppend(t, s, put("a", "1")...)
	s.AwaitFold()
	mustAppend(t, s, put("a", "2")...)
	ctx, z := callContext(t), s.cfg.Session
	bucket := b.url.Join("state", "base", "0a")
	pages, err := z.Children(ctx, bucket)
	if err != nil || len(pages) == 0 {
		t.Fatalf("bucket 0a has the pages %v, %v, want some", pages, err)
	}
	entries, err := z.Children(ctx, b.url.Join("state", "log"))
	if err != nil || len(entries) == 0 {
		t.Fatalf("the log has the entries %v, %v, want some", entries, err)
	}
	for _, p := range []string{bucket, bucket + "/" + pages[0], b.url.Join("state", "log", entries[0])} {
		n, err := z.Get(ctx, p)
		if err != nil {
			t.Fatalf("Get: %v", err)
		}
		flipped := []byte(strings.Clone(string(n.Data)))
		flipped[len(flipped)-1] ^= 1
		for name, data := range map[string][]byte{"one bit": flipped, "cut": n.Data[:len(n.Data)-3], "empty": {}, "version": append([]byte{9}, n.Data[1:]...)} {
			if err := z.Multi(ctx, p, &zk.SetDataRequest{Path: p, Data: data, Version: -1}); err != nil {
				t.Fatalf("Multi: %v", err)
			}
			err := s.Load(ctx, func(string, []byte) error { return nil })
			if !errors.Is(err, zkstore.ErrCorrupt) || !strings.Contains(err.Error(), p) {
				t.Errorf("%s of %s: Load = %v, want ErrCorrupt that names it", name, p, err)
			}
		}
		if err := z.Multi(ctx, p, &zk.SetDataRequest{Path: p, Data: n.Data, Version: -1}); err != nil {
			t.Fatalf("Multi: %v", err)
		}
	}
	wantCount(t, s, 2001)
}

func wantCount(t *testing.T, s store.Store, want int) {
	t.Helper()
	if got := len(storetest.Contents(t, s)); got != want {
		t.Errorf("%d records, want %d", got, want)
	}
}
