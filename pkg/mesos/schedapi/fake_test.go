package schedapi_test

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	mesosgo "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/frames"
	"github.com/gantry-mesos/gantry/pkg/mesos/httptransport/transporttest"
	"github.com/gantry-mesos/gantry/pkg/mesos/schedapi"
)

// request is a call as the master got it.
type request struct {
	header http.Header
	call   *scheduler.Call
}

// fakeMaster answers as the test says. Without instructions it subscribes
// everyone, sends SUBSCRIBED and what is put into events, and answers 202.
type fakeMaster struct {
	t         *testing.T
	subscribe func(w http.ResponseWriter, r *http.Request)
	answer    func(w http.ResponseWriter, r *http.Request, call *scheduler.Call)
	events    chan []byte // framed bytes, written as they are; nil ends the stream

	mu       sync.Mutex
	requests []request
	streams  int
}

func newFakeMaster(t *testing.T) *fakeMaster {
	t.Helper()
	return &fakeMaster{t: t, events: make(chan []byte)}
}

func (m *fakeMaster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var call scheduler.Call
	if err == nil {
		err = call.Unmarshal(body)
	}
	if err != nil || r.URL.Path != "/api/v1/scheduler" || r.Method != http.MethodPost {
		m.t.Errorf("request %s %s: %v", r.Method, r.URL, err)
	}
	m.mu.Lock()
	m.requests = append(m.requests, request{r.Header, &call})
	answer := m.answer
	m.mu.Unlock()
	switch {
	case call.Type == scheduler.Call_SUBSCRIBE && m.subscribe != nil:
		m.subscribe(w, r)
	case call.Type == scheduler.Call_SUBSCRIBE:
		m.stream(w, r)
	case answer != nil:
		answer(w, r, &call)
	default:
		w.WriteHeader(http.StatusAccepted)
	}
}

// streamID is the id of the n-th subscription.
func streamID(n int) string { return "stream-" + strconv.Itoa(n) }

// head writes the head of a subscription's answer.
func (m *fakeMaster) head(w http.ResponseWriter) {
	m.mu.Lock()
	m.streams++
	id := streamID(m.streams)
	m.mu.Unlock()
	w.Header().Set("Content-Type", "application/x-protobuf")
	w.Header().Set("Mesos-Stream-Id", id)
	w.WriteHeader(http.StatusOK)
}

func (m *fakeMaster) stream(w http.ResponseWriter, r *http.Request) {
	m.head(w)
	m.write(w, subscribed("fw-1"))
	for {
		select {
		case data := <-m.events:
			if data == nil {
				return
			}
			m.write(w, data)
		case <-r.Context().Done():
			return
		}
	}
}

func (m *fakeMaster) write(w http.ResponseWriter, data []byte) {
	_, _ = w.Write(data)
	_ = http.NewResponseController(w).Flush()
}

// got returns the requests of a type that arrived so far.
func (m *fakeMaster) got(kind scheduler.Call_Type) []request {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []request
	for _, r := range m.requests {
		if r.call.Type == kind {
			out = append(out, r)
		}
	}
	return out
}

// status makes an answer function of a status and a text.
func status(code int, text string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, text, code) }
}

func frame(e *scheduler.Event) []byte {
	data, err := e.Marshal()
	if err != nil {
		panic(err)
	}
	return frames.Append(nil, data)
}

func subscribed(id string) []byte {
	interval := 15.0
	return frame(&scheduler.Event{Type: scheduler.Event_SUBSCRIBED, Subscribed: &scheduler.Event_Subscribed{
		FrameworkID:              &mesosgo.FrameworkID{Value: id},
		HeartbeatIntervalSeconds: &interval,
	}})
}

func heartbeat() []byte { return frame(&scheduler.Event{Type: scheduler.Event_HEARTBEAT}) }

func errorEvent(text string) []byte {
	return frame(&scheduler.Event{Type: scheduler.Event_ERROR, Error: &scheduler.Event_Error{Message: text}})
}

func rescind(id string) []byte {
	return frame(&scheduler.Event{Type: scheduler.Event_RESCIND, Rescind: &scheduler.Event_Rescind{
		OfferID: mesosgo.OfferID{Value: id},
	}})
}

// fakeLeader names one endpoint after the other and repeats the last one.
type fakeLeader struct {
	mu       sync.Mutex
	answers  []string
	asked    []string // the previous endpoints it was asked with
	suspects []string
}

func (l *fakeLeader) Leader(_ context.Context, previous string) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = append(l.asked, previous)
	answer := l.answers[0]
	if len(l.answers) > 1 {
		l.answers = l.answers[1:]
	}
	return answer, nil
}

func (l *fakeLeader) Suspect(endpoint string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.suspects = append(l.suspects, endpoint)
}

// client is a running client and what it delivered.
type client struct {
	*schedapi.Client
	t      *testing.T
	events chan mesos.SchedulerEvent
	result chan error
	cancel context.CancelFunc
}

func defaults(t *testing.T, n *transporttest.Network) schedapi.Config {
	t.Helper()
	return schedapi.Config{
		Framework: func() mesos.FrameworkInfo { return mesos.FrameworkInfo{User: "root", Name: "test"} },
		Transport: n.Transport(t),
	}
}

// start runs a client until the test ends. handle may be nil.
func start(t *testing.T, cfg schedapi.Config, leader schedapi.Leader, handle schedapi.Handler) *client {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	api, err := schedapi.New(cfg, leader, zaptest.NewLogger(t, zaptest.Level(zap.FatalLevel)))
	if err != nil {
		t.Fatal(err)
	}
	c := &client{
		Client: api, t: t, cancel: cancel,
		events: make(chan mesos.SchedulerEvent, 1000), result: make(chan error, 1),
	}
	go func() {
		c.result <- api.Run(ctx, func(ctx context.Context, e mesos.SchedulerEvent) error {
			c.events <- e
			if handle != nil {
				return handle(ctx, e)
			}
			return nil
		})
	}()
	return c
}

// stop ends the client and waits for it.
func (c *client) stop() {
	c.t.Helper()
	c.cancel()
	if err := c.ended(); err != nil {
		c.t.Errorf("Run = %v, want nil when its context ends", err)
	}
}

// ended waits for the end of Run.
func (c *client) ended() error {
	c.t.Helper()
	select {
	case err := <-c.result:
		return err
	case <-time.After(time.Hour):
		c.t.Fatal("Run has not ended")
		return nil
	}
}

// next waits for the next event.
func (c *client) next() mesos.SchedulerEvent {
	c.t.Helper()
	select {
	case e := <-c.events:
		return e
	case <-time.After(time.Hour):
		c.t.Fatal("no event")
		return nil
	}
}

// expect waits for events of the types of want, in order, and returns the last.
func expect[E mesos.SchedulerEvent](c *client) E {
	c.t.Helper()
	got := c.next()
	want, ok := got.(E)
	if !ok {
		c.t.Fatalf("event = %#v, want %T", got, want)
	}
	return want
}
