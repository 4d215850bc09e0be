package placement_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
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
			"needs 2 host ports (8080); the agent with the most free has 2: 1 agent too small",
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
			d := c.Demand(s, nil)
			if diff := cmp.Diff(placement.Explain(s, d.Rejections()), k.want); diff != "" {
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
		d := c.Demand(s, nil)
		for {
			if _, ok := c.Place(d); !ok {
				break
			}
		}
		want := "needs 4 cpus; the largest free agent has 3.5: 12 agents too small, 3 excluded by hostname UNIQUE"
		if diff := cmp.Diff(placement.Explain(s, d.Rejections()), want); diff != "" {
			t.Errorf("sentence (-got +want):\n%s", diff)
		}
	})
}

// TestFunnel checks order and counts of the reasons, and that each offer is counted once in an attempt.
func TestFunnel(t *testing.T) {
	t.Parallel()
	c := placement.NewCluster(placement.Config{HomeRegion: "home", RestrictGPUs: true})
	add := func(n int, cpus, mem float64, change func(o *mesos.Offer)) {
		o := offer(n, cpus, mem)
		if change != nil {
			change(o)
		}
		c.Add(o)
	}
	add(1, 1, 1024, nil)
	add(2, 8, 64, nil)
	add(3, 8, 1024, func(o *mesos.Offer) { o.Domain.Region = "far" })
	add(4, 8, 1024, func(o *mesos.Offer) { o.Role = "other" })
	add(5, 8, 1024, nil)
	c.SetDraining("a5", true)
	add(6, 8, 1024, func(o *mesos.Offer) {
		o.Resources = append(o.Resources, mesos.Resource{Name: mesos.GPUs, Type: mesos.Scalar, Scalar: 1000})
	})
	s := spec(4, 128)
	s.Ports = []app.Port{{}}
	d := c.Demand(s, nil)
	add(7, 8, 1024, nil)
	r := d.Rejections()
	want := []placement.Tally{
		{Reason: placement.UnfulfilledRole, Declined: 1, Processed: 7},
		{Reason: placement.UnfulfilledConstraint, Declined: 1, Processed: 6},
		{Reason: placement.NoCorrespondingReservationFound, Processed: 5},
		{Reason: placement.AgentMaintenance, Declined: 1, Processed: 5},
		{Reason: placement.InsufficientCpus, Declined: 1, Processed: 4},
		{Reason: placement.InsufficientMemory, Declined: 1, Processed: 3},
		{Reason: placement.InsufficientDisk, Processed: 2},
		{Reason: placement.InsufficientGpus, Processed: 2},
		{Reason: placement.InsufficientPorts, Declined: 2, Processed: 2},
		{Reason: placement.DeclinedScarceResources},
	}
	if diff := cmp.Diff(r.LastOffers.Tallies(), want); diff != "" {
		t.Errorf("last offers (-got +want):\n%s", diff)
	}
	if again := d.Rejections(); r.Attempt.Processed != 6 || again.Attempt.Processed != 6 {
		t.Errorf("attempt: got %d offers, then %d, want each of the role's 6 once", r.Attempt.Processed, again.Attempt.Processed)
	}
	add(8, 1, 1024, nil)
	if again := d.Rejections(); again.Attempt.Processed != 7 {
		t.Errorf("attempt: got %d offers, want the new one to be counted", again.Attempt.Processed)
	}
	if got := d.Unused(3); len(got) != 3 || got[0].Reason != placement.InsufficientCpus || got[0].Offer.ID != "o1" {
		t.Errorf("unused offers: got %v", got)
	}
}
