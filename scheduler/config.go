package scheduler

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos/httptransport"
	"github.com/gantry-mesos/gantry/scheduler/announce"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/dns"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// Config is all that a scheduler can be told. Each field is a flag of
// "gantry scheduler" of the same name.
type Config struct {
	// Master says where the Mesos masters are: zk://h1:2181,h2:2181/mesos,
	// http://host:5050, host:5050, or several of the latter with commas. Required.
	Master string
	// ZK is where state is kept and the leader elected: zk://h1:2181,h2:2181/gantry.
	ZK string
	// ZKSessionTimeout is how long a leader that vanished keeps its place; ZooKeeper may
	// grant another time (its minSessionTimeout is 4 s by default), which holds then.
	// Default 5 s: a failover takes as long, and what it has to outlast is shorter, a
	// pause of this program (milliseconds), a lost packet or two (1 s) and an election
	// among ZooKeeper's servers (1 to 3 s). At least 1 s.
	ZKSessionTimeout time.Duration
	// StateDir is a directory for the state of a single scheduler. Exactly one of
	// ZK and StateDir is required.
	StateDir string
	// HTTPAddress is what the API listens on. Default 127.0.0.1:8080.
	HTTPAddress string
	// HTTPBodyMax bounds the body of a request, in bytes. Default 16 MiB.
	HTTPBodyMax int64
	// HTTPAllowedHosts are names of this API that requests may use while it listens on
	// loopback or asks for no credentials, "*" every name; HTTPAllowedOrigins are origins of web pages that may change things.
	HTTPAllowedHosts, HTTPAllowedOrigins []string
	// HTTPReadOrigins are the origins whose web pages may read answers, "*" all: the
	// flag --access-control-allow-origin.
	HTTPReadOrigins []string
	// HTTPCredentialsFile holds the users of the API, a line "user:password" each;
	// "" lets everybody in.
	HTTPCredentialsFile string
	// HTTPCredentials is one more user of the API, "user:password".
	HTTPCredentials string
	// TLSCertFile and TLSKeyFile have the certificate that the API is served with over
	// TLS, and its key, in PEM; both or none. Files that are replaced are read again.
	// TLSCAFile has the authorities of other schedulers' certificates, for what a
	// standby passes on; the system's are trusted anyway.
	TLSCertFile, TLSKeyFile, TLSCAFile string
	// HTTPMaxRequests bounds the requests that are answered at a time, HTTPMaxStreams
	// apart from them those that last: event streams, logs that are followed,
	// downloads. 0 is no bound. Default 10,000 each.
	HTTPMaxRequests, HTTPMaxStreams int
	// ReadOnly takes no changes through this scheduler's API, and passes none on.
	ReadOnly bool
	// DebugAddress is what /debug listens on: profiles, a dump of the state, the log's
	// level. Anything but loopback needs HTTPCredentialsFile. Default "", nowhere.
	DebugAddress string
	// LogLevel is the level of the log, for /debug to change.
	LogLevel zap.AtomicLevel
	// Hostname is the name that others reach this scheduler by. Default: the host of HTTPAddress, or the machine's name.
	Hostname string
	// FrameworkName is shown by Mesos. Default "gantry".
	FrameworkName string
	// FrameworkIDReset registers as a new framework and forgets the running tasks
	// of the old one. Never needed in normal operation.
	FrameworkIDReset bool
	// MesosRoles are the roles that offers are wanted for; the first is that of
	// Apps without one. Default "*".
	MesosRoles []string
	// MesosUser runs tasks whose App names no user. Default: the user that runs the scheduler.
	MesosUser string
	// Principal and SecretFile authenticate the framework with the masters.
	Principal, SecretFile string
	// TLS is how https masters are spoken to.
	TLS httptransport.Config
	// FailoverTimeout is how long Mesos keeps the tasks without a scheduler. Default one week.
	FailoverTimeout time.Duration
	// UIReadOnly leaves out of the web page whatever changes something; the API, which
	// everybody with credentials may use, is the same.
	UIReadOnly bool
	// WebUIURL is the link that Mesos shows. Default: the API's address.
	WebUIURL string
	// ExecutorPath is where gantry-executor is installed on every agent. Unset,
	// agents fetch it from this scheduler.
	ExecutorPath string
	// ExecutorBinary is the program that agents fetch when ExecutorPath is unset.
	ExecutorBinary string
	// ExecutorEnvironment is added to the environment of executors, such as DOCKER_HOST.
	ExecutorEnvironment map[string]string
	// DefaultExecutor is "gantry", or "mesos" for Mesos' built-in executors.
	DefaultExecutor string
	// Placement is how one of several fitting agents is chosen. Default first-fit.
	Placement placement.Policy
	// AcceptedResourceRoles says which resources Apps without acceptedResourceRoles
	// use: any, unreserved or reserved ones. Default any.
	AcceptedResourceRoles placement.Accepted
	// GPU declares that Apps may ask for GPUs.
	GPU bool
	// Features are Marathon's optional ones that are on: see Features.
	Features []string
	// GPUScheduling is "restricted" to keep agents with GPUs for Apps that ask for
	// GPUs, or "unrestricted". An App's label GPU_SCHEDULING_BEHAVIOR overrides it.
	// Default restricted.
	GPUScheduling string
	// MaintenanceMode places nothing on agents whose maintenance window has begun or
	// is near (Decisions.MaintenanceLead). Default true.
	MaintenanceMode bool
	// Discovery is how other programs are told where tasks are reached.
	Discovery DiscoveryConfig
	// DNS is how names are answered.
	DNS DNSConfig
	// Decisions tunes the core; Rand is set by Run.
	Decisions core.Config
}

// Features are the names that Marathon gives its optional features. Of these
// vips and task_killing change nothing, as Gantry does so anyway, and secrets
// neither: there is no source of them yet, and Apps that need one are refused.
var Features = []string{featureExternalVolumes, featureGPUs, featureSecrets, "task_killing", "vips"}

const (
	featureExternalVolumes = "external_volumes"
	featureGPUs            = "gpu_resources"
	featureSecrets         = "secrets"
)

// The values of Config.GPUScheduling.
const gpusRestricted, gpusUnrestricted = "restricted", "unrestricted"

// DefaultConfig returns the defaults; Master and one of ZK and StateDir are still required.
func DefaultConfig() Config {
	decisions := core.DefaultConfig()
	decisions.Drain = app.Drain{Timeout: time.Minute, MinDelay: 5 * time.Second}
	return Config{
		Discovery:   DiscoveryConfig{PanicThreshold: 0.5, PublishTimeout: 5 * time.Second, Announce: []string{string(announce.ServerSet)}, AnnounceAddress: "hostname"},
		DNS:         DNSConfig{Zone: "gantry", TTL: dns.DefaultTTL},
		HTTPAddress: "127.0.0.1:8080", HTTPBodyMax: 16 << 20, HTTPMaxRequests: 10_000, HTTPMaxStreams: 10_000, FrameworkName: "gantry", MesosRoles: []string{"*"}, MesosUser: "root",
		ZKSessionTimeout: 5 * time.Second,
		FailoverTimeout:  7 * 24 * time.Hour, DefaultExecutor: "gantry", GPUScheduling: gpusRestricted, MaintenanceMode: true, Decisions: decisions,
	}
}

// Validate returns all problems, each naming its flag and the way out.
func (c Config) Validate() error {
	var problems []error
	problem := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if c.Master == "" {
		problem("--master is required: zk://host:2181/mesos, http://host:5050 or host:5050")
	}
	if (c.ZK == "") == (c.StateDir == "") {
		problem("exactly one of --zk (state in ZooKeeper, several schedulers) and --state-dir (state in a directory, one scheduler) is required")
	}
	if c.ZKSessionTimeout < time.Second {
		problem("--zk-session-timeout %v must be 1s at least: a leader would lose its place to every lost packet", c.ZKSessionTimeout)
	}
	if _, _, err := net.SplitHostPort(c.HTTPAddress); err != nil {
		problem("--http-address %q: %w; it has the form host:port", c.HTTPAddress, err)
	}
	if err := c.CheckAccess(); err != nil {
		problems = append(problems, err)
	}
	if len(c.MesosRoles) == 0 {
		problem("--mesos-role must name at least one role")
	}
	if c.DefaultExecutor != "gantry" && c.DefaultExecutor != "mesos" {
		problem("--default-executor %q: use gantry or mesos", c.DefaultExecutor)
	}
	if c.DefaultExecutor == "gantry" && c.ExecutorPath == "" && c.ExecutorBinary == "" {
		problem("gantry-executor was not found: put it beside gantry, or say with --executor-path where it is installed on every agent")
	}
	if err := CheckFeatures(c.Features); err != nil {
		problem("--enable-features %w", err)
	}
	if c.GPUScheduling != gpusRestricted && c.GPUScheduling != gpusUnrestricted {
		problem("--gpu-scheduling-behavior %q: use restricted or unrestricted", c.GPUScheduling)
	}
	if c.Decisions.MaintenanceLead < 0 {
		problem("--draining-seconds must not be negative; --maintenance-mode=false pays no heed to maintenance")
	}
	if share := c.Decisions.UnhealthyShare; share < 0 || share > 1 {
		problem("--unhealthy-kill-share %v: use 0 to 1", share)
	}
	if err := fairshare.CheckQuotas(c.Decisions.Fairness.Queues); err != nil {
		problem("--queue: %w", err)
	}
	if err := c.DNS.Validate(); err != nil {
		problems = append(problems, err)
	}
	problems = append(problems, c.Discovery.problems()...)
	problems = append(problems, drainProblems(c.Decisions.Drain)...)
	if c.FailoverTimeout <= 0 {
		problem("--failover-timeout %v must be positive: with 0 Mesos kills all tasks as soon as the scheduler is gone", c.FailoverTimeout)
	}
	if (c.Principal == "") != (c.SecretFile == "") {
		problem("--principal and --secret-file go together")
	}
	return errors.Join(problems...)
}

// advertised is the address that others reach the API by.
func (c Config) advertised(listening net.Addr) string {
	host, _, _ := net.SplitHostPort(c.HTTPAddress)
	_, port, _ := net.SplitHostPort(listening.String())
	switch {
	case c.Hostname != "":
		host = c.Hostname
	case host == "" || host == "0.0.0.0" || host == "::":
		if name, err := os.Hostname(); err == nil {
			host = name
		}
	}
	return net.JoinHostPort(host, port)
}

// CheckFeatures fails for a name that is none of Features.
func CheckFeatures(names []string) error {
	for _, name := range names {
		if !slices.Contains(Features, name) {
			return fmt.Errorf("%q: known are %s", name, strings.Join(Features, ", "))
		}
	}
	return nil
}

// gpus reports whether offers of agents with GPUs are asked for.
func (c Config) gpus() bool { return c.GPU || slices.Contains(c.Features, featureGPUs) }
