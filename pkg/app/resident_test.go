package app

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
)

func residentSpec() *Spec {
	port := 0
	return &Spec{
		ID:        "/db",
		Instances: 2,
		Run: runspec.Run{
			Role:      "db",
			Resources: resource.Vector{CPUs: 1000, Mem: resource.Units(64)},
			Networks:  []Network{{Mode: Bridge}},
			Ports:     []Port{{ContainerPort: 80, HostPort: &port, ServicePort: 10000}},
			Container: &Container{Volumes: []Volume{{ContainerPath: "data", Persistent: &PersistentVolume{Type: "root", Size: resource.Units(100)}}}},
		},
	}
}

func TestWhatIsReservedForAResidentAppDoesNotChange(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		change func(*Spec)
		want   []string
	}{
		{"instances and command", func(s *Spec) { s.Instances, s.Cmd = 5, "new" }, nil},
		{"a service port", func(s *Spec) { s.Ports[0].ServicePort = 0 }, nil},
		{"a host volume", func(s *Spec) {
			s.Container.Volumes = append(s.Container.Volumes, Volume{ContainerPath: "/x", HostPath: "/y"})
		}, nil},
		{"cpus and memory", func(s *Spec) { s.Resources = resource.Vector{CPUs: 2000, Mem: resource.Units(65)} }, []string{"/cpus", "/mem"}},
		{"disk and gpus", func(s *Spec) { s.Resources.Disk, s.Resources.GPUs = 1, 1000 }, []string{"/disk", "/gpus"}},
		{"the role", func(s *Spec) { s.Role = "other" }, []string{"/role"}},
		{"requirePorts", func(s *Spec) { s.RequirePorts = true }, []string{"/requirePorts"}},
		{"a host port", func(s *Spec) { fixed := 80; s.Ports[0].HostPort = &fixed }, []string{"/ports"}},
		{"one more port", func(s *Spec) { s.Ports = append(s.Ports, Port{}) }, []string{"/ports"}},
		{"a volume's size", func(s *Spec) { s.Container.Volumes[0].Persistent.Size++ }, []string{"/container/volumes"}},
		{"no volume any more", func(s *Spec) { s.Container = nil }, []string{"/container/volumes"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			is := residentSpec()
			row.change(is)
			var got []string
			if e, ok := errors.AsType[*InvalidError](ValidateUpdate(residentSpec(), is)); ok {
				for _, p := range e.Problems {
					got = append(got, p.Path)
				}
			}
			if d := cmp.Diff(got, row.want); d != "" {
				t.Errorf("refused paths (-got +want):\n%s", d)
			}
		})
	}
	was := residentSpec()
	was.Container = nil
	if err := ValidateUpdate(was, residentSpec()); err == nil {
		t.Error("volumes were added to an app that had none")
	}
	is := residentSpec()
	is.Container, is.Resources.CPUs = nil, 1
	if err := ValidateUpdate(was, is); err != nil {
		t.Errorf("an ordinary app: %v", err)
	}
}
