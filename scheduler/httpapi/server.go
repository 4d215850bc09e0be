package httpapi

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/webguard"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/discovery/hub"
	"github.com/gantry-mesos/gantry/scheduler/dropwizard"
	"github.com/gantry-mesos/gantry/scheduler/eventlog"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// Scheduler is what the API needs of the running framework.
type Scheduler interface {
	// Do carries out a command and returns once it is stored; a View taken after
	// it shows the change. It fails with core's typed errors for what the caller
	// can mend. An error with a method Temporary that returns true is answered
	// with 503, any other with 500.
	Do(ctx context.Context, cmd core.Command) (core.Result, error)
	// View returns the newest picture; it never blocks and is never nil.
	View() *view.View
}

// Leadership tells who leads the schedulers of one framework.
type Leadership interface {
	// Leader reports whether this scheduler leads, and the leader's address as
	// "host:port", "" while nobody is known to.
	Leader() (self bool, address string)
}

// DefaultTimeout is how long a command may take to be stored.
const DefaultTimeout = 30 * time.Second

// Config is what a Server needs.
type Config struct {
	Scheduler  Scheduler
	Leadership Leadership
	// Rules complete and check definitions.
	Rules app.Rules
	Log   *zap.Logger
	// Registry takes the API's metrics and is served under /metrics; a new one is
	// made when nil.
	Registry *prometheus.Registry
	// Marathon takes the metrics that Marathon had, beside those of others; a new one
	// is made when nil.
	Marathon *dropwizard.Registry
	// LaunchTimeout is after how long a task that does not run yet is overdue, LeadingSince
	// returns when this scheduler began to lead; both are for metrics only.
	LaunchTimeout time.Duration
	LeadingSince  func() time.Time
	// Address is this server's own "host:port" as others reach it, Secure whether by https.
	Address string
	Secure  bool
	// LeaderScheme is what the leader is reached by, http or https; nil is the same as
	// this server. LeaderTLS is asked at each new connection to a leader; nil is the default.
	LeaderScheme func() string
	LeaderTLS    func() (*tls.Config, error)
	// RequestsMax bounds the requests that are answered at a time, StreamsMax apart
	// from them those that last; 0 is no bound.
	RequestsMax, StreamsMax int
	// ReadOnly refuses what changes something, whoever leads.
	ReadOnly bool
	// Version is the version of Marathon that /v2/info claims, for tools that ask;
	// default 1.11.24. Build is the product and its own version.
	Version, Build string
	// Info holds what /v2/info tells of the configuration, by Marathon's names;
	// what is missing is shown as null.
	Info map[string]any
	// Quotas are those that the scheduler was started with, by the queue's path.
	Quotas map[string]fairshare.Quota
	// ExecutorPath is the executor's binary, served as /artifacts/gantry-executor; "" serves none.
	ExecutorPath string
	// Guard refuses requests of web pages, Credentials those of unknown users.
	Guard       webguard.Guard
	Credentials Credentials
	// ReadOrigins are the origins whose web pages may read answers, "*" all of them.
	ReadOrigins []string
	// Agents is asked about agents, for /v3/agents; nil answers 404 there.
	Agents Agents
	// Sandboxes reads the files of tasks, for /v3/tasks; nil answers 404 there.
	Sandboxes Sandboxes
	// Page is the web page, served below /ui/ by every scheduler; nil serves none.
	Page http.Handler
	// Events returns the log that /v2/events reads from, nil while this scheduler
	// does not lead; without it the path is not there.
	Events func() *eventlog.Log
	// Discovery returns what has the endpoints of this term, nil while this scheduler
	// does not lead; without it the paths of endpoints are not there.
	Discovery func() *hub.Hub
	// Export writes an archive of what is stored, for /v3/state; nil answers 404 there.
	Export Export
	// Abdicate gives up the leadership; nil when that is not possible.
	Abdicate func()
	// BodyMax bounds request bodies, in bytes; default 16 MiB.
	BodyMax int64
	// Timeout bounds the wait for a command to be stored; default 30 s.
	Timeout time.Duration
	// Now is the clock that waits are told by; default time.Now.
	Now func() time.Time
	// LeaderWait bounds the wait of a standby for a leader; default 2.5 s.
	LeaderWait time.Duration
}

// Server is the HTTP API. It is an http.Handler.
type Server struct {
	cfg       Config
	metrics   *metrics
	artifact  *artifact
	routes    []route
	forwarder http.Handler
	chain     http.Handler
	// answering counts requests, streaming readers of events.
	answering, streaming atomic.Int64
}

// New returns a Server. It fails when the executor's binary cannot be read or
// the registry already holds the API's metrics.
func New(c Config) (*Server, error) {
	if c.BodyMax == 0 {
		c.BodyMax = 16 << 20
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.LeaderWait == 0 {
		c.LeaderWait = 2500 * time.Millisecond
	}
	if c.Version == "" {
		c.Version = marathonVersion
	}
	if c.Log == nil {
		c.Log = zap.NewNop()
	}
	if c.Registry == nil {
		c.Registry = prometheus.NewRegistry()
		c.Registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	}
	if c.Marathon == nil {
		c.Marathon = dropwizard.NewRegistry()
	}
	s := &Server{cfg: c}
	var err error
	if s.metrics, err = newMetrics(c.Registry, s); err != nil {
		return nil, err
	}
	if s.artifact, err = newArtifact(c.ExecutorPath); err != nil {
		return nil, err
	}
	s.routes = s.table()
	s.forwarder = newForwarder(s)
	s.chain = s.observe(s.headers(s.cors(s.limited(s.guarded(s.readOnly(s.leading(compress(http.HandlerFunc(s.dispatch)))))))))
	return s, nil
}

// scheme is what this server is reached by.
func (s *Server) scheme() string {
	if s.cfg.Secure {
		return "https"
	}
	return "http"
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.chain.ServeHTTP(w, r) }

// Run serves on l until ctx ends, then lets running requests finish for up to
// five seconds. It closes l.
func (s *Server) Run(ctx context.Context, l net.Listener) error {
	srv := &http.Server{
		Handler: s, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute,
		IdleTimeout: 30 * time.Second, MaxHeaderBytes: 1 << 18, ErrorLog: zap.NewStdLog(s.cfg.Log),
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve the API on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := srv.Shutdown(grace); err != nil {
		err = errors.Join(err, srv.Close())
		<-failed
		return fmt.Errorf("stop serving the API: %w", err)
	}
	<-failed
	return nil
}
