package main

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/google/uuid"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/scheduler/view"
	"github.com/gantry-mesos/gantry/test/workloads"
)

// heapFigure measures what the scheduler keeps in memory for each running
// instance: its state and the picture for readers, with the cluster's agents,
// once all instances run and everything that came and went is forgotten.
func heapFigure(s *session) error {
	size := workloads.Size{Agents: 10_000, Instances: 100_000}
	if s.small {
		size = workloads.Size{Agents: 100, Instances: 1000}
	}
	w, err := workloads.Load("uniform")
	if err != nil {
		return err
	}
	before := heapInUse()
	state, err := runAll(w, size)
	if err != nil {
		return err
	}
	after := heapInUse()
	s.report(fmt.Sprintf("heap/instances=%d", size.Instances), float64(after-before)/float64(size.Instances), "bytes/instance")
	runtime.KeepAlive(state)
	return nil
}

// heapInUse is what is in use after a collection; the first leaves finalizers' objects over.
func heapInUse() uint64 {
	var m runtime.MemStats
	for range 2 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// runAll returns a state whose instances all run, by way of the events that
// Mesos sends: offers, and for each task the updates that an agent would send.
func runAll(w *workloads.Workload, size workloads.Size) (*core.State, error) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	cfg := core.DefaultConfig()
	cfg.Rand = rand.New(rand.NewPCG(w.Seed, 1))
	state := core.New(cfg, placement.NewCluster(placement.Config{Rand: cfg.Rand}), core.Stored{}, now)
	state.Step(now, core.FromMesos{Event: mesos.Subscribed{FrameworkID: "bench"}})
	apps, err := w.Draw(size.Instances)
	if err != nil {
		return nil, err
	}
	var changes []core.AppChange
	for _, a := range apps {
		changes = append(changes, core.AppChange{Spec: a.Spec, Create: true})
	}
	state.Step(now, core.Asked{Command: core.ChangeApps{Changes: changes}, Reply: 1})
	var offers mesos.Offers
	for _, o := range w.Offers(size.Agents) {
		offers.Offers = append(offers.Offers, *o)
	}
	launched := state.Step(now, core.FromMesos{Event: offers})
	for _, c := range launched.Calls {
		l, ok := c.(*core.Launch)
		if !ok {
			continue
		}
		for _, t := range l.Tasks {
			now = now.Add(100 * time.Microsecond)
			for _, st := range []mesos.TaskState{mesos.TaskStarting, mesos.TaskRunning} {
				state.Step(now, core.FromMesos{Event: mesos.Update{Status: status(t.Instance, st, now)}})
			}
		}
		state.View()
	}
	got := 0
	state.View().Apps(func(a *view.App) bool { got += a.Counts.Running; return true })
	if got != size.Instances {
		return nil, fmt.Errorf("%d instances run, want %d", got, size.Instances)
	}
	return state, nil
}

// status is an update as it comes off the wire: nothing in it is shared.
func status(i *instance.Instance, st mesos.TaskState, at time.Time) mesos.TaskStatus {
	id := uuid.New()
	return mesos.TaskStatus{
		TaskID: mesos.TaskID([]byte(i.TaskID())), State: st, Source: mesos.SourceExecutor, AgentID: mesos.AgentID([]byte(i.AgentID)),
		Timestamp: at, UUID: id[:], Container: &mesos.ContainerStatus{
			Networks: []mesos.NetworkInfo{{IPAddresses: []string{fmt.Sprintf("10.%d.%d.%d", id[0], id[1], id[2])}}},
		},
	}
}
