package allocator

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/minicluster/constraints"
	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func rnd() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

func parse(tb testing.TB, text string) resources.List {
	tb.Helper()
	l, err := resources.Parse(text, resources.Any)
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

func defaults() Options {
	return Options{Interval: time.Second, MinAllocatable: []Quantities{{"cpus": 10}, {"mem": 32000}}, FilterGPU: true}
}

func place(host string) constraints.Agent { return constraints.Agent{Hostname: host} }

func roles(names ...string) Framework { return Framework{Roles: names} }

// batch makes a batch run and returns what was allocated as text, in order.
func batch(a *Allocator, now time.Time) []string {
	a.TriggerAll()
	return texts(a.Run(now, rnd()))
}

func texts(all []Allocation) []string {
	out := []string{}
	for _, al := range all {
		out = append(out, fmt.Sprintf("%s/%s %s %s", al.FrameworkID, al.Role, al.AgentID, al.Resources.Unallocated()))
	}
	return out
}

func want(t *testing.T, got []string, want ...string) {
	t.Helper()
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("-got +want:\n%s", diff)
	}
}

func TestAnAgentIsOfferedWhole(t *testing.T) {
	t.Parallel()
	a := New(defaults())
	a.AddAgent("s1", place("h"), parse(t, "cpus:4;mem:4096;ports:[1-9]"), true)
	a.AddFramework("f1", roles("r"), true)
	want(t, texts(a.Run(start, rnd())), "f1/r s1 ports:[1-9]; cpus:4; mem:4096")
	want(t, batch(a, start))
}

// The example of the paper on dominant resource fairness: 9 CPUs and 18 GB, tasks of A take <1 CPU, 4 GB>, those of B
// <3 CPU, 1 GB>. Granting one task at a time to the neediest, A ends with three tasks and B with two.
func TestDominantResourceFairness(t *testing.T) {
	t.Parallel()
	a := New(Options{Interval: time.Second})
	a.AddAgent("s", place("h"), parse(t, "cpus:9;mem:18"), true)
	a.AddFramework("A", roles("a"), true)
	a.AddFramework("B", roles("b"), true)
	task := map[string]resources.List{
		"A": parse(t, "cpus:1;mem:4").Allocated("a"), "B": parse(t, "cpus:3;mem:1").Allocated("b"),
	}
	tasks := map[string]int{}
	full := map[string]bool{}
	for len(full) < 2 {
		a.TriggerAll()
		got := a.Run(start, rnd())
		if len(got) != 1 {
			t.Fatalf("allocations: got %v, want one", texts(got))
		}
		al := got[0]
		if !al.Resources.Contains(task[al.FrameworkID]) {
			full[al.FrameworkID] = true
			a.Recovered(al.FrameworkID, "s", al.Resources, time.Hour, start)
			continue
		}
		tasks[al.FrameworkID]++
		a.Recovered(al.FrameworkID, "s", al.Resources.Minus(task[al.FrameworkID]), 0, start)
	}
	if diff := cmp.Diff(tasks, map[string]int{"A": 3, "B": 2}); diff != "" {
		t.Errorf("tasks: -got +want:\n%s", diff)
	}
	if got, wanted := a.DominantShare("a"), 2.0/3; got != wanted {
		t.Errorf("share of A: got %v, want %v", got, wanted)
	}
}

func TestWeightsDivideShares(t *testing.T) {
	t.Parallel()
	a := New(Options{Interval: time.Second})
	for i := range 12 {
		a.AddAgent(fmt.Sprintf("s%02d", i), place("h"), parse(t, "cpus:1"), true)
	}
	a.SetWeight("b", 2)
	a.AddFramework("A", roles("a"), true)
	a.AddFramework("B", roles("b"), true)
	n := map[string]int{}
	a.TriggerAll()
	for _, al := range a.Run(start, rnd()) {
		n[al.FrameworkID]++
	}
	if diff := cmp.Diff(n, map[string]int{"A": 4, "B": 8}); diff != "" {
		t.Errorf("agents: -got +want:\n%s", diff)
	}
}

func TestEqualFrameworksAlternate(t *testing.T) {
	t.Parallel()
	a := New(defaults())
	a.AddAgent("s", place("h"), parse(t, "cpus:4"), true)
	a.AddFramework("f1", roles("r"), true)
	a.AddFramework("f2", roles("r"), true)
	var got []string
	for range 4 {
		a.TriggerAll()
		al := a.Run(start, rnd())[0]
		got = append(got, al.FrameworkID)
		a.Recovered(al.FrameworkID, "s", al.Resources, 0, start)
	}
	want(t, got, "f1", "f2", "f1", "f2")
}

func TestAFilterRefusesTheSameAndLessButNotMore(t *testing.T) {
	t.Parallel()
	a := New(defaults())
	a.AddAgent("s", place("h"), parse(t, "cpus:4;mem:4096"), true)
	a.AddFramework("f", roles("r"), true)
	al := a.Run(start, rnd())[0]
	half := parse(t, "cpus:2;mem:2048").Allocated("r")
	a.Recovered("f", "s", half, time.Hour, start) // the other half is used
	want(t, batch(a, start))
	a.Recovered("f", "s", al.Resources.Minus(half), 0, start)
	want(t, batch(a, start), "f/r s cpus:4; mem:4096")
}

func TestFiltersLiveAtLeastOneInterval(t *testing.T) {
	t.Parallel()
	a := New(defaults())
	a.AddAgent("s", place("h"), parse(t, "cpus:4"), true)
	a.AddFramework("f", roles("r"), true)
	al := a.Run(start, rnd())[0]
	a.Recovered("f", "s", al.Resources, time.Millisecond, start)
	want(t, batch(a, start.Add(999*time.Millisecond)))
	if got := a.Filters(start)["r"]; got != 1 {
		t.Errorf("filters: got %d, want 1", got)
	}
	want(t, batch(a, start.Add(time.Second)), "f/r s cpus:4")
}

func TestWhatClearsFilters(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		do      func(a *Allocator)
		cleared bool
	}{
		"revive":              {func(a *Allocator) { a.Revive("f", []string{"r"}) }, true},
		"revive another role": {func(a *Allocator) { a.Revive("f", []string{"q"}) }, false},
		"disconnect":          {func(a *Allocator) { a.DeactivateFramework("f"); a.ActivateFramework("f") }, true},
		"live re-subscribe":   {func(a *Allocator) { a.UpdateFramework("f", roles("r", "q")) }, false},
		"suppress and un-suppress by re-subscribe": {func(a *Allocator) {
			a.UpdateFramework("f", Framework{Roles: []string{"r", "q"}, Suppressed: []string{"r"}})
			a.UpdateFramework("f", roles("r", "q"))
		}, true},
		"changed attributes": {func(a *Allocator) { a.SetAgentPlace("s", place("other")) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := New(defaults())
			a.AddAgent("s", place("h"), parse(t, "cpus(r):4"), true)
			a.AddFramework("f", roles("r", "q"), true)
			al := a.Run(start, rnd())[0]
			a.Recovered("f", "s", al.Resources, time.Hour, start)
			row.do(a)
			if got := len(batch(a, start)) == 1; got != row.cleared {
				t.Errorf("offered again: got %v, want %v", got, row.cleared)
			}
		})
	}
}

func TestSuppressedAndInactiveFrameworksGetNothing(t *testing.T) {
	t.Parallel()
	a := New(defaults())
	a.AddAgent("s", place("h"), parse(t, "cpus:4"), true)
	a.AddFramework("f", Framework{Roles: []string{"r"}, Suppressed: []string{"r"}}, true)
	want(t, batch(a, start))
	a.Revive("f", []string{"r"})
	a.DeactivateFramework("f")
	want(t, batch(a, start))
	a.ActivateFramework("f")
	a.Suppress("f", []string{"r"})
	want(t, batch(a, start))
	a.Revive("f", []string{"r"})
	want(t, texts(a.Run(start, rnd())), "f/r s cpus:4")
}

func TestWhatTriggersARun(t *testing.T) {
	t.Parallel()
	a := New(defaults())
	a.AddAgent("s", place("h"), parse(t, "cpus:4"), true)
	if !a.Triggered() {
		t.Error("a new agent triggers nothing")
	}
	a.Run(start, rnd())
	a.AddFramework("f", roles("r"), true)
	al := a.Run(start, rnd())[0]
	a.Recovered("f", "s", al.Resources, 0, start)
	a.UpdateFramework("f", roles("r", "q"))
	a.SetAgentActive("s", false)
	a.SetAgentActive("s", true)
	a.SetWeight("r", 2)
	if a.Triggered() {
		t.Error("declined offers, changed frameworks, weights or activation trigger a run")
	}
	a.Revive("f", nil)
	if !a.Triggered() {
		t.Error("revive triggers nothing")
	}
}

func TestReservationsGoToTheirRoleAndItsDescendants(t *testing.T) {
	t.Parallel()
	a := New(defaults())
	a.AddAgent("s", place("h"), parse(t, "cpus(a):2;cpus:1;cpus(b):3"), true)
	a.AddFramework("f", roles("a/x"), true)
	want(t, batch(a, start), "f/a/x s cpus(reservations: [(STATIC,a)]):2; cpus:1")
	a.AddFramework("g", roles("b/y", "c"), true)
	want(t, batch(a, start), "g/b/y s cpus(reservations: [(STATIC,b)]):3")
}

func TestRefinedReservationsNeedTheCapability(t *testing.T) {
	t.Parallel()
	role := "a/b"
	refined := parse(t, "cpus(a):2").Push(resources.Dynamic(role, nil))
	for _, able := range []bool{false, true} {
		a := New(defaults())
		a.AddAgent("s", place("h"), refined, true)
		a.AddFramework("f", Framework{Roles: []string{role}, Refinement: able}, true)
		if got := len(batch(a, start)) == 1; got != able {
			t.Errorf("capability %v: offered %v", able, got)
		}
	}
}

func TestAgentsWithGPUsAndRemoteAgentsNeedTheCapability(t *testing.T) {
	t.Parallel()
	opts := defaults()
	opts.Region = "here"
	far := constraints.Agent{Hostname: "far", Region: "there"}
	for _, able := range []bool{false, true} {
		a := New(opts)
		a.AddAgent("gpu", place("h"), parse(t, "cpus:4;gpus:1"), true)
		a.AddAgent("remote", far, parse(t, "cpus:4"), true)
		a.AddAgent("near", constraints.Agent{Region: "here"}, parse(t, "cpus:4"), true)
		a.AddFramework("f", Framework{Roles: []string{"r"}, GPU: able, RegionAware: able}, true)
		n := 1
		if able {
			n = 3
		}
		if got := batch(a, start); len(got) != n {
			t.Errorf("capabilities %v: got %v, want %d offers", able, got, n)
		}
	}
}

func TestFragmentsAreNotOffered(t *testing.T) {
	t.Parallel()
	a := New(defaults())
	a.AddAgent("s", place("h"), parse(t, "cpus:0.009;mem:31;disk:1000"), true)
	a.AddFramework("f", roles("r"), true)
	want(t, batch(a, start))
	a.AddFramework("g", Framework{
		Roles: []string{"r"}, MinAllocatable: map[string][]Quantities{"r": {{"disk": 1000_000}}},
	}, true)
	want(t, batch(a, start), "g/r s cpus:0.009; mem:31; disk:1000")
}

func TestRemovingGivesEverythingBack(t *testing.T) {
	t.Parallel()
	a := New(defaults())
	a.AddAgent("s", place("h"), parse(t, "cpus:4"), true)
	a.AddFramework("f", roles("r"), true)
	a.Allocated("f", "s", parse(t, "cpus:1").Allocated("r"))
	want(t, batch(a, start), "f/r s cpus:3")
	a.RemoveFramework("f")
	a.AddFramework("g", roles("r"), true)
	want(t, batch(a, start), "g/r s cpus:4")
	a.RemoveAgent("s")
	if got := a.DominantShare("r"); got != 0 {
		t.Errorf("share after the agent is gone: got %v, want 0", got)
	}
	a.AddAgent("s2", place("h"), parse(t, "cpus:2"), true)
	want(t, batch(a, start), "g/r s2 cpus:2")
}

func TestConvertKeepsTheBooks(t *testing.T) {
	t.Parallel()
	a := New(defaults())
	a.AddAgent("s", place("h"), parse(t, "cpus:4"), true)
	a.AddFramework("f", roles("r"), true)
	al := a.Run(start, rnd())[0]
	one := parse(t, "cpus:1").Allocated("r")
	reserved := one.Push(resources.Dynamic("r", nil))
	a.Convert("f", "s", one, reserved)
	a.Recovered("f", "s", al.Resources.Minus(one).Plus(reserved), 0, start)
	want(t, batch(a, start), "f/r s cpus(reservations: [(DYNAMIC,r)]):1; cpus:3")
	if a.ConvertFree("s", parse(t, "cpus:1"), nil) {
		t.Error("resources that are offered count as free")
	}
}

func TestQuotaLimitsAndGuarantees(t *testing.T) {
	t.Parallel()
	a := New(defaults())
	for i := range 4 {
		a.AddAgent(fmt.Sprintf("s%d", i), place("h"), parse(t, "cpus:2;mem:1000"), true)
	}
	a.SetQuota("limited", Quota{Limits: Quantities{"cpus": 3000}})
	a.AddFramework("f", roles("limited"), true)
	var cpus int64
	a.TriggerAll()
	for _, al := range a.Run(start, rnd()) {
		cpus += al.Resources.Scalar("cpus")
	}
	if cpus != 3000 {
		t.Errorf("cpus under a limit of 3: got %v", resources.FromMilli(cpus))
	}
	a.RemoveFramework("f")
	a.SetQuota("limited", Quota{})
	a.SetQuota("vip", Quota{Guarantees: Quantities{"cpus": 4000}})
	a.AddFramework("g", roles("other"), true)
	cpus = 0
	a.TriggerAll()
	for _, al := range a.Run(start, rnd()) {
		cpus += al.Resources.Scalar("cpus")
	}
	if cpus != 4000 {
		t.Errorf("cpus beside a guarantee of 4 of 8: got %v, want 4", resources.FromMilli(cpus))
	}
	a.AddFramework("v", roles("vip"), true)
	a.TriggerAll()
	cpus = 0
	for _, al := range a.Run(start, rnd()) {
		if al.FrameworkID == "v" {
			cpus += al.Resources.Scalar("cpus")
		}
	}
	if cpus != 4000 {
		t.Errorf("cpus guaranteed: got %v, want 4", resources.FromMilli(cpus))
	}
}

func TestHierarchicalRolesShareByLevel(t *testing.T) {
	t.Parallel()
	a := New(Options{Interval: time.Second})
	for i := range 8 {
		a.AddAgent(fmt.Sprintf("s%d", i), place("h"), parse(t, "cpus:1"), true)
	}
	for _, role := range []string{"eng/a", "eng/b", "ops"} {
		a.AddFramework(role, roles(role), true)
	}
	n := map[string]int{}
	a.TriggerAll()
	for _, al := range a.Run(start, rnd()) {
		n[al.FrameworkID]++
	}
	if diff := cmp.Diff(n, map[string]int{"eng/a": 2, "eng/b": 2, "ops": 4}); diff != "" {
		t.Errorf("agents: -got +want:\n%s", diff)
	}
}

func BenchmarkRun(b *testing.B) {
	for _, agents := range []int{100, 5000} {
		b.Run(fmt.Sprintf("agents=%d", agents), func(b *testing.B) {
			a := New(defaults())
			total := parse(b, "cpus:16;mem:65536;disk:1000;ports:[31000-32000]")
			for i := range agents {
				a.AddAgent(fmt.Sprintf("s%d", i), place("h"), total, true)
			}
			for i := range 10 {
				a.AddFramework(fmt.Sprintf("f%d", i), roles(fmt.Sprintf("r%d", i%3)), true)
			}
			b.ReportAllocs()
			offers := 0
			for b.Loop() {
				a.TriggerAll()
				for _, al := range a.Run(start, rnd()) {
					a.Recovered(al.FrameworkID, al.AgentID, al.Resources, 0, start)
					offers++
				}
			}
			if offers != agents*b.N {
				b.Fatalf("offers: got %d, want %d", offers, agents*b.N)
			}
			b.ReportMetric(float64(offers)/b.Elapsed().Seconds(), "offers/s")
		})
	}
}
