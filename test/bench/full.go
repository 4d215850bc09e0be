package main

import (
	"fmt"

	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/test/workloads"
)

// nearlyFullFigures measures a full cluster at work: an instance ends, and of
// the waiting Apps the first that fits into the gap takes it. Most checks fail.
func nearlyFullFigures(s *session) error {
	w, err := workloads.Load("nearly-full")
	if err != nil {
		return err
	}
	size := w.Sizes[len(w.Sizes)-1]
	if s.small {
		size = w.Sizes[0]
	}
	placed, refused := 0, 0
	took, err := s.best(func() (func(), func() error, error) {
		f, err := newFullScene(w, size)
		if err != nil {
			return nil, nil, err
		}
		return f.churn, func() error {
			placed, refused = f.started, f.refused
			if f.started == 0 || f.refused < f.started {
				return fmt.Errorf("%d placed and %d refused: the cluster is not full", f.started, f.refused)
			}
			return f.check()
		}, nil
	})
	if err != nil {
		return err
	}
	s.report(fmt.Sprintf("placement/nearly-full/agents=%d", size.Agents), float64(placed)/took.Seconds(), "placements/s")
	s.report(fmt.Sprintf("placement/nearly-full/agents=%d/refused", size.Agents), float64(refused)/float64(placed), "per-placement")
	return nil
}

// fullScene is a cluster filled to the workload's part.
type fullScene struct {
	*scene
	demands          []*placement.Demand
	ends             []int
	started, refused int
}

func newFullScene(w *workloads.Workload, size workloads.Size) (*fullScene, error) {
	sc, err := newScene(w, size, placement.FirstFit)
	if err != nil {
		return nil, err
	}
	f := &fullScene{scene: sc}
	var total, used resource.Scalar
	for _, o := range f.offers {
		total += o.Resources[0].Scalar
	}
	for _, a := range f.apps {
		f.demands = append(f.demands, f.cluster.Demand(&a.Spec.Run, nil))
	}
	rnd := w.Rand()
	for failed := 0; float64(used) < w.Full*float64(total) && failed < 1000; {
		d := f.demands[rnd.IntN(len(f.demands))]
		a, ok := f.cluster.Place(d)
		if !ok {
			failed++
			continue
		}
		used += d.Need().CPUs
		f.placed = append(f.placed, a)
	}
	if float64(used) < w.Full*float64(total) {
		return nil, fmt.Errorf("only %v of %v cpus could be filled", used, total)
	}
	for range size.Instances {
		f.ends = append(f.ends, rnd.IntN(len(f.placed)))
	}
	return f, nil
}

// churn ends instances in the order drawn before, and fills each gap from the
// Apps in turn until none of them fits any more.
func (f *fullScene) churn() {
	next := 0
	for _, k := range f.ends {
		if len(f.placed) == 0 {
			return
		}
		k %= len(f.placed)
		f.cluster.Undo(f.placed[k])
		f.placed[k] = f.placed[len(f.placed)-1]
		f.placed = f.placed[:len(f.placed)-1]
		for tries := 0; tries < len(f.demands); next++ {
			a, ok := f.cluster.Place(f.demands[next%len(f.demands)])
			if !ok {
				tries++
				f.refused++
				continue
			}
			f.placed = append(f.placed, a)
			f.started++
		}
	}
}
