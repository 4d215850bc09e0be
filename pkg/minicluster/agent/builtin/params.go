package builtin

import (
	"context"
	"io"
	"syscall"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"
)

// Params is what the agent tells a built-in executor.
type Params struct {
	Endpoint            string // ip:port of the agent
	Framework, Executor string
	ContainerID         string
	Sandbox             string
	Env                 []string // of the executor, complete
	Cred                *syscall.Credential
	Checkpoint          bool
	RecoveryTimeout     time.Duration // how long to look for a lost agent
	BackoffMax          time.Duration // longest time between two attempts
	ShutdownGrace       time.Duration // time between SHUTDOWN and the destruction of the container
	KillPolicyOverride  bool          // the command executor honours the kill policy of a KILL call
	IP                  string        // address of the agent's host
	Log                 *zap.Logger

	// Fetch brings the URIs of a task-group task into its sandbox.
	Fetch func(ctx context.Context, uris []mesos.CommandInfo_URI, sandbox string, log io.Writer) error
}

// Grace periods and delays of Mesos' executors.
const (
	killGraceDefault = 3 * time.Second
	// exitDelay is the time between the acknowledgement of the terminal update and the end of a command executor.
	exitDelay = time.Second
	// ackTimeout is how long an executor waits for acknowledgements before it ends.
	ackTimeout = time.Minute
)
