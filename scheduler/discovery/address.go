package discovery

import (
	"slices"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/endpoint"
	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// ScopeLabel is the label, of a port or of an App, that chooses between "host" and
// "container" where a port of a named network is mapped to the host, too.
const ScopeLabel = "GANTRY_SCOPE"

// specOf returns the definition that an instance was made from, the current one if
// that is not kept any more.
func specOf(a *view.App, i *instance.Instance) *app.Spec {
	for _, s := range a.Versions {
		if s.Version.Equal(i.Version) {
			return s
		}
	}
	return a.Spec
}

// addresses returns where the ports of an instance's task are reached. Ports that
// nobody outside of the agent reaches are left out.
func addresses(spec *app.Spec, i *instance.Instance) []endpoint.Endpoint {
	out := make([]endpoint.Endpoint, 0, len(spec.Ports))
	mode, given := modeOf(spec), 0
	for n, p := range spec.Ports {
		e := endpoint.Endpoint{
			App: i.App, Instance: string(i.ID), Task: i.TaskID(), AppVersion: event.Time{Time: i.Version}, Agent: i.AgentID,
			Host: i.Hostname, PortIndex: n, PortName: p.Name, Protocol: p.Protocol, ServicePort: p.ServicePort, PortLabels: p.Labels,
			NetworkMode: mode, Zone: i.Domain.Zone, Region: i.Domain.Region,
		}
		if len(i.IPAddresses) > 0 && mode != hostMode {
			e.ContainerIP = i.IPAddresses[0]
		}
		if spec.HasHostPort(p) && given < len(i.HostPorts) {
			e.HostPort = int(i.HostPorts[given])
			given++
		}
		if mode != hostMode {
			if e.ContainerPort = p.ContainerPort; e.ContainerPort == 0 {
				e.ContainerPort = e.HostPort
			}
		}
		if e.Port = e.HostPort; inContainer(spec, p, &e) {
			e.Port, e.Host, e.IP = e.ContainerPort, e.ContainerIP, e.ContainerIP
		}
		if e.Port != 0 && e.Host != "" {
			out = append(out, e)
		}
	}
	return slices.Clip(out)
}

// inContainer reports whether a port is reached at the container's own address.
func inContainer(spec *app.Spec, p app.Port, e *endpoint.Endpoint) bool {
	if e.NetworkMode != containerMode {
		return false
	}
	scope := p.Labels[ScopeLabel]
	if scope == "" {
		scope = spec.Labels[ScopeLabel]
	}
	return e.HostPort == 0 || scope != "host"
}

const hostMode, bridgeMode, containerMode = "host", "container/bridge", "container"

func modeOf(spec *app.Spec) string {
	if spec.HostNetworking() {
		return hostMode
	}
	if spec.Networks[0].Mode == runspec.Bridge {
		return bridgeMode
	}
	return containerMode
}

// describe makes what consumers are told of an App.
func describe(a *view.App) *endpoint.App {
	s := a.Spec
	out := &endpoint.App{
		ID: s.ID, Version: event.Time{Time: s.Version}, Labels: s.Labels, Instances: s.Instances, Ports: make([]endpoint.Port, len(s.Ports)),
		Created: event.Time{Time: s.Version},
	}
	if len(a.Versions) > 0 {
		out.Created.Time = a.Versions[len(a.Versions)-1].Version
	}
	if s.Container != nil {
		out.Image = s.Container.Image
	}
	for n, p := range s.Ports {
		out.Ports[n] = endpoint.Port{Name: p.Name, Protocol: p.Protocol, ServicePort: p.ServicePort, Labels: p.Labels}
	}
	for n := range s.HealthChecks {
		c := &s.HealthChecks[n]
		check := endpoint.Check{
			Protocol: c.Protocol.String(), Path: c.Path, Interval: c.Interval.Seconds(), Timeout: c.Timeout.Seconds(), Failures: c.MaxConsecutiveFailures,
		}
		if c.PortIndex != nil {
			check.PortIndex = *c.PortIndex
		}
		out.Checks = append(out.Checks, check)
	}
	return out
}
