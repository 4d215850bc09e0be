package agent

import (
	"context"
	"sync"
	"time"
)

// mailbox hands functions to the goroutine that owns an agent's state. Posting never blocks; what is posted after the
// mailbox was closed is dropped.
type mailbox struct {
	mu     sync.Mutex
	queue  []func()
	closed bool
	wake   chan struct{} // holds one token while the queue may be non-empty
	done   chan struct{} // closed with the mailbox
}

func newMailbox() *mailbox {
	return &mailbox{wake: make(chan struct{}, 1), done: make(chan struct{})}
}

func (m *mailbox) post(f func()) {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return
	}
	m.queue = append(m.queue, f)
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// ask posts f and waits until it has run. It returns false when the agent has ended or ctx is done first.
func (m *mailbox) ask(ctx context.Context, f func()) bool {
	ran := make(chan struct{})
	m.post(func() {
		f()
		close(ran)
	})
	select {
	case <-ran:
		return true
	case <-m.done:
		// The last functions may have run while the mailbox closed.
		select {
		case <-ran:
			return true
		default:
			return false
		}
	case <-ctx.Done():
		return false
	}
}

func (m *mailbox) take() []func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.queue
	m.queue = nil
	return q
}

func (m *mailbox) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed {
		m.closed = true
		m.queue = nil
		close(m.done)
	}
}

// timers are the agent's running timers; they post to its mailbox and are stopped with it.
type timers struct {
	box *mailbox
	all map[*timer]struct{} // owned by the agent's goroutine
}

type timer struct {
	owner *timers
	t     *time.Timer
	dead  bool
}

// after runs f in the agent's goroutine after d unless the timer is stopped before.
func (ts *timers) after(d time.Duration, f func()) *timer {
	t := &timer{owner: ts}
	t.t = time.AfterFunc(d, func() {
		ts.box.post(func() {
			if !t.dead {
				t.stop()
				f()
			}
		})
	})
	ts.all[t] = struct{}{}
	return t
}

// stop ends the timer for good; a nil timer may be stopped.
func (t *timer) stop() {
	if t == nil || t.dead {
		return
	}
	t.dead = true
	t.t.Stop()
	delete(t.owner.all, t)
}

func (ts *timers) stopAll() {
	for t := range ts.all {
		t.stop()
	}
}
