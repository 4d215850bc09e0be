package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/test/workloads"
)

// fitCheckFigures measures whether one instance fits one offer, ports included.
func fitCheckFigures(s *session) error {
	w, err := workloads.Load("uniform")
	if err != nil {
		return err
	}
	sc, err := newScene(w, w.Sizes[0], placement.FirstFit)
	if err != nil {
		return err
	}
	d := sc.cluster.Demand(&sc.apps[0].Spec.Run, nil)
	agents := make([]placement.Ref, len(sc.offers))
	for i, o := range sc.offers {
		agents[i], _ = sc.cluster.Ref(o.AgentID)
	}
	n, fits := 0, 0
	check := func() {
		for _, a := range agents {
			if d.Fits(a) {
				fits++
			}
		}
		n += len(agents)
	}
	allocs := testing.AllocsPerRun(100, check)
	rounds := 100_000
	if s.small {
		rounds = 1000
	}
	checks := float64(rounds * len(agents))
	took, err := s.best(func() (func(), func() error, error) {
		return func() {
				for range rounds {
					check()
				}
			}, func() error {
				if fits != n {
					return fmt.Errorf("%d of %d checks failed on empty agents", n-fits, n)
				}
				return nil
			}, nil
	})
	if err != nil {
		return err
	}
	s.report("fit-check", float64(took.Nanoseconds())/checks, "ns/op")
	s.report("fit-check", allocs, "allocs/op")
	return nil
}

// fairnessFigures fills a cluster from ten tenants of equal weight whose
// instances differ, through the queues and the placement.
func fairnessFigures(s *session) error {
	w, err := workloads.Load("fairness")
	if err != nil {
		return err
	}
	size := w.Sizes[len(w.Sizes)-1]
	if s.small {
		size = w.Sizes[0]
	}
	var tree *fairshare.Tree
	placed := 0
	took, err := s.best(func() (func(), func() error, error) {
		sc, err := newScene(w, size, placement.FirstFit)
		if err != nil {
			return nil, nil, err
		}
		tree = fairshare.New(fairshare.Config{})
		return func() { placed = fill(tree, sc) }, sc.check, nil
	})
	if err != nil {
		return err
	}
	var shares []float64
	for _, q := range tree.Shares() {
		if q.Queue != "/" {
			shares = append(shares, q.Weighted)
		}
	}
	s.report("fairness/jain", fairshare.Jain(shares), "index")
	s.report(fmt.Sprintf("fairness/drf/agents=%d/instances=%d", size.Agents, placed), float64(placed)/took.Seconds(), "placements/s")
	return nil
}

// fill places in the order of the queues until some queue fits nowhere: from
// then on the others only fill up what is of no use to it.
func fill(tree *fairshare.Tree, sc *scene) int {
	var total resource.Vector
	for _, o := range sc.offers {
		total = total.Add(resource.Vector{CPUs: o.Resources[0].Scalar, Mem: o.Resources[1].Scalar})
	}
	tree.SetTotal(total)
	now := time.Time{}
	demands := map[*fairshare.Item]*placement.Demand{}
	for _, a := range sc.apps {
		tree.Set(fairshare.Request{
			App: a.Spec.ID, Queue: string(a.Spec.ID.Tenant()), Need: a.Spec.Resources, Count: a.Spec.Instances,
		}, now)
		demands[tree.Waiting(a.Spec.ID)] = sc.cluster.Demand(&a.Spec.Run, nil)
	}
	for {
		it, ok := tree.Next()
		if !ok {
			return len(sc.placed)
		}
		a, ok := sc.cluster.Place(demands[it])
		if !ok {
			return len(sc.placed)
		}
		sc.placed = append(sc.placed, a)
		tree.Placed(it, now)
	}
}
