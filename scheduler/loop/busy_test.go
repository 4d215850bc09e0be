package loop

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gantry-mesos/gantry/scheduler/core"
)

func TestWhoFindsTheLoopFullIsToldToComeBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, _ := start(t, &world{}) // which does not run, as while a write takes long
		ctx, cancel := context.WithCancel(t.Context())
		var waiting sync.WaitGroup
		for range commandsWaiting {
			waiting.Go(func() {
				if _, err := l.Do(ctx, core.Quiesce{}); !errors.Is(err, context.Canceled) {
					t.Errorf("a command that was taken: %v", err)
				}
			})
		}
		synctest.Wait()
		began := time.Now()
		_, err := l.Do(ctx, core.Quiesce{})
		busy := &BusyError{}
		if !errors.As(err, &busy) || time.Since(began) != busyAfter {
			t.Errorf("after %v: %v, want a BusyError after %v", time.Since(began), err, busyAfter)
		}
		cancel()
		waiting.Wait()
	})
}
