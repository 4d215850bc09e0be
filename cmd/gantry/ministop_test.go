package main

import (
	"errors"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestMiniEndsWithItsTerminalAsOnCtrlC(t *testing.T) {
	t.Parallel()
	ctx, again, stop := untilAsked(t.Context())
	defer stop()
	if signal.Ignored(syscall.SIGHUP) {
		return // under nohup it goes on
	}
	for range 2 {
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	<-ctx.Done()
	select {
	case <-again:
		t.Error("a terminal that is gone wants the tasks killed at once")
	case <-time.After(2 * sameWish):
	}
}

// stopping is a cluster whose tasks end one after the other, or when they are hurried.
type stopping struct {
	left  atomic.Int32
	ended chan error
}

func (s *stopping) Containers() int { return int(s.left.Load()) }

func (s *stopping) Hurry() {
	s.left.Store(0)
	s.ended <- errors.New("hurried")
}

func TestMiniSaysWhatIsLeftWhileItStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &stopping{ended: make(chan error, 1)}
		c.left.Store(3)
		var out strings.Builder
		f := farewell{out: &out}
		f.begin(c.Containers())
		go func() {
			time.Sleep(2 * time.Second) // in virtual time
			c.left.Store(2)
			time.Sleep(7 * time.Second)
			c.left.Store(0)
			c.ended <- nil
		}()
		if err := f.wait(c, c.ended); err != nil {
			t.Error(err)
		}
		want := `stopping; 3 tasks get their grace period, at most 30s (Ctrl-C again: kill at once)
2 of 3 tasks are left, for at most 28s
2 of 3 tasks are left, for at most 23s
`
		if out.String() != want {
			t.Errorf("got\n%s\nwant\n%s", &out, want)
		}
	})
}

func TestMiniKillsAtOnceWhenItIsAskedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &stopping{ended: make(chan error, 1)}
		c.left.Store(1)
		var out strings.Builder
		again := make(chan struct{})
		f := farewell{out: &out, again: again}
		f.begin(c.Containers())
		time.AfterFunc(time.Second, func() { close(again) })
		if err := f.wait(c, c.ended); err == nil || err.Error() != "hurried" {
			t.Errorf("got %v, want the end of the hurried cluster", err)
		}
		want := `stopping; 1 task gets its grace period, at most 30s (Ctrl-C again: kill at once)
killing 1 task at once
`
		if out.String() != want {
			t.Errorf("got\n%s\nwant\n%s", &out, want)
		}
	})
}
