package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/executor"
	"go.uber.org/goleak"
	"go.uber.org/zap/zaptest"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/containerizer"
	"github.com/gantry-mesos/gantry/pkg/minicluster/codec"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const masterAddress = "master.test:5050"

// fakeMaster admits agents, records what they send and acknowledges updates if told so.
type fakeMaster struct {
	t  testing.TB
	mu sync.Mutex

	conn     *link.Conn
	messages []link.Message
	changed  chan struct{}
	ack      bool
	next     int
}

func newFakeMaster(tb testing.TB, network *link.Network) *fakeMaster {
	tb.Helper()
	m := &fakeMaster{t: tb, changed: make(chan struct{}), ack: true}
	stop, err := network.Listen(masterAddress, func(*link.Conn) link.Receiver { return m })
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(stop)
	return m
}

func (m *fakeMaster) Receive(c *link.Conn, msg link.Message) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.conn = c
	switch msg := msg.(type) {
	case link.Register:
		c.Send(link.Registered{AgentID: mesos.AgentID{Value: "M-S0"}, MasterID: "M", PingTimeout: time.Minute})
	case link.Reregister:
		c.Send(link.Reregistered{AgentID: *msg.Info.ID, MasterID: "M", PingTimeout: time.Minute})
	case link.StatusUpdate:
		if m.ack {
			c.Send(link.StatusAcknowledgement{
				AgentID: msg.AgentID, FrameworkID: msg.FrameworkID, TaskID: msg.Status.TaskID, UUID: msg.Status.UUID,
			})
		}
	}
	m.messages = append(m.messages, msg)
	close(m.changed)
	m.changed = make(chan struct{})
}

func (m *fakeMaster) Closed(*link.Conn) {}

func (m *fakeMaster) send(msg link.Message) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.conn.Send(msg)
}

func (m *fakeMaster) acknowledge(on bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ack = on
}

// await returns the first unread message of a type that passes, and marks it and all before it as read.
func await[T link.Message](tb testing.TB, m *fakeMaster, pass func(T) bool) T {
	tb.Helper()
	timeout := time.After(15 * time.Second)
	for {
		m.mu.Lock()
		for i := m.next; i < len(m.messages); i++ {
			if msg, ok := m.messages[i].(T); ok && (pass == nil || pass(msg)) {
				m.next = i + 1
				m.mu.Unlock()
				return msg
			}
		}
		changed := m.changed
		m.mu.Unlock()
		select {
		case <-changed:
		case <-timeout:
			m.mu.Lock()
			defer m.mu.Unlock()
			tb.Fatalf("no message of type %T; unread: %v", *new(T), m.messages[m.next:])
		}
	}
}

func awaitState(tb testing.TB, m *fakeMaster, task string, state mesos.TaskState) mesos.TaskStatus {
	tb.Helper()
	u := await(tb, m, func(u link.StatusUpdate) bool { return u.Status.TaskID.Value == task })
	if got := u.Status.GetState(); got != state {
		tb.Fatalf("task %s: got %v (%s, %v), want %v", task, got, u.Status.GetMessage(), u.Status.Reason, state)
	}
	return u.Status
}

// rig is an agent with its surroundings.
type rig struct {
	t       testing.TB
	cfg     Config
	network *link.Network
	master  *fakeMaster
	host    *containerizer.Host
	agent   *Agent
	stop    context.CancelFunc
	done    chan error
}

func newRig(tb testing.TB, change func(*Config)) *rig {
	tb.Helper()
	r := &rig{t: tb, network: link.NewNetwork(), cfg: Default()}
	r.master = newFakeMaster(tb, r.network)
	r.host = containerizer.NewHost(zaptest.NewLogger(tb))
	r.cfg.Network, r.cfg.Detector, r.cfg.Host = r.network, StaticMaster(masterAddress), r.host
	r.cfg.WorkDir, r.cfg.RegistrationBackoffFactor = tb.TempDir(), 10*time.Millisecond
	r.cfg.Resources = "cpus:4;mem:1024;disk:1024"
	if change != nil {
		change(&r.cfg)
	}
	tb.Cleanup(func() {
		r.kill()
		if err := r.host.Close(); err != nil {
			tb.Error(err)
		}
	})
	r.start()
	return r
}

// start starts an agent on the rig's work directory.
func (r *rig) start() {
	r.t.Helper()
	var a *Agent
	// Another test may use the port for a connection of its own while the agent is down.
	err := eventually(func() (err error) {
		a, err = New(r.cfg)
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.cfg.Port = a.port
	r.agent = a
	ctx, cancel := context.WithCancel(r.t.Context())
	r.stop, r.done = cancel, make(chan error, 1)
	go func(done chan error) { done <- a.Run(ctx) }(r.done)
}

// kill is the agent's sudden death.
func (r *rig) kill() {
	if r.stop == nil {
		return
	}
	r.stop()
	<-r.done
	r.stop = nil
}

func frameworkInfo(checkpoint bool, capabilities ...mesos.FrameworkInfo_Capability_Type) mesos.FrameworkInfo {
	info := mesos.FrameworkInfo{User: "root", Name: "test", ID: &mesos.FrameworkID{Value: "F"}, Checkpoint: &checkpoint}
	for _, c := range append(capabilities, mesos.FrameworkInfo_Capability_PARTITION_AWARE) {
		info.Capabilities = append(info.Capabilities, mesos.FrameworkInfo_Capability{Type: c})
	}
	return info
}

func command(value string) *mesos.CommandInfo { return &mesos.CommandInfo{Value: &value} }

func taskResources() []mesos.Resource {
	role := "test"
	return []mesos.Resource{{
		Name: "cpus", Type: mesos.SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: 0.1},
		AllocationInfo: &mesos.Resource_AllocationInfo{Role: &role},
	}}
}

func commandTask(id, value string) mesos.TaskInfo {
	return mesos.TaskInfo{
		Name: id, TaskID: mesos.TaskID{Value: id}, AgentID: mesos.AgentID{Value: "M-S0"}, Resources: taskResources(),
		Command: command(value),
	}
}

func customTask(id, executorID, value string) mesos.TaskInfo {
	t := commandTask(id, "")
	t.Command = nil
	t.Executor = &mesos.ExecutorInfo{
		Type: mesos.ExecutorInfo_CUSTOM, ExecutorID: mesos.ExecutorID{Value: executorID}, Command: command(value),
	}
	return t
}

// registered waits until the agent has registered.
func (r *rig) registered() *rig {
	r.t.Helper()
	await[link.Register](r.t, r.master, nil)
	err := eventually(func() error {
		if r.view().Info.ID == nil {
			return errTimeout
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return r
}

// eventStream is the test's own subscription as an executor.
type eventStream struct {
	t      testing.TB
	resp   *http.Response
	events chan *executor.Event
}

func (r *rig) post(call *executor.Call, executorID string) *http.Response {
	r.t.Helper()
	resp, err := r.tryPost(call, executorID)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp
}

func (r *rig) tryPost(call *executor.Call, executorID string) (*http.Response, error) {
	call.ExecutorID, call.FrameworkID = mesos.ExecutorID{Value: executorID}, mesos.FrameworkID{Value: "F"}
	body, err := codec.JSON.Marshal(call)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, "http://"+r.agent.Address()+"/api/v1/executor", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Close = call.Type != executor.Call_SUBSCRIBE
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	return client.Do(req)
}

// subscribe subscribes as an executor, retrying until the agent is up.
func (r *rig) subscribe(executorID string, sub *executor.Call_Subscribe) *eventStream {
	r.t.Helper()
	if sub == nil {
		sub = &executor.Call_Subscribe{}
	}
	var resp *http.Response
	err := eventually(func() error {
		var err error
		//nolint:bodyclose // eventStream.close does it
		if resp, err = r.tryPost(&executor.Call{Type: executor.Call_SUBSCRIBE, Subscribe: sub}, executorID); err != nil {
			return err
		}
		if resp.StatusCode != http.StatusOK {
			_ = resp.Body.Close()
			return fmt.Errorf("subscribe: status %d", resp.StatusCode)
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	s := &eventStream{t: r.t, resp: resp, events: make(chan *executor.Event, 100)}
	go func() {
		defer close(s.events)
		frames := codec.NewRecordReader(resp.Body, 1<<20)
		for {
			frame, err := frames.Next()
			if err != nil {
				return
			}
			e := &executor.Event{}
			if codec.JSON.Unmarshal(frame, e) == nil {
				s.events <- e
			}
		}
	}()
	r.t.Cleanup(s.close)
	return s
}

func (s *eventStream) close() { _ = s.resp.Body.Close() }

func (s *eventStream) next(want executor.Event_Type) *executor.Event {
	s.t.Helper()
	select {
	case e, ok := <-s.events:
		if !ok {
			s.t.Fatalf("stream ended, want %v", want)
		}
		if e.Type != want {
			s.t.Fatalf("got event %v, want %v", e.Type, want)
		}
		return e
	case <-time.After(10 * time.Second):
		s.t.Fatalf("no event, want %v", want)
	}
	return nil
}

// ended waits for the end of the stream.
func (s *eventStream) ended() {
	s.t.Helper()
	select {
	case e, ok := <-s.events:
		if ok {
			s.t.Fatalf("got event %v, want end of stream", e.Type)
		}
	case <-time.After(10 * time.Second):
		s.t.Fatal("stream goes on")
	}
}

func status(task string, state mesos.TaskState) mesos.TaskStatus {
	id := uuid.New()
	return mesos.TaskStatus{
		TaskID: mesos.TaskID{Value: task}, State: state.Enum(), Source: mesos.SOURCE_EXECUTOR.Enum(), UUID: id[:],
	}
}

// update posts an update as an executor and returns the HTTP status.
func (r *rig) update(executorID string, s mesos.TaskStatus) int {
	r.t.Helper()
	resp := r.post(&executor.Call{Type: executor.Call_UPDATE, Update: &executor.Call_Update{Status: s}}, executorID)
	defer resp.Body.Close()
	return resp.StatusCode
}

var errTimeout = errors.New("timeout")

// eventually repeats f until it succeeds.
func eventually(f func() error) error {
	deadline := time.Now().Add(10 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := f()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return errors.Join(errTimeout, err)
		}
		<-tick.C
	}
}

func (r *rig) view() View {
	r.t.Helper()
	v, err := r.agent.View(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	return v
}

// idle waits until nothing is left on the agent.
func (r *rig) idle() {
	r.t.Helper()
	err := eventually(func() error {
		if v := r.view(); len(v.Frameworks) > 0 {
			return fmt.Errorf("%d frameworks left", len(v.Frameworks))
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// processesOf returns the pids of live processes that name the sandbox in their environment.
func processesOf(sandbox string) []string {
	var pids []string
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		env, err := os.ReadFile(filepath.Join(dir, "environ"))
		if err == nil && bytes.Contains(env, []byte(sandbox)) {
			pids = append(pids, filepath.Base(dir))
		}
	}
	return pids
}

// abandonHost replaces the host as if the program had been killed: processes live on as orphans.
func (r *rig) abandonHost() {
	r.host.Abandon()
	r.host = containerizer.NewHost(zaptest.NewLogger(r.t))
	r.cfg.Host = r.host
}
