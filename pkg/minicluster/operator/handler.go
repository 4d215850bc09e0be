package operator

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/gogo/protobuf/proto"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/minicluster/codec"
	"github.com/gantry-mesos/gantry/pkg/minicluster/master"
)

// masterAPI answers for one master process.
type masterAPI struct {
	m       *master.Master
	log     *zap.Logger
	flags   map[string]string
	files   *fileRoots
	logging *logLevel
	streams streams
	mux     *http.ServeMux
}

// MasterHandler serves everything that a master answers over HTTP, the scheduler API included. Paths may carry the
// prefix /master.
func MasterHandler(m *master.Master, log *zap.Logger) http.Handler {
	h := &masterAPI{
		m: m, log: log.Named("operator"), flags: masterFlags(m.Config()), files: &fileRoots{}, logging: &logLevel{},
		mux: http.NewServeMux(),
	}
	h.streams.max = m.Config().MaxOperatorSubscribers
	h.mux.Handle("/api/v1/scheduler", m.SchedulerHandler())
	h.mux.HandleFunc("/api/v1", h.serveCall)
	h.routeReads()
	h.routeWrites()
	return unprefixed("/master", h.mux)
}

// unprefixed serves paths with and without the name of the process in front, and remembers the path as it was sent
// for redirects. Mesos' 404 has no body.
func unprefixed(prefix string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path, ok := strings.CutPrefix(r.URL.Path, prefix+"/"); ok {
			inner := r.Clone(r.Context())
			inner.URL.Path, inner.URL.RawPath = "/"+path, ""
			r = inner
		}
		next.ServeHTTP(w, r)
	})
}

// writeMessage answers 200 with a message in the wanted format.
func writeMessage(w http.ResponseWriter, f codec.Format, m proto.Message) {
	b, err := f.Marshal(m)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", f.MediaType())
	_, _ = w.Write(b) // the client may be gone
}

// writeJSON answers 200 with a JSON value, wrapped into a call of the function that ?jsonp= names.
func writeJSON(w http.ResponseWriter, r *http.Request, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if f := r.URL.Query().Get("jsonp"); f != "" {
		w.Header().Set("Content-Type", "text/javascript")
		b = append(append([]byte(f+"("), b...), ')')
	} else {
		w.Header().Set("Content-Type", "application/json")
	}
	_, _ = w.Write(b) // the client may be gone
}

// rawJSON is a message as JSON text inside an answer that is not a message.
func rawJSON(m proto.Message) json.RawMessage {
	b, err := codec.MarshalJSON(m)
	if err != nil {
		return json.RawMessage("null")
	}
	return b
}

// refuseText answers an error in plain text.
func refuseText(w http.ResponseWriter, status int, text string) {
	(&codec.Refusal{Status: status, Text: text}).Write(w)
}
