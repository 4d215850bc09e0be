package agent

import (
	"net/http"
	"sync"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/gantry-mesos/gantry/pkg/minicluster/codec"
)

// What an executor that does not read may leave unread before its stream is cut.
const (
	streamBacklog      = 16384
	streamBacklogBytes = 64 << 20
)

// streamWriteTimeout is how long an executor may keep an event from being written.
const streamWriteTimeout = 10 * time.Minute

// stream is the event stream of a subscribed executor. Sending never blocks. A nil stream swallows everything, which is
// what an executor without connection gets.
type stream struct {
	format codec.Format

	mu     sync.Mutex
	queue  []*executor.Event // immutable; encoded by the goroutine that serves the stream
	bytes  int
	closed bool
	wake   chan struct{}
}

func newStream(format codec.Format) *stream {
	return &stream{format: format, wake: make(chan struct{}, 1)}
}

func (s *stream) send(e *executor.Event) {
	if s == nil {
		return
	}
	s.mu.Lock()
	if !s.closed {
		s.queue, s.bytes = append(s.queue, e), s.bytes+e.Size()
		if len(s.queue) > streamBacklog || s.bytes > streamBacklogBytes {
			s.closed, s.queue = true, nil
		}
	}
	s.mu.Unlock()
	s.signal()
}

func (s *stream) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// close ends the stream after what is queued.
func (s *stream) close() {
	if s == nil {
		return
	}
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.signal()
}

// serve writes events until the stream is closed or the client has gone.
func (s *stream) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", s.format.MediaType())
	w.WriteHeader(http.StatusOK)
	control := http.NewResponseController(w)
	if control.Flush() != nil {
		return
	}
	for {
		s.mu.Lock()
		queue, closed := s.queue, s.closed
		s.queue, s.bytes = nil, 0
		s.mu.Unlock()
		for _, e := range queue {
			// Without support for deadlines a client that never reads holds its connection until it goes.
			_ = control.SetWriteDeadline(time.Now().Add(streamWriteTimeout))
			if s.write(w, e) != nil {
				return
			}
		}
		if len(queue) > 0 && control.Flush() != nil || closed {
			return
		}
		select {
		case <-s.wake:
		case <-r.Context().Done():
			return
		}
	}
}

func (s *stream) write(w http.ResponseWriter, e *executor.Event) error {
	data, err := s.format.Marshal(e)
	if err != nil {
		return err
	}
	_, err = w.Write(codec.AppendRecord(nil, data))
	return err
}

func subscribedEvent(e subscription) *executor.Event {
	return &executor.Event{Type: executor.Event_SUBSCRIBED, Subscribed: &executor.Event_Subscribed{
		ExecutorInfo: e.info, FrameworkInfo: e.framework, AgentInfo: e.agent, ContainerID: &mesos.ContainerID{Value: e.container},
	}}
}

// subscription is what a SUBSCRIBED event says.
type subscription struct {
	info      mesos.ExecutorInfo
	framework mesos.FrameworkInfo
	agent     mesos.AgentInfo
	container string
}

func launchEvent(t *task) *executor.Event {
	return &executor.Event{Type: executor.Event_LAUNCH, Launch: &executor.Event_Launch{Task: t.info}}
}

func launchGroupEvent(tasks []*task) *executor.Event {
	var group mesos.TaskGroupInfo
	for _, t := range tasks {
		group.Tasks = append(group.Tasks, t.info)
	}
	return &executor.Event{Type: executor.Event_LAUNCH_GROUP, LaunchGroup: &executor.Event_LaunchGroup{TaskGroup: group}}
}

func acknowledgedEvent(id mesos.TaskID, uuid []byte) *executor.Event {
	return &executor.Event{Type: executor.Event_ACKNOWLEDGED, Acknowledged: &executor.Event_Acknowledged{TaskID: id, UUID: uuid}}
}

func killEvent(id mesos.TaskID, policy *mesos.KillPolicy) *executor.Event {
	return &executor.Event{Type: executor.Event_KILL, Kill: &executor.Event_Kill{TaskID: id, KillPolicy: policy}}
}

func messageEvent(data []byte) *executor.Event {
	return &executor.Event{Type: executor.Event_MESSAGE, Message: &executor.Event_Message{Data: data}}
}

func shutdownEvent() *executor.Event { return &executor.Event{Type: executor.Event_SHUTDOWN} }

func heartbeatEvent() *executor.Event { return &executor.Event{Type: executor.Event_HEARTBEAT} }
