package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/containerizer"
)

// errNoContainerizer means that no configured containerizer takes an executor.
var errNoContainerizer = errors.New("no containerizer for this container type")

// startFunc brings an executor's container up. It runs in the background and touches nothing of the agent's state.
type startFunc func(ctx context.Context) (*containerizer.Container, error)

// starter chooses the containerizer for an executor and prepares everything that needs the agent's state.
func (a *Agent) starter(e *executorRun) (startFunc, error) {
	docker := e.info.Container != nil && e.info.Container.GetType() == mesos.ContainerInfo_DOCKER
	name := "mesos"
	if docker {
		name = "docker"
	}
	if !slices.Contains(a.cfg.Containerizers, name) {
		return nil, fmt.Errorf("%w: %s", errNoContainerizer, name)
	}
	cred, err := a.credential(e.user)
	if err != nil {
		return nil, err
	}
	spec := containerizer.Spec{ID: e.containerID, Dir: e.sandbox, Env: a.environment(e), Cred: cred}
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
		if err := a.fetcher.Fetch(ctx, uris, sandbox, user, cred, log); err != nil {
			return fmt.Errorf("Failed to fetch all URIs for container '%s': exited with status 1", containerID)
		}
		return nil
	}
	if e.memory, err = a.memoryGroup(e); err != nil {
		return nil, err
	}
	spec.Mem = e.memory
	run, err := a.runner(e, spec)
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
func (a *Agent) runner(e *executorRun, spec containerizer.Spec) (startFunc, error) {
	host := a.host
	switch e.kind {
	case kindCustom:
		if e.info.Container != nil && e.info.Container.GetType() == mesos.ContainerInfo_DOCKER {
			return a.dockerStarter(e, spec, a.params(e, spec)), nil
		}
		spec.Argv, spec.Path = argv(e.info.Command)
		return func(context.Context) (*containerizer.Container, error) { return host.Start(spec) }, nil
	case kindCommand, kindDocker, kindDefault:
		return a.builtin(e, spec), nil
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
