package app

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

func sleeper() Spec {
	s := Default()
	s.ID, s.Cmd = "/sleeper", "sleep 1"
	return s
}

func TestNormalize(t *testing.T) {
	t.Parallel()

	t.Run("completes networks, ports and role", func(t *testing.T) {
		t.Parallel()
		s := sleeper()
		n := Normalize(&s, DefaultRules())
		if diff := cmp.Diff(n.Networks, []Network{{Mode: Host}}); diff != "" {
			t.Errorf("networks (-got +want):\n%s", diff)
		}
		if diff := cmp.Diff(n.Ports, []Port{{HostPort: new(int), Protocol: "tcp", Name: "default"}}); diff != "" {
			t.Errorf("ports (-got +want):\n%s", diff)
		}
		if n.Role != "*" || s.Role != "" || s.Ports != nil {
			t.Errorf("got role %q, want *, and the original as it was: %+v", n.Role, s)
		}
		if err := Validate(n, DefaultRules()); err != nil {
			t.Error(err)
		}
	})

	t.Run("changes nothing the second time", func(t *testing.T) {
		t.Parallel()
		s := sleeper()
		s.RequirePorts = true
		s.Ports = []Port{{ServicePort: 8080}, {Protocol: "tcp,udp"}}
		s.HealthChecks = []HealthCheck{{Protocol: HealthHTTP}}
		s.Constraints = []constraint.Constraint{{Field: "hostname", Operator: constraint.Unique}, {Field: "hostname", Operator: constraint.Unique}}
		once := Normalize(&s, DefaultRules())
		if diff := cmp.Diff(Normalize(once, DefaultRules()), once); diff != "" {
			t.Errorf("(-twice +once):\n%s", diff)
		}
		if *once.Ports[0].HostPort != 8080 || len(once.Constraints) != 1 || once.HealthChecks[0].PortIndex == nil {
			t.Errorf("got %+v", once)
		}
	})
}

func TestValidateFindsEveryProblem(t *testing.T) {
	t.Parallel()
	s := sleeper()
	s.ID, s.Instances, s.Role = "/A", -1, "other"
	s.Resources = resource.Vector{Mem: -1}
	s.Fetch = []Fetch{{}}
	s.Upgrade.MinimumHealthCapacity = 1.5
	s.Dependencies = []ID{"/A", "/B_"}
	s.Networks = []Network{{Mode: ContainerNetwork, Name: "n"}, {Mode: ContainerNetwork, Name: "n"}}
	n := Normalize(&s, DefaultRules())
	err, ok := errors.AsType[*InvalidError](Validate(n, DefaultRules()))
	if !ok {
		t.Fatal("got no *InvalidError")
	}
	var paths []string
	for _, p := range err.Problems {
		paths = append(paths, p.Path)
	}
	for _, want := range []string{
		"/id", "/instances", "/cpus", "/mem", "/role", "/fetch(0)/uri", "/upgradeStrategy/minimumHealthCapacity",
		"/dependencies(0)", "/dependencies(1)", "/networks(1)/name",
	} {
		if !slices.Contains(paths, want) {
			t.Errorf("got problems at %v, want one at %s", paths, want)
		}
	}
}
