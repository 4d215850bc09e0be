package taskinfo

import (
	"github.com/gantry-mesos/gantry/pkg/runspec"
	gantryv1 "github.com/gantry-mesos/gantry/proto/gantry/v1"
)

func encodeContainer(c *Container) *gantryv1.TaskPayload_Container {
	if c == nil {
		return nil
	}
	out := &gantryv1.TaskPayload_Container{
		Image: c.Image, ForcePull: c.ForcePull, Privileged: c.Privileged,
		Network: gantryv1.TaskPayload_NetworkMode(c.Network), NetworkNames: c.NetworkNames,
	}
	for _, p := range c.Parameters {
		out.Parameters = append(out.Parameters, &gantryv1.TaskPayload_Variable{Name: p.Key, Value: p.Value})
	}
	return out
}

func decodeContainer(c *gantryv1.TaskPayload_Container) *Container {
	if c == nil {
		return nil
	}
	out := &Container{
		Image: c.Image, ForcePull: c.ForcePull, Privileged: c.Privileged,
		Network: Network(c.Network), NetworkNames: c.NetworkNames,
	}
	for _, p := range c.Parameters {
		out.Parameters = append(out.Parameters, runspec.Parameter{Key: p.Name, Value: p.Value})
	}
	return out
}

func encodeVolumes(vs []Volume) []*gantryv1.TaskPayload_Volume {
	var out []*gantryv1.TaskPayload_Volume
	for _, v := range vs {
		p := &gantryv1.TaskPayload_Volume{ContainerPath: v.ContainerPath, ReadOnly: v.ReadOnly, HostPath: v.HostPath, Persistent: v.Persistent}
		if e := v.External; e != nil {
			p.ExternalName, p.Driver, p.DriverOptions = e.Name, e.Driver, encodeVariables(e.Options)
		}
		out = append(out, p)
	}
	return out
}

func decodeVolumes(vs []*gantryv1.TaskPayload_Volume) []Volume {
	var out []Volume
	for _, p := range vs {
		v := Volume{ContainerPath: p.ContainerPath, ReadOnly: p.ReadOnly, HostPath: p.HostPath, Persistent: p.Persistent}
		if p.ExternalName != "" {
			v.External = &ExternalVolume{Name: p.ExternalName, Driver: p.Driver, Options: decodeVariables(p.DriverOptions)}
		}
		out = append(out, v)
	}
	return out
}
