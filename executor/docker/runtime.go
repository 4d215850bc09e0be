package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/executor/core"
	"github.com/gantry-mesos/gantry/executor/sandbox"
	"github.com/gantry-mesos/gantry/pkg/logfield"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
)

// Config says for whom and how containers are run.
type Config struct {
	FrameworkID mesos.FrameworkID
	ExecutorID  mesos.ExecutorID
	AgentID     mesos.AgentID
	Owner       Owner
	// Sandbox is the host's path of the sandbox.
	Sandbox string
	// Cgroup is the executor's own cgroup, "" if it shares one with others; the
	// container is put below it where the engine can.
	Cgroup string
	// EngineWait is how long an engine that does not answer is asked again
	// before the start fails; default 10 s.
	EngineWait time.Duration
	// EngineReturn is how long an engine that stopped while the container ran
	// is waited for; default 60 s.
	EngineReturn time.Duration
	// RetryEvery is the pause between two tries; default 250 ms.
	RetryEvery time.Duration
	// DrainWait is how long output may follow after a container's end; default 5 s.
	DrainWait time.Duration
	// PidsLimit bounds the processes of a container; 0 means the engine's own.
	PidsLimit int64
	// CPUQuota makes cpus a hard limit rather than a weight.
	CPUQuota bool
	// Init puts a small init process before the task, which reaps its orphans.
	Init bool
	// CredentialFiles are looked through in order for a registry's credentials.
	CredentialFiles []string
}

// Output takes what the task writes.
type Output struct{ Stdout, Stderr io.Writer }

// Runtime runs one task in one container.
type Runtime struct {
	cfg    Config
	engine Engine
	out    Output
	log    *zap.Logger
	// id is the running container's, nil before and after.
	id atomic.Pointer[string]
}

// New returns a Runtime that runs its task on engine.
func New(cfg Config, engine Engine, out Output, log *zap.Logger) *Runtime {
	return &Runtime{cfg: cfg, engine: engine, out: out, log: log.Named("docker")}
}

var errStopped = errors.New("stopped before it ran")

// failure is the end of a start, as core is told.
type failure struct {
	event core.Event
	err   error
}

func (f *failure) Error() string { return f.err.Error() }

func (f *failure) Unwrap() error { return f.err }

// Run runs the task to its end and reports what happens; the last report is
// Exited or Failed. When it returns the container is removed, or a later
// executor will remove it. A cancelled ctx ends the container at once.
func (r *Runtime) Run(ctx context.Context, t taskinfo.Task, stops <-chan core.Stop, report func(core.Event)) {
	c, pending, err := r.startUnlessStopped(ctx, t, stops, report)
	if err != nil {
		r.cleanUp(ctx, containerName(t))
		report(failed(err))
		return
	}
	r.id.Store(&c.id)
	report(r.running(ctx, c, t))
	c.aside.Go(func() { r.removeOrphans(ctx) })
	if pending != nil {
		c.signal(ctx, *pending)
	}
	end := c.watch(ctx, stops)
	r.id.Store(nil)
	if ctx.Err() != nil { // it still runs
		r.cleanUp(ctx, c.id)
		c.drain()
		report(end)
		return
	}
	c.drain()
	report(end)
	r.cleanUp(ctx, c.id)
}

func failed(err error) core.Event {
	if f, ok := errors.AsType[*failure](err); ok && f.event != nil {
		return f.event
	}
	return core.Failed{Fault: faultOf(err), Reason: mesos.ReasonContainerLaunchFailed, Message: err.Error()}
}

// startUnlessStopped starts the container. A stop during the start ends it;
// one that came too late is handed back.
func (r *Runtime) startUnlessStopped(ctx context.Context, t taskinfo.Task, stops <-chan core.Stop, report func(core.Event)) (*live, *core.Stop, error) {
	starting, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	type result struct {
		c   *live
		err error
	}
	done := make(chan result, 1)
	go func() {
		c, err := r.start(ctx, starting, t, report)
		done <- result{c, err}
	}()
	select {
	case res := <-done:
		return res.c, nil, res.err
	case stop := <-stops:
		cancel(errStopped)
		res := <-done
		return res.c, &stop, res.err
	}
}

// start takes the task from nothing to a started container. It gives up when
// starting is cancelled; the streams of the container live as long as ctx.
func (r *Runtime) start(ctx, starting context.Context, t taskinfo.Task, report func(core.Event)) (*live, error) {
	parent, err := r.reach(starting)
	if err != nil {
		return nil, err
	}
	if err := r.image(starting, t.Container, report); err != nil {
		return nil, err
	}
	creation, err := r.creation(t, parent)
	if err != nil {
		return nil, &failure{event: core.Failed{Invalid: true, Message: err.Error()}, err: err}
	}
	if err := r.portsFree(starting, t.Ports); err != nil {
		return nil, err
	}
	id, err := r.create(starting, creation)
	if err != nil {
		return nil, err
	}
	report(core.Created{})
	c := &live{runtime: r, id: id, tty: t.TTY}
	if c.stream, err = r.engine.Attach(starting, id, t.TTY, r.out.Stdout, r.out.Stderr); err != nil {
		return nil, err
	}
	c.waited = r.engine.Wait(ctx, id, true)
	if err := r.engine.Start(starting, id); err != nil {
		c.stream.Close()
		return nil, fmt.Errorf("start container of image %s: %w", t.Container.Image, err)
	}
	return c, nil
}

// reach waits for an engine that may just be starting, makes room by removing
// what an earlier run left, and returns the cgroup to create the container in.
func (r *Runtime) reach(ctx context.Context) (parent string, err error) {
	deadline := time.Now().Add(r.cfg.EngineWait)
	for {
		err = r.removeOwn(ctx)
		if !errors.Is(err, ErrUnreachable) || ctx.Err() != nil || !time.Now().Before(deadline) {
			break
		}
		select {
		case <-ctx.Done():
		case <-time.After(r.cfg.RetryEvery):
		}
	}
	if errors.Is(err, ErrUnreachable) && ctx.Err() == nil {
		return "", fmt.Errorf("Docker engine unreachable at %s for %s: %w; start it, or correct DOCKER_HOST", r.engine.Host(), r.cfg.EngineWait, err)
	}
	if err != nil {
		return "", err
	}
	return r.cgroupParent(ctx)
}

// portsFree fails when somebody else listens on one of the task's host ports,
// unless that is the container of a dead executor, which is removed.
func (r *Runtime) portsFree(ctx context.Context, ports []taskinfo.Port) error {
	if len(sandbox.Taken(ctx, ports)) == 0 {
		return nil
	}
	r.removeOrphans(ctx)
	if taken := sandbox.Taken(ctx, ports); len(taken) > 0 {
		return fmt.Errorf("%w: host port %s is taken on this agent by something else than Mesos knows of", errPort, strings.Join(taken, ", "))
	}
	return nil
}

// image makes sure that the engine has the image.
func (r *Runtime) image(ctx context.Context, c *taskinfo.Container, report func(core.Event)) error {
	if !c.ForcePull {
		have, err := r.engine.HasImage(ctx, c.Image)
		if have || err != nil {
			return err
		}
	}
	auth, err := credentials(ctx, c.Image, r.cfg.CredentialFiles)
	if err != nil {
		return err
	}
	report(core.Pulling{Message: "pull image " + c.Image})
	began := time.Now()
	if err := r.engine.Pull(ctx, c.Image, auth, func(m string) { report(core.Pulling{Message: m}) }); err != nil {
		return err
	}
	r.log.Info("image pulled", zap.String("image", c.Image), logfield.Elapsed(time.Since(began)))
	return nil
}

// create creates the container and connects its further networks.
func (r *Runtime) create(ctx context.Context, c Creation) (string, error) {
	id, err := r.engine.Create(ctx, c)
	if err != nil {
		return "", fmt.Errorf("create container of image %s: %w", c.Config.Image, err)
	}
	for _, name := range c.Further {
		if err := r.engine.Connect(ctx, name, id, c.Aliases); err != nil {
			return "", err
		}
	}
	return id, nil
}

// running asks where the task can be reached.
func (r *Runtime) running(ctx context.Context, c *live, t taskinfo.Task) core.Running {
	ev := core.Running{Labels: []mesos.Label{{Key: "org.gantry.container", Value: c.id}}}
	i, err := r.engine.Inspect(ctx, c.id)
	if err != nil {
		r.log.Warn("container not inspected", logfield.Container(c.id), zap.Error(err))
		return ev
	}
	c.stopSignal, c.pid = i.StopSignal, i.PID
	ev.Networks = networkInfos(i.Networks, t)
	r.log.Info("container started", logfield.Container(c.id), logfield.Task(t.ID))
	return ev
}

// cleanUp removes the container, with a little time of its own when ctx is done.
func (r *Runtime) cleanUp(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	for attempt := 1; attempt <= 3; attempt++ {
		err := r.engine.Remove(ctx, id)
		if err == nil {
			break
		}
		r.log.Warn("container not removed", logfield.Container(id), logfield.Attempt(attempt), zap.Error(err))
		if errors.Is(err, ErrUnreachable) {
			return // a later executor removes it
		}
	}
	r.removeCgroups()
}

// Exec runs a program in the running container, as a health check does.
func (r *Runtime) Exec(ctx context.Context, argv []string) (code int, output string, err error) {
	id := r.id.Load()
	if id == nil {
		return 0, "", errors.New("the container does not run")
	}
	return r.engine.Exec(ctx, *id, argv)
}
