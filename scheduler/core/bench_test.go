package core

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// BenchmarkUpdates measures what a running task costs after its launch: two
// status updates of each of many instances of one App, with a View for every
// hundred of them.
func BenchmarkUpdates(b *testing.B) {
	const instances = 20_000
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for b.Loop() {
		b.StopTimer()
		s, tasks := launchedState(b, now, instances)
		b.StartTimer()
		for _, state := range []mesos.TaskState{mesos.TaskStarting, mesos.TaskRunning} {
			for n, t := range tasks {
				t.State, t.UUID = state, []byte("u")
				s.Step(now, FromMesos{Event: mesos.Update{Status: t}})
				if n%100 == 99 {
					s.View()
				}
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(2*instances), "ns/update")
}

// launchedState returns a State that has launched instances of one App, and a
// status for each of its tasks.
func launchedState(b *testing.B, now time.Time, instances int) (*State, []mesos.TaskStatus) {
	b.Helper()
	cfg := DefaultConfig()
	cfg.Rand = rand.New(rand.NewPCG(1, 1))
	s := New(cfg, placement.NewCluster(placement.Config{Rand: cfg.Rand}), Stored{}, now)
	s.Step(now, FromMesos{Event: mesos.Subscribed{FrameworkID: "bench"}})
	spec := &app.Spec{ID: "/bench/web", Instances: instances, Run: runspec.Run{Cmd: "run", Role: "*", Resources: resource.Vector{CPUs: 100, Mem: resource.Units(32)}}}
	s.Step(now, Asked{Command: ChangeApps{Changes: []AppChange{{Spec: spec, Create: true}}}})
	var offers []mesos.Offer
	for n := range instances / 100 {
		offers = append(offers, mesos.Offer{
			ID: mesos.OfferID(fmt.Sprint("o", n)), AgentID: mesos.AgentID(fmt.Sprint("a", n)), Hostname: fmt.Sprint("h", n), Role: "*",
			Resources: []mesos.Resource{
				{Name: mesos.CPUs, Type: mesos.Scalar, Scalar: resource.Units(10), AllocationRole: "*"},
				{Name: mesos.Mem, Type: mesos.Scalar, Scalar: resource.Units(6400), AllocationRole: "*"},
			},
		})
	}
	var tasks []mesos.TaskStatus
	for _, c := range s.Step(now, FromMesos{Event: mesos.Offers{Offers: offers}}).Calls {
		if l, ok := c.(*Launch); ok {
			for _, t := range l.Tasks {
				tasks = append(tasks, mesos.TaskStatus{TaskID: t.Instance.TaskID(), AgentID: t.Instance.AgentID})
			}
		}
	}
	if len(tasks) != instances {
		b.Fatalf("launched %d tasks, want %d", len(tasks), instances)
	}
	return s, tasks
}
