package main

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/test/workloads"
)

// scene is a workload of one size, ready to be placed.
type scene struct {
	offers  []*mesos.Offer
	apps    []workloads.App
	cluster *placement.Cluster
	placed  []placement.Assignment
}

// newScene makes a cluster with the workload's offers.
func newScene(w *workloads.Workload, size workloads.Size, policy placement.Policy) (*scene, error) {
	apps, err := w.Draw(size.Instances)
	if err != nil {
		return nil, err
	}
	s := &scene{
		offers: w.Offers(size.Agents), apps: apps,
		cluster: placement.NewCluster(placement.Config{Policy: policy, Rand: rand.New(rand.NewPCG(w.Seed, 2))}),
		placed:  make([]placement.Assignment, 0, size.Instances),
	}
	for _, o := range s.offers {
		s.cluster.Add(o)
	}
	return s, nil
}

// place puts all instances somewhere, one of each App in turn, until each
// App has all of its own or fits nowhere any more.
func (s *scene) place() {
	demands := make([]*placement.Demand, len(s.apps))
	left := make([]int, len(s.apps))
	for i, a := range s.apps {
		demands[i] = s.cluster.Demand(&a.Spec.Run, nil)
		left[i] = a.Spec.Instances
	}
	for waiting := len(demands); waiting > 0; {
		waiting = 0
		for i, d := range demands {
			if left[i] == 0 {
				continue
			}
			a, ok := s.cluster.Place(d)
			if !ok {
				left[i] = 0
				continue
			}
			s.placed = append(s.placed, a)
			if left[i]--; left[i] > 0 {
				waiting++
			}
		}
	}
}

// check compares what was taken of every agent with what it offered.
func (s *scene) check() error {
	used := map[mesos.AgentID]resource.Vector{}
	taken := map[mesos.AgentID]map[uint32]bool{}
	for _, a := range s.placed {
		v := used[a.AgentID]
		for _, r := range a.Resources {
			switch r.Name {
			case mesos.CPUs:
				v.CPUs += r.Scalar
			case mesos.Mem:
				v.Mem += r.Scalar
			}
		}
		used[a.AgentID] = v
		for _, p := range a.HostPorts {
			if taken[a.AgentID] == nil {
				taken[a.AgentID] = map[uint32]bool{}
			}
			if taken[a.AgentID][p] {
				return fmt.Errorf("port %d of %s was given twice", p, a.AgentID)
			}
			taken[a.AgentID][p] = true
		}
	}
	for _, o := range s.offers {
		if v := used[o.AgentID]; v.CPUs > o.Resources[0].Scalar || v.Mem > o.Resources[1].Scalar {
			return fmt.Errorf("%s: %v used, more than offered", o.AgentID, v)
		}
	}
	if len(s.placed) == 0 {
		return errors.New("nothing was placed")
	}
	return nil
}

// rate places a workload and returns placements per second. It fails when
// instances find no place that should.
func (s *session) rate(w *workloads.Workload, size workloads.Size, policy placement.Policy) (float64, error) {
	placed := 0
	took, err := s.best(func() (func(), func() error, error) {
		sc, err := newScene(w, size, policy)
		if err != nil {
			return nil, nil, err
		}
		return sc.place, func() error {
			placed = len(sc.placed)
			if fits := cmp.Or(w.Fits, 1); float64(placed) < fits*float64(size.Instances) {
				return fmt.Errorf("%s: %d of %d instances were placed, want at least the part %v", w.Name, placed, size.Instances, fits)
			}
			return sc.check()
		}, nil
	})
	if err != nil {
		return 0, err
	}
	return float64(placed) / took.Seconds(), nil
}

// sizes are those that a workload is measured in.
func (s *session) sizes(w *workloads.Workload) []workloads.Size {
	if s.small {
		return w.Sizes[:1]
	}
	return w.Sizes
}

// placementFigures places every workload that has no figure of its own.
func placementFigures(s *session) error {
	for _, f := range []struct {
		workload, name string
		policy         placement.Policy
	}{
		{"uniform", "first-fit", placement.FirstFit},
		{"constrained", "constraints", placement.FirstFit},
		{"mixed", "mixed", placement.FirstFit},
		{"mixed", "mixed/best-fit", placement.BestFit},
		{"mixed", "mixed/spread", placement.Spread},
		{"tiny", "tiny", placement.FirstFit},
		{"huge", "huge", placement.FirstFit},
		{"fragmented-ports", "fragmented-ports", placement.FirstFit},
	} {
		w, err := workloads.Load(f.workload)
		if err != nil {
			return err
		}
		for _, size := range s.sizes(w) {
			rate, err := s.rate(w, size, f.policy)
			if err != nil {
				return err
			}
			s.report(fmt.Sprintf("placement/%s/agents=%d/instances=%d", f.name, size.Agents, size.Instances), rate, "placements/s")
		}
	}
	return nil
}

// scalingFigure compares the cost of a placement on ten times as many agents.
func scalingFigure(s *session) error {
	w, err := workloads.Load("uniform")
	if err != nil {
		return err
	}
	few, many := workloads.Size{Agents: 5000, Instances: 50_000}, workloads.Size{Agents: 50_000, Instances: 500_000}
	if s.small {
		few, many = workloads.Size{Agents: 100, Instances: 1000}, workloads.Size{Agents: 1000, Instances: 10_000}
	}
	onFew, err := s.rate(w, few, placement.FirstFit)
	if err != nil {
		return err
	}
	onMany, err := s.rate(w, many, placement.FirstFit)
	if err != nil {
		return err
	}
	s.report("placement/scaling", onFew/onMany, "ratio")
	return nil
}

// spreadFigures compares the cost of spreading with that of first-fit.
func spreadFigures(s *session) error {
	w, err := workloads.Load("spread")
	if err != nil {
		return err
	}
	size := w.Sizes[len(w.Sizes)-1]
	if s.small {
		size = w.Sizes[0]
	}
	grouped, err := workloads.Load("spread")
	if err != nil {
		return err
	}
	for i := range grouped.Apps {
		grouped.Apps[i].Constraint = []string{"hostname", "GROUP_BY"}
	}
	// The runs are short: there are more of them, and they take turns, so that
	// what else goes on on the machine meets all three alike.
	var base, spread, groupBy float64
	turn := &session{runs: 1}
	for range 5 * s.runs {
		for _, k := range []struct {
			best     *float64
			workload *workloads.Workload
			policy   placement.Policy
		}{{&base, w, placement.FirstFit}, {&spread, w, placement.Spread}, {&groupBy, grouped, placement.FirstFit}} {
			rate, err := turn.rate(k.workload, size, k.policy)
			if err != nil {
				return err
			}
			*k.best = max(*k.best, rate)
		}
	}
	name := fmt.Sprintf("placement/%%s/agents=%d/instances=%d", size.Agents, size.Instances)
	s.report(fmt.Sprintf(name, "spread/first-fit"), base, "placements/s")
	s.report(fmt.Sprintf(name, "spread/policy"), base/spread, "ratio")
	s.report(fmt.Sprintf(name, "spread/group-by"), base/groupBy, "ratio")
	s.report(fmt.Sprintf(name, "spread"), max(base/spread, base/groupBy), "ratio")
	return nil
}
