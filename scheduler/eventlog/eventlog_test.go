package eventlog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var start = time.Unix(0, 1000e3)

func terminated(names ...string) (events []event.Event) {
	for _, n := range names {
		events = append(events, &event.AppTerminated{AppID: app.ID(n)})
	}
	return events
}

// read says what Since returns: "1002 c, 1003 d", with "gap" before it.
func read(l *Log, after uint64, room int) (out []string) {
	entries, _, gap := l.Since(after, make([]event.Entry, room))
	if gap {
		out = append(out, "gap")
	}
	for _, e := range entries {
		out = append(out, fmt.Sprint(e.Number, " ", e.Event.(*event.AppTerminated).AppID)) //nolint:forcetypeassert // the test publishes no other
	}
	return out
}

func TestSinceTellsWhatIsKeptAndWhereSomethingIsMissing(t *testing.T) {
	t.Parallel()
	l := New(3, start)
	if got := read(l, l.Last(), 9); got != nil {
		t.Errorf("an empty log: got %v", got)
	}
	l.Publish(terminated("a", "b"))
	for name, c := range map[string]struct {
		after uint64
		room  int
		want  []string
	}{
		"from the beginning":             {1000, 9, []string{"1001 a", "1002 b"}},
		"no more than there is room":     {1000, 1, []string{"1001 a"}},
		"from between":                   {1001, 9, []string{"1002 b"}},
		"nothing new":                    {1002, 9, nil},
		"a number of an earlier term":    {17, 9, []string{"gap", "1001 a", "1002 b"}},
		"a number that is not there yet": {1003, 9, []string{"gap", "1001 a", "1002 b"}},
	} {
		if d := cmp.Diff(c.want, read(l, c.after, c.room)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	l.Publish(terminated("c", "d", "e"))
	for after, want := range map[uint64][]string{
		1001: {"gap", "1003 c", "1004 d", "1005 e"},
		1002: {"1003 c", "1004 d", "1005 e"},
		1004: {"1005 e"},
	} {
		if d := cmp.Diff(want, read(l, after, 9)); d != "" {
			t.Errorf("after %d (-want +got):\n%s", after, d)
		}
	}
}

func TestWaitReturnsWithTheNextEventAndAtTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := New(8, start)
		returned := make(chan error)
		wait := func(ctx context.Context, after uint64) { go func() { returned <- l.Wait(ctx, after) }() }
		wait(t.Context(), 1000)
		synctest.Wait()
		select {
		case err := <-returned:
			t.Fatalf("returned without an event: %v", err)
		default:
		}
		l.Publish(nil)
		l.Publish(terminated("a"))
		if err := <-returned; err != nil {
			t.Errorf("an event: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		wait(ctx, 1001)
		cancel()
		if err := <-returned; !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: got %v", err)
		}
		wait(t.Context(), 1001)
		synctest.Wait()
		l.Close()
		if err := <-returned; !errors.Is(err, ErrClosed) {
			t.Errorf("closed: got %v, want ErrClosed", err)
		}
		if err := l.Wait(t.Context(), 1000); err != nil {
			t.Errorf("closed with something left to read: got %v", err)
		}
		l.Publish(terminated("late"))
		if got := l.Last(); got != 1001 {
			t.Errorf("the last number after the end: got %d, want 1001", got)
		}
	})
}

func TestANumberOfNoTermIsReadFromTheBeginning(t *testing.T) {
	t.Parallel()
	l := New(8, start)
	if err := l.Wait(t.Context(), 5); err != nil {
		t.Fatal(err)
	}
	entries, next, gap := l.Since(5, make([]event.Entry, 9))
	if len(entries) != 0 || next != 1000 || !gap {
		t.Errorf("got %v, %d, gap %t; want nothing, 1000 and a gap", entries, next, gap)
	}
}

func TestNumbersOfALaterTermAreGreater(t *testing.T) {
	t.Parallel()
	first := New(8, start)
	first.Publish(terminated("a", "b"))
	second := New(8, start.Add(time.Second))
	if first.Last() >= second.Last() {
		t.Errorf("got %d in the first term and %d in the second", first.Last(), second.Last())
	}
}

// TestEveryReaderSeesAllInOrderOrIsTold has readers of all speeds beside one writer.
func TestEveryReaderSeesAllInOrderOrIsTold(t *testing.T) {
	t.Parallel()
	const total = 20_000
	l := New(64, start)
	var readers sync.WaitGroup
	for room := 1; room <= 64; room *= 4 {
		readers.Go(func() {
			at, buf := uint64(1000), make([]event.Entry, room)
			for {
				if err := l.Wait(context.Background(), at); err != nil {
					if at != 1000+total || !errors.Is(err, ErrClosed) {
						t.Errorf("ended at %d with %v", at, err)
					}
					return
				}
				entries, next, gap := l.Since(at, buf)
				for n, e := range entries {
					if e.Number != at+1 && (n > 0 || !gap || e.Number <= at) {
						t.Errorf("got %d after %d, gap %t", e.Number, at, gap)
						return
					}
					at = e.Number
				}
				if at != next {
					t.Errorf("read up to %d, and is to go on from %d", at, next)
				}
			}
		})
	}
	for n := 0; n < total; n += 10 {
		l.Publish(terminated("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"))
	}
	l.Close()
	readers.Wait()
}
