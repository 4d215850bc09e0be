package subscription

import "context"

// Job is a call on its way.
type Job[C any] struct {
	// Ctx is the call's own, which goes through the lane with it.
	Ctx  context.Context
	Call C
	// Done takes the result, once; it must not block.
	Done func(error)
}

// Lane is calls that wait to be sent, in the order in which they were given.
type Lane[C any] struct {
	jobs chan Job[C]
	over <-chan struct{}
	lost error
}

// NewLane returns a lane for size calls; a full one makes those who add to it
// wait. Once over is closed it takes no more calls, and fails all with lost.
func NewLane[C any](size int, over <-chan struct{}, lost error) *Lane[C] {
	return &Lane[C]{jobs: make(chan Job[C], size), over: over, lost: lost}
}

// Add puts a call into the lane. When it returns an error, the lane's own or
// ctx's, Done is not called. A call that gets in while the lane ends is taken
// out again here, if those who send are gone already.
func (l *Lane[C]) Add(ctx context.Context, j Job[C]) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case <-l.over:
		return l.lost
	default:
	}
	select {
	case <-l.over:
		return l.lost
	case <-ctx.Done():
		return context.Cause(ctx)
	case l.jobs <- j:
	}
	select {
	case <-l.over:
		l.Abandon()
	default:
	}
	return nil
}

// Serve sends the calls one after the other until ctx ends.
func (l *Lane[C]) Serve(ctx context.Context, send func(Job[C]) error) {
	for {
		select {
		case <-ctx.Done():
			return
		case j := <-l.jobs:
			j.Done(send(j))
		}
	}
}

// Abandon fails all calls that wait.
func (l *Lane[C]) Abandon() {
	for {
		select {
		case j := <-l.jobs:
			j.Done(l.lost)
		default:
			return
		}
	}
}

// Await hands a call over and waits for its result or the end of ctx.
func Await(ctx context.Context, enqueue func(done func(error)) error) error {
	answer := make(chan error, 1)
	if err := enqueue(func(err error) { answer <- err }); err != nil {
		return err
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
