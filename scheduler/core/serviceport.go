package core

import (
	"maps"
	"slices"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
)

// servicePorts are those in use, and the range of those that are assigned.
type servicePorts struct {
	first, last int
	// uses counts how many Apps have a port.
	uses map[int]int
}

// count adds (by 1) or takes (by -1) a definition's ports.
func (p *servicePorts) count(spec *app.Spec, by int) {
	for _, own := range spec.Ports {
		if own.ServicePort == 0 {
			continue
		}
		if p.uses[own.ServicePort] += by; p.uses[own.ServicePort] == 0 {
			delete(p.uses, own.ServicePort)
		}
	}
}

// yield makes a definition that comes back give up the ports of the assigned
// range that another App has by now; was is what it replaces, nil if there is
// nothing. They become 0, to be assigned anew.
func (p *servicePorts) yield(back, was *app.Spec) {
	own := map[int]int{}
	if was != nil {
		for _, port := range was.Ports {
			own[port.ServicePort]++
		}
	}
	back.Ports = slices.Clone(back.Ports)
	for i, port := range back.Ports {
		n := port.ServicePort
		if n >= p.first && n <= p.last && p.uses[n] > own[n] {
			back.SetServicePort(i, 0)
		}
	}
}

// assign gives every service port of 0 the lowest free number ("Marathon,
// ports"). The definitions are the change's own copies.
func (p *servicePorts) assign(changes map[app.ID]deployment.Change) error {
	taken := map[int]bool{}
	for _, c := range changes {
		if c.Target == nil {
			continue
		}
		for _, port := range c.Target.Ports {
			taken[port.ServicePort] = true
		}
	}
	next := p.first
	for _, id := range slices.Sorted(maps.Keys(changes)) {
		spec := changes[id].Target
		if spec == nil || changes[id].Original == spec {
			continue
		}
		spec.Ports = slices.Clone(spec.Ports)
		for i := range spec.Ports {
			if spec.Ports[i].ServicePort != 0 {
				continue
			}
			for next <= p.last && (taken[next] || p.uses[next] > 0) {
				next++
			}
			if next > p.last {
				return &PortsExhaustedError{ID: id, Min: p.first, Max: p.last}
			}
			spec.SetServicePort(i, next)
			next++
		}
	}
	return nil
}
