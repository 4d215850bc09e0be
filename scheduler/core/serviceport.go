package core

import (
	"maps"
	"slices"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
)

func (s *State) countServicePorts(spec *app.Spec, by int) {
	for _, p := range spec.Ports {
		if p.ServicePort == 0 {
			continue
		}
		if s.servicePorts[p.ServicePort] += by; s.servicePorts[p.ServicePort] == 0 {
			delete(s.servicePorts, p.ServicePort)
		}
	}
}

// yieldServicePorts makes a definition that comes back give up the service ports
// of the assigned range that another App has by now; was is what it replaces, nil
// if there is nothing. They become 0, to be assigned anew.
func (s *State) yieldServicePorts(back, was *app.Spec) {
	own := map[int]int{}
	if was != nil {
		for _, p := range was.Ports {
			own[p.ServicePort]++
		}
	}
	back.Ports = slices.Clone(back.Ports)
	for i, p := range back.Ports {
		n := p.ServicePort
		if n >= s.cfg.ServicePortMin && n <= s.cfg.ServicePortMax && s.servicePorts[n] > own[n] {
			back.SetServicePort(i, 0)
		}
	}
}

// assignServicePorts gives every service port of 0 the lowest free number
// ("Marathon, ports"). The definitions are the change's own copies.
func (s *State) assignServicePorts(changes map[app.ID]deployment.Change) error {
	taken := map[int]bool{}
	for _, c := range changes {
		if c.Target == nil {
			continue
		}
		for _, p := range c.Target.Ports {
			taken[p.ServicePort] = true
		}
	}
	next := s.cfg.ServicePortMin
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
			for next <= s.cfg.ServicePortMax && (taken[next] || s.servicePorts[next] > 0) {
				next++
			}
			if next > s.cfg.ServicePortMax {
				return &PortsExhaustedError{ID: id, Min: s.cfg.ServicePortMin, Max: s.cfg.ServicePortMax}
			}
			spec.SetServicePort(i, next)
			next++
		}
	}
	return nil
}
