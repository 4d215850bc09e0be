package taskinfo

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/runspec"
)

// The range that container ports nobody chose are drawn from: above the
// privileged ports and below Linux' ephemeral ones.
const (
	drawnFirst = 10000
	drawnCount = 20000
)

func resolvePorts(l Launch) ([]Port, error) {
	var out []Port
	rest := l.HostPorts
	for i, p := range l.Run.Ports {
		r := Port{Container: uint32(p.ContainerPort), Protocol: p.Protocol, Name: p.Name}
		if l.Run.HasHostPort(p) {
			if len(rest) == 0 {
				return nil, fmt.Errorf("port %d of %s: no host port given, only %d in all", i, l.Owner.ID, len(l.HostPorts))
			}
			r.Host, rest = rest[0], rest[1:]
		}
		switch {
		case l.Run.HostNetworking():
			r.Container = r.Host
		case r.Container == 0 && r.Host != 0:
			r.Container = r.Host
		case r.Container == 0:
			r.Container = drawPort(l.TaskID, i, out)
		}
		if r.Protocol == "" {
			r.Protocol = "tcp"
		}
		out = append(out, r)
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%s has ports for %d host ports, not %d", l.Owner.ID, len(l.HostPorts)-len(rest), len(l.HostPorts))
	}
	return out, nil
}

// drawPort picks a container port that none of the earlier ports has.
func drawPort(id mesos.TaskID, index int, taken []Port) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(string(id) + "#" + strconv.Itoa(index)))
	n := h.Sum32() % drawnCount
	for slices.ContainsFunc(taken, func(p Port) bool { return p.Container == drawnFirst+n }) {
		n = (n + 1) % drawnCount
	}
	return drawnFirst + n
}

// Protocols splits a port's protocol into "tcp" and "udp".
func (p Port) Protocols() []string { return strings.Split(p.Protocol, ",") }

// mappings are the ports that a container publishes.
func mappings(ports []Port) []mesos.PortMapping {
	var out []mesos.PortMapping
	for _, p := range ports {
		if p.Host == 0 {
			continue
		}
		for _, protocol := range p.Protocols() {
			out = append(out, mesos.PortMapping{HostPort: p.Host, ContainerPort: p.Container, Protocol: protocol})
		}
	}
	return out
}

// discovery names the ports as Marathon does: a port on the agent has the
// scope "host", one in a container network the scope "container".
func discovery(s *runspec.Run, name string, t Task) *mesos.DiscoveryInfo {
	out := &mesos.DiscoveryInfo{Name: name}
	for i, p := range t.Ports {
		number, scope := p.Host, []mesos.Label{{Key: "network-scope", Value: "host"}}
		if number == 0 {
			number, scope[0].Value = p.Container, "container"
			if name := networkOf(s, s.Ports[i]); name != "" {
				scope = append(scope, mesos.Label{Key: "network-name", Value: name})
			}
		}
		for _, protocol := range p.Protocols() {
			out.Ports = append(out.Ports, mesos.DiscoveryPort{
				Number: number, Name: p.Name, Protocol: protocol, Labels: append(labels(s.Ports[i].Labels), scope...),
			})
		}
	}
	return out
}

func networkOf(s *runspec.Run, p runspec.Port) string {
	if len(p.NetworkNames) > 0 {
		return p.NetworkNames[0]
	}
	if len(s.Networks) > 0 {
		return s.Networks[0].Name
	}
	return ""
}

func labels(m map[string]string) []mesos.Label {
	var out []mesos.Label
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, mesos.Label{Key: k, Value: m[k]})
	}
	return out
}

func cutDriver(key string) (string, bool) {
	name, ok := strings.CutPrefix(key, "dvdi/")
	return name, ok && name != "driver"
}
