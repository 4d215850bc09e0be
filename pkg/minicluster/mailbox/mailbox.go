// Package mailbox is how the masters and agents of the mini cluster keep their state free of locks: each has one
// goroutine that owns everything, and everybody else puts functions into its [Box].
//
// The owner calls [Box.Run], which runs the functions one after the other. Timers made with [Box.After] and
// [Box.Every] end there too, so what they do needs no lock either. What takes long is done by goroutines of [Box.Go],
// which post what comes of it.
package mailbox

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// ErrClosed is returned by [Box.Do] when the owner has ended, or ends before it comes to the function.
var ErrClosed = errors.New("mailbox is closed")

const (
	// burst is how many functions run before the owner may settle what they have set in motion.
	burst = 512
	// backlog is how many functions wait before [Box.Feed] makes its caller wait too.
	backlog = 1024
)

// Box hands functions to the goroutine that owns a state. Make it with [New].
type Box struct {
	mu     sync.Mutex
	queue  []func()
	closed bool
	space  chan struct{} // closed when functions were taken out; nil while nobody waits for that
	wake   chan struct{} // holds one token while the queue may be non-empty
	done   chan struct{} // closed with the box

	ctx     context.Context // over when the box closes
	over    context.CancelFunc
	workers sync.WaitGroup

	// What follows belongs to the owner.
	stopped bool
	timers  map[*Timer]struct{}
}

// New returns an open box. What is put into it waits for [Box.Run].
func New() *Box {
	b := &Box{wake: make(chan struct{}, 1), done: make(chan struct{}), timers: make(map[*Timer]struct{})}
	b.ctx, b.over = context.WithCancel(context.Background())
	return b
}

// Post puts f into the box and does not wait, so the owner itself may call it. In a closed box f is lost.
func (b *Box) Post(f func()) { b.put(f, 0) }

// Feed is [Box.Post] for those who can be slowed down: it waits while too many functions are in the box. The owner
// must not call it.
func (b *Box) Feed(f func()) {
	for {
		space, ok := b.put(f, backlog)
		if ok {
			return
		}
		select {
		case <-space:
		case <-b.done:
			return
		}
	}
}

// put adds f unless bound functions are there already; then space tells when to try again. Zero is no bound.
func (b *Box) put(f func(), bound int) (space <-chan struct{}, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return nil, true
	case bound > 0 && len(b.queue) >= bound:
		if b.space == nil {
			b.space = make(chan struct{})
		}
		return b.space, false
	}
	b.queue = append(b.queue, f)
	b.signal()
	return nil, true
}

func (b *Box) signal() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// Do puts f into the box and waits until it has run. When it fails, with [ErrClosed] or the context's error, f has not
// run and will not. The owner must not call it.
func (b *Box) Do(ctx context.Context, f func()) error {
	var claimed atomic.Bool // by the owner, who runs f, or by a caller who gives up
	ran := make(chan struct{})
	b.Post(func() {
		if claimed.CompareAndSwap(false, true) {
			f()
			close(ran)
		}
	})
	var err error
	select {
	case <-ran:
		return nil
	case <-b.done:
		err = ErrClosed
	case <-ctx.Done():
		err = ctx.Err()
	}
	if claimed.CompareAndSwap(false, true) {
		return err
	}
	<-ran
	return nil
}

// Done is closed when the owner has ended.
func (b *Box) Done() <-chan struct{} { return b.done }

// Run makes the calling goroutine the owner until ctx is over or [Box.Stop] is called. Then it stops all timers and
// closes the box; functions that have not run are lost. After each burst of functions it calls settled, unless that
// is nil.
func (b *Box) Run(ctx context.Context, settled func()) {
	defer b.close()
	for !b.stopped {
		select {
		case <-ctx.Done():
			return
		case <-b.wake:
		}
		for _, f := range b.take() {
			if f(); b.stopped {
				return
			}
		}
		if settled != nil {
			settled()
		}
	}
}

// Stop makes [Box.Run] return as soon as the function that calls it has returned. Only the owner may call it.
func (b *Box) Stop() { b.stopped = true }

// take removes a burst of functions from the queue.
func (b *Box) take() []func() {
	b.mu.Lock()
	defer b.mu.Unlock()
	taken := b.queue
	if len(taken) > burst {
		taken, b.queue = taken[:burst:burst], taken[burst:]
		b.signal()
	} else {
		b.queue = nil
	}
	if b.space != nil {
		close(b.space)
		b.space = nil
	}
	return taken
}

func (b *Box) close() {
	for t := range b.timers {
		t.Stop()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.closed, b.queue = true, nil
		b.over()
		close(b.done)
	}
}

// Go runs f in a goroutine that [Box.Wait] waits for. The context of f ends when the box closes, or when cancel is
// called; f must return soon after that. Only the owner may call it.
func (b *Box) Go(f func(ctx context.Context)) (cancel context.CancelFunc) {
	ctx, cancel := context.WithCancel(b.ctx)
	b.workers.Go(func() {
		defer cancel()
		f(ctx)
	})
	return cancel
}

// Wait waits for the goroutines of [Box.Go] of a closed box.
func (b *Box) Wait() { b.workers.Wait() }
