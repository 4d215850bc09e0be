package zkstore_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/gantry-mesos/gantry/scheduler/store"
	"github.com/gantry-mesos/gantry/scheduler/store/storetest"
	"github.com/gantry-mesos/gantry/scheduler/store/zkstore"
	"github.com/gantry-mesos/gantry/test/zktest"
)

// interruptible is a backend that does not fold.
type interruptible struct {
	*backend
	sizes []int
}

func (b interruptible) Sizes() []int { return b.sizes }

// Interrupt takes the last entries of the log away, which are written in their order.
func (b interruptible) Interrupt(tb testing.TB, s store.Store, act func(), choose func(int) int) {
	tb.Helper()
	own, ok := s.(*zkstore.Store)
	if !ok {
		tb.Fatalf("a store of type %T", s)
	}
	had := own.LogEntries()
	act()
	has := own.LogEntries()
	keep := choose(has - had)
	for n := has - 1; n >= had+keep; n-- {
		last := fmt.Sprintf("%s/%016x", b.url.Join("state", "log"), n)
		if err := b.terms[len(b.terms)-1].Delete(callContext(tb), last, -1); err != nil {
			tb.Fatalf("Delete: %v", err)
		}
	}
	b.Crash(s)
}

func testInterruptedSmall(t *testing.T, server *zktest.Server) {
	t.Helper()
	const node = 2000
	storetest.RunInterrupted(t, func(tb testing.TB) storetest.Interruptible {
		tb.Helper()
		return interruptible{newBackend(tb, server.Addr(), func(ctx context.Context, cfg zkstore.Config) (*zkstore.Store, error) {
			return zkstore.OpenSmall(ctx, cfg, node, 1<<20)
		}), []int{0, 1, node/2 - 1, node / 2, node - 200, node - 100}}
	})
}

func testInterrupted(t *testing.T, server *zktest.Server) {
	t.Helper()
	storetest.RunInterrupted(t, func(tb testing.TB) storetest.Interruptible {
		tb.Helper()
		return interruptible{newBackend(tb, server.Addr(), zkstore.Open), []int{0, 1, store.ValueMax / 2, store.ValueMax - 1, store.ValueMax}}
	})
}
