package taskinfo

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
)

// Task is one task as its executor sees it: everything resolved, nothing left
// to decide but how. Slices are nil when empty.
type Task struct {
	ID          mesos.TaskID
	InstanceID  string
	AppID       app.ID
	AppVersion  time.Time
	FrameworkID mesos.FrameworkID
	Hostname    string
	Role        string
	Command     Command
	// User is the operating system's user for a plain process, "" for the executor's own.
	User string
	// Environment is the task's whole environment, sorted by name.
	Environment []mesos.Variable
	Resources   resource.Vector
	// CPUCap and MemCap lift the limits above Resources; nil means no more than Resources.
	CPUCap, MemCap *runspec.Limit
	// Container is nil for a plain process.
	Container *Container
	Volumes   []Volume
	Ports     []Port
	Checks    []Check
	Readiness []ReadinessCheck
	// General is the check whose result is reported and never judged, nil for none.
	General *Check
	TTY     bool
	// KillGrace is the time from the gentle signal to SIGKILL.
	KillGrace time.Duration
}

// Command is what a task runs. With a container both Line and Arguments may be
// empty: the image knows.
type Command struct {
	// Shell says that Line is for /bin/sh; otherwise Arguments is the argument vector.
	Shell     bool
	Line      string
	Arguments []string
}

// Container is what the Docker engine is asked for.
type Container struct {
	Image      string
	ForcePull  bool
	Privileged bool
	// Parameters are options in docker run's spelling, in the App's order.
	Parameters []runspec.Parameter
	Network    Network
	// NetworkNames are the networks of NetworkUser, at least one.
	NetworkNames []string
}

// Network is how a container is connected.
type Network uint8

// The networks of a container.
const (
	NetworkHost Network = iota + 1
	NetworkBridge
	NetworkUser
)

// Port is one of the App's ports as the task has it.
type Port struct {
	// Host is the agent's port, 0 for none.
	Host uint32
	// Container is the port that the task listens on; equal to Host with host networking.
	Container uint32
	// Protocol is "tcp", "udp" or "udp,tcp".
	Protocol string
	Name     string
}

// Volume is a directory made visible to the task. Exactly one of HostPath,
// Persistent and External is set.
type Volume struct {
	// ContainerPath is relative to the sandbox when it has no leading slash.
	ContainerPath string
	ReadOnly      bool
	HostPath      string
	// Persistent says that the agent puts the volume into the sandbox at ContainerPath.
	Persistent bool
	External   *ExternalVolume
}

// ExternalVolume is a volume of a Docker volume driver; Options are sorted by name.
type ExternalVolume struct {
	Name, Driver string
	Options      []mesos.Variable
}

// Resolve works out what l means for the task. It is deterministic: a random
// port that nobody else knows is drawn from the task id.
func Resolve(l Launch, o Options) (Task, error) { return resolve(l, o, commonOf(l, o)) }

func resolve(l Launch, o Options, c common) (Task, error) {
	s := l.Run
	ports, err := resolvePorts(l)
	if err != nil {
		return Task{}, err
	}
	volumes, err := resolveVolumes(s)
	if err != nil {
		return Task{}, err
	}
	checks, err := resolveChecks(l, ports)
	if err != nil {
		return Task{}, err
	}
	readiness, err := resolveReadiness(l, ports)
	if err != nil {
		return Task{}, err
	}
	general, err := resolveGeneral(l, ports)
	if err != nil {
		return Task{}, err
	}
	if len(s.EnvSecrets) > 0 {
		return Task{}, unlaunchable("/env/"+slices.Min(slices.Collect(maps.Keys(s.EnvSecrets))), "secrets are not supported; use a plain value")
	}
	return Task{
		ID: l.TaskID, InstanceID: l.InstanceID, AppID: app.ID(l.Owner.ID), AppVersion: l.Owner.Version, FrameworkID: l.FrameworkID,
		Hostname: l.Hostname, Role: l.Role, User: s.User,
		Command:     resolveCommand(s),
		Environment: environment(l, o, c.variables, ports),
		Resources:   s.Resources, CPUCap: limit(s, mesos.CPUs), MemCap: limit(s, mesos.Mem),
		Container: resolveContainer(s), Volumes: volumes, Ports: ports, Checks: checks,
		Readiness: readiness, General: general,
		TTY: s.TTY != nil && *s.TTY, KillGrace: graceOf(killPolicy(s)),
	}, nil
}

func graceOf(p *mesos.KillPolicy) time.Duration {
	if p == nil {
		return KillGraceDefault
	}
	return p.GracePeriod
}

func limit(s *runspec.Run, name string) *runspec.Limit {
	if l, ok := s.Limits[name]; ok {
		return &l
	}
	return nil
}

func resolveCommand(s *runspec.Run) Command {
	if s.Cmd != "" {
		return Command{Shell: true, Line: s.Cmd}
	}
	if len(s.Args) == 0 {
		return Command{}
	}
	return Command{Arguments: s.Args}
}

func resolveContainer(s *runspec.Run) *Container {
	c := s.Container
	if c == nil || c.Image == "" {
		return nil
	}
	out := &Container{Image: c.Image, ForcePull: c.ForcePullImage, Privileged: c.Privileged, Network: NetworkHost}
	if len(c.Parameters) > 0 {
		out.Parameters = c.Parameters
	}
	for _, n := range s.Networks {
		switch n.Mode {
		case runspec.Host:
		case runspec.Bridge:
			out.Network = NetworkBridge
		case runspec.ContainerNetwork:
			out.Network = NetworkUser
			out.NetworkNames = append(out.NetworkNames, n.Name)
		}
	}
	return out
}

func resolveVolumes(s *runspec.Run) ([]Volume, error) {
	if s.Container == nil {
		return nil, nil
	}
	var out []Volume
	for i, v := range s.Container.Volumes {
		r := Volume{ContainerPath: v.ContainerPath, ReadOnly: v.ReadOnly, HostPath: v.HostPath, Persistent: v.Persistent != nil}
		switch {
		case v.Secret != "":
			return nil, unlaunchable(fmt.Sprintf("/container/volumes(%d)/secret", i), "secret volumes are not supported; fetch the file, or mount it from the host")
		case v.External != nil:
			external, err := resolveExternal(s, v.External, fmt.Sprintf("/container/volumes(%d)/external", i))
			if err != nil {
				return nil, err
			}
			r.External = external
		}
		out = append(out, r)
	}
	return out, nil
}

func resolveExternal(s *runspec.Run, v *runspec.ExternalVolume, at string) (*ExternalVolume, error) {
	if v.Provider != "dvdi" {
		return nil, unlaunchable(at+"/provider", "provider %q is not supported; use dvdi", v.Provider)
	}
	if s.Container.Image == "" {
		return nil, unlaunchable(at, "an external volume needs an image")
	}
	out := &ExternalVolume{Name: v.Name, Driver: v.Options["dvdi/driver"]}
	for _, key := range slices.Sorted(maps.Keys(v.Options)) {
		if name, ok := cutDriver(key); ok {
			out.Options = append(out.Options, mesos.Variable{Name: name, Value: v.Options[key]})
		}
	}
	return out, nil
}
