package taskinfo

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
)

// builtInMode describes the task for Mesos' command and docker executors
// ("Marathon, what is launched").
func builtInMode(info *mesos.TaskInfo, l Launch, o Options, t Task) error {
	s := l.Run
	limits, err := nativeLimits(s)
	if err != nil {
		return err
	}
	container, err := nativeContainer(s, o, t)
	if err != nil {
		return err
	}
	info.Limits = limits
	info.Command = nativeCommand(s, t)
	info.Container = container
	info.Health = nativeCheck(s, t)
	if len(t.Readiness) > 0 {
		return unlaunchable("/readinessChecks", "readiness checks need Gantry's executor; leave executor empty")
	}
	info.Check, err = nativeGeneral(t)
	return err
}

func nativeCommand(s *runspec.Run, t Task) *mesos.CommandInfo {
	c := &mesos.CommandInfo{
		Shell: t.Command.Shell, Value: t.Command.Line, Arguments: t.Command.Arguments,
		Environment: t.Environment, URIs: uris(s.Fetch), User: s.User,
	}
	if s.Container == nil && len(t.Command.Arguments) > 0 {
		c.Value = t.Command.Arguments[0]
	}
	return c
}

func nativeLimits(s *runspec.Run) (map[string]resource.Scalar, error) {
	if len(s.Limits) == 0 {
		return nil, nil // no limits is the ordinary case
	}
	out := make(map[string]resource.Scalar, len(s.Limits))
	for _, name := range slices.Sorted(maps.Keys(s.Limits)) {
		if s.Limits[name].Unlimited {
			return nil, unlaunchable("/resourceLimits/"+name, "unlimited needs Gantry's executor; give a number")
		}
		out[name] = s.Limits[name].Amount
	}
	return out, nil
}

func nativeContainer(s *runspec.Run, o Options, t Task) (*mesos.ContainerInfo, error) {
	c := s.Container
	if c == nil && s.HostNetworking() {
		return nil, nil // a plain process has no container
	}
	out := &mesos.ContainerInfo{Type: mesos.ContainerMesos}
	for i, v := range t.Volumes {
		switch {
		case v.External != nil:
			return nil, unlaunchable(fmt.Sprintf("/container/volumes(%d)/external", i), "external volumes need Gantry's executor")
		case v.HostPath != "":
			out.Volumes = append(out.Volumes, mesos.Volume{ContainerPath: v.ContainerPath, HostPath: v.HostPath, ReadOnly: v.ReadOnly})
		}
	}
	if c != nil && c.Kind == runspec.Docker {
		if t.Container == nil {
			return nil, unlaunchable("/container/docker/image", "a Docker container needs an image")
		}
		nativeDocker(out, s, t)
		return out, nil
	}
	if c != nil {
		out.Image = c.Image
	}
	for _, n := range s.Networks {
		if name := cniName(n, o); name != "" {
			out.Networks = append(out.Networks, mesos.NetworkInfo{Name: name, Labels: labels(n.Labels), PortMappings: mappings(portsOn(s, t, n.Name))})
		}
	}
	return out, nil
}

func nativeDocker(out *mesos.ContainerInfo, s *runspec.Run, t Task) {
	c := s.Container
	docker := &mesos.DockerInfo{Image: c.Image, Privileged: c.Privileged, ForcePullImage: c.ForcePullImage, Network: mesos.NetworkHost}
	for _, p := range c.Parameters {
		docker.Parameters = append(docker.Parameters, mesos.Label(p))
	}
	docker.Parameters = append(docker.Parameters, mesos.Label{Key: "label", Value: "MESOS_TASK_ID=" + string(t.ID)})
	switch t.Container.Network {
	case NetworkHost:
	case NetworkBridge:
		docker.Network, docker.PortMappings = mesos.NetworkBridge, mappings(t.Ports)
	case NetworkUser:
		docker.Network, docker.PortMappings = mesos.NetworkUser, mappings(t.Ports)
		out.Networks = []mesos.NetworkInfo{{Name: t.Container.NetworkNames[0], Labels: labels(s.Networks[0].Labels)}}
	}
	out.Type, out.Docker = mesos.ContainerDocker, docker
}

// cniName is the CNI network's name, "" for the agent's own network.
func cniName(n runspec.Network, o Options) string {
	switch n.Mode {
	case runspec.Bridge:
		return o.BridgeName
	case runspec.ContainerNetwork:
		return n.Name
	case runspec.Host:
		return ""
	default:
		return ""
	}
}

// portsOn returns the ports that belong to the network: those that name it, or no network at all.
func portsOn(s *runspec.Run, t Task, name string) []Port {
	var out []Port
	for i, p := range t.Ports {
		if names := s.Ports[i].NetworkNames; len(names) == 0 || slices.Contains(names, name) {
			out = append(out, p)
		}
	}
	return out
}
