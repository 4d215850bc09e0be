package builtin

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

const (
	sharesPerCPU   = 1024
	sharesMin      = 2
	dockerMemMin   = 32 << 20
	quotaPeriod    = 100_000 // microseconds
	quotaMin       = 1_000
	bytesPerMB     = 1 << 20
	infiniteMemory = -1
)

// runOptions turns a task into what docker run gets from Mesos (Mesos, docker containerizer).
func runOptions(d DockerParams, task mesos.TaskInfo) (client.ContainerCreateOptions, error) {
	info := task.Container
	docker := info.GetDocker()
	if docker == nil {
		return client.ContainerCreateOptions{}, errors.New("No docker info found in container info")
	}
	host := &container.HostConfig{Privileged: docker.GetPrivileged()}
	config := &container.Config{
		Image: docker.Image, Env: dockerEnv(d, task), Labels: map[string]string{"MESOS_TASK_ID": task.TaskID.Value},
		AttachStdout: true, AttachStderr: true,
	}
	dockerCommand(config, task.Command)
	limits(host, task)
	if err := networking(config, host, info, task.Resources); err != nil {
		return client.ContainerCreateOptions{}, err
	}
	host.Binds = []string{d.Sandbox + ":" + d.SandboxMount}
	for _, v := range info.Volumes {
		bind, err := volumeBind(d, v)
		if err != nil {
			return client.ContainerCreateOptions{}, err
		}
		host.Binds = append(host.Binds, bind)
	}
	for _, p := range docker.Parameters {
		if err := parameter(config, host, p.Key, p.Value); err != nil {
			return client.ContainerCreateOptions{}, err
		}
	}
	return client.ContainerCreateOptions{Name: d.Name, Config: config, HostConfig: host}, nil
}

func dockerEnv(d DockerParams, task mesos.TaskInfo) []string {
	env := withRole([]string{"MESOS_SANDBOX=" + d.SandboxMount, "MESOS_CONTAINER_NAME=" + d.Name}, task.Resources)
	if task.Command == nil {
		return env
	}
	return withVariables(env, task.Command)
}

func dockerCommand(config *container.Config, c *mesos.CommandInfo) {
	switch {
	case c == nil:
	case c.GetShell():
		if c.Value != nil {
			config.Entrypoint, config.Cmd = []string{"/bin/sh"}, []string{"-c", c.GetValue()}
		}
	default:
		if c.GetValue() != "" {
			config.Cmd = append(config.Cmd, c.GetValue())
		}
		config.Cmd = append(config.Cmd, c.GetArguments()...)
	}
}

// limits sets cpu shares and memory from the task's resources and limits.
func limits(host *container.HostConfig, task mesos.TaskInfo) {
	cpus, mem := 0.0, 0.0
	for _, r := range task.Resources {
		switch {
		case r.Scalar == nil:
		case r.Name == "cpus":
			cpus += r.Scalar.Value
		case r.Name == "mem":
			mem += r.Scalar.Value
		}
	}
	if cpus > 0 {
		host.CPUShares = max(sharesMin, int64(cpus*sharesPerCPU))
	}
	if mem > 0 {
		host.Memory = max(dockerMemMin, int64(mem*bytesPerMB))
	}
	if limit, ok := task.Limits["cpus"]; ok && limit.Value < 1<<20 {
		host.CPUPeriod = quotaPeriod
		host.CPUQuota = max(quotaMin, int64(limit.Value*quotaPeriod))
	}
	if limit, ok := task.Limits["mem"]; ok {
		host.MemoryReservation = host.Memory
		host.Memory = infiniteMemory
		if limit.Value < 1<<40 {
			host.Memory = max(dockerMemMin, int64(limit.Value*bytesPerMB))
		}
	}
}

func networking(config *container.Config, host *container.HostConfig, info *mesos.ContainerInfo, resources []mesos.Resource) error {
	docker := info.GetDocker()
	switch docker.GetNetwork() {
	case mesos.ContainerInfo_DockerInfo_HOST:
		host.NetworkMode = network.NetworkHost
	case mesos.ContainerInfo_DockerInfo_BRIDGE:
		host.NetworkMode = network.NetworkBridge
	case mesos.ContainerInfo_DockerInfo_NONE:
		host.NetworkMode = network.NetworkNone
	case mesos.ContainerInfo_DockerInfo_USER:
		if len(info.NetworkInfos) != 1 || info.NetworkInfos[0].GetName() == "" {
			return errors.New("No network info found in container info")
		}
		host.NetworkMode = container.NetworkMode(info.NetworkInfos[0].GetName())
	default:
		return fmt.Errorf("Unsupported Network mode: %v", docker.GetNetwork())
	}
	if name := info.GetHostname(); name != "" {
		if host.NetworkMode.IsHost() {
			return errors.New("Unable to set hostname with host network mode")
		}
		config.Hostname = name
	}
	return portMappings(config, host, docker.PortMappings, resources)
}

func portMappings(config *container.Config, host *container.HostConfig, mappings []mesos.ContainerInfo_DockerInfo_PortMapping, resources []mesos.Resource) error {
	if len(mappings) == 0 {
		return nil
	}
	if host.NetworkMode.IsHost() || host.NetworkMode.IsNone() {
		return errors.New("Port mappings are only supported for bridge and user-defined networks")
	}
	config.ExposedPorts, host.PortBindings = network.PortSet{}, network.PortMap{}
	for _, m := range mappings {
		if !offersPort(resources, uint64(m.HostPort)) {
			return fmt.Errorf("Port [%d] not included in resources", m.HostPort)
		}
		protocol := m.GetProtocol()
		if protocol == "" {
			protocol = "tcp"
		}
		port, err := network.ParsePort(fmt.Sprintf("%d/%s", m.ContainerPort, strings.ToLower(protocol)))
		if err != nil {
			return err
		}
		config.ExposedPorts[port] = struct{}{}
		host.PortBindings[port] = append(host.PortBindings[port], network.PortBinding{HostPort: strconv.Itoa(int(m.HostPort))})
	}
	return nil
}

func offersPort(resources []mesos.Resource, port uint64) bool {
	for _, r := range resources {
		if r.Name != "ports" {
			continue
		}
		for _, have := range r.GetRanges().GetRange() {
			if have.Begin <= port && port <= have.End {
				return true
			}
		}
	}
	return false
}

// volumeBind writes a volume as docker run's option -v.
func volumeBind(d DockerParams, v mesos.Volume) (string, error) {
	target := v.ContainerPath
	relative := !filepath.IsAbs(target)
	if relative {
		target = filepath.Join(d.SandboxMount, target)
	}
	source := v.GetHostPath()
	if s := v.GetSource(); s != nil {
		switch {
		case s.GetType() == mesos.Volume_Source_DOCKER_VOLUME && s.DockerVolume != nil:
			source = s.DockerVolume.Name
		case s.GetType() == mesos.Volume_Source_HOST_PATH && s.HostPath != nil:
			source = s.HostPath.Path
		default:
			return "", fmt.Errorf("Unsupported volume source type %v", s.GetType())
		}
	} else if source != "" && !filepath.IsAbs(source) {
		if relative {
			return "", errors.New("Both host path and container path of a volume are relative")
		}
		source = filepath.Join(d.Sandbox, source)
	}
	mode := "rw"
	if v.GetMode() == mesos.RO {
		mode = "ro"
	}
	if source == "" {
		return target, nil
	}
	return source + ":" + target + ":" + mode, nil
}

// parameter applies one of the docker run options that tasks may pass on.
func parameter(config *container.Config, host *container.HostConfig, key, value string) error {
	switch key {
	case "env", "e":
		config.Env = append(config.Env, value)
	case "label", "l":
		name, text, _ := strings.Cut(value, "=")
		config.Labels[name] = text
	case "hostname", "h":
		config.Hostname = value
	case "user", "u":
		config.User = value
	case "workdir", "w":
		config.WorkingDir = value
	case "entrypoint":
		config.Entrypoint = []string{value}
	case "volume", "v":
		host.Binds = append(host.Binds, value)
	case "cap-add":
		host.CapAdd = append(host.CapAdd, value)
	case "cap-drop":
		host.CapDrop = append(host.CapDrop, value)
	case "add-host":
		host.ExtraHosts = append(host.ExtraHosts, value)
	case "stop-signal":
		config.StopSignal = value
	case "net", "network":
		host.NetworkMode = container.NetworkMode(value)
	default:
		return hostParameter(host, key, value)
	}
	return nil
}

func hostParameter(host *container.HostConfig, key, value string) error {
	on := value != "false"
	switch key {
	case "init":
		host.Init = &on
	case "privileged":
		host.Privileged = on
	case "read-only":
		host.ReadonlyRootfs = on
	case "log-driver":
		host.LogConfig.Type = value
	case "log-opt":
		name, text, _ := strings.Cut(value, "=")
		if host.LogConfig.Config == nil {
			host.LogConfig.Config = map[string]string{}
		}
		host.LogConfig.Config[name] = text
	default:
		return fmt.Errorf("parameter %q is not supported by the mini cluster", key)
	}
	return nil
}
