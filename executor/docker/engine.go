package docker

import (
	"context"
	"errors"
	"io"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
)

// Errors of an Engine, matched with errors.Is.
var (
	// ErrUnreachable says that no engine answered.
	ErrUnreachable = errors.New("Docker engine unreachable")
	// ErrNotFound says that the image, container or network does not exist.
	ErrNotFound = errors.New("not found")
	// ErrConflict says that the name is taken or the state does not allow the call.
	ErrConflict = errors.New("conflict")
)

// Engine is what Runtime needs of a Docker engine. Calls come back within a
// bounded time, except Pull (which needs progress) and the streams of Attach and Wait.
type Engine interface {
	Images
	Containers
	Streams
	// Host is the engine's address, for messages.
	Host() string
	// Cgroups returns the engine's cgroup driver ("cgroupfs", "systemd") and version ("1", "2").
	Cgroups(ctx context.Context) (driver, version string, err error)
	// Connect attaches a created container to a further network.
	Connect(ctx context.Context, network, id string, aliases []string) error
}

// Images is the part of Engine about images.
type Images interface {
	HasImage(ctx context.Context, ref string) (bool, error)
	// Pull fetches the image; auth is the X-Registry-Auth header or "". It
	// fails when nothing has moved for a while.
	Pull(ctx context.Context, ref, auth string, progress func(message string)) error
}

// Containers is the part of Engine about containers.
type Containers interface {
	Create(ctx context.Context, c Creation) (id string, err error)
	Start(ctx context.Context, id string) error
	Kill(ctx context.Context, id, signal string) error
	// Remove ends and removes the container with its anonymous volumes.
	Remove(ctx context.Context, id string) error
	Inspect(ctx context.Context, id string) (Inspection, error)
	// List returns all containers that have the label, running or not.
	List(ctx context.Context, label string) ([]Listed, error)
}

// Streams is the part of Engine about what lasts as long as a container.
type Streams interface {
	// Attach copies the container's output from now on until the container
	// ends or the stream is closed.
	Attach(ctx context.Context, id string, tty bool, stdout, stderr io.Writer) (Stream, error)
	// Wait has registered when it returns, and then sends once: at the next
	// exit of a created container, or when a running one has ended.
	Wait(ctx context.Context, id string, created bool) <-chan Waited
	// Exec runs a command in the container and returns its exit code and
	// the beginning of its output.
	Exec(ctx context.Context, id string, argv []string) (code int, output string, err error)
}

// Stream is a container's output being copied.
type Stream struct {
	// Done is closed when everything has been copied, or the stream broke.
	Done <-chan struct{}
	// Close ends the copying.
	Close func()
}

// Waited is the end of a container, or of the connection that waited for it.
type Waited struct {
	Code int
	Err  error
}

// Creation is a container to create.
type Creation struct {
	Name    string
	Config  *container.Config
	Host    *container.HostConfig
	Network *network.NetworkingConfig
	// Further are more networks to connect before the start, with Aliases on each.
	Further []string
	Aliases []string
}

// Inspection is what Runtime wants to know of a container.
type Inspection struct {
	Running    bool
	Ended      bool
	ExitCode   int
	OOM        bool
	Error      string
	PID        int
	StopSignal string
	Networks   map[string]*network.EndpointSettings
}

// Listed is one container of a list.
type Listed struct {
	ID      string
	Running bool
	Labels  map[string]string
}
