package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// coreFigures measures all of the scheduler's decisions, not placement alone:
// from the event that brings the offers to the records to store and the calls
// that launch. The shape is that of SwarmKit's scheduler benchmarks: 1,000
// agents, 10,000 tasks of services of their own, of which, with constraints,
// only every third agent may take any.
func coreFigures(s *session) error {
	for _, f := range []struct {
		name        string
		apps, each  int
		constrained bool
	}{
		{"core/agents=1000/apps=10000/tasks=10000", 10_000, 1, false},
		{"core/constraints/agents=1000/apps=10000/tasks=10000", 10_000, 1, true},
		{"core/agents=1000/apps=10/tasks=10000", 10, 1000, false},
		{"core/constraints/agents=1000/apps=10/tasks=10000", 10, 1000, true},
	} {
		if s.small {
			f.apps, f.each = max(f.apps/100, 1), max(f.each/100, 1)
			f.name += "/small"
		}
		took, err := s.best(func() (func(), func() error, error) {
			return coreScene(f.apps, f.each, f.constrained)
		})
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		s.report(f.name, float64(f.apps*f.each)/took.Seconds(), "tasks/s")
	}
	return nil
}

// coreScene makes a scheduler whose Apps all wait. What is measured is the step
// that brings the offers.
func coreScene(apps, each int, constrained bool) (measured func(), check func() error, err error) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	cfg := core.DefaultConfig()
	cfg.Rand = rand.New(rand.NewPCG(1, 1))
	state := core.New(cfg, placement.NewCluster(placement.Config{Rand: cfg.Rand}), core.Stored{}, now)
	state.Step(now, core.FromMesos{Event: mesos.Subscribed{FrameworkID: "bench"}})
	var changes []core.AppChange
	for i := range apps {
		spec := &app.Spec{
			ID:         app.ID(fmt.Sprintf("/bench/app-%d", i)),
			Instances:  each,
			Backoff:    app.Backoff{Initial: time.Second, Factor: 2, Max: time.Minute},
			Upgrade:    app.UpgradeStrategy{MinimumHealthCapacity: 1, MaximumOverCapacity: 1},
			KillSelect: app.YoungestFirst,
			Run: runspec.Run{
				Cmd:       "run",
				Role:      "*",
				Resources: resource.Vector{CPUs: 100, Mem: resource.Units(32)},
			},
		}
		if constrained {
			spec.Constraints = []constraint.Constraint{{Field: "network", Operator: constraint.Like, Value: "special"}}
		}
		changes = append(changes, core.AppChange{Spec: spec, Create: true})
	}
	state.Step(now, core.Asked{Command: core.ChangeApps{Changes: changes}, Reply: 1})
	state.View()
	offers := make([]mesos.Offer, 1000)
	for i := range offers {
		offers[i] = peerOffer(i)
	}
	var effects core.Effects
	measured = func() { effects = state.Step(now, core.FromMesos{Event: mesos.Offers{Offers: offers}}) }
	check = func() error {
		launched, stored := 0, 0
		for _, c := range effects.Calls {
			if l, ok := c.(*core.Launch); ok {
				launched += len(l.Tasks)
			}
		}
		for _, c := range effects.Persist {
			if _, ok := c.(core.PutInstance); ok {
				stored++
			}
		}
		if launched != apps*each || stored < launched {
			return fmt.Errorf("%d tasks launched and %d records stored, want %d", launched, stored, apps*each)
		}
		return nil
	}
	return measured, check, nil
}

// peerOffer is one of the agents; every third is special, as in SwarmKit's benchmark.
func peerOffer(i int) mesos.Offer {
	o := mesos.Offer{
		ID: mesos.OfferID(fmt.Sprintf("offer-%d", i)), AgentID: mesos.AgentID(fmt.Sprintf("agent-%d", i)),
		Hostname: fmt.Sprintf("name%d", i), Role: "*",
		Resources: []mesos.Resource{
			{Name: mesos.CPUs, Type: mesos.Scalar, Scalar: resource.Units(32), AllocationRole: "*"},
			{Name: mesos.Mem, Type: mesos.Scalar, Scalar: resource.Units(65536), AllocationRole: "*"},
		},
	}
	if i%3 == 0 {
		o.Attributes = []mesos.Attribute{{Name: "network", Type: mesos.Text, Text: "special"}}
	}
	return o
}
