// Package executor is the composition root of Gantry's executor: it plugs the
// agent's client, the loop and the runtimes together. One executor runs one
// task, as a Docker container or as a plain process.
package executor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/executor/core"
	"github.com/gantry-mesos/gantry/executor/docker"
	"github.com/gantry-mesos/gantry/executor/loop"
	"github.com/gantry-mesos/gantry/executor/probe"
	"github.com/gantry-mesos/gantry/executor/process"
	"github.com/gantry-mesos/gantry/executor/sandbox"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/execapi"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
)

// agent is execapi's client in the form that loop wants.
type agent struct{ *execapi.Client }

// Run subscribes; see execapi.Client.
func (a agent) Run(ctx context.Context, unacknowledged func() mesos.Unacknowledged, handle func(context.Context, mesos.ExecutorEvent) error) error {
	return a.Client.Run(ctx, unacknowledged, handle)
}

// Run serves the agent until the one task's story is told, or ctx ends, which
// ends the task gracefully. loop.ErrUnfinished says that its last update is not
// known to be stored.
func Run(ctx context.Context, cfg Config, log *zap.Logger) (err error) {
	client, err := execapi.New(cfg.Agent, log)
	if err != nil {
		return fmt.Errorf("connect to the agent: %w", err)
	}
	host := &host{cfg: cfg, log: log}
	defer func() { err = errors.Join(err, host.close()) }()
	return loop.New(core.Config{
		ExecutorID: cfg.Agent.ExecutorID, Checkpoint: cfg.Agent.Checkpoint, RecoveryTimeout: cfg.Agent.RecoveryTimeout,
		ShutdownGrace: cfg.Agent.ShutdownGracePeriod, AckWait: cfg.AckWait,
		ForceEvery: 5 * time.Second, ProgressEvery: 10 * time.Second, Report: taskinfo.EncodeReport,
	}, agent{client}, host, log).Run(ctx)
}

// host makes the runtimes and probers of loop.
type host struct {
	cfg     Config
	log     *zap.Logger
	exec    probe.Execer
	closers []io.Closer
}

func (h *host) close() error {
	var errs []error
	for _, c := range h.closers {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// errNoDocker tells why a task with an image cannot run here.
var errNoDocker = errors.New("the task has a Docker image, and Docker is switched off here (GANTRY_EXECUTOR_DOCKER=false, gantry mini --runtime process)")

// Runtime returns what runs the task: the Docker engine if it has an image.
func (h *host) Runtime(t taskinfo.Task, s mesos.ExecutorSubscribed) (loop.Runtime, error) {
	if t.Container != nil && !h.cfg.Docker {
		return nil, errNoDocker
	}
	dir := h.cfg.sandboxDir()
	stdout, err := sandbox.Output(dir, "stdout", h.cfg.Stdout, h.cfg.Output)
	if err != nil {
		return nil, err
	}
	stderr, err := sandbox.Output(dir, "stderr", h.cfg.Stderr, h.cfg.Output)
	if err != nil {
		return nil, errors.Join(err, stdout.Close())
	}
	h.closers = append(h.closers, stdout, stderr)
	if t.Container == nil {
		r := process.New(process.Config{Sandbox: dir, DrainWait: 2 * time.Second}, stdout, stderr, h.log)
		h.exec = r
		return r, nil
	}
	return h.docker(s, docker.Output{Stdout: stdout, Stderr: stderr})
}

func (h *host) docker(s mesos.ExecutorSubscribed, out docker.Output) (loop.Runtime, error) {
	timeouts := docker.DefaultTimeouts()
	timeouts.PullStall = h.cfg.PullStall
	engine, err := docker.NewClient(h.cfg.DockerHost, timeouts)
	if err != nil {
		return nil, err
	}
	h.closers = append(h.closers, engine)
	owner, err := docker.Self()
	if err != nil {
		return nil, fmt.Errorf("who am I: %w", err)
	}
	cfg := docker.Config{
		FrameworkID: h.cfg.Agent.FrameworkID, ExecutorID: h.cfg.Agent.ExecutorID, AgentID: s.Agent.ID, Owner: owner,
		Sandbox: h.cfg.hostDir(), EngineWait: h.cfg.EngineWait, EngineReturn: h.cfg.EngineReturn,
		RetryEvery: 250 * time.Millisecond, DrainWait: 5 * time.Second,
		PidsLimit: h.cfg.PidsLimit, CPUQuota: h.cfg.CPUQuota, Init: h.cfg.Init, CredentialFiles: h.cfg.credentialFiles(),
	}
	if h.cfg.Cgroups {
		cfg.Cgroup = sandbox.Cgroup(s.ContainerID)
	}
	r := docker.New(cfg, engine, out, h.log)
	h.exec = r
	return r, nil
}

// Prober returns what runs the task's checks. A container with a
// network of its own is asked at its address, any other at the agent's: first
// the loopback, then the agent's name, as programs may listen on one only.
func (h *host) Prober(t taskinfo.Task, running core.Running) loop.Prober {
	target := probe.Target{Agent: []string{"127.0.0.1"}, Agent6: []string{"::1"}, Exec: h.exec}
	if t.Hostname != "" && t.Hostname != "127.0.0.1" {
		target.Agent = append(target.Agent, t.Hostname)
		target.Agent6 = append(target.Agent6, t.Hostname)
	}
	for _, n := range running.Networks {
		for _, ip := range n.IPAddresses {
			if isIPv6(ip) {
				target.Task6 = append(target.Task6, ip)
			} else {
				target.Task = append(target.Task, ip)
			}
		}
	}
	if t.Container == nil || t.Container.Network == taskinfo.NetworkHost {
		target.Task, target.Task6 = target.Agent, target.Agent6
	}
	return probe.New(t, target)
}

func isIPv6(ip string) bool {
	for _, r := range ip {
		if r == ':' {
			return true
		}
	}
	return false
}
