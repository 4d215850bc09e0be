package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/containerizer"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/statusupdate"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

// Version is the version of Mesos that the agent imitates.
const Version = "1.12.0"

// Detector tells which master leads.
type Detector interface {
	// Detect blocks until the leader is another one than previous and returns its link address; "" stands for none.
	// It fails only with ctx's error.
	Detect(ctx context.Context, previous string) (leader string, err error)
}

// StaticMaster is a Detector for one master that never changes.
type StaticMaster string

// Detect implements Detector.
func (m StaticMaster) Detect(ctx context.Context, previous string) (string, error) {
	if previous != string(m) {
		return string(m), nil
	}
	<-ctx.Done()
	return "", ctx.Err()
}

// Config is the configuration of an agent. Most fields are named after the flag of mesos-agent that they stand for and
// have its default.
type Config struct {
	// Network connects the agent with masters. Required.
	Network *link.Network
	// Detector tells which master leads. Required.
	Detector Detector
	// Host runs the containers. Required; it must outlive the agent for executors to survive a restart.
	Host *containerizer.Host
	// Log takes log lines; nil = none.
	Log *zap.Logger
	// Listener serves HTTP; nil = the agent listens on IP and Port. The agent closes it.
	Listener net.Listener
	// Extra answers the HTTP requests that are not for the executor API; nil = 404.
	Extra http.Handler
	// Wrap is put around everything the agent serves, for faults; nil = nothing.
	Wrap func(http.Handler) http.Handler

	// WorkDir holds sandboxes, checkpoints and the fetcher cache. Required.
	WorkDir string
	// IP is the address to listen on. Default 127.0.0.1.
	IP string
	// Port is the port to listen on. 0 = any free one. Ignored when Listener is set.
	Port int
	// Hostname is what the agent calls itself. Default: localhost for a loopback IP, else the IP.
	Hostname string

	// Resources is the resources flag: "cpus:4;mem:1024;ports:[1-2]" or a JSON array. What is missing of cpus, mem, disk
	// and ports is detected.
	Resources string
	// Attributes is the attributes flag: "rack:r1;zone:z1".
	Attributes string
	// DefaultRole is the role of resources without one. Default "*".
	DefaultRole string
	// Domain is the fault domain; nil = none.
	Domain *mesos.DomainInfo
	// ReconfigurationPolicy says what to do when AgentInfo differs from the checkpointed one: "equal" refuses to start,
	// "additive" allows additions. Default "equal".
	ReconfigurationPolicy string
	// PortMayChange takes another port than the checkpointed one for no change. Executors of before do not find the agent
	// there and end. Not with Mesos.
	PortMayChange bool
	// Recover is "reconnect" (take executors back) or "cleanup" (kill them all and end). Default "reconnect".
	Recover string

	// RegistrationBackoffFactor bounds the first random delay of a registration; it doubles up to 1 min. Default 1 s.
	RegistrationBackoffFactor time.Duration
	// ExecutorRegistrationTimeout is the time from launch to subscription. Default 1 min.
	ExecutorRegistrationTimeout time.Duration
	// ExecutorReregistrationTimeout is the time executors have to subscribe to a restarted agent. Default 2 s.
	ExecutorReregistrationTimeout time.Duration
	// ExecutorShutdownGracePeriod is the time between SHUTDOWN and SIGKILL. Default 5 s.
	ExecutorShutdownGracePeriod time.Duration
	// RecoveryTimeout is told to executors: how long to try to reach a restarted agent. Default 15 min.
	RecoveryTimeout time.Duration
	// StatusUpdateRetryMin and StatusUpdateRetryMax bound the interval between repetitions of an unacknowledged update.
	// Defaults 10 s and 10 min; mesos-agent has no flags for them.
	StatusUpdateRetryMin, StatusUpdateRetryMax time.Duration

	// Containerizers lists "mesos" and "docker" in the order of trial. Default mesos.
	Containerizers []string
	// Isolation lists isolators; cgroups/mem and disk/du have an effect, others are accepted. Default posix/cpu,posix/mem.
	Isolation []string
	// CgroupsRoot is the control group under which containers get theirs. Default "mesos".
	CgroupsRoot string
	// EnforceContainerDiskQuota makes disk/du destroy containers above their disk. Default false.
	EnforceContainerDiskQuota bool
	// ContainerDiskWatchInterval is how often disk/du measures. Default 15 s.
	ContainerDiskWatchInterval time.Duration
	// DockerSocket is the socket of the Docker engine. Default /var/run/docker.sock.
	DockerSocket string
	// Docker is the path of the docker client as error messages name it; the engine's API is used directly. Default docker.
	Docker string
	// DockerRemoveDelay is the time between the end of a Docker container and its removal. Default 6 h.
	DockerRemoveDelay time.Duration
	// DockerKillOrphans makes the agent remove unknown containers named mesos-* when it recovers. Default true.
	DockerKillOrphans bool
	// DockerStopTimeout is unused by current agents and only shown. Default 0.
	DockerStopTimeout time.Duration
	// HTTPCommandExecutor makes the command executor honour the kill_policy of a KILL call. Default false.
	HTTPCommandExecutor bool
	// SandboxDirectory is where a container with an image sees its sandbox. Default /mnt/mesos/sandbox.
	SandboxDirectory string
	// SwitchUser runs tasks as their user; it has no effect unless this process is root. Default true.
	SwitchUser bool
	// ExecutorEnvironment is the base of executors' environment; nil = PATH only.
	ExecutorEnvironment map[string]string

	// FetcherCacheSize is the limit in bytes. Default 2 GiB.
	FetcherCacheSize int64
	// FetcherStallTimeout ends downloads without progress. Default 1 min.
	FetcherStallTimeout time.Duration
	// FrameworksHome is the base of relative URIs. Default none.
	FrameworksHome string

	// GCDelay is the age at which directories of ended executors are deleted. Default 1 week.
	GCDelay time.Duration
	// GCDiskHeadroom is the share of the disk to keep free by deleting earlier. Default 0.1.
	GCDiskHeadroom float64
	// DiskWatchInterval is how often disk use is looked at for that. Default 1 min.
	DiskWatchInterval time.Duration
	// MaxCompletedExecutorsPerFramework bounds the history. Default 150.
	MaxCompletedExecutorsPerFramework int
}

// Default returns the configuration of an agent without flags.
func Default() Config {
	return Config{
		IP: "127.0.0.1", DefaultRole: "*", ReconfigurationPolicy: "equal", Recover: "reconnect",
		RegistrationBackoffFactor: time.Second, ExecutorRegistrationTimeout: time.Minute,
		ExecutorReregistrationTimeout: 2 * time.Second, ExecutorShutdownGracePeriod: 5 * time.Second,
		RecoveryTimeout: 15 * time.Minute, StatusUpdateRetryMin: statusupdate.DefaultRetryMin,
		StatusUpdateRetryMax: statusupdate.DefaultRetryMax, Containerizers: []string{"mesos"},
		Isolation: []string{"posix/cpu", "posix/mem"}, CgroupsRoot: "mesos",
		ContainerDiskWatchInterval: 15 * time.Second, DockerSocket: "/var/run/docker.sock", Docker: "docker",
		DockerRemoveDelay: 6 * time.Hour, DockerKillOrphans: true, SandboxDirectory: "/mnt/mesos/sandbox",
		SwitchUser: true, FetcherCacheSize: 2 << 30, FetcherStallTimeout: time.Minute, GCDelay: 7 * 24 * time.Hour,
		GCDiskHeadroom: 0.1, DiskWatchInterval: time.Minute, MaxCompletedExecutorsPerFramework: 150,
	}
}

// Validate returns all problems of the configuration, each naming its field.
func (c Config) Validate() error {
	var errs []error
	if c.Network == nil || c.Detector == nil || c.Host == nil {
		errs = append(errs, errors.New("Network, Detector and Host are required"))
	}
	if c.WorkDir == "" {
		errs = append(errs, errors.New("WorkDir is required"))
	}
	return errors.Join(append(errs, c.ValidateFlags())...)
}

// ValidateFlags returns the problems of what stands for flags of mesos-agent.
func (c Config) ValidateFlags() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	check(net.ParseIP(c.IP) != nil, "IP %q: not an address", c.IP)
	check(c.Port >= 0 && c.Port < 1<<16, "Port %d: expected 0 to 65535", c.Port)
	check(c.ReconfigurationPolicy == "equal" || c.ReconfigurationPolicy == "additive",
		"ReconfigurationPolicy %q: expected equal or additive", c.ReconfigurationPolicy)
	check(c.Recover == "reconnect" || c.Recover == "cleanup", "Recover %q: expected reconnect or cleanup", c.Recover)
	check(c.ExecutorReregistrationTimeout <= 15*time.Second,
		"ExecutorReregistrationTimeout %v: expected at most 15s", c.ExecutorReregistrationTimeout)
	check(c.StatusUpdateRetryMin > 0 && c.StatusUpdateRetryMax >= c.StatusUpdateRetryMin,
		"StatusUpdateRetryMin %v and StatusUpdateRetryMax %v: expected 0 < min <= max", c.StatusUpdateRetryMin, c.StatusUpdateRetryMax)
	check(len(c.Containerizers) > 0, "Containerizers: expected mesos, docker or both")
	for _, name := range c.Containerizers {
		check(name == "mesos" || name == "docker", "Containerizers: %q is neither mesos nor docker", name)
	}
	if _, err := ParseResources(c.Resources, c.DefaultRole); err != nil {
		errs = append(errs, err)
	}
	if _, err := ParseAttributes(c.Attributes); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (c Config) isolates(isolator string) bool { return slices.Contains(c.Isolation, isolator) }
