package mailbox

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run lets a goroutine own a new box until the test ends.
func run(t *testing.T, settled func()) *Box {
	t.Helper()
	b := New()
	ctx, cancel := context.WithCancel(t.Context())
	var owner sync.WaitGroup
	owner.Go(func() { b.Run(ctx, settled) })
	t.Cleanup(func() {
		cancel()
		owner.Wait()
	})
	return b
}

func TestFunctionsRunInTheOrderTheyWerePosted(t *testing.T) {
	t.Parallel()
	const n = 3 * burst
	b := New()
	var got []int
	for i := range n {
		b.Post(func() { got = append(got, i) })
	}
	b.Post(b.Stop)
	b.Run(t.Context(), nil)
	if len(got) != n || !slices.IsSorted(got) {
		t.Errorf("got %d functions, sorted %v, want %d in order", len(got), slices.IsSorted(got), n)
	}
}

func TestTheOwnerSettlesAfterEachBurst(t *testing.T) {
	t.Parallel()
	b := New()
	ran := 0
	for range burst + 1 {
		b.Post(func() { ran++ })
	}
	var at []int
	b.Run(t.Context(), func() {
		if at = append(at, ran); ran > burst {
			b.Stop()
		}
	})
	if want := []int{burst, burst + 1}; !slices.Equal(at, want) {
		t.Errorf("settled after %v functions, want %v", at, want)
	}
}

func TestDoReturnsWhenTheFunctionHasRun(t *testing.T) {
	t.Parallel()
	b := run(t, nil)
	ran := false
	if err := b.Do(t.Context(), func() { ran = true }); err != nil || !ran {
		t.Errorf("got error %v, ran %v", err, ran)
	}
}

func TestTheOwnerMayPostToItself(t *testing.T) {
	t.Parallel()
	b := New()
	var got []string
	b.Post(func() {
		for range 2 * backlog {
			b.Post(func() {})
		}
		b.Post(func() { got = append(got, "posted"); b.Stop() })
		got = append(got, "poster")
	})
	b.Run(t.Context(), nil)
	if want := []string{"poster", "posted"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestNothingRunsAfterStop(t *testing.T) {
	t.Parallel()
	b := New()
	b.Post(b.Stop)
	b.Post(func() { t.Error("a function after Stop has run") })
	b.Run(t.Context(), func() { t.Error("settled after Stop") })
	b.Post(func() { t.Error("a function in a closed box has run") })
	b.Feed(func() { t.Error("a function fed to a closed box has run") })
	if err := b.Do(t.Context(), func() {}); !errors.Is(err, ErrClosed) {
		t.Errorf("Do with a closed box: got %v, want ErrClosed", err)
	}
	select {
	case <-b.Done():
	default:
		t.Error("Done is open")
	}
}

func TestABoxStoppedBeforeItRunsClosesAtOnce(t *testing.T) {
	t.Parallel()
	b := New()
	b.Post(func() { t.Error("a function has run") })
	b.Stop()
	b.Run(t.Context(), nil)
	<-b.Done()
}

func TestTheEndOfTheOwnerEndsDo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := New()
		ended := make(chan error, 1)
		go func() { ended <- b.Do(t.Context(), func() { t.Error("a function after the end has run") }) }()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		b.Stop()
		b.Run(ctx, nil)
		if err := <-ended; !errors.Is(err, ErrClosed) {
			t.Errorf("got %v, want ErrClosed", err)
		}
	})
}

func TestAFunctionWhoseCallerGaveUpDoesNotRun(t *testing.T) {
	t.Parallel()
	b := New()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Do(ctx, func() { t.Error("the function has run") }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	b.Post(b.Stop)
	b.Run(t.Context(), nil)
}

func TestDoWaitsForAFunctionThatHasBegun(t *testing.T) {
	t.Parallel()
	b := run(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	done := false
	if err := b.Do(ctx, func() { cancel(); done = true }); err != nil || !done {
		t.Errorf("got %v, done %v, want the function's end", err, done)
	}
}

func TestFeedWaitsWhileTheBoxIsFull(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := New()
		ran := 0
		for range backlog {
			b.Feed(func() { ran++ })
		}
		fed := false
		go func() {
			b.Feed(func() { ran++; b.Stop() })
			fed = true
		}()
		synctest.Wait()
		if fed {
			t.Error("a full box takes more")
		}
		b.Run(t.Context(), nil)
		synctest.Wait()
		if !fed || ran != backlog+1 {
			t.Errorf("fed %v, ran %d, want all", fed, ran)
		}
	})
}

func TestTheEndOfTheOwnerEndsFeed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := New()
		for range backlog {
			b.Feed(func() {})
		}
		go b.Feed(func() { t.Error("the function has run") })
		synctest.Wait()
		b.Stop()
		b.Run(t.Context(), nil)
	})
}

func TestATimerRunsItsFunctionOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := New()
		began := time.Now()
		var at []time.Duration
		b.After(time.Minute, func() { at = append(at, time.Since(began)) })
		b.After(time.Hour, b.Stop)
		b.Run(t.Context(), nil)
		if want := []time.Duration{time.Minute}; !slices.Equal(at, want) {
			t.Errorf("ran at %v, want %v", at, want)
		}
	})
}

func TestEveryRunsUntilTheBoxCloses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := New()
		n := 0
		b.Every(time.Minute, func() { n++ })
		b.After(10*time.Minute+time.Second, b.Stop)
		b.Run(t.Context(), nil)
		if n != 10 {
			t.Errorf("ran %d times, want 10", n)
		}
		time.Sleep(time.Hour) // in virtual time: a timer that is left would be found
		if n != 10 || len(b.timers) > 0 {
			t.Errorf("after the end: ran %d times, %d timers left", n, len(b.timers))
		}
	})
}

func TestAStoppedTimerDoesNotRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := New()
		early := b.After(time.Minute, func() { t.Error("a timer stopped in time has run") })
		late := b.After(2*time.Minute, func() { t.Error("a timer stopped with its function in the box has run") })
		b.After(time.Second, early.Stop)
		time.Sleep(3 * time.Minute) // in virtual time: the functions of all timers are in the box
		synctest.Wait()
		b.Post(func() {}) // wakes the owner
		var none *Timer
		none.Stop()
		late.Stop()
		b.Post(b.Stop)
		early.Stop()
		b.Run(t.Context(), nil)
	})
}

func TestTheEndOfTheOwnerEndsItsWorkers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := New()
		posted := false
		b.Go(func(context.Context) { b.Post(func() { posted = true }) })
		b.Go(func(ctx context.Context) { <-ctx.Done() })
		canceled := false
		cancel := b.Go(func(ctx context.Context) { <-ctx.Done(); b.Post(func() { canceled = true }) })
		b.After(time.Second, cancel)
		b.After(time.Minute, b.Stop)
		b.Run(t.Context(), nil)
		b.Wait()
		if !posted || !canceled {
			t.Errorf("posted %v, canceled %v, want both", posted, canceled)
		}
	})
}
