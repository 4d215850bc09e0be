package app

import (
	"maps"
	"regexp"
	"slices"
)

var (
	networkName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9_]*[a-z0-9])?$`)
	portName    = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
)

func validateNetworks(s *Spec, f *findings) {
	counts := map[NetworkMode]int{}
	names := map[string]bool{}
	for i, n := range s.Networks {
		path := element("/networks", i)
		counts[n.Mode]++
		if n.Mode != ContainerNetwork {
			validatePlainNetwork(n, path, f)
			continue
		}
		switch {
		case n.Name == "":
			f.add(path+"/name", "a container network needs a name; this scheduler has no default network")
		case len(n.Name) > 63 || !networkName.MatchString(n.Name):
			f.add(path+"/name", "got %q, expected at most 63 lower-case letters, digits, dashes and underscores", n.Name)
		case names[n.Name]:
			f.add(path+"/name", "network %q is named twice", n.Name)
		}
		names[n.Name] = true
	}
	if counts[Host] > 1 || counts[Bridge] > 1 || len(counts) > 1 {
		f.add("/networks", "expected exactly one host network, exactly one bridge network, or container networks alone")
	}
	if s.Container != nil && s.Container.Kind == Docker && counts[ContainerNetwork] > 1 {
		f.add("/networks", "got %d container networks, but a DOCKER container can join only one", counts[ContainerNetwork])
	}
}

func validatePlainNetwork(n Network, path string, f *findings) {
	if n.Name != "" {
		f.add(path+"/name", "got %q, but only networks of mode container have a name", n.Name)
	}
	if n.Mode == Host && len(n.Labels) > 0 {
		f.add(path+"/labels", "the host network has no labels")
	}
}

func validatePorts(s *Spec, f *findings) {
	list := "/container/portMappings"
	if s.HostNetworking() {
		list = "/portDefinitions"
	}
	names := map[string]bool{}
	numbers := map[int]bool{}
	for i, p := range s.Ports {
		path := element(list, i)
		validatePort(s, p, path, f)
		if p.Name != "" && names[p.Name] {
			f.add(path+"/name", "port name %q is given twice", p.Name)
		}
		names[p.Name] = true
		if s.HostNetworking() && p.ServicePort != 0 {
			if numbers[p.ServicePort] {
				f.add(path+"/port", "port %d is given twice", p.ServicePort)
			}
			numbers[p.ServicePort] = true
		}
		if !s.HostNetworking() && p.HostPort != nil && *p.HostPort != 0 {
			if numbers[*p.HostPort] {
				f.add(path+"/hostPort", "host port %d is given twice", *p.HostPort)
			}
			numbers[*p.HostPort] = true
		}
	}
}

func validatePort(s *Spec, p Port, path string, f *findings) {
	service := "/servicePort"
	if s.HostNetworking() {
		service = "/port"
	}
	portRange(p.ServicePort, path+service, f)
	portRange(p.ContainerPort, path+"/containerPort", f)
	if p.HostPort != nil && !s.HostNetworking() {
		portRange(*p.HostPort, path+"/hostPort", f)
	}
	if p.Protocol != "tcp" && p.Protocol != "udp" && p.Protocol != "udp,tcp" {
		f.add(path+"/protocol", "got %q, expected tcp, udp or udp,tcp", p.Protocol)
	}
	if p.Name != "" && (len(p.Name) > 63 || !portName.MatchString(p.Name)) {
		f.add(path+"/name", "got %q, expected at most 63 lower-case letters, digits and dashes", p.Name)
	}
	for i, name := range p.NetworkNames {
		if !slices.ContainsFunc(s.Networks, func(n Network) bool { return n.Mode == ContainerNetwork && n.Name == name }) {
			f.add(element(path+"/networkNames", i), "network %q is not among the app's networks", name)
		}
	}
	if severalNetworks(s) && p.HostPort != nil && len(p.NetworkNames) != 1 {
		f.add(path+"/networkNames", "a mapping with a host port must name exactly one of the app's %d networks", len(s.Networks))
	}
}

// severalNetworks reports whether an App is in several networks that may stand
// together; of others it is they that are wrong, and no choice among them helps.
func severalNetworks(s *Spec) bool {
	others := func(n Network) bool { return n.Mode != ContainerNetwork }
	return len(s.Networks) > 1 && !slices.ContainsFunc(s.Networks, others) && s.Container != nil && s.Container.Kind == Mesos
}

func portRange(n int, path string, f *findings) {
	if n < 0 || n > 65535 {
		f.add(path, "got %d, expected a port from 0 to 65535", n)
	}
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
