package placement_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/why"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

func TestExplain(t *testing.T) {
	t.Parallel()
	unique := []constraint.Constraint{{Field: "hostname", Operator: constraint.Unique}}
	for _, k := range []struct {
		name   string
		offers []*mesos.Offer
		change func(s *app.Spec)
		want   string
	}{
		{"without offers", nil, nil, "no agent offers anything at present"},
		{"when it fits", []*mesos.Offer{offer(1, 8, 1024)}, nil, ""},
		{
			"too large", []*mesos.Offer{offer(1, 3.5, 1024), offer(2, 2, 1024), offer(3, 1, 1024)}, nil,
			"needs 4 cpus; the largest free agent has 3.5: 3 agents too small",
		},
		{
			"the most frequent shortage leads", []*mesos.Offer{offer(1, 8, 64), offer(2, 8, 100), offer(3, 1, 1024)}, nil,
			"needs 128 MiB of memory; the largest free agent has 100: 2 agents too small, 1 agent short of cpus",
		},
		{
			"ports", []*mesos.Offer{offer(1, 8, 1024, resource.Range{Begin: 31000, End: 31001})},
			func(s *app.Spec) { s.Ports, s.RequirePorts = []app.Port{{ServicePort: 8080}, {}}, true },
			"needs 2 host ports (8080): not free on 1 agent (in use there, or outside of the ports on offer)",
		},
		{
			"a constraint that no agent meets", []*mesos.Offer{offer(1, 8, 1024), offer(2, 8, 1024)},
			func(s *app.Spec) {
				s.Constraints = []constraint.Constraint{{Field: "rack", Operator: constraint.Like, Value: "r1"}}
			},
			"2 excluded by rack LIKE r1",
		},
		{
			"another role", []*mesos.Offer{offer(1, 8, 1024)}, func(s *app.Spec) { s.Role = "db" },
			"1 agent offered to another role",
		},
	} {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			c := placement.NewCluster(placement.Config{})
			for _, o := range k.offers {
				c.Add(o)
			}
			s := spec(4, 128)
			if k.change != nil {
				k.change(s)
			}
			d := c.Demand(&s.Run, nil)
			if diff := cmp.Diff(why.Words(placement.Explain(&s.Run, d.Rejections())), k.want); diff != "" {
				t.Errorf("sentence (-got +want):\n%s", diff)
			}
		})
	}

	t.Run("after UNIQUE used up the large agents", func(t *testing.T) {
		t.Parallel()
		c := placement.NewCluster(placement.Config{})
		for i := range 15 {
			cpus := 3.5
			if i < 3 {
				cpus = 8
			}
			c.Add(offer(i, cpus, 1024))
		}
		s := spec(4, 128)
		s.Constraints = unique
		d := c.Demand(&s.Run, nil)
		for {
			if _, ok := c.Place(d); !ok {
				break
			}
		}
		want := "needs 4 cpus; the largest free agent has 3.5: 12 agents too small, 3 excluded by hostname UNIQUE"
		if diff := cmp.Diff(why.Words(placement.Explain(&s.Run, d.Rejections())), want); diff != "" {
			t.Errorf("sentence (-got +want):\n%s", diff)
		}
	})
}
