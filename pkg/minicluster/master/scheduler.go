package master

import (
	"net/http"

	"github.com/google/uuid"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/minicluster/codec"
)

// streamIDHeader carries the id of a subscription.
const streamIDHeader = "Mesos-Stream-Id"

// request is a decoded call with what its HTTP request says of it.
type request struct {
	call      *scheduler.Call
	ext       *extension
	principal *string
	streamID  string
	hasStream bool
}

// SchedulerHandler serves the scheduler HTTP API; mount it at /api/v1/scheduler and /master/api/v1/scheduler.
func (m *Master) SchedulerHandler() http.Handler { return http.HandlerFunc(m.serveScheduler) }

// serveScheduler does the checks in the order of Mesos; the first that fails decides the answer.
func (m *Master) serveScheduler(w http.ResponseWriter, r *http.Request) {
	principal, ok := m.Authenticate(w, r, RealmScheduler)
	if !ok || m.Redirected(w, r) || m.Recovering(w) {
		return
	}
	if refusal := codec.CheckMethod(w, r); refusal != nil {
		refusal.Write(w)
		return
	}
	req := request{call: new(scheduler.Call), principal: principal}
	body, format, refusal := codec.ReadCall(r, req.call)
	if refusal == nil {
		req.ext, refusal = decodeExtension(format, body, req.call.Type)
	}
	if refusal == nil {
		refusal = validateCall(req.call, req.ext, principal)
	}
	if refusal != nil {
		refusal.Write(w)
		return
	}
	req.streamID, req.hasStream = r.Header.Get(streamIDHeader), len(r.Header.Values(streamIDHeader)) > 0
	if req.call.Type == scheduler.Call_SUBSCRIBE {
		m.serveSubscribe(w, r, req)
		return
	}
	m.serveCall(w, r, req)
}

func notAcceptable() *codec.Refusal {
	return &codec.Refusal{Status: http.StatusNotAcceptable,
		Text: "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'"}
}

func (m *Master) serveSubscribe(w http.ResponseWriter, r *http.Request, req request) {
	format, ok := codec.Negotiate(r.Header.Values("Accept"))
	if !ok {
		notAcceptable().Write(w)
		return
	}
	if req.hasStream {
		(&codec.Refusal{Status: http.StatusBadRequest,
			Text: "Subscribe calls should not include the 'Mesos-Stream-Id' header"}).Write(w)
		return
	}
	st := newStream(uuid.NewString(), format, m.cfg.StreamQueueBytes)
	var id string
	if err := m.do(r.Context(), func() { id = m.a.frameworks.subscribe(req, st) }); err != nil {
		answer(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	w.Header().Set("Content-Type", format.MediaType())
	w.Header().Set(streamIDHeader, st.id)
	w.WriteHeader(http.StatusOK)
	st.serve(r.Context(), w, m.cfg.HeartbeatInterval)
	if id != "" {
		m.box.Post(func() { m.a.frameworks.streamClosed(id, st) })
	}
}

func (m *Master) serveCall(w http.ResponseWriter, r *http.Request, req request) {
	if req.call.Type == scheduler.Call_RECONCILE_OPERATIONS {
		if _, ok := codec.Negotiate(r.Header.Values("Accept")); !ok {
			notAcceptable().Write(w)
			return
		}
	}
	var refusal *codec.Refusal
	if err := m.do(r.Context(), func() { refusal = m.a.call(req) }); err != nil {
		answer(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	switch {
	case refusal != nil:
		refusal.Write(w)
	case req.call.Type == scheduler.Call_UPDATE_FRAMEWORK:
		w.WriteHeader(http.StatusOK)
	default:
		w.WriteHeader(http.StatusAccepted)
	}
}
