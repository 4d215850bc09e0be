package placement_test

import (
	"math/rand/v2"
	"testing"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// FuzzConstraint checks that any constraint that is accepted can be placed by
// and, when it refuses, explained.
func FuzzConstraint(f *testing.F) {
	f.Add("hostname", "UNIQUE", "")
	f.Add("rack", "like", "k[0-9]+|x")
	f.Add("@zone", "GROUP_BY", "3")
	f.Add("gen", "IS", "4.0")
	f.Add("rack", "MAX_PER", "2")
	f.Fuzz(func(t *testing.T, field, operator, value string) {
		parts := []string{field, operator}
		if value != "" {
			parts = append(parts, value)
		}
		k, err := constraint.Parse(parts)
		if err != nil {
			return
		}
		c := placement.NewCluster(placement.Config{})
		for i := range 4 {
			o := offer(i, 8, 1024)
			o.Attributes = []mesos.Attribute{
				{Name: "rack", Type: mesos.Text, Text: "k1"},
				{Name: "gen", Type: mesos.Scalar, Scalar: resource.Scalar(1000 * i)},
				{Name: field, Type: mesos.Text, Text: value},
			}
			c.Add(o)
		}
		s := spec(1, 1)
		s.Constraints = []constraint.Constraint{k}
		d := c.Demand(&s.Run, nil)
		for range 40 {
			if _, ok := c.Place(d); !ok {
				if placement.Explain(&s.Run, d.Rejections()) == nil {
					t.Errorf("%v refuses every agent and nothing says so", k)
				}
				return
			}
		}
	})
}

// FuzzPorts places Apps with any numbers of ports on any ranges of two
// reservations, and checks that none is given twice or was not offered.
func FuzzPorts(f *testing.F) {
	f.Add(uint16(31000), uint16(31010), uint16(31005), uint16(40000), uint16(31004), uint8(3), true)
	f.Add(uint16(65530), uint16(65535), uint16(0), uint16(2), uint16(65535), uint8(9), false)
	f.Add(uint16(80), uint16(80), uint16(81), uint16(81), uint16(81), uint8(1), true)
	f.Fuzz(func(t *testing.T, a, b, c, d, fixed uint16, dynamic uint8, random bool) {
		cfg := placement.Config{}
		if random {
			cfg.Rand = rand.New(rand.NewPCG(1, uint64(dynamic)))
		}
		cluster := placement.NewCluster(cfg)
		free := map[uint32]bool{}
		offered := func(from, to uint16) resource.Ranges {
			var rs resource.Ranges
			for n := uint32(from); n <= uint32(to); n++ {
				// Mesos offers a port once. Port 0 stands for any port.
				if n != 0 && !free[n] {
					free[n] = true
					rs = append(rs, resource.Range{Begin: uint64(n), End: uint64(n)})
				}
			}
			return resource.NewRanges(rs...)
		}
		o := offer(1, 1000, 1024)
		o.Resources = append(o.Resources,
			mesos.Resource{Name: mesos.Ports, Type: mesos.RangeSet, Ranges: offered(a, min(b, a+500))},
			mesos.Resource{Name: mesos.Ports, Type: mesos.RangeSet, Ranges: offered(c, min(d, c+500)), Reservations: []mesos.Reservation{{Role: "*"}}})
		cluster.Add(o)
		s := spec(0.001, 0)
		s.RequirePorts = true
		for range dynamic % 8 {
			s.Ports = append(s.Ports, app.Port{})
		}
		s.Ports = append(s.Ports, app.Port{ServicePort: int(fixed)})
		demands := []*placement.Demand{cluster.Demand(&s.Run, nil)}
		s = &app.Spec{ID: "/any", Run: runspec.Run{Ports: s.Ports}}
		demands = append(demands, cluster.Demand(&s.Run, nil))
		for n := range 12 {
			before := len(free)
			got, ok := cluster.Place(demands[n%2])
			wants := before >= len(s.Ports) && (n%2 == 1 || fixed == 0 || free[uint32(fixed)])
			if ok != wants {
				t.Fatalf("placed %v with %d ports free, want %v", ok, before, wants)
			}
			for _, port := range got.HostPorts {
				if !free[port] {
					t.Fatalf("port %d of %v is not free", port, got.HostPorts)
				}
				delete(free, port)
			}
			if problem := cluster.Check(); problem != "" {
				t.Fatal(problem)
			}
			if ok && n%3 == 2 {
				cluster.Undo(got)
				for _, port := range got.HostPorts {
					free[port] = true
				}
			}
		}
	})
}
