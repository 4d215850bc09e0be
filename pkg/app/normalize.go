package app

import (
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
)

// Default returns a Spec that holds the defaults of every member whose zero
// value means something else ("Marathon, app definition, field table").
// Networks, Ports and Role are left to Normalize.
func Default() Spec {
	return Spec{
		Instances:  1,
		Run:        runspec.Run{Resources: resource.Vector{CPUs: resource.Units(1), Mem: resource.Units(128)}},
		Backoff:    Backoff{Initial: time.Second, Factor: 1.15, Max: 300 * time.Second},
		Upgrade:    UpgradeStrategy{MinimumHealthCapacity: 1, MaximumOverCapacity: 1},
		KillSelect: YoungestFirst,
	}
}

// DefaultUpgrade returns the upgrade strategy of an App that gives none: it
// depends on what its instances cannot share.
func (s *Spec) DefaultUpgrade() UpgradeStrategy {
	switch {
	case s.SingleInstance():
		return UpgradeStrategy{}
	case s.HasPersistentVolumes() || s.HasExternalVolumes():
		return UpgradeStrategy{MinimumHealthCapacity: 0.5}
	default:
		return UpgradeStrategy{MinimumHealthCapacity: 1, MaximumOverCapacity: 1}
	}
}

// DefaultUnreachable returns the unreachable strategy of an App that gives none.
func (s *Spec) DefaultUnreachable() UnreachableStrategy {
	return UnreachableStrategy{Disabled: s.HasPersistentVolumes()}
}

// SingleInstance reports whether the App's label forbids a second instance.
func (s *Spec) SingleInstance() bool {
	return s.Labels["MARATHON_SINGLE_INSTANCE_APP"] == "true"
}

// Normalize returns the canonical form of s: networks, ports, role and the
// ports of health checks are filled in, what belongs to another network mode is
// dropped, duplicate constraints are removed. Nil Ports mean "not given" and
// become one dynamic port; an empty list means none. s is not written to.
// Normalizing a canonical Spec changes nothing.
func Normalize(s *Spec, r Rules) *Spec {
	n := *s
	if n.KillSelect == 0 {
		n.KillSelect = YoungestFirst
	}
	if n.Role == "" {
		n.Role = r.DefaultRole()
	}
	n.Networks = normalNetworks(s.Networks, r)
	host := n.HostNetworking()
	if !host && n.Container == nil {
		n.Container = &Container{Kind: Mesos}
	}
	n.RequirePorts = s.RequirePorts && host
	n.Ports = normalPorts(s.Ports, n.Networks, n.RequirePorts)
	n.HealthChecks = normalHealthChecks(s.HealthChecks, len(n.Ports) > 0)
	n.Constraints = distinct(s.Constraints)
	return &n
}

func normalNetworks(given []Network, r Rules) []Network {
	if len(given) == 0 {
		return []Network{{Mode: Host}}
	}
	networks := slices.Clone(given)
	for i := range networks {
		if networks[i].Mode == 0 {
			networks[i].Mode = ContainerNetwork
		}
		if networks[i].Mode == ContainerNetwork && networks[i].Name == "" {
			networks[i].Name = r.DefaultNetwork
		}
	}
	return networks
}

func normalPorts(given []Port, networks []Network, require bool) []Port {
	mode := networks[0].Mode
	if given == nil {
		given = []Port{{Name: "default"}}
	}
	ports := slices.Clone(given)
	for i := range ports {
		p := &ports[i]
		switch p.Protocol {
		case "":
			p.Protocol = "tcp"
		case "tcp,udp":
			p.Protocol = "udp,tcp"
		}
		switch mode {
		case Host:
			*p = hostPort(*p, require)
		case Bridge:
			if p.HostPort == nil {
				p.HostPort = new(int)
			}
		case ContainerNetwork:
		}
	}
	return ports
}

// hostPort completes a port definition: its number is the service port and,
// when ports are required, the host port, too.
func hostPort(p Port, require bool) Port {
	wanted := 0
	if require {
		wanted = p.ServicePort
	}
	return Port{HostPort: &wanted, ServicePort: p.ServicePort, Protocol: p.Protocol, Name: p.Name, Labels: p.Labels}
}

func normalHealthChecks(given []HealthCheck, ports bool) []HealthCheck {
	checks := slices.Clone(given)
	for i := range checks {
		c := &checks[i]
		if c.Protocol != HealthCommand && c.Port == nil && c.PortIndex == nil && ports {
			c.PortIndex = new(int)
		}
	}
	return checks
}

func distinct(given []constraint.Constraint) []constraint.Constraint {
	var out []constraint.Constraint
	for _, c := range given {
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}
