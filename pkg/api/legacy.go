package api

import (
	"errors"
	"slices"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/app"
)

// mixtures lists contradictions between the older forms and the newer ones
// ("Marathon, legacy form handling").
func (d *draft) mixtures(prefix string, r app.Rules) []app.Problem {
	var out []app.Problem
	add := func(bad bool, path, text string) {
		if bad {
			out = append(out, app.Problem{Path: prefix + path, Text: text})
		}
	}
	docker := d.spec.Container != nil && d.spec.Container.Kind == app.Docker
	ucr := d.spec.Container != nil && d.spec.Container.Kind == app.Mesos
	networks := len(d.spec.Networks) > 0
	add(len(d.uris) > 0 && len(d.spec.Fetch) > 0, "/uris", "give uris or fetch, not both; fetch is the newer form")
	add(len(d.ports) > 0 && d.definitions != nil && !samePorts(d.ports, d.definitions),
		"/ports", "ports and portDefinitions differ; give only portDefinitions, the newer form")
	add(d.address != nil && networks, "/ipAddress", "give ipAddress or networks, not both; networks is the newer form")
	add(d.address != nil && (len(d.ports) > 0 || len(d.definitions) > 0),
		"/ipAddress", "an app with its own address has no ports or portDefinitions; use container.portMappings")
	add(d.dockerNetwork != "" && networks, "/container/docker/network", "give docker.network or networks, not both; networks is the newer form")
	add(d.mappings != nil && d.dockerMappings != nil,
		"/container/docker/portMappings", "give container.portMappings or container.docker.portMappings, not both; the former is the newer form")
	add(docker && d.address != nil && d.address.discovery,
		"/ipAddress/discovery", "a DOCKER container announces its portMappings; use container.portMappings")
	add(ucr && d.dockerNetwork != "", "/container/docker/network", "a container of type MESOS takes networks, not docker.network")
	add(ucr && d.dockerMappings != nil, "/container/docker/portMappings", "a container of type MESOS takes container.portMappings")
	add(d.dockerNetwork == "NONE", "/container/docker/network", "got NONE, expected HOST, BRIDGE or USER")
	add(d.dockerNetwork == "USER" && (d.address == nil || d.address.name == "") && r.DefaultNetwork == "",
		"/container/docker/network", "USER needs the network's name in ipAddress.networkName; better use networks")
	return out
}

func samePorts(ports []int, definitions []app.Port) bool {
	return slices.EqualFunc(ports, definitions, func(n int, p app.Port) bool { return n == p.ServicePort })
}

// migrate turns the older forms into the newer ones, in d.spec.
func (d *draft) migrate(r app.Rules) {
	s := &d.spec
	for _, uri := range d.uris {
		s.Fetch = append(s.Fetch, app.Fetch{URI: uri, Extract: isArchive(uri)})
	}
	d.migrateNetworks(r)
	if s.Container == nil && d.address != nil {
		s.Container = &app.Container{Kind: app.Mesos}
	}
	if d.mappings == nil {
		d.mappings = d.dockerMappings
	}
	if d.mappings == nil && d.address != nil {
		d.mappings = d.address.ports
	}
	if s.HostNetworking() {
		s.Ports = d.definitions
		if s.Ports == nil && d.given["ports"] {
			s.Ports = []app.Port{}
		}
		if len(s.Ports) == 0 {
			for _, n := range d.ports {
				s.Ports = append(s.Ports, app.Port{ServicePort: n})
			}
		}
		return
	}
	s.Ports = d.mappings
	for len(s.Ports) < len(d.ports) {
		s.Ports = append(s.Ports, app.Port{})
	}
}

func (d *draft) migrateNetworks(r app.Rules) {
	n := app.Network{Mode: app.ContainerNetwork}
	if a := d.address; a != nil {
		n.Name, n.Labels = a.name, a.labels
	}
	switch {
	case d.dockerNetwork == "HOST":
		n = app.Network{Mode: app.Host}
	case d.dockerNetwork == "BRIDGE":
		n = app.Network{Mode: app.Bridge}
	case d.dockerNetwork == "USER":
	case d.address != nil && n.Name != "" && n.Name == r.BridgeName:
		n = app.Network{Mode: app.Bridge, Labels: n.Labels}
	case d.address != nil:
	default:
		return
	}
	d.spec.Networks = []app.Network{n}
}

// isArchive reports whether the agent can unpack a file of this name.
func isArchive(uri string) bool {
	return slices.ContainsFunc([]string{".tgz", ".tar.gz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz", ".tar", ".gz", ".zip"},
		func(suffix string) bool { return strings.HasSuffix(uri, suffix) })
}

// prefixed puts the path of the definition, in an array, before the paths of problems.
func prefixed(err error, prefix string) error {
	e, ok := errors.AsType[*app.InvalidError](err)
	if !ok || prefix == "" {
		return err
	}
	out := make([]app.Problem, len(e.Problems))
	for i, p := range e.Problems {
		out[i] = app.Problem{Path: prefix + p.Path, Text: p.Text}
	}
	return &app.InvalidError{Problems: out}
}
