package agent

import (
	"context"
	"io"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/builtin"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/containerizer"
)

// params is what a built-in executor is told.
func (a *Agent) params(e *executorRun, spec containerizer.Spec) builtin.Params {
	params := builtin.Params{
		Endpoint: a.Address(), Framework: e.framework.id(), Executor: e.id(), ContainerID: e.containerID, Sandbox: e.sandbox,
		Env: spec.Env, Cred: spec.Cred, Checkpoint: e.framework.checkpoints(), RecoveryTimeout: a.cfg.RecoveryTimeout,
		BackoffMax: a.cfg.ExecutorReregistrationTimeout, ShutdownGrace: a.graceOf(e),
		KillPolicyOverride: a.cfg.HTTPCommandExecutor, IP: a.ip, Log: a.log,
	}
	fetcher, cred, user := a.fetcher, spec.Cred, e.user
	params.Fetch = func(ctx context.Context, uris []mesos.CommandInfo_URI, sandbox string, log io.Writer) error {
		return fetcher.Fetch(ctx, uris, sandbox, user, cred, log)
	}
	return params
}

// builtin returns what starts a built-in executor.
func (a *Agent) builtin(e *executorRun, spec containerizer.Spec) startFunc {
	params := a.params(e, spec)
	host := a.host
	var run func(context.Context, *containerizer.Container) int
	switch e.kind {
	case kindDefault:
		run = func(ctx context.Context, c *containerizer.Container) int { return builtin.RunDefault(ctx, c, params) }
	case kindCommand:
		run = func(ctx context.Context, c *containerizer.Container) int { return builtin.RunCommand(ctx, c, params) }
	case kindDocker:
		return a.dockerStarter(e, spec, params)
	case kindCustom:
	}
	return func(context.Context) (*containerizer.Container, error) { return host.StartFunc(spec, run) }
}
