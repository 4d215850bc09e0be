package agent

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"syscall"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/checkpoint"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/containerizer"
)

// nested are the containers that were launched through the agent's operator API, by their names.
type nested struct {
	*base
	ledger *ledger
	all    map[string]*nestedContainer
}

// ErrNoContainer is returned for a nested or standalone container that does not exist.
var ErrNoContainer = errors.New("container cannot be found")

// ErrContainerRuns is returned for the removal of a container that has not ended.
var ErrContainerRuns = errors.New("container is still running")

// nestedContainer is a container that was launched through the agent's operator API.
type nestedContainer struct {
	id        mesos.ContainerID
	container *containerizer.Container
	sandbox   string
}

// kill destroys the container in the background.
func (s *nested) kill(n *nestedContainer) {
	s.box.Go(func(context.Context) { s.warn("destroy container", n.container.Destroy()) })
}

// ContainerName writes a container id as Mesos does in texts: the parents first, with dots.
func ContainerName(id mesos.ContainerID) string {
	if id.Parent != nil {
		return ContainerName(*id.Parent) + "." + id.Value
	}
	return id.Value
}

// LaunchContainer starts a nested container (its id has a parent) or a standalone one, as LAUNCH_NESTED_CONTAINER and
// LAUNCH_CONTAINER ask for. It returns false if the container exists already. A parent that does not exist fails with
// ErrNoContainer.
func (a *Agent) LaunchContainer(ctx context.Context, id mesos.ContainerID, command *mesos.CommandInfo) (started bool, err error) {
	if command == nil {
		return false, errors.New("Expecting 'command' to be present")
	}
	if ended := a.box.Do(ctx, func() { started, err = a.nested.launch(id, command) }); ended != nil {
		return false, errors.New("agent is ending")
	}
	return started, err
}

func (s *nested) launch(id mesos.ContainerID, command *mesos.CommandInfo) (bool, error) {
	name := ContainerName(id)
	if _, exists := s.all[name]; exists {
		return false, nil
	}
	sandbox := s.store.Layout.WorkDir + "/containers/" + id.Value
	vars := map[string]string{"PATH": defaultPath}
	userName := ""
	if id.Parent != nil {
		parent, parentUser, ok := s.sandboxOf(*id.Parent)
		if !ok {
			return false, fmt.Errorf("parent container %s: %w", ContainerName(*id.Parent), ErrNoContainer)
		}
		sandbox, userName = checkpoint.Nested(parent, id.Value), parentUser
	}
	if u := command.GetUser(); u != "" {
		userName = u
	}
	cred, err := s.credential(userName)
	if err != nil {
		return false, err
	}
	if err := mkdirAll(sandbox); err != nil {
		return false, err
	}
	vars["MESOS_SANDBOX"] = sandbox
	for _, v := range command.GetEnvironment().GetVariables() {
		vars[v.Name] = v.GetValue()
	}
	spec := containerizer.Spec{ID: name, Dir: sandbox, Env: environ(vars), Cred: cred}
	spec.Argv, spec.Path = argv(command)
	c, err := s.host.Start(spec)
	if err != nil {
		return false, err
	}
	s.all[name] = &nestedContainer{id: id, container: c, sandbox: sandbox}
	return true, nil
}

// sandboxOf finds the sandbox and user of a container that runs.
func (s *nested) sandboxOf(id mesos.ContainerID) (sandbox, userName string, ok bool) {
	if id.Parent != nil {
		n, ok := s.all[ContainerName(id)]
		if !ok {
			return "", "", false
		}
		return n.sandbox, "", true
	}
	for _, f := range s.ledger.frameworks {
		for _, e := range f.executors {
			if e.containerID == id.Value && e.state != terminated {
				return e.sandbox, e.user, true
			}
		}
	}
	return "", "", false
}

func (a *Agent) findNested(ctx context.Context, id mesos.ContainerID) (n *nestedContainer, err error) {
	if err := a.box.Do(ctx, func() { n = a.nested.all[ContainerName(id)] }); err != nil || n == nil {
		return nil, fmt.Errorf("%s: %w", ContainerName(id), ErrNoContainer)
	}
	return n, nil
}

// WaitContainer waits for the end of a container launched with [Agent.LaunchContainer] and returns its raw wait status.
func (a *Agent) WaitContainer(ctx context.Context, id mesos.ContainerID) (status int, err error) {
	n, err := a.findNested(ctx, id)
	if err != nil {
		return 0, err
	}
	select {
	case <-n.container.Done():
		return n.container.Status(), nil
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-a.Done():
		return 0, errors.New("agent has ended")
	}
}

// KillContainer sends a signal to a container; SIGKILL destroys it. A container that has ended counts as missing.
func (a *Agent) KillContainer(ctx context.Context, id mesos.ContainerID, signal syscall.Signal) error {
	n, err := a.findNested(ctx, id)
	if err != nil {
		return err
	}
	select {
	case <-n.container.Done():
		return fmt.Errorf("%s: %w", ContainerName(id), ErrNoContainer)
	default:
	}
	if signal == syscall.SIGKILL {
		return a.box.Do(ctx, func() { a.nested.kill(n) })
	}
	containerizer.Signal(n.container.Pid(), signal)
	return nil
}

// RemoveContainer forgets an ended container. A missing one is no error.
func (a *Agent) RemoveContainer(ctx context.Context, id mesos.ContainerID) error {
	n, err := a.findNested(ctx, id)
	if errors.Is(err, ErrNoContainer) {
		return nil
	}
	if err != nil {
		return err
	}
	select {
	case <-n.container.Done():
	default:
		return fmt.Errorf("%s: %w", ContainerName(id), ErrContainerRuns)
	}
	return a.box.Do(ctx, func() {
		delete(a.nested.all, ContainerName(id))
		a.host.Forget(ContainerName(id))
	})
}

// endIn destroys the nested containers of an executor that has ended.
func (s *nested) endIn(e *executorRun) {
	for _, name := range slices.Sorted(maps.Keys(s.all)) {
		if strings.HasPrefix(name, e.containerID+".") {
			s.kill(s.all[name])
		}
	}
}

func (s *nested) standalone() []listedContainer {
	var list []listedContainer
	for _, name := range slices.Sorted(maps.Keys(s.all)) {
		if n := s.all[name]; n.id.Parent == nil && isRunning(n.container) {
			list = append(list, listedContainer{ContainerView{ID: n.id, Status: statusOf(n.id, n.container)}, n.container})
		}
	}
	return list
}

// in returns the running containers inside another one, launched through the API or by the default executor.
func (s *nested) in(parent string) []*containerizer.Container {
	var list []*containerizer.Container
	ids := s.host.IDs()
	slices.Sort(ids)
	for _, id := range ids {
		if !strings.HasPrefix(id, parent+".") {
			continue
		}
		if c, ok := s.host.Lookup(id); ok && isRunning(c) {
			list = append(list, c)
		}
	}
	return list
}

func isRunning(c *containerizer.Container) bool {
	select {
	case <-c.Done():
		return false
	default:
		return true
	}
}
