package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/executor"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/minicluster/codec"
)

// api is the agent's HTTP server with the v1 executor API.
type api struct {
	*base
	gates         *gates
	listener      net.Listener
	http          *http.Server
	ledger        *ledger
	statuses      *statuses
	subscriptions *subscriptions
}

// gates tell HTTP handlers what the agent serves yet.
type gates struct {
	recovered atomic.Bool // containers are known again: executors may subscribe
	ready     atomic.Bool // recovery is over: everything is served
}

// serve answers HTTP until the agent ends.
func (s *api) serve() {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/v1/executor", s.executor)
	mux.HandleFunc("/slave(1)/api/v1/executor", s.executor)
	if s.cfg.Extra != nil {
		mux.Handle("/", s.cfg.Extra)
	}
	var handler http.Handler = mux
	if s.cfg.Wrap != nil {
		handler = s.cfg.Wrap(mux)
	}
	s.http = &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: zap.NewStdLog(s.log)}
	s.box.Go(func(context.Context) {
		// The only error is that the server was closed.
		_ = s.http.Serve(s.listener)
	})
}

// executor serves the v1 executor API. The order of the checks is Mesos'.
func (s *api) executor(w http.ResponseWriter, r *http.Request) {
	if !s.gates.recovered.Load() {
		refuse(w, http.StatusServiceUnavailable, "Agent has not finished recovery")
		return
	}
	if refusal := codec.CheckMethod(w, r); refusal != nil {
		refusal.Write(w)
		return
	}
	call := &executor.Call{}
	body, format, refusal := codec.ReadCall(r, call)
	if refusal != nil {
		refusal.Write(w)
		return
	}
	if problem := validateCall(call, body, format); problem != "" {
		refuse(w, http.StatusBadRequest, "Failed to validate Executor::Call: "+problem)
		return
	}
	switch call.Type {
	case executor.Call_SUBSCRIBE:
		accepted, ok := codec.Negotiate(r.Header.Values("Accept"))
		if !ok {
			refuse(w, http.StatusNotAcceptable, "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'")
			return
		}
		s.serveSubscribe(w, r, call, accepted)
	case executor.Call_HEARTBEAT:
		w.WriteHeader(http.StatusAccepted)
	case executor.Call_UPDATE, executor.Call_MESSAGE:
		if !s.gates.ready.Load() {
			refuse(w, http.StatusServiceUnavailable, "Agent has not finished recovery")
			return
		}
		s.serveCall(w, r, call)
	case executor.Call_UNKNOWN:
		w.WriteHeader(http.StatusNotImplemented)
	}
}

// lookup finds the executor of a call.
func (s *api) lookup(call *executor.Call) (*executorRun, *refusal) {
	f := s.ledger.framework(call.FrameworkID.Value)
	if f == nil {
		return nil, &refusal{http.StatusBadRequest, "Framework cannot be found"}
	}
	e, ok := f.executors[call.ExecutorID.Value]
	if !ok {
		return nil, &refusal{http.StatusBadRequest, "Executor cannot be found"}
	}
	if call.Type != executor.Call_SUBSCRIBE && e.state == registering {
		return nil, &refusal{http.StatusForbidden, "Executor is not subscribed"}
	}
	return e, nil
}

func (s *api) serveCall(w http.ResponseWriter, r *http.Request, call *executor.Call) {
	var refused *refusal
	err := s.box.Do(r.Context(), func() {
		var e *executorRun
		if e, refused = s.lookup(call); refused != nil {
			return
		}
		if call.Type == executor.Call_UPDATE {
			s.statuses.reported(e, call.Update.Status)
		} else {
			s.subscriptions.fromExecutor(e, call.Message.Data)
		}
	})
	switch {
	case err != nil:
		panic(http.ErrAbortHandler)
	case refused != nil:
		refuse(w, refused.status, refused.text)
	default:
		w.WriteHeader(http.StatusAccepted)
	}
}

func (s *api) serveSubscribe(w http.ResponseWriter, r *http.Request, call *executor.Call, format codec.Format) {
	st := newStream(format)
	var refused *refusal
	err := s.box.Do(r.Context(), func() {
		var e *executorRun
		if e, refused = s.lookup(call); refused == nil {
			s.subscriptions.subscribe(e, call.Subscribe, st)
		}
	})
	switch {
	case err != nil:
		panic(http.ErrAbortHandler)
	case refused != nil:
		refuse(w, refused.status, refused.text)
	default:
		st.serve(w, r)
		s.box.Post(func() { s.subscriptions.unsubscribed(call, st) })
	}
}

func refuse(w http.ResponseWriter, status int, text string) {
	(&codec.Refusal{Status: status, Text: text}).Write(w)
}

// validateCall returns what is wrong with a call, in Mesos' words.
func validateCall(call *executor.Call, body []byte, format codec.Format) string {
	switch call.Type {
	case executor.Call_UNKNOWN:
		if !hasType(body, format) {
			return "Expecting 'type' to be present"
		}
	case executor.Call_SUBSCRIBE:
		if call.Subscribe == nil {
			return "Expecting 'subscribe' to be present"
		}
	case executor.Call_UPDATE:
		if call.Update == nil {
			return "Expecting 'update' to be present"
		}
		return validateUpdate(call)
	case executor.Call_MESSAGE:
		if call.Message == nil {
			return "Expecting 'message' to be present"
		}
	case executor.Call_HEARTBEAT:
	}
	return ""
}

// hasType tells whether a call whose type decoded as UNKNOWN had a type at all.
func hasType(body []byte, format codec.Format) bool {
	if format == codec.Protobuf {
		// Field 3, varint.
		return bytes.Contains(body, []byte{3 << 3, 0})
	}
	var probe struct {
		Type any `json:"type"`
	}
	return json.Unmarshal(body, &probe) == nil && probe.Type != nil
}

func validateUpdate(call *executor.Call) string {
	status := call.Update.Status
	who := fmt.Sprintf("executor %s of framework %s", call.ExecutorID.Value, call.FrameworkID.Value)
	switch {
	case len(status.UUID) == 0:
		return "Expecting 'uuid' to be present"
	case codec.InvalidUUID(status.UUID) != "":
		return codec.InvalidUUID(status.UUID)
	case status.ExecutorID != nil && status.ExecutorID.Value != call.ExecutorID.Value:
		return fmt.Sprintf("ExecutorID in Call: %s does not match ExecutorID in TaskStatus: %s",
			call.ExecutorID.Value, status.ExecutorID.Value)
	case status.Source == nil || *status.Source != mesos.SOURCE_EXECUTOR:
		return "Received Call from " + who + " with invalid source, expecting 'SOURCE_EXECUTOR'"
	case status.GetState() == mesos.TASK_STAGING:
		return "Received TASK_STAGING from " + who + " which is not allowed"
	}
	return validateCheckStatus(status.CheckStatus)
}

func validateCheckStatus(s *mesos.CheckStatusInfo) string {
	if s == nil {
		return ""
	}
	if s.Type == nil {
		return "CheckStatusInfo must specify 'type'"
	}
	var want string
	switch *s.Type {
	case mesos.CheckInfo_COMMAND:
		if s.Command == nil {
			want = "command"
		}
	case mesos.CheckInfo_HTTP:
		if s.HTTP == nil {
			want = "http"
		}
	case mesos.CheckInfo_TCP:
		if s.TCP == nil {
			want = "tcp"
		}
	case mesos.CheckInfo_UNKNOWN:
		return "'" + s.Type.String() + "' is not a valid check's status type"
	}
	if want != "" {
		return fmt.Sprintf("Expecting '%s' to be set for %s check's status", want, s.Type.String())
	}
	return ""
}

// refusal is an answer of the agent's goroutine to an HTTP request.
type refusal struct {
	status int
	text   string
}

// heartbeatInterval is how often a subscribed executor hears a HEARTBEAT (Mesos, executor HTTP API: 30 min, the first
// after that time).
const heartbeatInterval = 30 * time.Minute
