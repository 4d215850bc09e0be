package subscription

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/mesos/frames"
)

// Protobuf is the media type of calls and events.
const Protobuf = "application/x-protobuf"

// CheckType returns what is wrong with the type of an answer that should be
// events, "" if nothing; who is the server, such as "master".
func CheckType(resp *http.Response, who string) (problem string) {
	given := resp.Header.Get("Content-Type")
	if kind, _, err := mime.ParseMediaType(given); err != nil || kind != Protobuf {
		return fmt.Sprintf("answer is of type %q, want %s: is this a Mesos %s?", given, Protobuf, who)
	}
	return ""
}

// Events reads the events of a subscription. E is an interface type, nil of
// which stands for an event of an unknown type.
type Events[E any] struct {
	in     *frames.Reader
	decode func(record []byte) (E, error)
	log    *zap.Logger
}

// NewEvents returns a reader of events.
func NewEvents[E any](in *frames.Reader, decode func(record []byte) (E, error), log *zap.Logger) *Events[E] {
	return &Events[E]{in: in, decode: decode, log: log}
}

// Next returns the next event. Records that can't be decoded, which only a
// broken server sends, and events of unknown types are skipped: the following
// ones are sound, and dropping the subscription would bring the same record back.
func (e *Events[E]) Next() (event E, err error) {
	for {
		record, err := e.in.Next()
		if err != nil {
			return event, fmt.Errorf("event stream: %w", err)
		}
		got, err := e.decoded(record)
		if err != nil {
			e.log.Error("event skipped that can't be decoded", zap.Error(err), zap.Int("bytes", len(record)))
			continue
		}
		if any(got) != nil {
			return got, nil
		}
	}
}

// decoded turns a panic of a generated decoder into an error: it lacks some
// checks against crafted input.
func (e *Events[E]) decoded(record []byte) (event E, err error) {
	defer func() {
		if p := recover(); p != nil {
			var none E
			event, err = none, fmt.Errorf("decode event: %v", p)
		}
	}()
	return e.decode(record)
}

// Deliver hands first and all that follows to handle until the stream or
// handle fails. refused returns the error that an event means by itself, nil for most.
func (e *Events[E]) Deliver(ctx context.Context, first E, refused func(E) error, handle func(context.Context, E) error) error {
	for event := first; ; {
		if err := refused(event); err != nil {
			return err
		}
		if err := handle(ctx, event); err != nil {
			return &HandlerError{err}
		}
		var err error
		if event, err = e.Next(); err != nil {
			return err
		}
	}
}

// HandlerError carries an error of the handler through the tries to subscribe again.
type HandlerError struct{ Err error }

// Error is the handler's.
func (e *HandlerError) Error() string { return e.Err.Error() }

// Unwrap returns the handler's error.
func (e *HandlerError) Unwrap() error { return e.Err }

// Reason returns why live was ended from this side, err otherwise; what the
// handler says comes before both.
func Reason(live context.Context, err error) error {
	var handler *HandlerError
	if cause := context.Cause(live); cause != nil && !errors.As(err, &handler) {
		return cause
	}
	return err
}
