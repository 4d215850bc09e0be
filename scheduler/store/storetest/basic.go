package storetest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/gantry-mesos/gantry/scheduler/store"
)

func testEmpty(t *testing.T, b Backend) {
	t.Helper()
	s := open(t, b)
	wantContents(t, s, map[string]string{})
	mustAppend(t, s)
	wantContents(t, s, map[string]string{})
}

func testLastChangeWins(t *testing.T, b Backend) {
	t.Helper()
	s := open(t, b)
	mustAppend(t, s, put("a", "1"), put("b", "1"), del("c"), put("c", "1"), put("a", "2"), del("b"))
	want := map[string]string{"a": "2", "c": "1"}
	wantContents(t, s, want)
	mustAppend(t, s, put("c", "2"), put("d", "1"))
	want["c"], want["d"] = "2", "1"
	wantContents(t, s, want)
	b.Crash(s)
	wantContents(t, open(t, b), want)
}

func testDeletion(t *testing.T, b Backend) {
	t.Helper()
	s := open(t, b)
	mustAppend(t, s, put("a", "1"), put("a/b", "2"), put("ab", "3"))
	mustAppend(t, s, del("a"), del("absent"), del("a/absent"))
	want := map[string]string{"a/b": "2", "ab": "3"}
	wantContents(t, s, want)
	b.Crash(s)
	s = open(t, b)
	wantContents(t, s, want)
	mustAppend(t, s, del("ab"), del("a/b"))
	wantContents(t, s, map[string]string{})
	b.Crash(s)
	wantContents(t, open(t, b), map[string]string{})
}

func testEmptyValues(t *testing.T, b Backend) {
	t.Helper()
	s := open(t, b)
	mustAppend(t, s, store.Change{Key: "empty", Value: []byte{}}, put("other", "x"))
	want := map[string]string{"empty": "", "other": "x"}
	wantContents(t, s, want)
	b.Crash(s)
	wantContents(t, open(t, b), want)
}

func testKeys(t *testing.T, b Backend) {
	t.Helper()
	s := open(t, b)
	want := map[string]string{}
	var changes []store.Change
	for _, key := range []string{
		"framework", "app/a/1", "app/a/2", "app/a", "app", "a", "A", "ä/ö", "app/%2Fprod%2Fweb/2026-01-02T03:04:05.678Z",
		"instance/.", "instance/..", "schema", "meta", "records", "log/1", "with space", "zero\x00byte", "high\xff\xfebytes",
		strings.Repeat("k", store.KeyMax), strings.Repeat("k", store.KeyMax-1),
	} {
		changes = append(changes, put(key, "value of "+key))
		want[key] = "value of " + key
	}
	mustAppend(t, s, changes...)
	wantContents(t, s, want)
	b.Crash(s)
	wantContents(t, open(t, b), want)
}

func testInvalid(t *testing.T, b Backend) {
	t.Helper()
	s := open(t, b)
	mustAppend(t, s, put("a", "1"))
	for _, bad := range []store.Change{
		put("", "x"), put("/x", "x"), put("x/", "x"), put("x//y", "x"),
		put(strings.Repeat("k", store.KeyMax+1), "x"), put("big", strings.Repeat("v", store.ValueMax+1)),
	} {
		err := s.Append(callContext(t), []store.Change{put("a", "2"), bad, put("b", "2")})
		if _, ok := errors.AsType[*store.InvalidError](err); !ok {
			t.Errorf("Append of key %.10q = %v, want an InvalidError", bad.Key, err)
		}
	}
	wantContents(t, s, map[string]string{"a": "1"})
	mustAppend(t, s, put("a", "3"))
	wantContents(t, s, map[string]string{"a": "3"})
}

func testLoadOrder(t *testing.T, b Backend) {
	t.Helper()
	s := open(t, b)
	mustAppend(t, s, put("c", "3"), put("a", "1"), put("b", "2"))
	stop := errors.New("stop here")
	var seen []string
	err := s.Load(callContext(t), func(key string, _ []byte) error {
		seen = append(seen, key)
		if key == "b" {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) {
		t.Errorf("Load = %v, want the callback's error", err)
	}
	if got := strings.Join(seen, " "); got != "a b" {
		t.Errorf("Load visited %q, want %q", got, "a b")
	}
	mustAppend(t, s, put("d", "4"))
}

func testEndedContext(t *testing.T, b Backend) {
	t.Helper()
	s := open(t, b)
	mustAppend(t, s, put("a", "1"))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Append(ended, []store.Change{put("a", "2")}); !errors.Is(err, context.Canceled) {
		t.Errorf("Append with an ended context = %v, want context.Canceled", err)
	}
	if err := s.Load(ended, func(string, []byte) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("Load with an ended context = %v, want context.Canceled", err)
	}
	mustAppend(t, s, put("b", "1"))
	wantContents(t, s, map[string]string{"a": "1", "b": "1"})
}

func testClosed(t *testing.T, b Backend) {
	t.Helper()
	s := open(t, b)
	mustAppend(t, s, put("a", "1"))
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
	}
	if err := s.Append(callContext(t), []store.Change{put("a", "2")}); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Append after Close = %v, want ErrClosed", err)
	}
	if err := s.Load(callContext(t), func(string, []byte) error { return nil }); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Load after Close = %v, want ErrClosed", err)
	}
	wantContents(t, open(t, b), map[string]string{"a": "1"})
}

func testTakeOver(t *testing.T, b Backend) {
	t.Helper()
	successor, ok := b.(Successor)
	if !ok {
		t.Log("this store admits one owner at a time by a lock; its own tests cover that")
		return
	}
	old := open(t, b)
	mustAppend(t, old, put("a", "old"))
	owner, err := successor.TakeOver(callContext(t))
	if err != nil {
		t.Fatalf("TakeOver: %v", err)
	}
	t.Cleanup(func() {
		if err := owner.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	for range 2 {
		err = old.Append(callContext(t), []store.Change{put("a", "deposed"), put("b", "deposed")})
		if !errors.Is(err, store.ErrNotLeader) {
			t.Errorf("the deposed owner's Append = %v, want ErrNotLeader", err)
		}
		if store.IsTemporary(err) {
			t.Errorf("the deposed owner's error %v is temporary, want it final", err)
		}
	}
	wantContents(t, owner, map[string]string{"a": "old"})
	mustAppend(t, owner, put("a", "new"))
	wantContents(t, owner, map[string]string{"a": "new"})
}
