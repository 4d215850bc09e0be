package debug

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/webguard"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/loop"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// lookTimeout bounds the wait for a loop that may be what is at fault.
const lookTimeout = 3 * time.Second

// Config is what a Server shows, and to whom.
type Config struct {
	// View returns the newest picture; it never blocks and is never nil.
	View func() *view.View
	// Loop returns the loop of this term, nil while another scheduler leads.
	Loop func() *loop.Loop
	// Level is the log's level, which requests may change.
	Level zap.AtomicLevel
	Log   *zap.Logger
	// Guard refuses requests of web pages. Allowed, if not nil, says whether a request
	// brings the credentials that are needed.
	Guard   webguard.Guard
	Allowed func(*http.Request) bool
}

// Server answers below /debug. It is an http.Handler.
type Server struct {
	cfg Config
	mux *http.ServeMux
}

// New returns a Server.
func New(c Config) *Server {
	s := &Server{cfg: c, mux: http.NewServeMux()}
	s.mux.HandleFunc("GET /debug/{$}", s.index)
	s.mux.HandleFunc("GET /debug/state", s.state)
	s.mux.HandleFunc("GET /debug/loop", s.loop)
	s.mux.HandleFunc("/debug/log-level", s.level)
	s.mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	s.mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	s.mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	s.mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	s.mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return s
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if refusal := s.cfg.Guard.Check(r); refusal != nil {
		s.fail(w, refusal.Status, refusal.Message)
		return
	}
	if s.cfg.Allowed != nil && !s.cfg.Allowed(r) {
		w.Header().Set("WWW-Authenticate", `Basic realm="Gantry", charset="UTF-8"`)
		s.fail(w, http.StatusUnauthorized, "this needs a user and a password of --http-credentials-file")
		return
	}
	s.mux.ServeHTTP(w, r)
}

// Run serves on l until ctx ends and closes l. Requests that run then are cut off.
func (s *Server) Run(ctx context.Context, l net.Listener) error {
	srv := &http.Server{
		Handler: s, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 30 * time.Second,
		MaxHeaderBytes: 1 << 16, ErrorLog: zap.NewStdLog(s.cfg.Log),
	}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() }) // nothing is lost with it
	defer stop()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve /debug on %s: %w", l.Addr(), err)
	}
	return nil
}

func (s *Server) index(w http.ResponseWriter, _ *http.Request) {
	s.answer(w, http.StatusOK, map[string]string{
		"/debug/state": "what the scheduler decides by", "/debug/loop": "how busy its loop is",
		"/debug/log-level": `the log's level; PUT {"level":"debug"} changes it`, "/debug/pprof/": "profiles",
	})
}

func (s *Server) state(w http.ResponseWriter, r *http.Request) {
	dump := dumpView(s.cfg.View())
	if l := s.cfg.Loop(); l != nil {
		dump.Leading = true
		ctx, cancel := context.WithTimeoutCause(r.Context(), lookTimeout, errors.New("the loop does not answer; see /debug/loop and /debug/pprof/goroutine?debug=2"))
		defer cancel()
		inside := make(chan core.Inside, 1) // the loop may look when nobody waits any more
		if err := l.Look(ctx, func(st *core.State) { inside <- st.Inside() }); err != nil {
			dump.Incomplete = err.Error()
		} else {
			dump.Inside = dumpInside(<-inside)
		}
	}
	s.answer(w, http.StatusOK, dump)
}

func (s *Server) loop(w http.ResponseWriter, _ *http.Request) {
	l := s.cfg.Loop()
	if l == nil {
		s.answer(w, http.StatusOK, loopDump{})
		return
	}
	s.answer(w, http.StatusOK, dumpStats(l.Stats(), time.Now()))
}

// level reads and changes the log's level.
func (s *Server) level(w http.ResponseWriter, r *http.Request) {
	was := s.cfg.Level.Level()
	r.Body = http.MaxBytesReader(w, r.Body, 1<<10)
	s.cfg.Level.ServeHTTP(w, r)
	if is := s.cfg.Level.Level(); is != was {
		s.cfg.Log.Warn("log level changed", zap.Stringer("from", was), zap.Stringer("to", is))
	}
}

func (s *Server) fail(w http.ResponseWriter, status int, message string) {
	s.answer(w, status, map[string]string{"message": message})
}

func (s *Server) answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		s.cfg.Log.Debug("answer not sent", zap.Error(err))
	}
}
