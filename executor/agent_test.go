package executor_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	mesosexec "github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/wire"
)

// testAgent is the executor API of one agent ("Mesos, executor HTTP API"), over
// real sockets. It acknowledges every update that it has stored.
type testAgent struct {
	t       *testing.T
	address string

	mu         sync.Mutex
	server     *http.Server
	stream     chan []byte
	subscribed int
	updates    []mesos.TaskStatus
	stored     map[string]bool
	waiting    []mesos.ExecutorEvent
	hold       bool
	news       chan struct{}
	repeated   []mesos.Unacknowledged
}

func newTestAgent(t *testing.T) *testAgent {
	t.Helper()
	a := &testAgent{t: t, address: "127.0.0.1:0", stored: map[string]bool{}, news: make(chan struct{}, 1)}
	a.start()
	t.Cleanup(a.stop)
	return a
}

// start begins to listen, at the same address as before if there was one.
func (a *testAgent) start() {
	a.t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(a.t.Context(), "tcp", a.address)
	if err != nil {
		a.t.Fatal(err)
	}
	a.address = listener.Addr().String()
	server := &http.Server{Handler: http.HandlerFunc(a.serve), ReadHeaderTimeout: 5 * time.Second}
	a.mu.Lock()
	a.server = server
	a.mu.Unlock()
	go func() { _ = server.Serve(listener) }()
}

// stop breaks all connections, as the end of the agent's process does.
func (a *testAgent) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.server != nil {
		_ = a.server.Close()
		a.server, a.stream = nil, nil
	}
}

func (a *testAgent) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	var call mesosexec.Call
	if err := call.Unmarshal(body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if call.GetType() == mesosexec.Call_SUBSCRIBE {
		a.subscribe(w, r, wire.FromExecutorSubscribe(call.Subscribe))
		return
	}
	made, err := wire.FromExecutorCall(&call)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if update, ok := made.(mesos.StatusUpdate); ok {
		a.store(update.Status)
	}
	w.WriteHeader(http.StatusAccepted)
}

func (a *testAgent) subscribe(w http.ResponseWriter, r *http.Request, un mesos.Unacknowledged) {
	stream := make(chan []byte, 64)
	a.mu.Lock()
	a.stream = stream
	a.subscribed++
	a.repeated = append(a.repeated, un)
	a.mu.Unlock()
	w.Header().Set("Content-Type", "application/x-protobuf")
	w.WriteHeader(http.StatusOK)
	a.send(mesos.ExecutorSubscribed{
		Framework:   mesos.FrameworkInfo{ID: "f1", Name: "gantry", User: "root", Capabilities: []mesos.Capability{mesos.TaskKillingState}},
		Executor:    mesos.ExecutorInfo{ExecutorID: "e1", FrameworkID: "f1"},
		Agent:       mesos.AgentInfo{ID: "a1", Hostname: "localhost"},
		ContainerID: "c1",
	})
	for _, st := range un.Updates {
		a.store(st)
	}
	a.mu.Lock()
	waiting := a.waiting
	a.waiting = nil
	a.mu.Unlock()
	for _, ev := range waiting {
		a.send(ev)
	}
	for {
		select {
		case record := <-stream:
			_, _ = fmt.Fprintf(w, "%d\n", len(record))
			_, _ = w.Write(record)
			_ = http.NewResponseController(w).Flush()
		case <-r.Context().Done():
			return
		}
	}
}

// store keeps an update once and acknowledges it.
func (a *testAgent) store(st mesos.TaskStatus) {
	a.mu.Lock()
	if !a.stored[string(st.UUID)] {
		a.stored[string(st.UUID)] = true
		a.updates = append(a.updates, st)
	}
	hold := a.hold
	a.mu.Unlock()
	if !hold {
		a.send(mesos.Acknowledged{TaskID: st.TaskID, UUID: st.UUID})
	}
	select {
	case a.news <- struct{}{}:
	default:
	}
}

// send gives the executor an event, now or after it has subscribed.
func (a *testAgent) send(ev mesos.ExecutorEvent) {
	message, err := wire.ToExecutorEvent(ev)
	if err != nil {
		a.t.Error(err)
		return
	}
	record, err := message.Marshal()
	if err != nil {
		a.t.Error(err)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stream == nil {
		a.waiting = append(a.waiting, ev)
		return
	}
	a.stream <- bytes.Clone(record)
}

// await returns the first update for which ok holds.
func (a *testAgent) await(ok func(mesos.TaskStatus) bool) mesos.TaskStatus {
	a.t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		a.mu.Lock()
		for _, st := range a.updates {
			if ok(st) {
				a.mu.Unlock()
				return st
			}
		}
		seen := describe(a.updates)
		a.mu.Unlock()
		select {
		case <-a.news:
		case <-deadline:
			a.t.Fatalf("got updates %s, not the one awaited", seen)
		}
	}
}

func (a *testAgent) awaitState(s mesos.TaskState) mesos.TaskStatus {
	a.t.Helper()
	return a.await(func(st mesos.TaskStatus) bool { return st.State == s })
}

// states are the states of all updates, in order.
func (a *testAgent) states() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return describe(a.updates)
}

func describe(updates []mesos.TaskStatus) string {
	var b bytes.Buffer
	for i, st := range updates {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(st.State.String()[len("TASK_"):])
	}
	return b.String()
}

// waitFor polls a condition that no event announces.
func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), 30*time.Second, errors.New(what+" did not come about"))
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal(context.Cause(ctx))
		}
	}
}
