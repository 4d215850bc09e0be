// Package eventlog keeps the newest events of a term of leadership in memory,
// numbered in the order in which they happened. Readers keep the number of the
// last event they have read, and so cost the log nothing: one that is too slow
// loses the oldest events and is told so, and slows nobody down.
package eventlog

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/gantry-mesos/gantry/pkg/event"
)

// ErrClosed says that nothing will happen any more that this log hears of: the
// term is over.
var ErrClosed = errors.New("the event log is closed: the scheduler does not lead any more")

// Log is the log of one term. Its methods may be called from any goroutine and
// hold its lock for no longer than a copy takes.
type Log struct {
	mu sync.Mutex
	// ring holds the event with number n at n modulo its length.
	ring []event.Entry
	// begin is the number before the first event of all, last that of the newest.
	begin, last uint64
	// more is closed when something is added; nil while nobody waits.
	more   chan struct{}
	closed bool
}

// New returns an empty log that keeps the newest size events. Its numbers count
// from the microseconds of now, so that those of a later term are greater, as
// long as there are fewer than a million events in a second.
func New(size int, now time.Time) *Log {
	begin := uint64(max(0, now.UnixMicro()))
	return &Log{ring: make([]event.Entry, max(1, size)), begin: begin, last: begin}
}

// Publish adds events in their order. It never waits for a reader.
func (l *Log) Publish(events []event.Event) { l.Append(events...) }

// Append does what Publish does and returns the number of the newest event.
func (l *Log) Append(events ...event.Event) uint64 {
	at := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(events) == 0 {
		return l.last
	}
	for _, e := range events {
		l.last++
		l.ring[l.last%uint64(len(l.ring))] = event.Entry{Number: l.last, At: at, Event: e}
	}
	l.wake()
	return l.last
}

// Close tells all readers that there will be no more.
func (l *Log) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.wake()
}

// wake wakes all who wait. A goroutine of its own does that, for they may be a
// thousand, and the caller is the scheduler's loop.
func (l *Log) wake() {
	if more := l.more; more != nil {
		l.more = nil
		go close(more)
	}
}

// Last returns the number of the newest event, or where a log without any begins.
func (l *Log) Last() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

// Since copies the oldest kept events after the one with this number into buf, as
// many as it has room for, and returns them with the number to go on from. A gap
// says that others came before them which are lost, or that the number is not one
// of this log's.
func (l *Log) Since(after uint64, buf []event.Entry) (entries []event.Entry, next uint64, gap bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	oldest := l.begin
	if kept := uint64(len(l.ring)); l.last-l.begin > kept {
		oldest = l.last - kept
	}
	if after < oldest || after > l.last {
		after, gap = oldest, true
	}
	n := min(uint64(len(buf)), l.last-after)
	for k := range n {
		buf[k] = l.ring[(after+1+k)%uint64(len(l.ring))]
	}
	return buf[:n], after + n, gap
}

// Wait returns once there is something to read after the event with this number,
// a gap included. The error
// is ErrClosed, though not while there is something left to read, or that of ctx.
func (l *Log) Wait(ctx context.Context, after uint64) error {
	for {
		more, err := l.waiting(after)
		if more == nil {
			return err
		}
		select {
		case <-more:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// waiting returns what is closed with the next change, nil if there is no need to wait.
func (l *Log) waiting(after uint64) (<-chan struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.last != after:
		return nil, nil
	case l.closed:
		return nil, ErrClosed
	case l.more == nil:
		l.more = make(chan struct{})
	}
	return l.more, nil
}
