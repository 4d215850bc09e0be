package execapi

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/httptransport"
)

// Defaults of the agent, for variables that it did not set, and of the client.
const (
	DefaultRecoveryTimeout     = 15 * time.Minute
	DefaultBackoffMax          = 2 * time.Second
	DefaultShutdownGracePeriod = 5 * time.Second
	DefaultCallTimeout         = 5 * time.Second
	// DefaultStartTimeout is how long an agent waits for an executor to subscribe.
	DefaultStartTimeout = time.Minute
)

// Config says who the executor is and how its agent is reached.
type Config struct {
	FrameworkID mesos.FrameworkID
	ExecutorID  mesos.ExecutorID
	AgentID     mesos.AgentID
	// AgentEndpoint is "ip:port" of the agent.
	AgentEndpoint string
	// Directory is the sandbox on the host, Sandbox the same as the executor sees it.
	Directory, Sandbox string
	// Checkpoint says that the executor survives a restart of the agent.
	Checkpoint bool
	// RecoveryTimeout is how long it waits for the agent to come back.
	RecoveryTimeout time.Duration
	// BackoffMax bounds the delay between two tries to subscribe again; the agent
	// destroys executors that stay away for longer after its restart.
	BackoffMax time.Duration
	// ShutdownGracePeriod is how long the executor has for its end.
	ShutdownGracePeriod time.Duration
	// Credentials hold the token that the agent issued, if it authenticates executors.
	Credentials httptransport.Credentials
	// Transport holds the agent's domain socket and the TLS files, if any.
	Transport httptransport.Config
	// TLS says that the agent speaks HTTPS.
	TLS bool
	// CallTimeout bounds one call; 0 means DefaultCallTimeout.
	CallTimeout time.Duration
	// StartTimeout bounds the wait for the first subscription; 0 means DefaultStartTimeout.
	StartTimeout time.Duration
	// RoundTripper carries the calls instead of a transport made from Transport, unless nil.
	RoundTripper http.RoundTripper
}

// ParseEnv reads the configuration from the environment that an agent gives to
// an executor ("Mesos, executor HTTP API"), through getenv, which is os.Getenv
// but in tests. Its error joins one for each variable that is missing or wrong.
func ParseEnv(getenv func(string) string) (Config, error) {
	e := environment{getenv: getenv}
	c := Config{
		FrameworkID:         mesos.FrameworkID(e.required("MESOS_FRAMEWORK_ID")),
		ExecutorID:          mesos.ExecutorID(e.required("MESOS_EXECUTOR_ID")),
		AgentID:             mesos.AgentID(getenv("MESOS_SLAVE_ID")),
		AgentEndpoint:       e.required("MESOS_AGENT_ENDPOINT"),
		Directory:           getenv("MESOS_DIRECTORY"),
		Sandbox:             getenv("MESOS_SANDBOX"),
		Checkpoint:          e.flag("MESOS_CHECKPOINT"),
		RecoveryTimeout:     e.duration("MESOS_RECOVERY_TIMEOUT", DefaultRecoveryTimeout),
		BackoffMax:          e.duration("MESOS_SUBSCRIPTION_BACKOFF_MAX", DefaultBackoffMax),
		ShutdownGracePeriod: e.duration("MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD", DefaultShutdownGracePeriod),
		Credentials:         httptransport.Credentials{Token: getenv("MESOS_EXECUTOR_AUTHENTICATION_TOKEN")},
		Transport:           httptransport.Config{UnixSocket: getenv("MESOS_DOMAIN_SOCKET")},
		TLS:                 e.flag("LIBPROCESS_SSL_ENABLED") && getenv("MESOS_DOMAIN_SOCKET") == "",
	}
	if c.Sandbox == "" {
		c.Sandbox = c.Directory
	}
	if c.TLS {
		c.Transport.CAFile = getenv("LIBPROCESS_SSL_CA_FILE")
		c.Transport.CertFile = getenv("LIBPROCESS_SSL_CERT_FILE")
		c.Transport.KeyFile = getenv("LIBPROCESS_SSL_KEY_FILE")
	}
	return c, errors.Join(e.errs...)
}

// environment collects the problems of the variables read.
type environment struct {
	getenv func(string) string
	errs   []error
}

func (e *environment) required(name string) string {
	v := e.getenv(name)
	if v == "" {
		e.errs = append(e.errs, fmt.Errorf("%s is not set: an executor must be started by a Mesos agent", name))
	}
	return v
}

func (e *environment) flag(name string) bool {
	switch v := e.getenv(name); v {
	case "", "0", "false":
		return false
	case "1", "true":
		return true
	default:
		e.errs = append(e.errs, fmt.Errorf("%s is %q, want 0 or 1", name, v))
		return false
	}
}

func (e *environment) duration(name string, otherwise time.Duration) time.Duration {
	v := e.getenv(name)
	if v == "" {
		return otherwise
	}
	d, err := mesos.ParseDuration(v)
	if err != nil {
		e.errs = append(e.errs, fmt.Errorf("%s: %w", name, err))
		return otherwise
	}
	return d
}
