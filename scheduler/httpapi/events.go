package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/eventlog"
)

const (
	// keepAlive is how often a stream without events gets a byte: clients and
	// proxies give up on silent ones.
	keepAlive = 10 * time.Second
	// writeWait is how long a write to a reader of events may take.
	writeWait = 30 * time.Second
	// eventsAtOnce is how many events are written before they are sent.
	eventsAtOnce = 64
)

// eventRoutes are those of the event stream.
type eventRoutes struct {
	log func() *eventlog.Log
	// open counts the streams.
	open  *atomic.Int64
	texts *eventTexts
}

// events answers with the event stream ("Marathon, events").
func (s eventRoutes) events(w http.ResponseWriter, r *http.Request) error {
	if !strings.Contains(strings.Join(r.Header.Values("Accept"), ","), kindEvents) {
		return &api.Error{Status: http.StatusMethodNotAllowed, Message: "send the header Accept: text/event-stream"}
	}
	log := s.log()
	if log == nil {
		return errNoLog()
	}
	st, err := newStream(s.texts, w, r, log)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", kindEvents+"; charset=utf-8")
	h.Set("Connection", "close")
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	s.open.Add(1)
	defer s.open.Add(-1)
	st.run(r.Context(), r.RemoteAddr)
	return nil
}

// errNoLog is the answer of a scheduler that has no events to tell.
func errNoLog() error {
	return &api.Error{Status: http.StatusServiceUnavailable, Message: "this scheduler does not lead (yet); try again in a moment"}
}

// stream writes the events of a log to one reader.
type stream struct {
	log   *eventlog.Log
	texts *eventTexts
	out   http.ResponseWriter
	conn  *http.ResponseController
	light bool
	// types are the ones that are wanted; without any, those that Marathon's
	// clients know.
	types []string
	// at is the number of the last event that was read, resumed says that the reader named it.
	at      uint64
	resumed bool
	buf     []byte
	batch   [eventsAtOnce]event.Entry
}

func newStream(texts *eventTexts, w http.ResponseWriter, r *http.Request, log *eventlog.Log) (*stream, error) {
	q := r.URL.Query()
	st := &stream{
		log: log, texts: texts, out: w, conn: http.NewResponseController(w), light: q.Get("plan-format") == "light", types: q["event_type"],
	}
	last := r.Header.Get("Last-Event-ID")
	if last == "" {
		return st, nil
	}
	at, err := strconv.ParseUint(last, 10, 64)
	if err != nil {
		return nil, &api.Error{Status: http.StatusBadRequest, Message: "Last-Event-ID: " + strconv.Quote(last) + " is no number of an event, as in the stream's id lines"}
	}
	st.at, st.resumed = at, true
	return st, nil
}

// run writes until the reader is gone or too slow, or the term is over.
func (st *stream) run(ctx context.Context, remote string) {
	attached := st.log.Append(&event.StreamAttached{RemoteAddress: remote})
	if !st.resumed {
		st.at = attached - 1
	}
	defer st.log.Append(&event.StreamDetached{RemoteAddress: remote})
	// Nothing is read from the client any more, so that the server's limit for that does not count.
	_ = st.conn.SetReadDeadline(time.Time{}) // a connection that has none has no limit either
	for goOn := st.send(ctx); goOn; {
		goOn = st.next(ctx)
	}
}

// next waits for events and writes them, or a sign of life if there is none for
// a while; it reports whether to go on.
func (st *stream) next(ctx context.Context) bool {
	wait, cancel := context.WithTimeout(ctx, keepAlive)
	defer cancel()
	switch err := st.log.Wait(wait, st.at); {
	case err == nil:
	case ctx.Err() == nil && wait.Err() != nil:
		st.buf = append(st.buf[:0], "\r\n"...)
		return st.send(ctx)
	default:
		return false
	}
	entries, next, gap := st.log.Since(st.at, st.batch[:])
	st.buf = st.buf[:0]
	overtaken := gap && !st.resumed
	if gap {
		st.tellGap(st.at, next-uint64(len(entries)))
	}
	st.at, st.resumed = next, false
	for n := range entries {
		if e := &entries[n]; !overtaken && st.wants(e.Event) {
			text, err := st.texts.of(e, st.light)
			if err != nil {
				return false
			}
			st.buf = append(st.buf, text...)
		}
	}
	clear(entries)
	return st.send(ctx) && !overtaken
}

// tellGap says that events are missing, which no filter keeps back.
func (st *stream) tellGap(after, before uint64) {
	st.buf = fmt.Appendf(st.buf, "event: gap\r\ndata: {\"eventType\":\"gap\",\"timestamp\":%q,\"lastRead\":%d,\"lastLost\":%d}\r\n\r\n",
		api.Time{Time: time.Now()}, after, before)
}

// send writes what there is and has it sent at once, the header included.
func (st *stream) send(ctx context.Context) bool {
	if err := st.conn.SetWriteDeadline(time.Now().Add(writeWait)); err != nil && ctx.Err() != nil {
		return false
	}
	if len(st.buf) > 0 {
		if _, err := st.out.Write(st.buf); err != nil {
			return false
		}
	}
	return st.conn.Flush() == nil
}

// everything is the filter that also lets through what Marathon's clients do not know.
const everything = "*"

func (st *stream) wants(e event.Event) bool {
	if len(st.types) == 0 {
		return !uncommon(e)
	}
	return slices.Contains(st.types, e.Type()) || slices.Contains(st.types, everything)
}

// uncommon reports whether clients of Marathon end on an event because they do
// not know it: Gantry's own, and python-marathon also on those of the scheduler.
func uncommon(e event.Event) bool {
	switch e.(type) {
	case *event.SchedulerRegistered, *event.SchedulerReregistered, *event.SchedulerDisconnected,
		*event.AgentAvoided, *event.DrainOverdue, *event.KillsGuarded, *event.UnhealthyKillsHeld, *event.VolumesUnclaimed, *event.VolumesReleased, *event.VolumesDestroyed:
		return true
	default:
		return false
	}
}

// origin is where a request came from, as events tell it.
func origin(r *http.Request) core.Origin {
	client := r.RemoteAddr
	if at := strings.LastIndexByte(client, ':'); at >= 0 {
		client = strings.Trim(client[:at], "[]")
	}
	return core.Origin{ClientIP: client, URI: r.URL.Path}
}
