package workloads_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/test/workloads"
)

// TestWorkloads places the smallest size of every workload with every policy
// and checks the sums against the offers.
func TestWorkloads(t *testing.T) {
	t.Parallel()
	all, err := workloads.All()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Errorf("workloads: got %d, want at least 10", len(all))
	}
	for name, w := range all {
		for p := placement.FirstFit; p <= placement.Spread; p++ {
			t.Run(name+"/"+p.String(), func(t *testing.T) {
				t.Parallel()
				placeAll(t, w, p)
			})
		}
	}
}

func placeAll(t *testing.T, w *workloads.Workload, p placement.Policy) {
	t.Helper()
	size := w.Sizes[0]
	apps, err := w.Draw(size.Instances)
	if err != nil {
		t.Fatal(err)
	}
	c := placement.NewCluster(placement.Config{Policy: p, Rand: w.Rand()})
	free := map[mesos.AgentID]resource.Vector{}
	for _, o := range w.Offers(size.Agents) {
		c.Add(o)
		free[o.AgentID] = resource.Vector{CPUs: o.Resources[0].Scalar, Mem: o.Resources[1].Scalar}
	}
	placed := 0
	for _, a := range apps {
		d := c.Demand(&a.Spec.Run, nil)
		for range a.Spec.Instances {
			at, ok := c.Place(d)
			if !ok {
				if got := placement.Explain(&a.Spec.Run, d.Rejections()); got == nil {
					t.Errorf("%s fits nowhere and nothing says why", a.Spec.ID)
				}
				break
			}
			placed++
			if !d.Need().Fits(free[at.AgentID]) {
				t.Fatalf("%s was placed on %s, which has only %v left", a.Spec.ID, at.AgentID, free[at.AgentID])
			}
			free[at.AgentID] = free[at.AgentID].Sub(d.Need())
		}
	}
	if placed == 0 {
		t.Error("nothing was placed")
	}
}

// TestDraw checks that a workload is the same every time.
func TestDraw(t *testing.T) {
	t.Parallel()
	w, err := workloads.Load("trace")
	if err != nil {
		t.Fatal(err)
	}
	first, err := w.Draw(1000)
	if err != nil {
		t.Fatal(err)
	}
	second, err := w.Draw(1000)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("second drawing (-first +second):\n%s", diff)
	}
	instances := 0
	for _, a := range first {
		instances += a.Spec.Instances
		if c := a.Spec.Resources.CPUs; c < 100 || c > resource.Units(16) {
			t.Errorf("%s: %v cpus are outside the distribution", a.Spec.ID, c)
		}
	}
	if instances != 1000 {
		t.Errorf("instances: got %d, want 1000", instances)
	}
}
