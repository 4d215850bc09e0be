package api

import (
	"strconv"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
)

// FromSpec returns the JSON of a canonical definition, without versionInfo and
// state. Its maps and slices may be shared with s: do not write to them.
func FromSpec(s *app.Spec) App {
	a := App{
		ID: string(s.ID), Cmd: s.Cmd, Args: s.Args, User: s.User,
		Env: fromEnv(s), Instances: s.Instances,
		CPUs: s.Written.Show("/cpus", s.Resources.CPUs), Mem: s.Written.Show("/mem", s.Resources.Mem),
		Disk: s.Written.Show("/disk", s.Resources.Disk), GPUs: int(s.Resources.GPUs / resource.Units(1)),
		ResourceLimits: fromLimits(s), Executor: s.Executor,
		ExecutorResources: fromExecutor(s), Constraints: fromConstraints(s.Constraints),
		AcceptedResourceRoles: s.AcceptedResourceRoles, Role: s.Role,
		Container: fromContainer(s), RequirePorts: s.RequirePorts,
		BackoffSeconds: seconds(s.Backoff.Initial), BackoffFactor: s.Backoff.Factor,
		MaxLaunchDelaySeconds: seconds(s.Backoff.Max),
		Check:                 fromCheck(s.Check),
		UpgradeStrategy:       UpgradeStrategy(s.Upgrade), Labels: notNil(s.Labels),
		KillSelection: "YOUNGEST_FIRST",
		TTY:           s.TTY, Version: Time{s.Version},
		UnreachableStrategy: UnreachableStrategy{
			Disabled: s.Unreachable.Disabled, InactiveAfterSeconds: seconds(s.Unreachable.InactiveAfter),
			ExpungeAfterSeconds: seconds(s.Unreachable.ExpungeAfter),
		},
	}
	if s.KillSelect == app.OldestFirst {
		a.KillSelection = "OLDEST_FIRST"
	}
	if s.KillGracePeriod != nil {
		grace := seconds(*s.KillGracePeriod)
		a.TaskKillGracePeriodSeconds = &grace
	}
	if s.HasPersistentVolumes() {
		a.Residency = &Residency{RelaunchEscalationTimeoutSeconds: 3600, TaskLostBehavior: "WAIT_FOREVER"}
	}
	addLists(&a, s)
	return a
}

func addLists(a *App, s *app.Spec) {
	for name, source := range s.Secrets {
		if a.Secrets == nil {
			a.Secrets = map[string]Secret{}
		}
		a.Secrets[name] = Secret{Source: source}
	}
	for _, f := range s.Fetch {
		a.Fetch = append(a.Fetch, Fetch(f))
	}
	for _, d := range s.Dependencies {
		a.Dependencies = append(a.Dependencies, string(d))
	}
	a.Networks = fromNetworks(s)
	if s.HostNetworking() {
		a.PortDefinitions = make([]PortDefinition, 0, len(s.Ports))
		for _, p := range s.Ports {
			a.PortDefinitions = append(a.PortDefinitions,
				PortDefinition{Port: p.ServicePort, Protocol: p.Protocol, Name: p.Name, Labels: notNil(p.Labels)})
		}
	}
	for i := range s.HealthChecks {
		a.HealthChecks = append(a.HealthChecks, fromHealthCheck(&s.HealthChecks[i]))
	}
	for i := range s.Readiness {
		a.ReadinessChecks = append(a.ReadinessChecks, fromReadiness(&s.Readiness[i]))
	}
}

func fromEnv(s *app.Spec) map[string]EnvValue {
	env := make(map[string]EnvValue, len(s.Env)+len(s.EnvSecrets))
	for name, v := range s.Env {
		env[name] = EnvValue{Value: v}
	}
	for name, secret := range s.EnvSecrets {
		env[name] = EnvValue{Secret: secret}
	}
	return env
}

func fromLimits(s *app.Spec) map[string]Limit {
	out := make(map[string]Limit, len(s.Limits))
	for name, l := range s.Limits {
		if out[name] = Limit(s.Written.Show("/resourceLimits/"+name, l.Amount)); l.Unlimited {
			out[name] = Unlimited
		}
	}
	return out
}

func fromExecutor(s *app.Spec) *Resources {
	v := s.ExecutorResources
	if v == nil {
		return nil
	}
	show := func(name string, n resource.Scalar) float64 { return s.Written.Show("/executorResources/"+name, n) }
	return &Resources{CPUs: show("cpus", v.CPUs), Mem: show("mem", v.Mem), Disk: show("disk", v.Disk)}
}

func fromConstraints(list []constraint.Constraint) [][]string {
	out := make([][]string, 0, len(list))
	for _, c := range list {
		out = append(out, c.Strings())
	}
	return out
}

func fromNetworks(s *app.Spec) []Network {
	modes := map[app.NetworkMode]string{app.Host: "host", app.Bridge: "container/bridge", app.ContainerNetwork: "container"}
	out := make([]Network, 0, max(len(s.Networks), 1))
	for _, n := range s.Networks {
		out = append(out, Network{Mode: modes[n.Mode], Name: n.Name, Labels: n.Labels})
	}
	if len(out) == 0 {
		out = append(out, Network{Mode: modes[app.Host]})
	}
	return out
}

func fromContainer(s *app.Spec) *Container {
	c := s.Container
	if c == nil {
		return nil
	}
	out := &Container{Type: "DOCKER", Volumes: make([]Volume, 0, len(c.Volumes))}
	if c.Kind == app.Mesos {
		out.Type = "MESOS"
	}
	if c.Image != "" {
		out.Docker = &Docker{Image: c.Image, ForcePullImage: c.ForcePullImage, Parameters: make([]Parameter, 0, len(c.Parameters))}
		if c.Kind == app.Docker {
			out.Docker.Privileged = &c.Privileged
		}
		for _, p := range c.Parameters {
			out.Docker.Parameters = append(out.Docker.Parameters, Parameter(p))
		}
		if c.PullSecret != "" {
			out.Docker.PullConfig = &PullConfig{Secret: c.PullSecret}
		}
	}
	for i := range c.Volumes {
		out.Volumes = append(out.Volumes, fromVolume(&c.Volumes[i], s.Written, "/container/volumes("+strconv.Itoa(i)+")"))
	}
	if s.HostNetworking() {
		return out
	}
	out.PortMappings = make([]PortMapping, 0, len(s.Ports))
	for _, p := range s.Ports {
		out.PortMappings = append(out.PortMappings, PortMapping{
			ContainerPort: p.ContainerPort, HostPort: p.HostPort, ServicePort: p.ServicePort,
			Protocol: p.Protocol, Name: p.Name, Labels: notNil(p.Labels), NetworkNames: p.NetworkNames,
		})
	}
	return out
}

// fromVolume maps the volume that stands at path.
func fromVolume(v *app.Volume, w runspec.Written, path string) Volume {
	out := Volume{ContainerPath: v.ContainerPath, HostPath: v.HostPath, Mode: "RW", Secret: v.Secret}
	if v.ReadOnly {
		out.Mode = "RO"
	}
	if v.Secret != "" {
		out.Mode = ""
	}
	if p := v.Persistent; p != nil {
		out.Persistent = &PersistentVolume{
			Size: w.Show(path+"/persistent/size", p.Size), MaxSize: w.Show(path+"/persistent/maxSize", p.MaxSize), Type: p.Type,
			ProfileName: p.ProfileName, Constraints: fromConstraints(p.Constraints),
		}
	}
	if e := v.External; e != nil {
		out.External = &ExternalVolume{Name: e.Name, Provider: e.Provider, Size: e.Size, Options: notNil(e.Options), Shared: e.Shared}
	}
	return out
}

func seconds(d time.Duration) int { return int(d / time.Second) }

// notNil makes an empty object of no map, where clients expect one.
func notNil(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}
