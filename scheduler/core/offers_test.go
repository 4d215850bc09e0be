package core_test

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/fault"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// waitingState is a State with one App that waits, whose offers a test makes by itself.
func waitingState(change func(c *core.Config)) *core.State {
	cfg := core.DefaultConfig()
	cfg.Rand = rand.New(rand.NewPCG(1, 1))
	if change != nil {
		change(&cfg)
	}
	s := core.New(cfg, placement.NewCluster(placement.Config{}), core.Stored{}, began)
	spec := app.Default()
	spec.ID, spec.Cmd, spec.Instances = "/web", "sleep 1", 9
	s.Step(began, core.FromMesos{mesos.Subscribed{FrameworkID: "fw"}})
	s.Step(began, core.Asked{Command: core.ChangeApps{Changes: []core.AppChange{{Spec: app.Normalize(&spec, app.DefaultRules()), Create: true}}}})
	return s
}

// offerTo gives the State an offer with room for one instance and reports whether it was used.
func offerTo(s *core.State, at time.Time, o mesos.Offer) bool {
	o.Hostname, o.Role = string(o.AgentID), "*"
	o.Resources = []mesos.Resource{
		{Name: mesos.CPUs, Type: mesos.Scalar, Scalar: resource.Units(1), AllocationRole: "*"},
		{Name: mesos.Mem, Type: mesos.Scalar, Scalar: resource.Units(512), AllocationRole: "*"},
		{Name: mesos.Ports, Type: mesos.RangeSet, Ranges: resource.Ranges{{Begin: 31000, End: 31009}}, AllocationRole: "*"},
	}
	for _, c := range s.Step(at, core.FromMesos{mesos.Offers{Offers: []mesos.Offer{o}}}).Calls {
		if _, ok := c.(*core.Launch); ok {
			return true
		}
	}
	return false
}

func TestAgentsAheadOfMaintenanceGetNothingNew(t *testing.T) {
	t.Parallel()
	now := began.Add(time.Hour)
	at := func(minutes int, lasts time.Duration) *mesos.Unavailability {
		return &mesos.Unavailability{Start: now.Add(time.Duration(minutes) * time.Minute), Duration: lasts}
	}
	for _, row := range []struct {
		name   string
		window *mesos.Unavailability
		change func(c *core.Config)
		want   bool
	}{
		{"none is planned", nil, nil, true},
		{"begins in six minutes", at(6, time.Hour), nil, true},
		{"begins in four minutes", at(4, time.Hour), nil, false},
		{"has begun", at(-10, time.Hour), nil, false},
		{"has begun and has no end", at(-600, 0), nil, false},
		{"is over", at(-10, time.Minute), nil, true},
		{"begins in four minutes, drained for three", at(4, time.Hour), func(c *core.Config) { c.MaintenanceLead = 3 * time.Minute }, true},
		{"begins now, not drained ahead", at(0, time.Hour), func(c *core.Config) { c.MaintenanceLead = 0 }, false},
		{"maintenance is ignored", at(-10, time.Hour), func(c *core.Config) { c.IgnoreMaintenance = true }, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := waitingState(row.change)
			if got := offerTo(s, now, mesos.Offer{ID: "o1", AgentID: "a1", Unavailability: row.window}); got != row.want {
				t.Errorf("placed: got %v, want %v", got, row.want)
			}
			if !offerTo(s, now, mesos.Offer{ID: "o2", AgentID: "a1"}) {
				t.Error("nothing is placed when the window is gone")
			}
		})
	}
}

// The region of the master of the present subscription is home.
func TestAnotherMastersRegionCountsForWhatIsPlacedNext(t *testing.T) {
	t.Parallel()
	s := waitingState(nil)
	var got []bool
	for n, home := range []string{"", "east", "west", "west", ""} {
		master := mesos.MasterInfo{Domain: mesos.Domain{Region: home, Zone: "a"}}
		s.Step(began, core.FromMesos{mesos.Subscribed{FrameworkID: "fw", Master: master}})
		o := mesos.Offer{ID: mesos.OfferID(strconv.Itoa(n)), AgentID: "a1", Domain: mesos.Domain{Region: "east", Zone: "b"}}
		if n == 3 {
			// Without a domain an agent is where the master is.
			o.AgentID, o.Domain = "a2", mesos.Domain{}
		}
		got = append(got, offerTo(s, began, o))
	}
	if diff := cmp.Diff(got, []bool{true, true, false, true, true}); diff != "" {
		t.Errorf("placed (-got +want):\n%s", diff)
	}
}

func TestAgentThatFailedByItsOwnFaultIsTriedLastByEveryApp(t *testing.T) {
	t.Parallel()
	s := waitingState(nil)
	offers := func(at time.Time, agents ...mesos.AgentID) (launched []mesos.TaskID, on []mesos.AgentID) {
		var list []mesos.Offer
		for n, id := range agents {
			list = append(list, mesos.Offer{
				ID: mesos.OfferID(strconv.Itoa(n) + at.String()), AgentID: id, Hostname: string(id), Role: "*",
				Resources: []mesos.Resource{
					{Name: mesos.CPUs, Type: mesos.Scalar, Scalar: resource.Units(1), AllocationRole: "*"},
					{Name: mesos.Mem, Type: mesos.Scalar, Scalar: resource.Units(128), AllocationRole: "*"},
					{Name: mesos.Ports, Type: mesos.RangeSet, Ranges: resource.Ranges{{Begin: 31000, End: 31000}}, AllocationRole: "*"},
				},
			})
		}
		for _, c := range s.Step(at, core.FromMesos{mesos.Offers{Offers: list}}).Calls {
			if l, ok := c.(*core.Launch); ok {
				for _, task := range l.Tasks {
					launched, on = append(launched, task.Instance.TaskID()), append(on, task.Instance.AgentID)
				}
			}
		}
		return launched, on
	}
	tasks, _ := offers(began.Add(time.Second), "a1")
	if len(tasks) != 1 {
		t.Fatalf("got %v launched, want one task", tasks)
	}
	s.Step(began.Add(2*time.Second), core.FromMesos{mesos.Update{Status: mesos.TaskStatus{
		TaskID: tasks[0], AgentID: "a1", State: mesos.TaskFailed, Labels: fault.Agent.Labels(),
	}}})
	other := app.Default()
	other.ID, other.Cmd, other.Instances = "/api", "sleep 1", 1
	s.Step(began.Add(3*time.Second), core.Asked{Command: core.ChangeApps{Changes: []core.AppChange{{Spec: app.Normalize(&other, app.DefaultRules()), Create: true}}}})
	if _, on := offers(began.Add(4*time.Second), "a1", "a2"); len(on) != 2 || on[0] != "a2" {
		t.Errorf("got launches on %v, want a2 before a1", on)
	}
	if got := len(s.View().Framework.AgentsAvoided); got != 1 {
		t.Errorf("got %d agents avoided, want 1", got)
	}
	s.Step(began.Add(2*time.Second).Add(core.DefaultConfig().AvoidFor), core.Tick{}) // without any offer
	if got := len(s.View().Framework.AgentsAvoided); got != 0 {
		t.Errorf("got %d agents avoided after AvoidFor, want none", got)
	}
}
