package operator

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	masterpb "github.com/mesos/mesos-go/api/v1/lib/master"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/minicluster/codec"
	"github.com/gantry-mesos/gantry/pkg/minicluster/master"
)

// subscriberQueueBytes bounds what waits for a subscriber that does not read; beyond it the stream is cut.
const subscriberQueueBytes = 64 << 20

// streams are the subscribers of a master's operator events, the oldest first.
type streams struct {
	max int
	mu  sync.Mutex
	all []*subscriber
}

// subscriber is one operator event stream: the master's goroutine appends, the HTTP handler writes.
type subscriber struct {
	viewer viewer
	format codec.Format
	cancel context.CancelFunc

	mu    sync.Mutex
	queue []byte
	wake  chan struct{} // size 1: a notice that the queue is not empty
}

func (st *streams) add(s *subscriber) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.all = append(st.all, s)
	if st.max > 0 && len(st.all) > st.max {
		st.all[0].cancel()
		st.all = slices.Delete(st.all, 0, 1)
	}
}

func (st *streams) remove(s *subscriber) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if i := slices.Index(st.all, s); i >= 0 {
		st.all = slices.Delete(st.all, i, i+1)
	}
}

// subscribe answers SUBSCRIBE with the state, a heartbeat and then every change.
func (h *masterAPI) subscribe(w http.ResponseWriter, r *http.Request, principal *string, f codec.Format) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	s := &subscriber{viewer: viewer{h.m, principal}, format: f, cancel: cancel, wake: make(chan struct{}, 1)}
	interval := h.m.Config().HeartbeatInterval
	secs := interval.Seconds()
	stop, err := h.m.Observe(ctx, func(state *master.State) {
		s.send(&event{Type: new(masterpb.Event_SUBSCRIBED), Subscribed: &subscribed{
			GetState: s.viewer.state(state), HeartbeatIntervalSeconds: &secs,
		}})
		s.send(&event{Type: new(masterpb.Event_HEARTBEAT)})
	}, s.observe, cancel)
	if err != nil {
		refuseText(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	defer stop()
	h.streams.add(s)
	defer h.streams.remove(s)
	w.Header().Set("Content-Type", f.MediaType())
	w.WriteHeader(http.StatusOK)
	if err := s.write(ctx, w, interval); err != nil {
		h.log.Debug("operator stream ended", zap.Error(err))
	}
}

// write sends what is queued until the stream ends.
func (s *subscriber) write(ctx context.Context, w http.ResponseWriter, interval time.Duration) error {
	heartbeat := time.NewTicker(interval)
	defer heartbeat.Stop()
	control := http.NewResponseController(w)
	// A client that does not read would hold up the write, and with it the handler, for ever.
	unblock := context.AfterFunc(ctx, func() { _ = control.SetWriteDeadline(time.Now()) })
	defer unblock()
	for {
		select {
		case <-s.wake:
		case <-heartbeat.C:
			s.send(&event{Type: new(masterpb.Event_HEARTBEAT)})
		case <-ctx.Done():
			return ctx.Err()
		}
		s.mu.Lock()
		out := s.queue
		s.queue = nil
		s.mu.Unlock()
		if _, err := w.Write(out); err != nil {
			return err
		}
		if err := control.Flush(); err != nil {
			return err
		}
	}
}

// send queues an event; it never blocks.
func (s *subscriber) send(e *event) {
	b, err := s.format.Marshal(e)
	if err != nil {
		s.cancel()
		return
	}
	s.mu.Lock()
	s.queue = codec.AppendRecord(s.queue, b)
	full := len(s.queue) > subscriberQueueBytes
	s.mu.Unlock()
	if full {
		s.cancel()
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// observe turns a change into an event if the subscriber may see it. It runs in the master's goroutine.
func (s *subscriber) observe(change master.Event) {
	switch e := change.(type) {
	case master.TaskAdded:
		s.send(&event{Type: new(masterpb.Event_TASK_ADDED), TaskAdded: &taskAdded{Task: taskMessage(e.Task)}})
	case master.TaskUpdated:
		status, state := e.Status, e.State
		status.Data = nil
		s.send(&event{Type: new(masterpb.Event_TASK_UPDATED), TaskUpdated: &masterpb.Event_TaskUpdated{
			FrameworkID: e.Task.FrameworkID, Status: status, State: &state,
		}})
	case master.AgentAdded:
		s.send(&event{Type: new(masterpb.Event_AGENT_ADDED), AgentAdded: &agentAdded{Agent: agentMessage(e.Agent)}})
	case master.AgentRemoved:
		s.send(&event{Type: new(masterpb.Event_AGENT_REMOVED), AgentRemoved: &masterpb.Event_AgentRemoved{AgentID: e.AgentID}})
	default:
		s.observeFramework(change)
	}
}

func (s *subscriber) observeFramework(change master.Event) {
	switch e := change.(type) {
	case master.FrameworkAdded:
		if s.viewer.seesFramework(e.Framework) {
			s.send(&event{Type: new(masterpb.Event_FRAMEWORK_ADDED), FrameworkAdded: changedFramework(e.Framework)})
		}
	case master.FrameworkUpdated:
		if s.viewer.seesFramework(e.Framework) {
			s.send(&event{Type: new(masterpb.Event_FRAMEWORK_UPDATED), FrameworkUpdated: changedFramework(e.Framework)})
		}
	case master.FrameworkRemoved:
		if s.viewer.may(master.ActionViewFrameworks, e.Info.User) {
			s.send(&event{Type: new(masterpb.Event_FRAMEWORK_REMOVED), FrameworkRemoved: &masterpb.Event_FrameworkRemoved{FrameworkInfo: e.Info}})
		}
	}
}

// changedFramework is a framework as events show it: with a time of unregistration even if there is none.
func changedFramework(f *master.Framework) *frameworkChanged {
	m := frameworkMessage(f)
	m.UnregisteredTime = timeInfo(f.Unregistered)
	if m.UnregisteredTime == nil {
		m.UnregisteredTime = zeroTime()
	}
	return &frameworkChanged{Framework: m}
}
