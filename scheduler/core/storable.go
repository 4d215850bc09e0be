package core

import (
	"cmp"
	"maps"
	"slices"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
)

// storable fails if a new definition of a change does not fit into the store:
// nothing has changed then, while a write that fails ends the term.
func (s *State) storable(changes map[app.ID]deployment.Change) error {
	if s.cfg.Storable == nil {
		return nil
	}
	for _, id := range slices.Sorted(maps.Keys(changes)) {
		c := changes[id]
		if c.Target == nil || c.Target == c.Original {
			continue
		}
		if err := s.cfg.Storable(c.Target); err != nil {
			return &UnstorableError{ID: id, Path: largest(c.Target), Err: err}
		}
	}
	return nil
}

// largest names the member of a definition that takes the most room.
func largest(s *app.Spec) string {
	type member struct {
		path string
		size int
	}
	sum := func(texts ...string) (n int) {
		for _, t := range texts {
			n += len(t)
		}
		return n
	}
	pairs := func(m map[string]string) (n int) {
		for k, v := range m {
			n += len(k) + len(v)
		}
		return n
	}
	members := []member{{"/cmd", len(s.Cmd)}, {"/args", sum(s.Args...)}, {"/env", pairs(s.Env)}, {"/labels", pairs(s.Labels)}}
	fetch, volumes, checks := member{path: "/fetch"}, member{path: "/container"}, member{path: "/healthChecks"}
	for _, f := range s.Fetch {
		fetch.size += sum(f.URI, f.DestPath)
	}
	if s.Container != nil {
		volumes.size += len(s.Container.Image)
		for _, p := range s.Container.Parameters {
			volumes.size += sum(p.Key, p.Value)
		}
		for _, v := range s.Container.Volumes {
			volumes.size += sum(v.ContainerPath, v.HostPath)
		}
	}
	for _, h := range s.HealthChecks {
		checks.size += sum(h.Command, h.Path)
	}
	ports, constraints, secrets, dependencies := member{path: "/portDefinitions"}, member{path: "/constraints"}, member{path: "/secrets"}, member{path: "/dependencies"}
	for _, p := range s.Ports {
		ports.size += sum(p.Name) + pairs(p.Labels) + sum(p.NetworkNames...)
	}
	for _, c := range s.Constraints {
		constraints.size += sum(c.Field, c.Value)
	}
	for _, id := range s.Dependencies {
		dependencies.size += len(id)
	}
	secrets.size = pairs(s.Secrets) + pairs(s.EnvSecrets)
	members = append(members, fetch, volumes, checks, ports, constraints, secrets, dependencies)
	return slices.MaxFunc(members, func(a, b member) int { return cmp.Compare(a.size, b.size) }).path
}
