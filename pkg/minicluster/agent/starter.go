package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	ids "github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/builtin"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/containerizer"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/fetcher"
)

// starting is everything that an executor's container is made of.
type starting struct {
	*base
	limits  *limits
	fetcher *fetcher.Fetcher
}

// errNoContainerizer means that no configured containerizer takes an executor.
var errNoContainerizer = errors.New("no containerizer for this container type")

// startFunc brings an executor's container up. It runs in the background and touches nothing of the agent's state.
type startFunc func(ctx context.Context) (*containerizer.Container, error)

// starter chooses the containerizer for an executor and prepares everything that needs the agent's state.
func (s *starting) starter(e *executorRun) (startFunc, error) {
	docker := e.info.Container != nil && e.info.Container.GetType() == mesos.ContainerInfo_DOCKER
	name := "mesos"
	if docker {
		name = "docker"
	}
	if !slices.Contains(s.cfg.Containerizers, name) {
		return nil, fmt.Errorf("%w: %s", errNoContainerizer, name)
	}
	cred, err := s.credential(e.user)
	if err != nil {
		return nil, err
	}
	spec := containerizer.Spec{ID: e.containerID, Dir: e.sandbox, Env: s.environment(e), Cred: cred}
	uris := slices.Clone(e.info.Command.GetURIs())
	containerID, sandbox, user := e.containerID, e.sandbox, e.user
	fetch := func(ctx context.Context) error {
		out, err := containerizer.OpenOutput(sandbox, "stdout", cred)
		if err != nil {
			return err
		}
		_ = out.Close()
		log, err := containerizer.OpenOutput(sandbox, "stderr", cred)
		if err != nil {
			return err
		}
		defer log.Close()
		if len(uris) == 0 {
			return nil
		}
		if err := s.fetcher.Fetch(ctx, uris, sandbox, user, cred, log); err != nil {
			return fmt.Errorf("Failed to fetch all URIs for container '%s': exited with status 1", containerID)
		}
		return nil
	}
	if e.memory, err = s.limits.memoryGroup(e); err != nil {
		return nil, err
	}
	spec.Mem = e.memory
	run, err := s.runner(e, spec)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (*containerizer.Container, error) {
		if err := fetch(ctx); err != nil {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, errors.New("container is being destroyed")
		}
		return run(ctx)
	}, nil
}

// runner returns what starts the container once everything is fetched.
func (s *starting) runner(e *executorRun, spec containerizer.Spec) (startFunc, error) {
	host := s.host
	switch e.kind {
	case kindCustom:
		if e.info.Container != nil && e.info.Container.GetType() == mesos.ContainerInfo_DOCKER {
			return s.dockerStarter(e, spec, s.params(e, spec)), nil
		}
		spec.Argv, spec.Path = argv(e.info.Command)
		return func(context.Context) (*containerizer.Container, error) { return host.Start(spec) }, nil
	case kindCommand, kindDocker, kindDefault:
		return s.builtin(e, spec), nil
	}
	return nil, fmt.Errorf("%w: executor kind %q", errNoContainerizer, e.kind)
}

// argv turns a CommandInfo into program and arguments. With shell the value is a shell command; else it is the program
// and the arguments are its argv, the program's name included.
func argv(c *mesos.CommandInfo) (args []string, path string) {
	if c.GetShell() {
		return []string{"sh", "-c", c.GetValue()}, "/bin/sh"
	}
	if len(c.GetArguments()) == 0 {
		return []string{c.GetValue()}, c.GetValue()
	}
	return c.Arguments, c.GetValue()
}

// environment is what an executor finds in its environment (Mesos, executor environment variables).
func (s *starting) environment(e *executorRun) []string {
	vars := map[string]string{"PATH": defaultPath}
	maps.Copy(vars, s.cfg.ExecutorEnvironment)
	grace := s.graceOf(e)
	set := map[string]string{
		"LIBPROCESS_IP": s.ip, "LIBPROCESS_PORT": "0", "MESOS_AGENT_ENDPOINT": s.address(), "MESOS_CHECKPOINT": "0",
		"MESOS_DIRECTORY": e.sandbox, "MESOS_EXECUTOR_ID": e.id(), "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD": ids.FormatDuration(grace),
		"MESOS_FRAMEWORK_ID": e.framework.id(), "MESOS_HTTP_COMMAND_EXECUTOR": "0", "MESOS_SANDBOX": e.sandbox,
		"MESOS_SLAVE_ID": s.id(), "MESOS_SLAVE_PID": s.pid(),
	}
	if s.cfg.HTTPCommandExecutor {
		set["MESOS_HTTP_COMMAND_EXECUTOR"] = "1"
	}
	if e.framework.checkpoints() {
		set["MESOS_CHECKPOINT"] = "1"
		set["MESOS_RECOVERY_TIMEOUT"] = ids.FormatDuration(s.cfg.RecoveryTimeout)
		set["MESOS_SUBSCRIPTION_BACKOFF_MAX"] = ids.FormatDuration(s.cfg.ExecutorReregistrationTimeout)
	}
	maps.Copy(vars, set)
	for _, v := range e.info.Command.GetEnvironment().GetVariables() {
		vars[v.Name] = v.GetValue()
	}
	return environ(vars)
}

func environ(vars map[string]string) []string {
	env := make([]string, 0, len(vars))
	for name, value := range vars {
		env = append(env, name+"="+value)
	}
	slices.Sort(env)
	return env
}

// params is what a built-in executor is told.
func (s *starting) params(e *executorRun, spec containerizer.Spec) builtin.Params {
	params := builtin.Params{
		Endpoint: s.address(), Framework: e.framework.id(), Executor: e.id(), ContainerID: e.containerID, Sandbox: e.sandbox,
		Env: spec.Env, Cred: spec.Cred, Checkpoint: e.framework.checkpoints(), RecoveryTimeout: s.cfg.RecoveryTimeout,
		BackoffMax: s.cfg.ExecutorReregistrationTimeout, ShutdownGrace: s.graceOf(e),
		KillPolicyOverride: s.cfg.HTTPCommandExecutor, IP: s.ip, Log: s.log,
	}
	fetcher, cred, user := s.fetcher, spec.Cred, e.user
	params.Fetch = func(ctx context.Context, uris []mesos.CommandInfo_URI, sandbox string, log io.Writer) error {
		return fetcher.Fetch(ctx, uris, sandbox, user, cred, log)
	}
	return params
}

// builtin returns what starts a built-in executor.
func (s *starting) builtin(e *executorRun, spec containerizer.Spec) startFunc {
	params := s.params(e, spec)
	host := s.host
	var run func(context.Context, *containerizer.Container) int
	switch e.kind {
	case kindDefault:
		run = func(ctx context.Context, c *containerizer.Container) int { return builtin.RunDefault(ctx, c, params) }
	case kindCommand:
		run = func(ctx context.Context, c *containerizer.Container) int { return builtin.RunCommand(ctx, c, params) }
	case kindDocker:
		return s.dockerStarter(e, spec, params)
	case kindCustom:
	}
	return func(context.Context) (*containerizer.Container, error) { return host.StartFunc(spec, run) }
}
