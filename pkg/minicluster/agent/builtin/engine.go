package builtin

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/containerizer"
	"github.com/gantry-mesos/gantry/pkg/minicluster/mailbox"
)

// Exit statuses of the docker command line client when a container does not come up.
const (
	exitDaemon    = 125
	exitNotRun    = 126
	exitNotFound  = 127
	engineTimeout = 30 * time.Second
)

// dockerContainer is one container of the engine.
type dockerContainer struct {
	d   DockerParams
	box *mailbox.Box
	in  *containerizer.Container // that it belongs to

	id      string
	signals sync.WaitGroup
}

// run creates and starts the container in the background. started and exited are posted to the executor.
func (c *dockerContainer) run(options client.ContainerCreateOptions, started func(json.RawMessage, []string), exited func(int, error)) {
	c.box.Go(func(ctx context.Context) {
		created, err := c.d.Client.ContainerCreate(ctx, options)
		if err != nil {
			c.box.Post(func() { exited(exitDaemon, err) })
			return
		}
		c.id = created.ID
		output, err := c.attach(ctx)
		if err != nil {
			c.box.Post(func() { exited(exitDaemon, err) })
			return
		}
		defer output()
		wait := c.d.Client.ContainerWait(ctx, c.id, client.ContainerWaitOptions{Condition: container.WaitConditionNextExit})
		if _, err := c.d.Client.ContainerStart(ctx, c.id, client.ContainerStartOptions{}); err != nil {
			c.note(err)
			code := startFailure(err)
			c.box.Post(func() { exited(code, nil) })
			return
		}
		if inspect, err := c.d.Client.ContainerInspect(ctx, c.id, client.ContainerInspectOptions{}); err == nil {
			if state := inspect.Container.State; state != nil && c.in != nil {
				c.in.Include(state.Pid)
			}
			c.box.Post(func() { started(inspect.Raw, c.addresses(inspect.Container)) })
		} else {
			c.box.Post(func() { started(json.RawMessage("{}"), nil) })
		}
		code, err := await(wait)
		output()
		c.box.Post(func() { exited(code, err) })
	})
}

func await(wait client.ContainerWaitResult) (int, error) {
	select {
	case r := <-wait.Result:
		return int(r.StatusCode), nil
	case err := <-wait.Error:
		return exitDaemon, err
	}
}

// startFailure is the exit status that docker run ends with when a container can not be started.
func startFailure(err error) int {
	text := err.Error()
	switch {
	case strings.Contains(text, "no such file or directory"), strings.Contains(text, "executable file not found"):
		return exitNotFound
	case strings.Contains(text, "permission denied"), strings.Contains(text, "is a directory"):
		return exitNotRun
	}
	return exitDaemon
}

// note writes the engine's message where the user looks for it.
func (c *dockerContainer) note(err error) {
	f, openErr := containerizer.OpenOutput(c.d.Sandbox, "stderr", c.d.Cred)
	if openErr != nil {
		return
	}
	_, _ = io.WriteString(f, "docker: "+err.Error()+"\n")
	_ = f.Close()
}

// attach copies the container's output to the sandbox. The returned function waits until all is copied.
func (c *dockerContainer) attach(ctx context.Context) (func(), error) {
	stdout, err := containerizer.OpenOutput(c.d.Sandbox, "stdout", c.d.Cred)
	if err != nil {
		return nil, err
	}
	stderr, err := containerizer.OpenOutput(c.d.Sandbox, "stderr", c.d.Cred)
	if err != nil {
		_ = stdout.Close()
		return nil, err
	}
	attached, err := c.d.Client.ContainerAttach(ctx, c.id, client.ContainerAttachOptions{Stream: true, Stdout: true, Stderr: true})
	if err != nil {
		return nil, errors.Join(err, stdout.Close(), stderr.Close())
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = stdcopy.StdCopy(stdout, stderr, attached.Reader)
		_, _ = stdout.Close(), stderr.Close()
	}()
	stop := context.AfterFunc(ctx, attached.Close)
	return func() {
		select {
		case <-done:
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
		stop()
		attached.Close()
		<-done
	}, nil
}

// addresses are the container's own IPs, or the agent's with the host's network.
func (c *dockerContainer) addresses(info container.InspectResponse) []string {
	var ips []string
	if info.NetworkSettings != nil {
		for _, n := range info.NetworkSettings.Networks {
			if n != nil && n.IPAddress.IsValid() {
				ips = append(ips, n.IPAddress.String())
			}
		}
	}
	if len(ips) == 0 && info.HostConfig != nil && info.HostConfig.NetworkMode.IsHost() {
		ips = []string{c.d.IP}
	}
	return ips
}

// signal sends a signal to the container, the one that stops it if name is empty.
func (c *dockerContainer) signal(name string) {
	c.signals.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), engineTimeout)
		defer cancel()
		if name == "" {
			name = "TERM"
			if inspect, err := c.d.Client.ContainerInspect(ctx, c.id, client.ContainerInspectOptions{}); err == nil &&
				inspect.Container.Config != nil && inspect.Container.Config.StopSignal != "" {
				name = inspect.Container.Config.StopSignal
			}
		}
		// It fails when the container has just ended.
		_, _ = c.d.Client.ContainerKill(ctx, c.id, client.ContainerKillOptions{Signal: name})
	})
}

// exec runs a check's command in the container.
func (c *dockerContainer) exec(ctx context.Context, command *mesos.CommandInfo) (int32, error) {
	args, path := Argv(command)
	if len(args) > 0 {
		args = append([]string{path}, args[1:]...)
	}
	env := withVariables(nil, command)
	created, err := c.d.Client.ExecCreate(ctx, c.id, client.ExecCreateOptions{Cmd: args, Env: env, AttachStdout: true, AttachStderr: true})
	if err != nil {
		return 0, err
	}
	attached, err := c.d.Client.ExecAttach(ctx, created.ID, client.ExecAttachOptions{})
	if err != nil {
		return 0, err
	}
	defer attached.Close()
	stop := context.AfterFunc(ctx, attached.Close)
	defer stop()
	// The output ends with the command.
	_, _ = io.Copy(io.Discard, attached.Reader)
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	result, err := c.d.Client.ExecInspect(ctx, created.ID, client.ExecInspectOptions{})
	if err != nil {
		return 0, err
	}
	return int32(result.ExitCode), nil //nolint:gosec // one byte
}

// RunInDocker runs a custom executor inside a Docker container until it ends or its container in is destroyed, and returns the wait
// status to report. The executor speaks to the agent itself.
func RunInDocker(ctx context.Context, in *containerizer.Container, p DockerParams, info mesos.ExecutorInfo) int {
	options, err := runOptions(p, mesos.TaskInfo{
		TaskID: mesos.TaskID{Value: p.Executor}, Container: info.Container, Command: info.Command, Resources: info.Resources,
	})
	c := &dockerContainer{d: p, in: in, box: mailbox.New()}
	if err != nil {
		c.note(err)
		return exitDaemon << 8
	}
	options.Config.Env = append(slices.Clone(p.Env), "MESOS_SANDBOX="+p.SandboxMount, "MESOS_CONTAINER_NAME="+p.Name)
	status := containerizer.StatusUnknown
	c.run(options, func(json.RawMessage, []string) {}, func(code int, err error) {
		if err != nil {
			c.note(err)
		}
		status = dockerStatus(code)
		c.box.Stop()
	})
	c.box.Run(ctx, nil)
	c.box.Wait()
	c.close()
	return status
}

// dockerStatus turns an exit status as the engine reports it into a raw wait status.
func dockerStatus(code int) int {
	if code > 128 && code < 160 {
		return code - 128
	}
	return code << 8
}

// close makes sure that the container does not run any more.
func (c *dockerContainer) close() {
	c.signals.Wait()
	if c.id == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), engineTimeout)
	defer cancel()
	_, _ = c.d.Client.ContainerKill(ctx, c.id, client.ContainerKillOptions{Signal: "KILL"})
}
