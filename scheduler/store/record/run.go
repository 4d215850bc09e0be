package record

import (
	"maps"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	gantryv1 "github.com/gantry-mesos/gantry/proto/gantry/v1"
)

// Numbers of an answer that need not be given.
const (
	yes = 1
	no  = 2
)

func runRecord(s *runspec.Run) *gantryv1.RunRecord {
	r := &gantryv1.RunRecord{
		Cmd: s.Cmd, Args: s.Args, User: s.User, Env: pairs(s.Env), EnvSecrets: pairs(s.EnvSecrets),
		Resources: amountsRecord(s.Resources), Limits: limitRecords(s.Limits), Written: writtenRecords(s.Written), Executor: s.Executor,
		Constraints: each(s.Constraints, constraintRecord), AcceptedResourceRoles: s.AcceptedResourceRoles, Role: s.Role,
		Fetch: each(s.Fetch, fetchRecord), Container: containerRecord(s.Container), Networks: each(s.Networks, networkRecord),
		Ports: each(s.Ports, portRecord), RequirePorts: s.RequirePorts, HealthChecks: each(s.HealthChecks, healthCheckRecord),
		Labels: pairs(s.Labels), KillGracePeriodNs: numberRecord(s.KillGracePeriod),
	}
	if s.ExecutorResources != nil {
		r.ExecutorResources = amountsRecord(*s.ExecutorResources)
	}
	switch {
	case s.TTY == nil:
	case *s.TTY:
		r.Tty = yes
	default:
		r.Tty = no
	}
	return r
}

func readRun(s *runspec.Run, r *gantryv1.RunRecord) {
	if r == nil {
		return
	}
	*s = runspec.Run{
		Cmd: r.Cmd, Args: r.Args, User: r.User, Env: mapOf(r.Env), EnvSecrets: mapOf(r.EnvSecrets),
		Resources: amountsOf(r.Resources), Limits: limitsOf(r.Limits), Written: writtenOf(r.Written), Executor: r.Executor,
		Constraints: each(r.Constraints, constraintOf), AcceptedResourceRoles: r.AcceptedResourceRoles, Role: r.Role,
		Fetch: each(r.Fetch, fetchOf), Container: containerOf(r.Container), Networks: each(r.Networks, networkOf),
		Ports: each(r.Ports, portOf), RequirePorts: r.RequirePorts, HealthChecks: each(r.HealthChecks, healthCheckOf),
		Labels: mapOf(r.Labels), KillGracePeriod: numberOf[time.Duration](r.KillGracePeriodNs),
	}
	if r.ExecutorResources != nil {
		v := amountsOf(r.ExecutorResources)
		s.ExecutorResources = &v
	}
	if r.Tty != 0 {
		given := r.Tty == yes
		s.TTY = &given
	}
}

func limitRecords(limits map[string]runspec.Limit) []*gantryv1.LimitRecord {
	return each(slices.Sorted(maps.Keys(limits)), func(name string) *gantryv1.LimitRecord {
		return &gantryv1.LimitRecord{Name: name, Unlimited: limits[name].Unlimited, Amount: int64(limits[name].Amount)}
	})
}

func limitsOf(records []*gantryv1.LimitRecord) map[string]runspec.Limit {
	if len(records) == 0 {
		return nil
	}
	out := make(map[string]runspec.Limit, len(records))
	for _, r := range records {
		out[r.Name] = runspec.Limit{Unlimited: r.Unlimited, Amount: resource.Scalar(r.Amount)}
	}
	return out
}

func writtenRecords(w runspec.Written) []*gantryv1.WrittenRecord {
	return each(slices.Sorted(maps.Keys(w)), func(path string) *gantryv1.WrittenRecord {
		return &gantryv1.WrittenRecord{Path: path, Units: w[path]}
	})
}

func writtenOf(records []*gantryv1.WrittenRecord) runspec.Written {
	if len(records) == 0 {
		return nil
	}
	out := make(runspec.Written, len(records))
	for _, r := range records {
		out[r.Path] = r.Units
	}
	return out
}

func constraintRecord(c constraint.Constraint) *gantryv1.ConstraintRecord {
	return &gantryv1.ConstraintRecord{Field: c.Field, Operator: uint32(c.Operator), Value: c.Value}
}

func constraintOf(r *gantryv1.ConstraintRecord) constraint.Constraint {
	return constraint.Constraint{Field: r.Field, Operator: constraint.Operator(r.Operator), Value: r.Value}
}

func fetchRecord(f runspec.Fetch) *gantryv1.FetchRecord {
	return &gantryv1.FetchRecord{Uri: f.URI, Extract: f.Extract, Executable: f.Executable, Cache: f.Cache, DestPath: f.DestPath}
}

func fetchOf(r *gantryv1.FetchRecord) runspec.Fetch {
	return runspec.Fetch{URI: r.Uri, Extract: r.Extract, Executable: r.Executable, Cache: r.Cache, DestPath: r.DestPath}
}

func containerRecord(c *runspec.Container) *gantryv1.ContainerRecord {
	if c == nil {
		return nil
	}
	return &gantryv1.ContainerRecord{
		Kind: uint32(c.Kind), Image: c.Image, ForcePullImage: c.ForcePullImage, Privileged: c.Privileged, PullSecret: c.PullSecret,
		Parameters: each(c.Parameters, func(p runspec.Parameter) *gantryv1.PairRecord {
			return &gantryv1.PairRecord{Name: p.Key, Value: p.Value}
		}),
		Volumes: each(c.Volumes, mountRecord),
	}
}

func containerOf(r *gantryv1.ContainerRecord) *runspec.Container {
	if r == nil {
		return nil
	}
	return &runspec.Container{
		Kind: runspec.ContainerKind(r.Kind), Image: r.Image, ForcePullImage: r.ForcePullImage, Privileged: r.Privileged, PullSecret: r.PullSecret,
		Parameters: each(r.Parameters, func(p *gantryv1.PairRecord) runspec.Parameter { return runspec.Parameter{Key: p.Name, Value: p.Value} }),
		Volumes:    each(r.Volumes, mountOf),
	}
}

func mountRecord(v runspec.Volume) *gantryv1.MountRecord {
	r := &gantryv1.MountRecord{ContainerPath: v.ContainerPath, ReadOnly: v.ReadOnly, HostPath: v.HostPath, Secret: v.Secret}
	if p := v.Persistent; p != nil {
		r.Persistent = &gantryv1.PersistentRecord{
			Size_: int64(p.Size), MaxSize: int64(p.MaxSize), Type: p.Type, ProfileName: p.ProfileName, Constraints: each(p.Constraints, constraintRecord),
		}
	}
	if e := v.External; e != nil {
		r.External = &gantryv1.ExternalRecord{Name: e.Name, Provider: e.Provider, Size_: int64(e.Size), Options: pairs(e.Options), Shared: e.Shared}
	}
	return r
}

func mountOf(r *gantryv1.MountRecord) runspec.Volume {
	v := runspec.Volume{ContainerPath: r.ContainerPath, ReadOnly: r.ReadOnly, HostPath: r.HostPath, Secret: r.Secret}
	if p := r.Persistent; p != nil {
		v.Persistent = &runspec.PersistentVolume{
			Size: resource.Scalar(p.Size_), MaxSize: resource.Scalar(p.MaxSize), Type: p.Type, ProfileName: p.ProfileName,
			Constraints: each(p.Constraints, constraintOf),
		}
	}
	if e := r.External; e != nil {
		v.External = &runspec.ExternalVolume{Name: e.Name, Provider: e.Provider, Size: int(e.Size_), Options: mapOf(e.Options), Shared: e.Shared}
	}
	return v
}

func networkRecord(n runspec.Network) *gantryv1.NetworkRecord {
	return &gantryv1.NetworkRecord{Mode: uint32(n.Mode), Name: n.Name, Labels: pairs(n.Labels)}
}

func networkOf(r *gantryv1.NetworkRecord) runspec.Network {
	return runspec.Network{Mode: runspec.NetworkMode(r.Mode), Name: r.Name, Labels: mapOf(r.Labels)}
}

func portRecord(p runspec.Port) *gantryv1.PortRecord {
	return &gantryv1.PortRecord{
		ContainerPort: int64(p.ContainerPort), HostPort: numberRecord(p.HostPort), ServicePort: int64(p.ServicePort),
		Protocol: p.Protocol, Name: p.Name, Labels: pairs(p.Labels), NetworkNames: p.NetworkNames,
	}
}

func portOf(r *gantryv1.PortRecord) runspec.Port {
	return runspec.Port{
		ContainerPort: int(r.ContainerPort), HostPort: numberOf[int](r.HostPort), ServicePort: int(r.ServicePort),
		Protocol: r.Protocol, Name: r.Name, Labels: mapOf(r.Labels), NetworkNames: r.NetworkNames,
	}
}

func healthCheckRecord(c runspec.HealthCheck) *gantryv1.HealthCheckRecord {
	return &gantryv1.HealthCheckRecord{
		Protocol: uint32(c.Protocol), Path: c.Path, Command: c.Command, PortIndex: numberRecord(c.PortIndex), Port: numberRecord(c.Port),
		GracePeriodNs: int64(c.GracePeriod), IntervalNs: int64(c.Interval), TimeoutNs: int64(c.Timeout), DelayNs: int64(c.Delay),
		MaxConsecutiveFailures: int64(c.MaxConsecutiveFailures), IgnoreHttp_1Xx: c.IgnoreHTTP1xx, Ipv6: c.IPv6,
	}
}

func healthCheckOf(r *gantryv1.HealthCheckRecord) runspec.HealthCheck {
	return runspec.HealthCheck{
		Protocol: runspec.HealthProtocol(r.Protocol), Path: r.Path, Command: r.Command, PortIndex: numberOf[int](r.PortIndex), Port: numberOf[int](r.Port),
		GracePeriod: time.Duration(r.GracePeriodNs), Interval: time.Duration(r.IntervalNs), Timeout: time.Duration(r.TimeoutNs), Delay: time.Duration(r.DelayNs),
		MaxConsecutiveFailures: int(r.MaxConsecutiveFailures), IgnoreHTTP1xx: r.IgnoreHttp_1Xx, IPv6: r.Ipv6,
	}
}
