package docker

import (
	"fmt"
	"math"
	"net/netip"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"

	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
)

const (
	// sandboxMount is where the container sees the sandbox ("Mesos, --sandbox_directory").
	sandboxMount = "/mnt/mesos/sandbox"
	// memoryMin is the least memory limit, in bytes ("Mesos, docker run mapping").
	memoryMin = 32 << 20
	// sharesMin is the least cpu weight ("Mesos, docker run mapping").
	sharesMin = 2
	// period is the kernel's accounting period for cpu quotas, in microseconds.
	period = 100_000
	mib    = 1 << 20
)

// Labels of the containers that Gantry's executors create.
const (
	LabelFramework = "org.gantry.framework"
	LabelExecutor  = "org.gantry.executor"
	LabelTask      = "org.gantry.task"
	LabelInstance  = "org.gantry.instance"
	LabelApp       = "org.gantry.app"
	LabelAgent     = "org.gantry.agent"
	LabelOwner     = "org.gantry.owner"
)

// creation describes the container of a task. An error means that no engine
// could ever run the task.
func (r *Runtime) creation(t taskinfo.Task, cgroupParent string) (Creation, error) {
	c := Creation{
		Name: containerName(t),
		Config: &container.Config{
			Image: t.Container.Image, Tty: t.TTY, Env: r.environment(t), Labels: r.labels(t),
		},
		Host: &container.HostConfig{
			Privileged: t.Container.Privileged,
			Init:       &r.cfg.Init,
			Binds:      []string{r.cfg.Sandbox + ":" + sandboxMount},
			LogConfig:  container.LogConfig{Type: "local", Config: map[string]string{"max-size": "1m", "max-file": "1", "compress": "false"}},
			Resources:  r.limits(t),
		},
	}
	c.Host.CgroupParent = cgroupParent
	command(&c, t.Command)
	if err := r.volumes(&c, t.Volumes); err != nil {
		return Creation{}, err
	}
	networks(&c, t)
	if err := applyParameters(&c, t); err != nil {
		return Creation{}, err
	}
	return c, nil
}

// containerName is the same for every try of one task, so that a second copy
// cannot be created.
func containerName(t taskinfo.Task) string { return "gantry-" + string(t.ID) }

func (r *Runtime) environment(t taskinfo.Task) []string {
	env := make([]string, 0, len(t.Environment)+3)
	env = append(env, "MESOS_SANDBOX="+sandboxMount, "MESOS_CONTAINER_NAME="+containerName(t), "MESOS_ALLOCATION_ROLE="+t.Role)
	for _, v := range t.Environment {
		env = append(env, v.Name+"="+v.Value)
	}
	return env
}

func (r *Runtime) labels(t taskinfo.Task) map[string]string {
	return map[string]string{
		LabelFramework: string(r.cfg.FrameworkID), LabelExecutor: string(r.cfg.ExecutorID), LabelAgent: string(r.cfg.AgentID),
		LabelTask: string(t.ID), LabelInstance: t.InstanceID, LabelApp: string(t.AppID), LabelOwner: r.cfg.Owner.String(),
		"MESOS_TASK_ID": string(t.ID),
	}
}

// command maps the task's command as "Mesos, docker run mapping" does: a line
// replaces the image's entrypoint by a shell, arguments go to the entrypoint.
func command(c *Creation, cmd taskinfo.Command) {
	switch {
	case cmd.Shell:
		c.Config.Entrypoint = []string{"/bin/sh"}
		c.Config.Cmd = []string{"-c", cmd.Line}
	case len(cmd.Arguments) > 0:
		c.Config.Cmd = cmd.Arguments
	}
}

func (r *Runtime) limits(t taskinfo.Task) container.Resources {
	res := container.Resources{
		CPUShares: max(sharesMin, int64(t.Resources.CPUs)*1024/1000),
		Memory:    bytes(t.Resources.Mem),
	}
	if r.cfg.PidsLimit > 0 {
		res.PidsLimit = &r.cfg.PidsLimit
	}
	cpus := resource.Scalar(0)
	if r.cfg.CPUQuota {
		cpus = t.Resources.CPUs
	}
	if limit := t.CPUCap; limit != nil {
		cpus = limit.Amount
	}
	if cpus > 0 {
		res.CPUPeriod, res.CPUQuota = period, max(1000, int64(cpus)*period/1000)
	}
	if limit := t.MemCap; limit != nil {
		res.MemoryReservation, res.Memory = res.Memory, bytes(limit.Amount)
		if limit.Unlimited {
			res.Memory = 0
		}
	}
	if res.Memory > 0 {
		res.MemorySwap = res.Memory // no swap on top
	}
	if n := t.Resources.GPUs; n > 0 {
		res.DeviceRequests = []container.DeviceRequest{{Count: int(n / 1000), Capabilities: [][]string{{"gpu"}}}}
	}
	return res
}

func bytes(m resource.Scalar) int64 {
	if int64(m) > math.MaxInt64/mib {
		return 0
	}
	return max(memoryMin, int64(m)*mib/1000)
}

func (r *Runtime) volumes(c *Creation, vs []taskinfo.Volume) error {
	for _, v := range vs {
		target := v.ContainerPath
		if !path.IsAbs(target) {
			target = path.Join(sandboxMount, target)
		}
		mode := ":rw"
		if v.ReadOnly {
			mode = ":ro"
		}
		switch {
		case v.External != nil:
			c.Host.Mounts = append(c.Host.Mounts, externalMount(v, target))
		case v.Persistent:
			source, err := filepath.EvalSymlinks(filepath.Join(r.cfg.Sandbox, v.ContainerPath))
			if err != nil {
				return fmt.Errorf("persistent volume %s: the agent did not put it into the sandbox: %w", v.ContainerPath, err)
			}
			c.Host.Binds = append(c.Host.Binds, source+":"+target+mode)
		case path.IsAbs(v.HostPath):
			c.Host.Binds = append(c.Host.Binds, v.HostPath+":"+target+mode)
		case !path.IsAbs(v.ContainerPath):
			return fmt.Errorf("volume %s: host path %q and container path are both relative; make one absolute", v.ContainerPath, v.HostPath)
		default:
			c.Host.Binds = append(c.Host.Binds, filepath.Join(r.cfg.Sandbox, v.HostPath)+":"+target+mode)
		}
	}
	return nil
}

func externalMount(v taskinfo.Volume, target string) mount.Mount {
	m := mount.Mount{Type: mount.TypeVolume, Source: v.External.Name, Target: target, ReadOnly: v.ReadOnly}
	if v.External.Driver != "" {
		driver := &mount.Driver{Name: v.External.Driver, Options: map[string]string{}}
		for _, o := range v.External.Options {
			driver.Options[o.Name] = o.Value
		}
		m.VolumeOptions = &mount.VolumeOptions{DriverConfig: driver}
	}
	return m
}

func networks(c *Creation, t taskinfo.Task) {
	switch t.Container.Network {
	case taskinfo.NetworkHost:
		c.Host.NetworkMode = "host"
		return
	case taskinfo.NetworkBridge:
		c.Host.NetworkMode = "bridge"
	case taskinfo.NetworkUser:
		c.Host.NetworkMode = container.NetworkMode(t.Container.NetworkNames[0])
		c.Further = t.Container.NetworkNames[1:]
	}
	c.Config.ExposedPorts = network.PortSet{}
	c.Host.PortBindings = network.PortMap{}
	for _, p := range t.Ports {
		for _, protocol := range p.Protocols() {
			port, _ := network.PortFrom(uint16(p.Container), network.IPProtocol(protocol))
			c.Config.ExposedPorts[port] = struct{}{}
			if p.Host != 0 {
				binding := network.PortBinding{HostIP: netip.IPv4Unspecified(), HostPort: strconv.FormatUint(uint64(p.Host), 10)}
				c.Host.PortBindings[port] = append(c.Host.PortBindings[port], binding)
			}
		}
	}
}

// userDefined reports whether the container is on a network of the user's,
// the only kind that has aliases.
func userDefined(c *Creation) bool {
	mode := string(c.Host.NetworkMode)
	return mode != "host" && mode != "bridge" && mode != "none" && mode != "default" && !strings.HasPrefix(mode, "container:")
}
