package master

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/minicluster/codec"
)

// stream is the event stream of one subscription. The actor puts events in; the goroutine of the HTTP request encodes
// and writes them. Neither waits for the other: what is not read in time piles up to a bound, and then the stream is
// cut.
type stream struct {
	id     string
	format codec.Format
	max    int

	mu     sync.Mutex
	queue  []*scheduler.Event
	bytes  int
	ended  bool // after the queue, the answer ends
	cut    bool // at once
	signal chan struct{}
	broken chan struct{} // closed when the stream is cut
}

func newStream(id string, f codec.Format, maxBytes int) *stream {
	return &stream{id: id, format: f, max: maxBytes, signal: make(chan struct{}, 1), broken: make(chan struct{})}
}

// send queues an event, which must not change any more.
func (st *stream) send(e *scheduler.Event) {
	size := e.Size()
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.ended || st.cut {
		return
	}
	if st.bytes+size > st.max && len(st.queue) > 0 {
		st.cut = true
		st.queue = nil
		close(st.broken)
		return
	}
	st.queue = append(st.queue, e)
	st.bytes += size
	st.wake()
}

// end lets the stream end after what is queued.
func (st *stream) end() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.ended = true
	st.wake()
}

func (st *stream) wake() {
	select {
	case st.signal <- struct{}{}:
	default:
	}
}

// take returns what is queued and whether the stream goes on after it.
func (st *stream) take() (events []*scheduler.Event, more bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	events = st.queue
	st.queue, st.bytes = nil, 0
	return events, !st.ended && !st.cut
}

var heartbeat = &scheduler.Event{Type: scheduler.Event_HEARTBEAT}

// serve writes the stream until it ends or the client is gone.
func (st *stream) serve(ctx context.Context, w http.ResponseWriter, interval time.Duration) {
	control := http.NewResponseController(w)
	unblock := make(chan struct{})
	defer close(unblock)
	go func() {
		select {
		case <-st.broken:
			_ = control.SetWriteDeadline(time.Now()) // ends a Write that waits for the client
		case <-unblock:
		}
	}()
	beat := time.NewTicker(interval)
	defer beat.Stop()
	for {
		events, more := st.take()
		if len(events) > 0 && !st.write(w, control, events) || !more {
			return
		}
		select {
		case <-st.signal:
		case <-st.broken:
			return
		case <-beat.C:
			if !st.write(w, control, []*scheduler.Event{heartbeat}) {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// write encodes events and sends them in one piece; it reports whether the client took them.
func (st *stream) write(w http.ResponseWriter, control *http.ResponseController, events []*scheduler.Event) bool {
	var buf []byte
	for _, e := range events {
		data, err := st.format.Marshal(e)
		if err != nil {
			return false
		}
		buf = codec.AppendRecord(buf, data)
	}
	if _, err := w.Write(buf); err != nil {
		return false
	}
	return control.Flush() == nil
}
