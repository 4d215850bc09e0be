package wire

import (
	"net/netip"

	mesosgo "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

func toContainer(c *mesos.ContainerInfo) *mesosgo.ContainerInfo {
	if c == nil {
		return nil
	}
	out := &mesosgo.ContainerInfo{
		Hostname:     optional(c.Hostname),
		Volumes:      convert(c.Volumes, toVolume),
		NetworkInfos: convert(c.Networks, toNetwork),
		Docker:       toDocker(c.Docker),
	}
	switch c.Type {
	case mesos.ContainerDocker:
		out.Type = mesosgo.ContainerInfo_DOCKER.Enum()
	case mesos.ContainerMesos:
		out.Type = mesosgo.ContainerInfo_MESOS.Enum()
	}
	if c.Image != "" {
		out.Mesos = &mesosgo.ContainerInfo_MesosInfo{Image: &mesosgo.Image{
			Type:   mesosgo.Image_DOCKER.Enum(),
			Docker: &mesosgo.Image_Docker{Name: c.Image},
		}}
	}
	return out
}

func fromContainer(c *mesosgo.ContainerInfo) *mesos.ContainerInfo {
	if c == nil {
		return nil
	}
	out := &mesos.ContainerInfo{
		Hostname: c.GetHostname(),
		Volumes:  convert(c.Volumes, fromVolume),
		Networks: convert(c.NetworkInfos, fromNetwork),
		Docker:   fromDocker(c.Docker),
	}
	switch value(c.Type) {
	case mesosgo.ContainerInfo_DOCKER:
		out.Type = mesos.ContainerDocker
	case mesosgo.ContainerInfo_MESOS:
		out.Type = mesos.ContainerMesos
	}
	if c.Mesos != nil && c.Mesos.Image != nil && c.Mesos.Image.Docker != nil {
		out.Image = c.Mesos.Image.Docker.Name
	}
	return out
}

func toVolume(v mesos.Volume) mesosgo.Volume {
	return mesosgo.Volume{
		Mode:          volumeMode(v.ReadOnly),
		ContainerPath: v.ContainerPath,
		HostPath:      optional(v.HostPath),
	}
}

func fromVolume(v mesosgo.Volume) mesos.Volume {
	return mesos.Volume{
		ContainerPath: v.ContainerPath,
		HostPath:      v.GetHostPath(),
		ReadOnly:      value(v.Mode) == mesosgo.RO,
	}
}

func toDocker(d *mesos.DockerInfo) *mesosgo.ContainerInfo_DockerInfo {
	if d == nil {
		return nil
	}
	return &mesosgo.ContainerInfo_DockerInfo{
		Image:   d.Image,
		Network: toDockerNetwork(d.Network),
		PortMappings: convert(d.PortMappings, func(p mesos.PortMapping) mesosgo.ContainerInfo_DockerInfo_PortMapping {
			return mesosgo.ContainerInfo_DockerInfo_PortMapping{
				HostPort: p.HostPort, ContainerPort: p.ContainerPort, Protocol: optional(p.Protocol),
			}
		}),
		Privileged:     &d.Privileged,
		ForcePullImage: &d.ForcePullImage,
		Parameters: convert(d.Parameters, func(p mesos.Label) mesosgo.Parameter {
			return mesosgo.Parameter{Key: p.Key, Value: p.Value}
		}),
	}
}

func fromDocker(d *mesosgo.ContainerInfo_DockerInfo) *mesos.DockerInfo {
	if d == nil {
		return nil
	}
	return &mesos.DockerInfo{
		Image:   d.Image,
		Network: fromDockerNetwork(d.Network),
		PortMappings: convert(d.PortMappings, func(p mesosgo.ContainerInfo_DockerInfo_PortMapping) mesos.PortMapping {
			return mesos.PortMapping{HostPort: p.HostPort, ContainerPort: p.ContainerPort, Protocol: value(p.Protocol)}
		}),
		Privileged:     value(d.Privileged),
		ForcePullImage: value(d.ForcePullImage),
		Parameters: convert(d.Parameters, func(p mesosgo.Parameter) mesos.Label {
			return mesos.Label{Key: p.Key, Value: p.Value}
		}),
	}
}

func toDockerNetwork(n mesos.DockerNetwork) *mesosgo.ContainerInfo_DockerInfo_Network {
	switch n {
	case mesos.NetworkHost:
		return mesosgo.ContainerInfo_DockerInfo_HOST.Enum()
	case mesos.NetworkBridge:
		return mesosgo.ContainerInfo_DockerInfo_BRIDGE.Enum()
	case mesos.NetworkNone:
		return mesosgo.ContainerInfo_DockerInfo_NONE.Enum()
	case mesos.NetworkUser:
		return mesosgo.ContainerInfo_DockerInfo_USER.Enum()
	default:
		return nil
	}
}

func fromDockerNetwork(n *mesosgo.ContainerInfo_DockerInfo_Network) mesos.DockerNetwork {
	switch value(n) {
	case mesosgo.ContainerInfo_DockerInfo_HOST:
		return mesos.NetworkHost
	case mesosgo.ContainerInfo_DockerInfo_BRIDGE:
		return mesos.NetworkBridge
	case mesosgo.ContainerInfo_DockerInfo_NONE:
		return mesos.NetworkNone
	case mesosgo.ContainerInfo_DockerInfo_USER:
		return mesos.NetworkUser
	default:
		return 0
	}
}

// toNetwork leaves the protocol of an address out unless it is IPv6, as the agent does.
func toNetwork(n mesos.NetworkInfo) mesosgo.NetworkInfo {
	return mesosgo.NetworkInfo{
		Name: optional(n.Name),
		IPAddresses: convert(n.IPAddresses, func(ip string) mesosgo.NetworkInfo_IPAddress {
			out := mesosgo.NetworkInfo_IPAddress{IPAddress: &ip}
			if a, err := netip.ParseAddr(ip); err == nil && a.Is6() {
				out.Protocol = mesosgo.IPv6.Enum()
			}
			return out
		}),
		Labels: toLabels(n.Labels),
		PortMappings: convert(n.PortMappings, func(p mesos.PortMapping) mesosgo.NetworkInfo_PortMapping {
			return mesosgo.NetworkInfo_PortMapping{
				HostPort: p.HostPort, ContainerPort: p.ContainerPort, Protocol: optional(p.Protocol),
			}
		}),
	}
}

func fromNetwork(n mesosgo.NetworkInfo) mesos.NetworkInfo {
	return mesos.NetworkInfo{
		Name: value(n.Name),
		IPAddresses: convert(n.IPAddresses, func(ip mesosgo.NetworkInfo_IPAddress) string {
			return value(ip.IPAddress)
		}),
		Labels: fromLabels(n.Labels),
		PortMappings: convert(n.PortMappings, func(p mesosgo.NetworkInfo_PortMapping) mesos.PortMapping {
			return mesos.PortMapping{HostPort: p.HostPort, ContainerPort: p.ContainerPort, Protocol: value(p.Protocol)}
		}),
	}
}
