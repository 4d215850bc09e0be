package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

// Client is the Engine behind a socket. The API version is negotiated; engine
// 19.03 (API 1.40) is the oldest.
type Client struct {
	api  *client.Client
	host string
	time Timeouts
}

// Timeouts bound the calls of a Client.
type Timeouts struct {
	// Call bounds every short call.
	Call time.Duration
	// Start bounds create, start and remove, which wait for disks and networks.
	Start time.Duration
	// PullStall is how long a pull may stand still.
	PullStall time.Duration
}

// DefaultTimeouts are generous enough for a busy host.
func DefaultTimeouts() Timeouts {
	return Timeouts{Call: 20 * time.Second, Start: 2 * time.Minute, PullStall: 3 * time.Minute}
}

// NewClient returns a client of the engine at host, such as
// "unix:///var/run/docker.sock"; "" means DOCKER_HOST or the usual socket. It
// does not connect. Close it when done.
func NewClient(host string, t Timeouts) (*Client, error) {
	opts := []client.Opt{client.FromEnv}
	if host != "" {
		opts = append(opts, client.WithHost(host))
	}
	api, err := client.New(opts...)
	if err != nil {
		return nil, fmt.Errorf("docker client of %q: %w", host, err)
	}
	return &Client{api: api, host: api.DaemonHost(), time: t}, nil
}

// Close gives up idle connections.
func (c *Client) Close() error { return c.api.Close() }

// Host is the engine's address.
func (c *Client) Host() string { return c.host }

func (c *Client) call(ctx context.Context, d time.Duration, what string) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, d, fmt.Errorf("%s: %w: no answer from %s within %s", what, ErrUnreachable, c.host, d))
}

// explain adds the operation and the kind of the error.
func explain(ctx context.Context, what string, err error) error {
	if err == nil {
		return nil
	}
	var netErr *net.OpError
	switch {
	case ctx.Err() != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return context.Cause(ctx)
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", what, context.Cause(ctx))
	case client.IsErrConnectionFailed(err), errors.As(err, &netErr), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%s: %w: %w", what, ErrUnreachable, err)
	case errdefs.IsNotFound(err):
		return fmt.Errorf("%s: %w: %w", what, ErrNotFound, err)
	case errdefs.IsConflict(err):
		return fmt.Errorf("%s: %w: %w", what, ErrConflict, err)
	default:
		return fmt.Errorf("%s: %w", what, err)
	}
}

// Cgroups returns the engine's cgroup driver and version.
func (c *Client) Cgroups(ctx context.Context) (driver, version string, err error) {
	ctx, cancel := c.call(ctx, c.time.Call, "ask for the engine's cgroups")
	defer cancel()
	res, err := c.api.Info(ctx, client.InfoOptions{})
	if err != nil {
		return "", "", explain(ctx, "ask for the engine's cgroups", err)
	}
	return res.Info.CgroupDriver, res.Info.CgroupVersion, nil
}

// HasImage reports whether the engine has the image.
func (c *Client) HasImage(ctx context.Context, ref string) (bool, error) {
	ctx, cancel := c.call(ctx, c.time.Call, "look for image "+ref)
	defer cancel()
	_, err := c.api.ImageInspect(ctx, ref)
	if errdefs.IsNotFound(err) {
		return false, nil
	}
	return err == nil, explain(ctx, "look for image "+ref, err)
}

// Create makes a container and returns its id.
func (c *Client) Create(ctx context.Context, cr Creation) (string, error) {
	ctx, cancel := c.call(ctx, c.time.Start, "create container "+cr.Name)
	defer cancel()
	res, err := c.api.ContainerCreate(ctx, client.ContainerCreateOptions{
		Name: cr.Name, Config: cr.Config, HostConfig: cr.Host, NetworkingConfig: cr.Network,
	})
	return res.ID, explain(ctx, "create container "+cr.Name, err)
}

// Connect attaches a created container to a further network.
func (c *Client) Connect(ctx context.Context, name, id string, aliases []string) error {
	ctx, cancel := c.call(ctx, c.time.Call, "connect network "+name)
	defer cancel()
	_, err := c.api.NetworkConnect(ctx, name, client.NetworkConnectOptions{
		Container: id, EndpointConfig: &network.EndpointSettings{Aliases: aliases},
	})
	return explain(ctx, "connect network "+name, err)
}

// Start starts a created container.
func (c *Client) Start(ctx context.Context, id string) error {
	ctx, cancel := c.call(ctx, c.time.Start, "start container")
	defer cancel()
	_, err := c.api.ContainerStart(ctx, id, client.ContainerStartOptions{})
	return explain(ctx, "start container", err)
}

// Kill sends a signal such as "SIGTERM".
func (c *Client) Kill(ctx context.Context, id, signal string) error {
	ctx, cancel := c.call(ctx, c.time.Call, "signal container")
	defer cancel()
	_, err := c.api.ContainerKill(ctx, id, client.ContainerKillOptions{Signal: signal})
	return explain(ctx, "signal container", err)
}

// Remove ends and removes a container; one that is gone already is no error.
func (c *Client) Remove(ctx context.Context, id string) error {
	ctx, cancel := c.call(ctx, c.time.Start, "remove container "+id)
	defer cancel()
	const pause = 50 * time.Millisecond
	for {
		_, err := c.api.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
		switch {
		case errdefs.IsNotFound(err):
			return nil
		case !errdefs.IsConflict(err):
			return explain(ctx, "remove container "+id, err)
		}
		select { // somebody else removes it at this moment
		case <-ctx.Done():
			return explain(ctx, "remove container "+id, err)
		case <-time.After(pause):
		}
	}
}

// Inspect tells the container's state.
func (c *Client) Inspect(ctx context.Context, id string) (Inspection, error) {
	ctx, cancel := c.call(ctx, c.time.Call, "inspect container")
	defer cancel()
	res, err := c.api.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		return Inspection{}, explain(ctx, "inspect container", err)
	}
	var out Inspection
	if s := res.Container.State; s != nil {
		out.Running, out.ExitCode, out.OOM, out.Error, out.PID = s.Running, s.ExitCode, s.OOMKilled, s.Error, s.Pid
		out.Ended = s.Status == container.StateExited || s.Status == container.StateDead || s.Status == container.StateRemoving
	}
	if cfg := res.Container.Config; cfg != nil {
		out.StopSignal = cfg.StopSignal
	}
	if n := res.Container.NetworkSettings; n != nil {
		out.Networks = n.Networks
	}
	return out, nil
}

// List returns all containers that have the label.
func (c *Client) List(ctx context.Context, label string) ([]Listed, error) {
	ctx, cancel := c.call(ctx, c.time.Call, "list containers")
	defer cancel()
	res, err := c.api.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: make(client.Filters).Add("label", label)})
	if err != nil {
		return nil, explain(ctx, "list containers", err)
	}
	var out []Listed
	for _, item := range res.Items {
		out = append(out, Listed{ID: item.ID, Labels: item.Labels, Running: item.State == container.StateRunning})
	}
	return out, nil
}

// Attach copies output until the container ends or the stream is closed.
func (c *Client) Attach(ctx context.Context, id string, tty bool, stdout, stderr io.Writer) (Stream, error) {
	ctx, cancel := c.call(ctx, c.time.Call, "attach to container")
	defer cancel()
	res, err := c.api.ContainerAttach(ctx, id, client.ContainerAttachOptions{Stream: true, Stdout: true, Stderr: true})
	if err != nil {
		return Stream{}, explain(ctx, "attach to container", err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if tty {
			_, _ = io.Copy(stdout, res.Reader)
			return
		}
		_, _ = stdcopy.StdCopy(stdout, stderr, res.Reader)
	}()
	return Stream{Done: done, Close: func() { res.Close(); <-done }}, nil
}

// Wait registers for the container's end.
func (c *Client) Wait(ctx context.Context, id string, created bool) <-chan Waited {
	condition := container.WaitConditionNotRunning
	if created {
		condition = container.WaitConditionNextExit
	}
	ctx, cancel := context.WithCancelCause(ctx)
	registering := time.AfterFunc(c.time.Call, func() {
		cancel(fmt.Errorf("wait for container: %w: no answer from %s within %s", ErrUnreachable, c.host, c.time.Call))
	})
	res := c.api.ContainerWait(ctx, id, client.ContainerWaitOptions{Condition: condition})
	registering.Stop()
	out := make(chan Waited, 1)
	go func() {
		defer cancel(nil)
		select {
		case r := <-res.Result:
			w := Waited{Code: int(r.StatusCode)}
			if r.Error != nil {
				w.Err = fmt.Errorf("wait for container: %s", r.Error.Message)
			}
			out <- w
		case err := <-res.Error:
			out <- Waited{Err: explain(ctx, "wait for container", err)}
		}
	}()
	return out
}

// outputMax is how much of a command's output is worth a message.
const outputMax = 1024

// Exec runs a command in the container.
func (c *Client) Exec(ctx context.Context, id string, argv []string) (int, string, error) {
	created, err := c.api.ExecCreate(ctx, id, client.ExecCreateOptions{Cmd: argv, AttachStdout: true, AttachStderr: true})
	if err != nil {
		return 0, "", explain(ctx, "create command", err)
	}
	attached, err := c.api.ExecAttach(ctx, created.ID, client.ExecAttachOptions{})
	if err != nil {
		return 0, "", explain(ctx, "start command", err)
	}
	stop := context.AfterFunc(ctx, attached.Close)
	defer func() {
		stop()
		attached.Close()
	}()
	head := &head{}
	if _, err := stdcopy.StdCopy(head, head, attached.Reader); err != nil || ctx.Err() != nil {
		return 0, head.String(), explain(ctx, "read the command's output", errors.Join(err, ctx.Err()))
	}
	res, err := c.api.ExecInspect(ctx, created.ID, client.ExecInspectOptions{})
	return res.ExitCode, head.String(), explain(ctx, "inspect command", err)
}

// head keeps the first outputMax bytes written to it.
type head struct{ kept []byte }

func (h *head) Write(p []byte) (int, error) {
	room := outputMax - len(h.kept)
	h.kept = append(h.kept, p[:min(room, len(p))]...)
	return len(p), nil
}

func (h *head) String() string {
	return strings.TrimSpace(string(slices.Clone(h.kept)))
}
