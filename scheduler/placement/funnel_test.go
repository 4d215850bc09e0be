package placement_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/why"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

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
	d := c.Demand(&s.Run, nil)
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
	if again := d.Rejections(); r.Attempt.Processed != 7 || again.Attempt.Processed != 7 {
		t.Errorf("attempt: got %d offers, then %d, want each of the 7 once", r.Attempt.Processed, again.Attempt.Processed)
	}
	add(8, 1, 1024, nil)
	if again := d.Rejections(); again.Attempt.Processed != 8 {
		t.Errorf("attempt: got %d offers, want the new one to be counted", again.Attempt.Processed)
	}
	if got := d.Unused(3); len(got) != 3 || got[0].Reason != placement.InsufficientCpus || got[0].Offer.ID != "o1" {
		t.Errorf("unused offers: got %v", got)
	}
}

// TestEveryReason makes a situation for each reason: one agent that offers 4
// cpus, 512 MiB, 100 MiB of disk, a gpu and port 31000, and an App that it does
// not suit. The reason has Marathon's name, and a sentence says it.
func TestEveryReason(t *testing.T) {
	t.Parallel()
	const plain = "cpus:4 mem:512 disk:100 gpus:1 ports:31000"
	for _, row := range []struct {
		reason, name string
		cfg          placement.Config
		role, offers string
		region       string
		draining     bool
		change       func(s *app.Spec)
		want         string
	}{
		{reason: "UnfulfilledRole", name: "offered to another role", role: "db", want: "1 agent offered to another role"},
		{
			reason: "UnfulfilledRole", name: "nothing reserved for the role", change: func(s *app.Spec) { s.AcceptedResourceRoles = []string{"web"} },
			want: "1 agent without resources reserved for web",
		},
		{
			reason: "UnfulfilledRole", name: "nothing unreserved", offers: "cpus(web):4 mem(web):512", cfg: placement.Config{Accepted: placement.AcceptUnreserved},
			want: "1 agent without unreserved resources",
		},
		{
			reason: "UnfulfilledConstraint", name: "an attribute is missing",
			change: func(s *app.Spec) {
				s.Constraints = []constraint.Constraint{{Field: "rack", Operator: constraint.Like, Value: "r.*"}}
			},
			want: "1 excluded by rack LIKE r.*",
		},
		{
			reason: "UnfulfilledConstraint", name: "another region", cfg: placement.Config{HomeRegion: "eu"}, region: "us",
			want: "1 agent in another region",
		},
		{
			reason: "UnfulfilledConstraint", name: "a region is asked for", cfg: placement.Config{HomeRegion: "eu"}, region: "eu",
			change: func(s *app.Spec) {
				s.Constraints = []constraint.Constraint{{Field: "@region", Operator: constraint.Is, Value: "us"}}
			},
			want: "1 excluded by @region IS us",
		},
		{reason: "AgentMaintenance", name: "draining", draining: true, want: "1 agent in or before maintenance"},
		{
			reason: "InsufficientCpus", name: "cpus", change: func(s *app.Spec) { s.Resources.CPUs = 4001 },
			want: "needs 4.001 cpus; the largest free agent has 4: 1 agent too small",
		},
		{
			reason: "InsufficientCpus", name: "cpus of the executor", cfg: placement.Config{Executor: resource.Vector{CPUs: 100}},
			change: func(s *app.Spec) { s.Resources.CPUs = 4000 },
			want:   "needs 4.1 cpus with its executor; the largest free agent has 4: 1 agent too small",
		},
		{
			reason: "InsufficientMemory", name: "memory", change: func(s *app.Spec) { s.Resources.Mem = resource.Units(600) },
			want: "needs 600 MiB of memory; the largest free agent has 512: 1 agent too small",
		},
		{
			reason: "InsufficientDisk", name: "disk", change: func(s *app.Spec) { s.Resources.Disk = resource.Units(101) },
			want: "needs 101 MiB of disk; the largest free agent has 100: 1 agent too small",
		},
		{
			reason: "InsufficientGpus", name: "gpus", change: func(s *app.Spec) { s.Resources.GPUs = resource.Units(2) },
			want: "needs 2 gpus; the largest free agent has 1: 1 agent too small",
		},
		{
			reason: "InsufficientPorts", name: "ports", change: func(s *app.Spec) { s.Ports = []app.Port{{}, {}} },
			want: "needs 2 host ports; the agent with the most free has 1: 1 agent too small",
		},
		{
			reason: "InsufficientPorts", name: "a required port", change: func(s *app.Spec) { s.Ports, s.RequirePorts = []app.Port{{ServicePort: 80}}, true },
			want: "needs 1 host port (80): not free on 1 agent (in use there, or outside of the ports on offer)",
		},
		{
			reason: "DeclinedScarceResources", name: "gpus are kept", cfg: placement.Config{RestrictGPUs: true},
			want: "1 agent kept for Apps that need gpus",
		},
		{reason: "", name: "it fits", want: ""},
		{
			reason: "", name: "gpus are not kept", cfg: placement.Config{RestrictGPUs: true},
			change: func(s *app.Spec) { s.Labels = map[string]string{"GPU_SCHEDULING_BEHAVIOR": "unrestricted"} }, want: "",
		},
	} {
		// The offer is there, or was declined since the App began to wait.
		for _, declined := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, %s, declined %v", row.reason, row.name, declined), func(t *testing.T) {
				t.Parallel()
				c := placement.NewCluster(row.cfg)
				s := spec(1, 64)
				s.Role = "web"
				if row.change != nil {
					row.change(s)
				}
				role, text := "web", plain
				if row.role != "" {
					role = row.role
				}
				if row.offers != "" {
					text = row.offers
				}
				d := c.Demand(&s.Run, nil)
				d.Rejections()
				c.Add(&mesos.Offer{
					ID: "o", AgentID: "a", Hostname: "h", Role: role, Domain: mesos.Domain{Region: row.region}, Resources: parseResources(t, role, text),
				})
				c.SetDraining("a", row.draining)
				want := row.want
				if declined {
					c.RemoveUnheld()
					if row.reason == "" {
						want = "no agent offers anything at present"
					}
				}
				r := d.Rejections()
				for what, f := range map[string]placement.Funnel{"last offers": r.LastOffers, "attempt": r.Attempt} {
					for _, k := range f.Tallies() {
						if got := k.Declined == 1; got != (k.Reason.String() == row.reason) {
							t.Errorf("%s: %v declined %d, want 1 for %q alone", what, k.Reason, k.Declined, row.reason)
						}
					}
				}
				if diff := cmp.Diff(why.Words(placement.Explain(&s.Run, r)), want); diff != "" {
					t.Errorf("sentence (-got +want):\n%s", diff)
				}
				c.RemoveAgent("a")
				if n := d.Rejections().LastOffers.Processed; n != 0 {
					t.Errorf("a lost agent is still counted")
				}
			})
		}
	}
}

// Offers come in several batches, and those that are of no use are declined;
// the sentence is about all agents.
func TestRejectionsCountTheLatestOfferOfEachAgent(t *testing.T) {
	t.Parallel()
	c := placement.NewCluster(placement.Config{})
	s := spec(4, 128)
	s.Constraints = []constraint.Constraint{{Field: "hostname", Operator: constraint.Unique}}
	d := c.Demand(&s.Run, nil)
	explain := func() string { return why.Words(placement.Explain(&s.Run, d.Rejections())) }
	for n := range 12 {
		c.Add(offer(n, 2, 1024))
	}
	if _, ok := c.Place(d); ok {
		t.Fatal("2 cpus are not 4")
	}
	explain()
	c.RemoveUnheld()
	for n := range 3 {
		c.Add(offer(20+n, 8, 1024))
		a, ok := c.Place(d)
		if !ok {
			t.Fatal("8 cpus are enough")
		}
		c.RemoveSpot(a.Spot())
	}
	c.Add(offer(5, 3.5, 1024))
	want := "needs 4 cpus; the largest free agent has 3.5: 12 agents too small, 3 excluded by hostname UNIQUE"
	if diff := cmp.Diff(explain(), want); diff != "" {
		t.Errorf("sentence (-got +want):\n%s", diff)
	}
	if r := d.Rejections(); r.Attempt.Processed != 16 || r.LastOffers.Processed != 15 {
		t.Errorf("got %d offers of %d agents, want 16 of 15", r.Attempt.Processed, r.LastOffers.Processed)
	}
	c.Remove("o5")
	c.RemoveAgent("a20")
	want = "needs 4 cpus; the largest free agent has 2: 11 agents too small, 2 excluded by hostname UNIQUE"
	if diff := cmp.Diff(explain(), want); diff != "" {
		t.Errorf("after a rescind and the loss of an agent (-got +want):\n%s", diff)
	}
	d.BeginAttempt()
	c.Add(offer(5, 1, 1024))
	if diff := cmp.Diff(explain(), "needs 4 cpus; the largest free agent has 1: 1 agent too small"); diff != "" {
		t.Errorf("in the next attempt (-got +want):\n%s", diff)
	}
	c.RemoveAll()
	if diff := cmp.Diff(explain(), "no agent offers anything at present"); diff != "" {
		t.Errorf("after a disconnection (-got +want):\n%s", diff)
	}
}
