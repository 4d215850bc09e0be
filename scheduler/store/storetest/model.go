package storetest

import (
	"context"
	"fmt"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/scheduler/store"
)

// testModel runs random histories of transactions, crashes, restarts and reads
// against a store and a map. All histories share one backend, each below a
// prefix of its own, because making a backend may cost more than a history.
func testModel(t *testing.T, b Backend) {
	t.Helper()
	s, err := b.Open(callContext(t))
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	m := &model{outer: t, backend: b, store: s, want: map[string]string{}}
	t.Cleanup(func() {
		if err := m.store.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		m.history++
		t.Repeat(map[string]func(*rapid.T){
			"append": m.append,
			"crash":  func(t *rapid.T) { m.reopen(t, func() error { m.backend.Crash(m.store); return nil }) },
			"close":  func(t *rapid.T) { m.reopen(t, func() error { return m.store.Close() }) },
			"load":   m.check,
		})
		m.check(t)
	})
}

// model is the store under test beside the map it should equal.
type model struct {
	outer   *testing.T
	backend Backend
	store   store.Store
	history int
	want    map[string]string
}

func (m *model) callContext() (context.Context, context.CancelFunc) {
	return context.WithTimeout(m.outer.Context(), callTimeout)
}

func (m *model) append(t *rapid.T) {
	n := rapid.IntRange(0, 30).Draw(t, "changes")
	changes := make([]store.Change, n)
	next := maps.Clone(m.want)
	for i := range changes {
		key := fmt.Sprintf("%d/%s", m.history, rapid.SampledFrom([]string{"a", "b", "c", "a/b", "d"}).Draw(t, "key"))
		if rapid.IntRange(0, 9).Draw(t, "long") == 0 {
			key = fmt.Sprintf("%s/%d", key, rapid.IntRange(0, 50).Draw(t, "suffix"))
		}
		changes[i].Key = key
		if rapid.IntRange(0, 3).Draw(t, "delete") == 0 {
			delete(next, key)
			continue
		}
		changes[i].Value = []byte(rapid.StringN(0, 20, -1).Draw(t, "value"))
		next[key] = string(changes[i].Value)
	}
	ctx, cancel := m.callContext()
	defer cancel()
	if err := m.store.Append(ctx, changes); err != nil {
		t.Fatalf("Append: %v", err)
	}
	m.want = next
}

func (m *model) reopen(t *rapid.T, end func() error) {
	if err := end(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	ctx, cancel := m.callContext()
	defer cancel()
	s, err := m.backend.Open(ctx)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	m.store = s
	m.check(t)
}

func (m *model) check(t *rapid.T) {
	ctx, cancel := m.callContext()
	defer cancel()
	got, err := contents(ctx, m.store)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	if !maps.Equal(got, m.want) {
		t.Fatalf("records differ (-want +got):\n%s", cmp.Diff(m.want, got))
	}
}
