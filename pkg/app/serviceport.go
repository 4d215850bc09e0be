package app

import "slices"

// WithServicePortsOf returns the definition with service ports of 0 filled by those
// of the former one, in order, unless it names them already: a file that is sent
// again means the ports that were assigned. Neither definition is written to.
func (s *Spec) WithServicePortsOf(was *Spec) *Spec {
	named := map[int]bool{}
	for _, p := range s.Ports {
		named[p.ServicePort] = true
	}
	var free []int
	for _, p := range was.Ports {
		if p.ServicePort != 0 && !named[p.ServicePort] {
			free = append(free, p.ServicePort)
		}
	}
	next := *s
	next.Ports = slices.Clone(s.Ports)
	for i := range next.Ports {
		if next.Ports[i].ServicePort == 0 && len(free) > 0 {
			next.SetServicePort(i, free[0])
			free = free[1:]
		}
	}
	return &next
}

// SetServicePort gives the i-th port its service port; with host networking and
// required ports that is the host port, too. The ports must be the definition's own.
func (s *Spec) SetServicePort(i, port int) {
	s.Ports[i].ServicePort = port
	if s.RequirePorts && s.HostNetworking() {
		s.Ports[i].HostPort = &port
	}
}
