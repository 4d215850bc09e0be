package subscription_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/mesos/frames"
	"github.com/gantry-mesos/gantry/pkg/mesos/subscription"
)

var errLost = errors.New("lost")

func TestCallsLeaveALaneInOrderAndAreAnsweredOnce(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	lane := subscription.NewLane[int](8, over, errLost)
	ctx, stop := context.WithCancel(t.Context())
	results := make(chan string, 8)
	add := func(n int) error {
		return lane.Add(t.Context(), subscription.Job[int]{Ctx: t.Context(), Call: n, Done: func(err error) { results <- fmt.Sprint(n, err) }})
	}
	for n := range 4 {
		if err := add(n); err != nil {
			t.Fatal(err)
		}
	}
	lane.Serve(ctx, func(j subscription.Job[int]) error {
		if j.Call == 3 {
			stop()
		}
		return nil
	})
	if err := add(4); err != nil {
		t.Fatal(err)
	}
	lane.Abandon()
	close(over)
	if err := add(5); !errors.Is(err, errLost) {
		t.Errorf("a lane that is over takes a call: %v", err)
	}
	close(results)
	var got []string
	for r := range results {
		got = append(got, r)
	}
	if want := []string{"0 <nil>", "1 <nil>", "2 <nil>", "3 <nil>", "4 lost"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAFullLaneWaitsNoLongerThanTheCall(t *testing.T) {
	t.Parallel()
	lane := subscription.NewLane[int](1, nil, errLost)
	ctx, stop := context.WithCancelCause(t.Context())
	if err := lane.Add(ctx, subscription.Job[int]{}); err != nil {
		t.Fatal(err)
	}
	given := errors.New("given up")
	stop(given)
	if err := lane.Add(ctx, subscription.Job[int]{}); !errors.Is(err, given) {
		t.Errorf("got %v, want %v", err, given)
	}
	err := subscription.Await(ctx, func(func(error)) error { return nil })
	if !errors.Is(err, given) {
		t.Errorf("Await: got %v, want %v", err, given)
	}
}

func TestEventsThatCannotBeReadAreSkipped(t *testing.T) {
	t.Parallel()
	var in bytes.Buffer
	for _, record := range []string{"a", "bad", "panic", "unknown", "b"} {
		fmt.Fprintf(&in, "%d\n%s", len(record), record)
	}
	decode := func(record []byte) (any, error) {
		switch string(record) {
		case "bad":
			return nil, errors.New("bad record")
		case "panic":
			panic("index out of range")
		case "unknown":
			return nil, nil
		default:
			return string(record), nil
		}
	}
	events := subscription.NewEvents(frames.NewReader(&in, 100), decode, zap.NewNop())
	first, err := events.Next()
	if err != nil {
		t.Fatal(err)
	}
	var got []any
	err = events.Deliver(t.Context(), first, func(any) error { return nil }, func(_ context.Context, e any) error {
		got = append(got, e)
		return nil
	})
	if !errors.Is(err, io.EOF) || !slices.Equal(got, []any{"a", "b"}) {
		t.Errorf("got %v, %v, want a and b and the end of the stream", got, err)
	}
}

func TestTheHandlersErrorComesBeforeTheEndOfTheSubscription(t *testing.T) {
	t.Parallel()
	live, end := context.WithCancelCause(t.Context())
	events := subscription.NewEvents(frames.NewReader(&bytes.Buffer{}, 100), func([]byte) (any, error) { return nil, nil }, zap.NewNop())
	failed, silent, stream := errors.New("full disk"), errors.New("silent"), errors.New("stream")
	err := events.Deliver(live, "a", func(any) error { return nil }, func(context.Context, any) error {
		end(silent)
		return failed
	})
	if got := subscription.Reason(live, err); !errors.Is(got, failed) {
		t.Errorf("got %v, want %v", got, failed)
	}
	if got := subscription.Reason(live, stream); !errors.Is(got, silent) {
		t.Errorf("got %v, want %v", got, silent)
	}
	if got := subscription.Reason(t.Context(), stream); !errors.Is(got, stream) {
		t.Errorf("got %v, want %v", got, stream)
	}
}

func TestAnAnswerThatIsNoEventsSaysSo(t *testing.T) {
	t.Parallel()
	for kind, problem := range map[string]string{
		"application/x-protobuf": "", "application/x-protobuf; a=b": "",
		"text/html": `answer is of type "text/html", want application/x-protobuf: is this a Mesos agent?`,
		"":          `answer is of type "", want application/x-protobuf: is this a Mesos agent?`,
	} {
		got := subscription.CheckType(&http.Response{Header: http.Header{"Content-Type": {kind}}}, "agent")
		if got != problem {
			t.Errorf("%q: got %q, want %q", kind, got, problem)
		}
	}
}
