package scheduler

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/logfield"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/detector"
	"github.com/gantry-mesos/gantry/pkg/mesos/httptransport"
	"github.com/gantry-mesos/gantry/pkg/mesos/operatorapi"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/debug"
	"github.com/gantry-mesos/gantry/scheduler/discovery/hub"
	"github.com/gantry-mesos/gantry/scheduler/dropwizard"
	"github.com/gantry-mesos/gantry/scheduler/election"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
	"github.com/gantry-mesos/gantry/scheduler/loop"
	"github.com/gantry-mesos/gantry/scheduler/ui"
)

// Version is the product's version; release builds set it by the linker.
var Version = "0.1.0-dev"

// Scheduler is one scheduler process: leader or standby.
type Scheduler struct {
	cfg      Config
	log      *zap.Logger
	listener net.Listener
	address  string
	// id is of this run of the scheduler.
	id string
	// certificate is nil where the API is served without TLS.
	certificate *certificate
	// hostname is what Mesos shows.
	hostname string
	registry *prometheus.Registry
	metrics  *loop.Metrics
	// marathon are the metrics that Marathon had, traffic those of Mesos among them.
	marathon *dropwizard.Registry
	traffic  *traffic
	detector *detector.Detector
	creds    httptransport.Credentials
	current  *current
	campaign *campaign
	api      *httpapi.Server
	// sandboxes reads the files of tasks.
	sandboxes *sandboxes
	// debug is nil if it is served nowhere.
	debug         *debug.Server
	debugListener net.Listener
	executor      taskinfo.Options
	seed          uint64
	// stopping says that the cluster is being stopped.
	stopping atomic.Bool
}

// New checks the configuration and takes the API's address. Nothing runs until Run.
func New(cfg Config, log *zap.Logger) (*Scheduler, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Scheduler{cfg: cfg, log: log, current: newCurrent(), registry: prometheus.NewRegistry(), seed: rand.Uint64()}
	s.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	s.metrics, s.marathon = loop.NewMetrics(s.registry), dropwizard.NewRegistry()
	s.traffic = newTraffic(s.marathon)
	s.registry.MustRegister(hub.NewCollector(s.current.hub.Load))
	var err error
	if s.creds, err = credentials(cfg); err != nil {
		return nil, err
	}
	if s.detector, err = detector.New(cfg.Master, detector.Options{Log: log.Named("detector")}); err != nil {
		return nil, fmt.Errorf("--master: %w", err)
	}
	if s.listener, err = net.Listen("tcp", cfg.HTTPAddress); err != nil {
		return nil, fmt.Errorf("--http-address %s: %w; another program may listen there", cfg.HTTPAddress, err)
	}
	if s.certificate, err = openCertificate(cfg.TLSCertFile, cfg.TLSKeyFile, cfg.TLSCAFile, log.Named("tls")); err != nil {
		return nil, errors.Join(err, s.listener.Close())
	}
	s.listener = s.secured(s.listener)
	s.address = cfg.advertised(s.listener.Addr())
	s.hostname = shownHost(cfg.Hostname, s.address)
	s.id = uuid.NewString()
	self := election.Leader{ID: s.id, Address: s.address, Secure: s.certificate != nil}
	if s.campaign, err = newCampaign(cfg, self, s.current.ready, s.term, log); err != nil {
		return nil, errors.Join(err, s.listener.Close())
	}
	users, err := readCredentials(cfg.HTTPCredentialsFile, cfg.HTTPCredentials)
	if err == nil {
		err = s.listenDebug(users)
	}
	if err != nil {
		return nil, errors.Join(err, s.listener.Close())
	}
	if s.api, err = s.newAPI(users); err != nil {
		return nil, errors.Join(err, s.listener.Close(), s.closeDebug())
	}
	s.executor = s.taskOptions()
	return s, nil
}

func credentials(cfg Config) (httptransport.Credentials, error) {
	if cfg.SecretFile == "" {
		return httptransport.Credentials{}, nil
	}
	secret, err := os.ReadFile(cfg.SecretFile)
	if err != nil {
		return httptransport.Credentials{}, fmt.Errorf("--secret-file: %w", err)
	}
	return httptransport.Credentials{Principal: cfg.Principal, Secret: strings.TrimSpace(string(secret))}, nil
}

// Rules are what definitions are completed and checked by.
func (s *Scheduler) rules() app.Rules {
	r := app.DefaultRules()
	r.Roles = s.cfg.MesosRoles
	r.GPUs = s.cfg.gpus()
	r.ExternalVolumes = slices.Contains(s.cfg.Features, featureExternalVolumes)
	r.Launchable = func(spec *app.Spec) []app.Problem {
		if e, ok := errors.AsType[*taskinfo.UnlaunchableError](taskinfo.Trial(spec, s.taskOptions())); ok {
			return []app.Problem{{Path: e.Path, Text: e.Text}}
		}
		return nil
	}
	r.AnyDockerParameter = s.cfg.DefaultExecutor == "mesos"
	return r
}

func (s *Scheduler) newAPI(users httpapi.Credentials) (*httpapi.Server, error) {
	c := s.cfg
	s.warnOpen(users)
	transport, err := httptransport.New(httptransport.Config{HeaderTimeout: operatorCallTimeout})
	if err != nil {
		return nil, fmt.Errorf("operator API: %w", err)
	}
	client := operatorapi.New(transport, s.creds)
	page, err := ui.New(ui.Options{ReadOnly: c.UIReadOnly || c.ReadOnly})
	if err != nil {
		return nil, err
	}
	s.sandboxes = newSandboxes(client, s.current.View)
	var leaderTLS func() (*tls.Config, error)
	if s.certificate != nil {
		leaderTLS = s.certificate.client
	}
	return httpapi.New(httpapi.Config{
		Secure: s.certificate != nil, LeaderScheme: s.campaign.leaderScheme, LeaderTLS: leaderTLS, Page: page,
		RequestsMax: c.HTTPMaxRequests, StreamsMax: c.HTTPMaxStreams, ReadOnly: c.ReadOnly,
		Guard: s.guard(users), Credentials: users, Abdicate: s.campaign.abdicate(),
		Sandboxes: s.sandboxes, Agents: &agents{client: client, view: s.current.View},
		Scheduler: s.current, Events: s.current.events.Load, Discovery: s.current.hub.Load, BodyMax: c.HTTPBodyMax, Leadership: s.campaign, Rules: s.rules(),
		Log: s.log.Named("api"), Registry: s.registry, Marathon: s.marathon, LaunchTimeout: c.Decisions.LaunchTimeout, LeadingSince: s.current.since,
		Address: s.address, Version: "1.11.24", Build: "gantry " + Version, ExecutorPath: c.ExecutorBinary, Quotas: c.Decisions.Fairness.Queues,
		Export: s.current.export,
		Info:   s.info(), ReadOrigins: c.HTTPReadOrigins,
	})
}

func (s *Scheduler) taskOptions() taskinfo.Options {
	o := taskinfo.Options{BuiltIn: s.cfg.DefaultExecutor == "mesos"}
	if s.cfg.ExecutorPath != "" {
		o.Executor.Path = s.cfg.ExecutorPath
	} else if s.cfg.ExecutorBinary != "" {
		o.Executor.URI = fmt.Sprintf("%s/artifacts/gantry-executor?sha256=%s", s.URL(), s.api.ExecutorHash())
	}
	for _, name := range slices.Sorted(maps.Keys(s.cfg.ExecutorEnvironment)) {
		o.Executor.Environment = append(o.Executor.Environment, mesos.Variable{Name: name, Value: s.cfg.ExecutorEnvironment[name]})
	}
	return o
}

// Quiesce stops launching for the rest of the term: for the time before the
// cluster itself is stopped. It does nothing while this scheduler does not lead.
func (s *Scheduler) Quiesce(ctx context.Context) {
	s.stopping.Store(true)
	if _, err := s.current.Do(ctx, core.Quiesce{}); err != nil {
		s.log.Debug("not quiesced", zap.Error(err))
	}
}

// Address is where the API listens, as others reach it: "host:port".
func (s *Scheduler) Address() string { return s.address }

// URL is the API's address, as others reach it: "http://host:port", or "https".
func (s *Scheduler) URL() string {
	if s.certificate != nil {
		return "https://" + s.address
	}
	return "http://" + s.address
}

// secured has a listener's connections encrypted, if there is a certificate.
func (s *Scheduler) secured(l net.Listener) net.Listener {
	if s.certificate == nil {
		return l
	}
	return tls.NewListener(l, s.certificate.server())
}

// restartPause is the pause before a term that ended on a passing error begins again.
const restartPause = time.Second

// Run serves the API, and schedules whenever this scheduler leads, until ctx
// ends or something fails that no new try can mend.
func (s *Scheduler) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	// The API answers until the leadership is given up: what comes before is not refused.
	serving, served := context.WithCancel(context.WithoutCancel(ctx))
	g.Go(func() error { return s.api.Run(serving, s.listener) })
	if s.debug != nil {
		g.Go(func() error { return s.debug.Run(ctx, s.debugListener) })
	}
	if s.cfg.DNS.Address != "" {
		g.Go(func() error { return s.names(ctx) })
	}
	g.Go(func() error { return s.detector.Run(ctx) })
	g.Go(func() error {
		defer served()
		err := explainZooKeeper(s.campaign.Run(ctx))
		if err == nil && ctx.Err() == nil {
			err = errors.New("the campaign for the leadership ended")
		}
		return err
	})
	s.log.Info("scheduler started", logfield.Address(s.address))
	if err := g.Wait(); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}
