package placement_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// offer returns an offer of agent a<n> with unreserved cpus, mem and ports.
func offer(n int, cpus, mem float64, ports ...resource.Range) *mesos.Offer {
	o := &mesos.Offer{
		ID: mesos.OfferID(fmt.Sprintf("o%d", n)), AgentID: mesos.AgentID(fmt.Sprintf("a%d", n)),
		Hostname: fmt.Sprintf("h%d", n), Role: "*",
		Resources: []mesos.Resource{
			{Name: mesos.CPUs, Type: mesos.Scalar, Scalar: resource.FromFloat(cpus), AllocationRole: "*"},
			{Name: mesos.Mem, Type: mesos.Scalar, Scalar: resource.FromFloat(mem), AllocationRole: "*"},
		},
	}
	if len(ports) > 0 {
		o.Resources = append(o.Resources, mesos.Resource{Name: mesos.Ports, Type: mesos.RangeSet, Ranges: ports, AllocationRole: "*"})
	}
	return o
}

func spec(cpus, mem float64) *app.Spec {
	return &app.Spec{ID: "/web", Run: runspec.Run{Resources: resource.Vector{CPUs: resource.FromFloat(cpus), Mem: resource.FromFloat(mem)}}}
}

func TestPlace(t *testing.T) {
	t.Parallel()

	t.Run("first fit takes the first agent that has room", func(t *testing.T) {
		t.Parallel()
		c := placement.NewCluster(placement.Config{})
		c.Add(offer(1, 1, 64))
		c.Add(offer(2, 4, 256))
		d := c.Demand(&spec(2, 128).Run, nil)
		var got []mesos.AgentID
		for {
			a, ok := c.Place(d)
			if !ok {
				break
			}
			got = append(got, a.AgentID)
		}
		if diff := cmp.Diff(got, []mesos.AgentID{"a2", "a2"}); diff != "" {
			t.Fatalf("agents (-got +want):\n%s", diff)
		}
		if n := d.Rejections().LastOffers.Declined[placement.InsufficientCpus-1]; n != 2 {
			t.Errorf("declined for cpus: got %d, want 2", n)
		}
	})

	t.Run("resources are the offered objects cut in size", func(t *testing.T) {
		t.Parallel()
		c := placement.NewCluster(placement.Config{})
		c.Add(offer(1, 4, 256, resource.Range{Begin: 31000, End: 31002}))
		s := spec(1.5, 128)
		s.Ports = []app.Port{{}, {}}
		a, ok := c.Place(c.Demand(&s.Run, nil))
		if !ok {
			t.Fatal("it fits")
		}
		want := []mesos.Resource{
			{Name: "cpus", Type: mesos.Scalar, Scalar: 1500, AllocationRole: "*"},
			{Name: "mem", Type: mesos.Scalar, Scalar: 128000, AllocationRole: "*"},
			{Name: "ports", Type: mesos.RangeSet, Ranges: resource.Ranges{{Begin: 31000, End: 31001}}, AllocationRole: "*"},
		}
		if diff := cmp.Diff(a.Resources, want); diff != "" {
			t.Errorf("resources (-got +want):\n%s", diff)
		}
		if diff := cmp.Diff(a.HostPorts, []uint32{31000, 31001}); diff != "" {
			t.Errorf("host ports (-got +want):\n%s", diff)
		}
	})

	t.Run("undo gives everything back", func(t *testing.T) {
		t.Parallel()
		c := placement.NewCluster(placement.Config{})
		c.Add(offer(1, 2, 256, resource.Range{Begin: 31000, End: 31000}))
		s := spec(2, 128)
		s.Ports = []app.Port{{}}
		d := c.Demand(&s.Run, nil)
		for range 3 {
			a, ok := c.Place(d)
			if !ok {
				t.Fatal("it fits after each undo")
			}
			c.Undo(a)
		}
	})
}
