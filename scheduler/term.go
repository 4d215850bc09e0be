package scheduler

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/pkg/logfield"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/httptransport"
	"github.com/gantry-mesos/gantry/pkg/mesos/schedapi"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/discovery/hub"
	"github.com/gantry-mesos/gantry/scheduler/eventlog"
	"github.com/gantry-mesos/gantry/scheduler/loop"
	"github.com/gantry-mesos/gantry/scheduler/mesosconv"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/scheduler/store"
	"github.com/gantry-mesos/gantry/scheduler/store/record"
)

// eventsKept is how many events a reader of the stream may be behind, and how far
// back it may resume: those of the launch of ten thousand instances, and some.
const eventsKept = 1 << 16

// publishers tell several of what happened.
type publishers []loop.Publisher

// Publish implements loop.Publisher.
func (p publishers) Publish(events []event.Event) {
	for _, to := range p {
		to.Publish(events)
	}
}

// term schedules from what the store holds until ctx ends, the store is lost
// or Mesos refuses the framework.
func (s *Scheduler) term(ctx context.Context, st store.Store) error {
	journal := record.New(st)
	reload := func(ctx context.Context) (*core.State, error) {
		stored, err := s.load(ctx, journal)
		if err != nil {
			return nil, err
		}
		return core.New(s.decisions(journal), placement.NewCluster(s.placement()), stored, time.Now()), nil
	}
	state, err := reload(ctx)
	if err != nil {
		return err
	}
	calls, events := &caller{traffic: s.traffic}, eventlog.New(eventsKept, time.Now())
	defer events.Close()
	l := loop.New(loop.Config{
		State: state, Reload: reload, Journal: journal, Caller: calls, Converter: mesosconv.New(s.executor),
		Publisher: publishers{events, history{calmed(s.log, &s.stopping)}}, Metrics: s.metrics, Log: s.log.Named("loop"),
	})
	client, err := s.client(l)
	if err != nil {
		return err
	}
	calls.client = client
	table := s.endpoints()
	endpoints := hub.New(hub.Config{Table: table, Scheduler: l, Events: events, Log: s.log.Named("discovery")})
	s.current.hub.Store(endpoints)
	defer s.current.hub.Store(nil)
	s.current.store.Store(&st)
	defer s.current.store.Store(nil)
	s.current.events.Store(events)
	defer s.current.events.Store(nil)
	s.current.began.Store(time.Now().UnixNano())
	s.current.loop.Store(l)
	defer s.current.loop.Store(nil)

	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return l.Run(ctx) })
	g.Go(func() error { return endpoints.Run(ctx) })
	if url, ok := s.cfg.announced(); ok {
		g.Go(func() error { return s.announce(ctx, url, table.Term, endpoints, l) })
	}
	g.Go(func() error {
		reasons := newFetchReasons(s.sandboxes, l.Deliver)
		defer reasons.Wait()
		err := client.Run(ctx, s.traffic.counting(reasons.Deliver))
		if err == nil && ctx.Err() == nil {
			return errors.New("the subscription with mesos ended")
		}
		return explain(err)
	})
	return g.Wait()
}

// caller breaks the circle between the loop, which calls, and the client, which delivers to it.
type caller struct {
	client  *schedapi.Client
	traffic *traffic
}

func (c *caller) Enqueue(ctx context.Context, call mesos.SchedulerCall, done func(error)) error {
	c.traffic.called(call)
	return c.client.Enqueue(ctx, call, done)
}

func (s *Scheduler) decisions(journal *record.Journal) core.Config {
	d := s.cfg.Decisions
	d.IgnoreMaintenance, d.Storable, d.ParseReport = !s.cfg.MaintenanceMode, journal.Storable, taskinfo.ParseReport
	s.seed++
	d.Rand = rand.New(rand.NewPCG(s.seed, uint64(time.Now().UnixNano())))
	return d
}

func (s *Scheduler) placement() placement.Config {
	c := placement.Config{
		Policy: s.cfg.Placement, Role: s.cfg.MesosRoles[0], Principal: s.cfg.Principal,
		Accepted: s.cfg.AcceptedResourceRoles, RestrictGPUs: s.cfg.GPUScheduling == gpusRestricted, BuiltIn: s.cfg.DefaultExecutor == "mesos",
	}
	c.Rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	if !c.BuiltIn {
		c.Executor = taskinfo.ExecutorCost()
	}
	return c
}

func (s *Scheduler) client(l *loop.Loop) (*schedapi.Client, error) {
	transport, err := httptransport.New(s.cfg.TLS)
	if err != nil {
		return nil, err
	}
	return schedapi.New(schedapi.Config{
		Framework:   func() mesos.FrameworkInfo { return s.framework(l.View().Framework.ID) },
		Credentials: s.creds, Transport: transport,
	}, &masters{detector: s.detector}, calmed(s.log, &s.stopping).Named("mesos"))
}

// framework is how this framework registers.
func (s *Scheduler) framework(id mesos.FrameworkID) mesos.FrameworkInfo {
	info := mesos.FrameworkInfo{
		ID: id, User: s.cfg.MesosUser, Name: s.cfg.FrameworkName, FailoverTimeout: s.cfg.FailoverTimeout, Checkpoint: true,
		Roles: s.cfg.MesosRoles, Hostname: s.hostname, Principal: s.cfg.Principal, WebUIURL: s.cfg.WebUIURL,
		Capabilities: []mesos.Capability{
			mesos.PartitionAware, mesos.TaskKillingState, mesos.MultiRole, mesos.ReservationRefinement, mesos.RegionAware,
		},
	}
	if info.WebUIURL == "" {
		info.WebUIURL = s.URL()
	}
	if s.cfg.gpus() {
		info.Capabilities = append(info.Capabilities, mesos.GPUResources)
	}
	return info
}

// shownHost is what Mesos shows as the framework's host: the name it was given, the
// machine's if it leads to an address, else the host of the scheduler's own address.
func shownHost(given, address string) string {
	if given != "" {
		return given
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if name, err := os.Hostname(); err == nil {
		if _, err := net.DefaultResolver.LookupHost(ctx, name); err == nil {
			return name
		}
	}
	host, _, _ := net.SplitHostPort(address) // it is one of ours
	return host
}

// permanentError is one that ends the process: trying again changes nothing.
type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

// again runs terms on one store until ctx ends or an error is permanent; a
// term whose write failed begins again from what was stored.
func again(ctx context.Context, log *zap.Logger, term func() error) error {
	for {
		err := term()
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // whatever a term ends with when it was told to end
		case permanent(err):
			return err
		}
		log.Warn("starting again from the store", zap.Error(err), logfield.RetryIn(restartPause))
		select {
		case <-time.After(restartPause):
		case <-ctx.Done():
			return nil
		}
	}
}

func permanent(err error) bool {
	_, ok := errors.AsType[*permanentError](err)
	return ok || errors.Is(err, ErrNoFrameworkID) || errors.Is(err, store.ErrNotLeader)
}
