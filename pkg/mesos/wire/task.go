package wire

import (
	mesosgo "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// ToTaskInfo converts a task to its message.
func ToTaskInfo(t mesos.TaskInfo) mesosgo.TaskInfo {
	out := mesosgo.TaskInfo{
		Name:        t.Name,
		TaskID:      mesosgo.TaskID{Value: string(t.TaskID)},
		AgentID:     mesosgo.AgentID{Value: string(t.AgentID)},
		Resources:   ToResources(t.Resources),
		Executor:    toExecutor(t.Executor),
		Command:     toCommand(t.Command),
		Container:   toContainer(t.Container),
		HealthCheck: toHealthCheck(t.Health),
		Check:       toCheck(t.Check),
		KillPolicy:  toKillPolicy(t.Kill),
		Discovery:   toDiscovery(t.Discovery),
		Labels:      toLabels(t.Labels),
		Data:        copyBytes(t.Data),
	}
	if len(t.Limits) > 0 {
		out.Limits = make(map[string]mesosgo.Value_Scalar, len(t.Limits))
		for name, s := range t.Limits {
			out.Limits[name] = mesosgo.Value_Scalar{Value: toScalar(s)}
		}
	}
	return out
}

// FromTaskInfo is the inverse of ToTaskInfo.
func FromTaskInfo(t *mesosgo.TaskInfo) mesos.TaskInfo {
	out := mesos.TaskInfo{
		Name:      t.Name,
		TaskID:    mesos.TaskID(t.TaskID.Value),
		AgentID:   mesos.AgentID(t.AgentID.Value),
		Resources: FromResources(t.Resources),
		Command:   fromCommand(t.Command),
		Container: fromContainer(t.Container),
		Health:    fromHealthCheck(t.HealthCheck),
		Check:     fromCheck(t.Check),
		Kill:      fromKillPolicy(t.KillPolicy),
		Discovery: fromDiscovery(t.Discovery),
		Labels:    fromLabels(t.Labels),
		Data:      copyBytes(t.Data),
	}
	if t.Executor != nil {
		e := FromExecutorInfo(t.Executor)
		out.Executor = &e
	}
	if len(t.Limits) > 0 {
		out.Limits = make(map[string]resource.Scalar, len(t.Limits))
		for name, s := range t.Limits {
			out.Limits[name] = fromScalar(s.Value)
		}
	}
	return out
}

// ToExecutorInfo converts an executor to its message. Its type is CUSTOM when
// it has a command and DEFAULT otherwise; it is always written, because the
// agent takes an unset type for another executor than CUSTOM.
func ToExecutorInfo(e mesos.ExecutorInfo) mesosgo.ExecutorInfo {
	out := mesosgo.ExecutorInfo{
		Type:        mesosgo.ExecutorInfo_CUSTOM,
		ExecutorID:  mesosgo.ExecutorID{Value: string(e.ExecutorID)},
		FrameworkID: toFrameworkID(e.FrameworkID),
		Name:        optional(e.Name),
		Source:      optional(e.Source),
		Command:     toCommand(e.Command),
		Container:   toContainer(e.Container),
		Resources:   ToResources(e.Resources),
		Labels:      toLabels(e.Labels),
		Data:        copyBytes(e.Data),
	}
	if e.Command == nil {
		out.Type = mesosgo.ExecutorInfo_DEFAULT
	}
	if e.ShutdownGracePeriod != 0 {
		out.ShutdownGracePeriod = toDuration(e.ShutdownGracePeriod)
	}
	return out
}

// FromExecutorInfo is the inverse of ToExecutorInfo.
func FromExecutorInfo(e *mesosgo.ExecutorInfo) mesos.ExecutorInfo {
	return mesos.ExecutorInfo{
		ExecutorID:          mesos.ExecutorID(e.ExecutorID.Value),
		FrameworkID:         fromFrameworkID(e.FrameworkID),
		Name:                e.GetName(),
		Source:              e.GetSource(),
		Command:             fromCommand(e.Command),
		Container:           fromContainer(e.Container),
		Resources:           FromResources(e.Resources),
		ShutdownGracePeriod: fromDuration(e.ShutdownGracePeriod),
		Labels:              fromLabels(e.Labels),
		Data:                copyBytes(e.Data),
	}
}

func toExecutor(e *mesos.ExecutorInfo) *mesosgo.ExecutorInfo {
	if e == nil {
		return nil
	}
	out := ToExecutorInfo(*e)
	return &out
}

func toCommand(c *mesos.CommandInfo) *mesosgo.CommandInfo {
	if c == nil {
		return nil
	}
	out := &mesosgo.CommandInfo{
		Shell:     &c.Shell,
		Value:     optional(c.Value),
		Arguments: copyStrings(c.Arguments),
		User:      optional(c.User),
		URIs: convert(c.URIs, func(u mesos.URI) mesosgo.CommandInfo_URI {
			return mesosgo.CommandInfo_URI{
				Value:      u.Value,
				Executable: &u.Executable,
				Extract:    &u.Extract,
				Cache:      &u.Cache,
				OutputFile: optional(u.OutputFile),
			}
		}),
	}
	if len(c.Environment) > 0 {
		out.Environment = &mesosgo.Environment{
			Variables: convert(c.Environment, func(v mesos.Variable) mesosgo.Environment_Variable {
				return mesosgo.Environment_Variable{Name: v.Name, Value: &v.Value}
			}),
		}
	}
	return out
}

// fromCommand fills the protocol's defaults: shell and extract are true when unset.
func fromCommand(c *mesosgo.CommandInfo) *mesos.CommandInfo {
	if c == nil {
		return nil
	}
	out := &mesos.CommandInfo{
		Shell:     c.GetShell(),
		Value:     c.GetValue(),
		Arguments: copyStrings(c.Arguments),
		User:      c.GetUser(),
		URIs: convert(c.URIs, func(u mesosgo.CommandInfo_URI) mesos.URI {
			return mesos.URI{
				Value:      u.Value,
				Executable: value(u.Executable),
				Extract:    u.Extract == nil || *u.Extract,
				Cache:      value(u.Cache),
				OutputFile: value(u.OutputFile),
			}
		}),
	}
	if c.Environment != nil {
		out.Environment = convert(c.Environment.Variables, func(v mesosgo.Environment_Variable) mesos.Variable {
			return mesos.Variable{Name: v.Name, Value: value(v.Value)}
		})
	}
	return out
}

func toKillPolicy(k *mesos.KillPolicy) *mesosgo.KillPolicy {
	if k == nil {
		return nil
	}
	return &mesosgo.KillPolicy{GracePeriod: toDuration(k.GracePeriod)}
}

func fromKillPolicy(k *mesosgo.KillPolicy) *mesos.KillPolicy {
	if k == nil || k.GracePeriod == nil {
		return nil
	}
	return &mesos.KillPolicy{GracePeriod: fromDuration(k.GracePeriod)}
}

func toDiscovery(d *mesos.DiscoveryInfo) *mesosgo.DiscoveryInfo {
	if d == nil {
		return nil
	}
	out := &mesosgo.DiscoveryInfo{Visibility: mesosgo.FRAMEWORK, Name: optional(d.Name)}
	if len(d.Ports) > 0 {
		out.Ports = &mesosgo.Ports{Ports: convert(d.Ports, func(p mesos.DiscoveryPort) mesosgo.Port {
			return mesosgo.Port{
				Number:   p.Number,
				Name:     optional(p.Name),
				Protocol: optional(p.Protocol),
				Labels:   toLabels(p.Labels),
			}
		})}
	}
	return out
}

func fromDiscovery(d *mesosgo.DiscoveryInfo) *mesos.DiscoveryInfo {
	if d == nil {
		return nil
	}
	out := &mesos.DiscoveryInfo{Name: d.GetName()}
	if d.Ports != nil {
		out.Ports = convert(d.Ports.Ports, func(p mesosgo.Port) mesos.DiscoveryPort {
			return mesos.DiscoveryPort{
				Number:   p.Number,
				Name:     value(p.Name),
				Protocol: value(p.Protocol),
				Labels:   fromLabels(p.Labels),
			}
		})
	}
	return out
}
