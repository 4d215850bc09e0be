package execapi_test

import (
	"context"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	mesosgo "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/executor"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/execapi"
	"github.com/gantry-mesos/gantry/pkg/mesos/frames"
	"github.com/gantry-mesos/gantry/pkg/mesos/httptransport/transporttest"
	"github.com/gantry-mesos/gantry/pkg/mesos/wire"
)

const agent = "10.0.0.7:5051"

// fakeAgent answers as the test says. Without instructions it subscribes the
// executor, sends SUBSCRIBED and what is put into events, and answers 202.
type fakeAgent struct {
	t         *testing.T
	subscribe func(w http.ResponseWriter, r *http.Request)
	answer    func(w http.ResponseWriter, r *http.Request, call *executor.Call)
	events    chan []byte // framed bytes, written as they are; nil ends the stream

	mu      sync.Mutex
	headers []http.Header
	calls   []*executor.Call
}

func newFakeAgent(t *testing.T) *fakeAgent {
	t.Helper()
	return &fakeAgent{t: t, events: make(chan []byte)}
}

func (a *fakeAgent) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var call executor.Call
	if err == nil {
		err = call.Unmarshal(body)
	}
	if err != nil || r.URL.Path != "/api/v1/executor" || r.Method != http.MethodPost {
		a.t.Errorf("request %s %s: %v", r.Method, r.URL, err)
	}
	a.mu.Lock()
	a.calls = append(a.calls, &call)
	a.headers = append(a.headers, r.Header)
	subscribe, answer := a.subscribe, a.answer
	a.mu.Unlock()
	switch {
	case call.Type == executor.Call_SUBSCRIBE && subscribe != nil:
		subscribe(w, r)
	case call.Type == executor.Call_SUBSCRIBE:
		a.stream(w, r, event(mesos.ExecutorSubscribed{}))
	case answer != nil:
		answer(w, r, &call)
	default:
		w.WriteHeader(http.StatusAccepted)
	}
}

func (a *fakeAgent) stream(w http.ResponseWriter, r *http.Request, first []byte) {
	w.Header().Set("Content-Type", "application/x-protobuf")
	for data := first; data != nil; {
		_, _ = w.Write(data)
		_ = http.NewResponseController(w).Flush()
		select {
		case data = <-a.events:
		case <-r.Context().Done():
			return
		}
	}
}

// onSubscribe changes the answer to the following SUBSCRIBE calls, nil to the usual one.
func (a *fakeAgent) onSubscribe(answer func(http.ResponseWriter, *http.Request)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.subscribe = answer
}

// got returns the calls of a type that arrived so far.
func (a *fakeAgent) got(kind executor.Call_Type) []*executor.Call {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []*executor.Call
	for _, c := range a.calls {
		if c.Type == kind {
			out = append(out, c)
		}
	}
	return out
}

func status(code int, text string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, text, code) }
}

// event frames an event as an agent sends it.
func event(e mesos.ExecutorEvent) []byte {
	message, err := wire.ToExecutorEvent(e)
	if err != nil {
		panic(err)
	}
	return frame(message)
}

func frame(message *executor.Event) []byte {
	data, err := message.Marshal()
	if err != nil {
		panic(err)
	}
	return frames.Append(nil, data)
}

func update(uuid string, state mesos.TaskState) mesos.StatusUpdate {
	return mesos.StatusUpdate{Status: mesos.TaskStatus{
		TaskID: "t1", ExecutorID: "e1", State: state, Source: mesos.SourceExecutor, UUID: []byte(uuid + "-23456789abcdef")[:16],
	}}
}

// uuid returns the first letter of the UUID of an UPDATE call.
func uuid(c *executor.Call) string { return string(c.Update.Status.UUID[:1]) }

// client is a running client and what it delivered.
type client struct {
	*execapi.Client
	t      *testing.T
	events chan mesos.ExecutorEvent
	result chan error
	cancel context.CancelFunc

	mu      sync.Mutex
	pending mesos.Unacknowledged
}

func (c *client) unacknowledged() mesos.Unacknowledged {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pending
}

func (c *client) keep(u mesos.StatusUpdate) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending.Updates = append(c.pending.Updates, u.Status)
}

func defaults(t *testing.T, n *transporttest.Network) execapi.Config {
	t.Helper()
	return execapi.Config{
		FrameworkID: "fw-1", ExecutorID: "e1", AgentEndpoint: agent, Checkpoint: true,
		RecoveryTimeout: 15 * time.Minute, BackoffMax: 2 * time.Second, RoundTripper: n.Transport(t),
	}
}

// start runs a client until the test ends. handle may be nil.
func start(t *testing.T, cfg execapi.Config, handle execapi.Handler) *client {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	api, err := execapi.New(cfg, zaptest.NewLogger(t, zaptest.Level(zap.FatalLevel)))
	if err != nil {
		t.Fatal(err)
	}
	c := &client{
		Client: api, t: t, cancel: cancel,
		events: make(chan mesos.ExecutorEvent, 1000), result: make(chan error, 1),
	}
	go func() {
		c.result <- api.Run(ctx, c.unacknowledged, func(ctx context.Context, e mesos.ExecutorEvent) error {
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
	defer c.cancel()
	select {
	case err := <-c.result:
		return err
	case <-time.After(24 * time.Hour):
		c.t.Fatal("Run has not ended")
		return nil
	}
}

// expect waits for an event of type E.
func expect[E mesos.ExecutorEvent](c *client) E {
	c.t.Helper()
	var want E
	select {
	case got := <-c.events:
		e, ok := got.(E)
		if !ok {
			c.t.Fatalf("event = %#v, want %T", got, want)
		}
		return e
	case <-time.After(24 * time.Hour):
		c.t.Fatalf("no event, want %T", want)
		return want
	}
}

var launchGroup = &executor.Event{
	Type:        executor.Event_LAUNCH_GROUP,
	LaunchGroup: &executor.Event_LaunchGroup{TaskGroup: mesosgo.TaskGroupInfo{}},
}
