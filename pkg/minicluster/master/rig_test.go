package master

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
	"go.uber.org/goleak"

	"github.com/gantry-mesos/gantry/pkg/minicluster/codec"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds each wait of a test; it is only reached when the test fails.
const patience = 20 * time.Second

// rig is a leading master with an HTTP server and a network for agents.
type rig struct {
	m       *Master
	server  *httptest.Server
	network *link.Network
	client  *http.Client
}

// newRig starts a master that allocates every 20 ms.
func newRig(tb testing.TB, change func(c *Config, d *Deps)) *rig {
	tb.Helper()
	cfg := DefaultConfig()
	cfg.IP, cfg.Port, cfg.Hostname = "127.0.0.1", 5050, "localhost"
	cfg.AllocationInterval = 20 * time.Millisecond
	network := link.NewNetwork()
	deps := Deps{Network: network}
	if change != nil {
		change(&cfg, &deps)
	}
	m, err := New(cfg, deps)
	if err != nil {
		tb.Fatal(err)
	}
	r := &rig{m: m, network: network, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	r.view(tb, func(*State) {}) // it runs
	r.server = httptest.NewServer(m.SchedulerHandler())
	tb.Cleanup(func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, ErrDeposed) {
			tb.Errorf("run: %v", err)
		}
		r.server.Close()
		r.client.CloseIdleConnections()
	})
	return r
}

// lead makes the master lead and waits until it serves.
func (r *rig) lead(tb testing.TB) *rig {
	tb.Helper()
	r.m.SetLeadership(Leadership{Leading: true})
	await(tb, "the registry to be recovered", func() bool { return r.m.status.Load().recovered })
	return r
}

// await waits for a condition without events to wait for.
func await(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			tb.Fatalf("waiting for %s", what)
		}
	}
}

func (r *rig) view(tb testing.TB, f func(s *State)) {
	tb.Helper()
	if err := r.m.View(context.Background(), f); err != nil {
		tb.Fatal(err)
	}
}

// post sends one request and returns status and body.
func (r *rig) post(tb testing.TB, header http.Header, body []byte) (int, string) {
	tb.Helper()
	req, err := http.NewRequest(http.MethodPost, r.server.URL+"/api/v1/scheduler", bytes.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	req.Header = header
	resp, err := r.client.Do(req)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// sched is a subscribed scheduler.
type sched struct {
	tb       testing.TB
	rig      *rig
	id       string
	streamID string
	events   chan *scheduler.Event
	cancel   context.CancelFunc
	refused  string
}

// frameworkInfo is the usual FrameworkInfo of the tests as JSON, with members added.
func frameworkInfo(more string) string {
	return `{"user":"root","name":"f","failover_timeout":60,"checkpoint":true,"roles":["test"],
		"capabilities":[{"type":"MULTI_ROLE"},{"type":"PARTITION_AWARE"}]` + more + `}`
}

// subscribe subscribes; id may be "" for a new framework. A refusal ends up in refused.
func (r *rig) subscribe(tb testing.TB, id, info, more string) *sched {
	tb.Helper()
	frameworkID := ""
	if id != "" {
		frameworkID = fmt.Sprintf(`"framework_id":{"value":%q},`, id)
	}
	body := fmt.Sprintf(`{%s"type":"SUBSCRIBE","subscribe":{"framework_info":%s%s}}`, frameworkID, info, more)
	ctx, cancel := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.server.URL+"/api/v1/scheduler", bytes.NewReader([]byte(body)))
	if err != nil {
		tb.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", codec.MediaTypeProtobuf)
	resp, err := r.client.Do(req)
	if err != nil {
		tb.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body)
		tb.Fatalf("subscribe: %d %s", resp.StatusCode, text)
	}
	s := &sched{tb: tb, rig: r, streamID: resp.Header.Get(streamIDHeader), cancel: cancel, events: make(chan *scheduler.Event, 1<<16)}
	var wg sync.WaitGroup
	wg.Go(func() { s.read(resp.Body) })
	tb.Cleanup(func() { cancel(); wg.Wait() })
	first := s.next()
	if first == nil {
		tb.Fatal("the stream ended before its first event")
		return nil
	}
	if first.Type == scheduler.Event_ERROR {
		s.refused = first.Error.Message
		return s
	}
	s.id = first.Subscribed.FrameworkID.Value
	return s
}

func (s *sched) read(body io.ReadCloser) {
	defer func() { _ = body.Close() }()
	defer close(s.events)
	in := codec.NewRecordReader(body, 1<<28)
	for {
		record, err := in.Next()
		if err != nil {
			return
		}
		e := new(scheduler.Event)
		if err := codec.Protobuf.Unmarshal(record, e); err != nil {
			s.tb.Errorf("event: %v", err)
			return
		}
		s.events <- e
	}
}

// next returns the next event that is no HEARTBEAT; nil at the end of the stream.
func (s *sched) next() *scheduler.Event {
	s.tb.Helper()
	for {
		select {
		case e, ok := <-s.events:
			if !ok {
				return nil
			}
			if e.Type != scheduler.Event_HEARTBEAT {
				return e
			}
		case <-time.After(patience):
			s.tb.Fatal("no event in time")
		}
	}
}

// want returns the next event of a type and skips others.
func (s *sched) want(t scheduler.Event_Type) *scheduler.Event {
	s.tb.Helper()
	for {
		e := s.next()
		if e == nil {
			s.tb.Fatalf("stream ended, want %s", t)
			return nil
		}
		if e.Type == t {
			return e
		}
	}
}

// offer returns the first offer of the next OFFERS event.
func (s *sched) offer() *mesos.Offer {
	s.tb.Helper()
	return &s.want(scheduler.Event_OFFERS).Offers.Offers[0]
}

// status returns the next task status.
func (s *sched) status() *mesos.TaskStatus {
	s.tb.Helper()
	return &s.want(scheduler.Event_UPDATE).Update.Status
}

// call sends a call (JSON without framework_id) and expects it to be taken.
func (s *sched) call(format string, args ...any) {
	s.tb.Helper()
	code, text := s.try(fmt.Sprintf(format, args...))
	if code != http.StatusAccepted && code != http.StatusOK {
		s.tb.Fatalf("call: %d %s", code, text)
	}
}

func (s *sched) try(body string) (int, string) {
	s.tb.Helper()
	header := http.Header{"Content-Type": {"application/json"}, streamIDHeader: {s.streamID}}
	return s.rig.post(s.tb, header, fmt.Appendf(nil, `{"framework_id":{"value":%q},%s}`, s.id, body))
}

// fakeAgent is an agent that does what the test says.
type fakeAgent struct {
	tb      testing.TB
	rig     *rig
	addr    string
	record  link.AgentRecord
	conn    *link.Conn
	inbox   chan link.Message
	closed  chan struct{}
	id      string
	onRun   func(a *fakeAgent, m link.RunTask)
	silence bool // answers no pings
}

var ports struct {
	sync.Mutex
	next int
}

// agent registers an agent with resources such as "cpus:4;mem:4096".
func (r *rig) agent(tb testing.TB, text string) *fakeAgent {
	tb.Helper()
	a := r.newAgent(tb, text)
	a.dial()
	a.conn.Send(link.Register{AgentRecord: a.record})
	registered := awaitMessage[link.Registered](a)
	a.id = registered.AgentID.Value
	return a
}

func (r *rig) newAgent(tb testing.TB, text string) *fakeAgent {
	tb.Helper()
	list, err := resources.Parse(text, resources.Any)
	if err != nil {
		tb.Fatal(err)
	}
	ports.Lock()
	ports.next++
	port := int32(20000 + ports.next)
	ports.Unlock()
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	var all []mesos.AgentInfo_Capability_Type
	for c := mesos.AgentInfo_Capability_MULTI_ROLE; c <= mesos.AgentInfo_Capability_TASK_RESOURCE_LIMITS; c++ {
		all = append(all, c)
	}
	return &fakeAgent{
		tb: tb, rig: r, addr: addr, inbox: make(chan link.Message, 4096), closed: make(chan struct{}, 16),
		record: link.AgentRecord{
			Info: mesos.AgentInfo{Hostname: "host", Port: &port, Resources: list},
			PID:  "slave(1)@" + addr, Version: Version, Capabilities: all,
		},
	}
}

func (a *fakeAgent) dial() {
	a.tb.Helper()
	conn, err := a.rig.network.Dial(a.addr, a.rig.m.Address(), a)
	if err != nil {
		a.tb.Fatal(err)
	}
	a.conn = conn
}

// Receive implements link.Receiver.
func (a *fakeAgent) Receive(c *link.Conn, msg link.Message) {
	switch m := msg.(type) {
	case link.Ping:
		if !a.silence {
			c.Send(link.Pong{AgentID: mesos.AgentID{Value: a.id}})
		}
		return
	case link.RunTask:
		if a.onRun != nil {
			a.onRun(a, m)
			return
		}
	}
	a.inbox <- msg
}

// Closed implements link.Receiver.
func (a *fakeAgent) Closed(*link.Conn) { a.closed <- struct{}{} }

// awaitMessage returns the next message of a type that the agent got and skips others.
func awaitMessage[M link.Message](a *fakeAgent) M {
	a.tb.Helper()
	deadline := time.After(patience)
	for {
		select {
		case msg := <-a.inbox:
			if m, ok := msg.(M); ok {
				return m
			}
		case <-deadline:
			var none M
			a.tb.Fatalf("agent got no %T", none)
			return none
		}
	}
}

// update sends a status as the agent forwards it.
func (a *fakeAgent) update(fw, task string, state mesos.TaskState, id string) {
	a.conn.Send(a.statusUpdate(fw, task, state, id))
}

func (a *fakeAgent) statusUpdate(fw, task string, state mesos.TaskState, id string) link.StatusUpdate {
	now := 1.5
	return link.StatusUpdate{
		FrameworkID: mesos.FrameworkID{Value: fw}, AgentID: mesos.AgentID{Value: a.id}, LatestState: state,
		Status: mesos.TaskStatus{
			TaskID: mesos.TaskID{Value: task}, State: &state, Source: mesos.SOURCE_EXECUTOR.Enum(), Timestamp: &now,
			UUID: uuidOf(id), AgentID: &mesos.AgentID{Value: a.id},
		},
	}
}

// uuidOf is the UUID that stands for a text: the text's own bytes would be one only by chance.
func uuidOf(text string) []byte {
	id := uuid.NewSHA1(uuid.NameSpaceOID, []byte(text))
	return id[:]
}

// commandTask is a command task of 1 cpu and 32 MB as JSON, with members added.
func commandTask(id, agentID, more string) string {
	return fmt.Sprintf(`{"name":"t","task_id":{"value":%q},"agent_id":{"value":%q},"resources":[
		{"name":"cpus","type":"SCALAR","scalar":{"value":1}},{"name":"mem","type":"SCALAR","scalar":{"value":32}}],
		"command":{"value":"sleep 1"}%s}`, id, agentID, more)
}

// launch accepts an offer with tasks; what remains is declined for a time.
func (s *sched) launch(offer *mesos.Offer, refuse float64, tasks string) {
	s.tb.Helper()
	s.call(`"type":"ACCEPT","accept":{"offer_ids":[{"value":%q}],"filters":{"refuse_seconds":%v},
		"operations":[{"type":"LAUNCH","launch":{"task_infos":[%s]}}]}`, offer.ID.Value, refuse, tasks)
}

// running launches a task and lets it run.
func (s *sched) running(a *fakeAgent, id string) {
	s.tb.Helper()
	s.launch(s.offer(), 3600, commandTask(id, a.id, ""))
	awaitMessage[link.RunTask](a)
	a.update(s.id, id, mesos.TASK_RUNNING, "run-"+id)
	if got := s.status(); got.GetState() != mesos.TASK_RUNNING {
		s.tb.Fatalf("state: got %s, want TASK_RUNNING", got.GetState())
	}
}
