package fairshare_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// amount is cpus and memory in whole units.
func amount(cpus, mem int64) resource.Vector {
	return resource.Vector{CPUs: resource.Units(cpus), Mem: resource.Units(mem)}
}

// backlog puts more instances in a queue than the cluster holds.
func backlog(t *fairshare.Tree, queue string, need resource.Vector) {
	t.Set(fairshare.Request{App: app.ID(queue + "/app"), Queue: queue, Need: need, Count: 1 << 20}, start)
}

// fill places on one machine of the size total until nothing fits, and returns
// the number of instances of each queue; each is called after each of them.
func fill(t *fairshare.Tree, total resource.Vector, each func(queue string)) map[string]int {
	t.SetTotal(total)
	free, counts := total, map[string]int{}
	for {
		it, ok := t.Next()
		if !ok {
			return counts
		}
		if !it.Need.Fits(free) {
			t.Skip(it)
			continue
		}
		free = free.Sub(it.Need)
		queue := it.Queue
		counts[queue]++
		t.Placed(it, start)
		if each != nil {
			each(queue)
		}
	}
}

// weighted returns a queue's share as the tree reports it.
func weighted(t *fairshare.Tree, queue string) float64 {
	for _, s := range t.Shares() {
		if s.Queue == queue {
			return s.Weighted
		}
	}
	return math.NaN()
}

// TestPaperExample goes through table 1 of the DRF paper (section 4.2): 9 cpus and 18 GB,
// user A (here "/mem") runs tasks of <1 cpu, 4 GB>, user B ("/cpu") of <3 cpus, 1 GB>.
func TestPaperExample(t *testing.T) {
	t.Parallel()
	tree := fairshare.New(fairshare.Config{})
	backlog(tree, "/mem", amount(1, 4))
	backlog(tree, "/cpu", amount(3, 1))
	var got []string
	counts := fill(tree, amount(9, 18), func(queue string) {
		got = append(got, fmt.Sprintf("%s: mem %.2f cpu %.2f", queue, weighted(tree, "/mem"), weighted(tree, "/cpu")))
	})
	want := []string{
		"/cpu: mem 0.00 cpu 0.33",
		"/mem: mem 0.22 cpu 0.33",
		"/mem: mem 0.44 cpu 0.33",
		"/cpu: mem 0.44 cpu 0.67",
		"/mem: mem 0.67 cpu 0.67",
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("schedule (-got +want):\n%s", diff)
	}
	if diff := cmp.Diff(counts, map[string]int{"/mem": 3, "/cpu": 2}); diff != "" {
		t.Errorf("tasks (-got +want):\n%s", diff)
	}
}

// TestPaperAllocations has the other worked examples of the DRF paper, each the
// whole-task allocation that its equations come to, and what follows from the
// weighted form of them (section 4.3) by the same arithmetic.
func TestPaperAllocations(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		total, a, b  resource.Vector
		weight       float64
		wantA, wantB int
	}{
		// Section 4.1: maximise (x, y) under x+3y <= 9, 4x+y <= 18, 2x/9 = y/3.
		{"section 4.1: the worked example", amount(9, 18), amount(1, 4), amount(3, 1), 1, 3, 2},
		// Section 4.3: 2x/9 = 2(y/3), so x = 3y up to 4x+y <= 18.
		{"section 4.3: the same with twice the weight for the first", amount(9, 18), amount(1, 4), amount(3, 1), 2, 4, 1},
		// Section 6.1.1: asset fairness gives 6 and 12; the second user would have 15 alone on its half.
		{"section 6.1.1: where asset fairness breaks the sharing incentive", amount(30, 30), amount(1, 3), amount(1, 1), 1, 5, 15},
		// Section 6.1.2: equal incomes give 3.2 and 48.8.
		{"section 6.1.2: where equal incomes can be cheated", amount(100, 100), amount(16, 1), amount(1, 2), 1, 4, 36},
		// Section 6.1.2: the second user, who got more from equal incomes by asking for <16, 8>, only loses.
		{"section 6.1.2: the cheat", amount(100, 100), amount(16, 1), amount(16, 8), 1, 3, 3},
		// Section 6.2: more of one resource leaves one user with less, unavoidably.
		{"section 6.2: before the growth", amount(12, 12), amount(2, 1), amount(1, 2), 1, 4, 4},
		{"section 6.2: DRF is not resource monotonic", amount(24, 12), amount(2, 1), amount(1, 2), 1, 6, 3},
		// Section 3: for one resource, or the same dominant one, it is max-min fairness.
		{"section 3: single resource fairness", cpus(12), cpus(1), cpus(2), 1, 6, 3},
		{"section 3: bottleneck fairness", amount(12, 1000), amount(1, 1), amount(2, 1), 1, 6, 3},
		{"section 4.3: one resource, twice the weight", cpus(12), cpus(1), cpus(1), 2, 8, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tree := fairshare.New(fairshare.Config{Queues: map[string]fairshare.Quota{"/a": {Weight: c.weight}}})
			backlog(tree, "/a", c.a)
			backlog(tree, "/b", c.b)
			if diff := cmp.Diff(fill(tree, c.total, nil), map[string]int{"/a": c.wantA, "/b": c.wantB}); diff != "" {
				t.Errorf("tasks (-got +want):\n%s", diff)
			}
		})
	}
}

// cluster is a generated workload: users that want more than there is, whose
// instances are small against the whole, as the paper's properties assume.
type cluster struct {
	total resource.Vector
	needs []resource.Vector
}

func drawCluster(t *rapid.T) cluster {
	c := cluster{total: amount(rapid.Int64Range(2000, 4000).Draw(t, "cpus"), rapid.Int64Range(2000, 4000).Draw(t, "mem"))}
	for range rapid.IntRange(2, 6).Draw(t, "users") {
		c.needs = append(c.needs, amount(rapid.Int64Range(1, 16).Draw(t, "cpus"), rapid.Int64Range(1, 16).Draw(t, "mem")))
	}
	return c
}

func user(i int) string { return fmt.Sprintf("/u%d", i) }

// allocate returns how many instances each user gets when asking for needs.
func (c cluster) allocate(needs []resource.Vector) []int {
	tree := fairshare.New(fairshare.Config{})
	for i, n := range needs {
		backlog(tree, user(i), n)
	}
	counts := fill(tree, c.total, nil)
	out := make([]int, len(needs))
	for i := range needs {
		out[i] = counts[user(i)]
	}
	return out
}

// holds is how many instances of need fit into v.
func holds(v, need resource.Vector) int { return int(min(v.CPUs/need.CPUs, v.Mem/need.Mem)) }

// TestDRFProperties checks the four properties that the DRF paper proves. They
// are about divisible tasks; with whole ones each may be off by what the
// largest instance of another user is worth.
func TestDRFProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := drawCluster(t)
		got := c.allocate(c.needs)
		left := c.total
		for i, n := range c.needs {
			left = left.Sub(n.Scale(int64(got[i])))
		}
		for i, n := range c.needs {
			equal := resource.Vector{CPUs: c.total.CPUs / resource.Scalar(len(c.needs)), Mem: c.total.Mem / resource.Scalar(len(c.needs))}
			if alone := holds(equal, n); got[i] < alone-c.slack(n) {
				t.Fatalf("sharing incentive: user %d of %v got %d, its part alone holds %d", i, c.needs, got[i], alone)
			}
			for j, other := range c.needs {
				if with := holds(other.Scale(int64(got[j])), n); got[i] < with-c.slack(n) {
					t.Fatalf("envy: user %d of %v got %d, with what user %d has it would run %d", i, c.needs, got[i], j, with)
				}
			}
			if n.Fits(left) {
				t.Fatalf("waste: %v is left, and user %d needs %v", left, i, n)
			}
		}
		c.checkLie(t, got)
	})
}

// slack is how many instances of n the largest instance of anybody is worth, and one.
func (c cluster) slack(n resource.Vector) int {
	most := resource.Scalar(0)
	for _, other := range c.needs {
		most = max(most, other.CPUs/n.CPUs, other.Mem/n.Mem)
	}
	return int(most) + 1
}

// checkLie lets one user ask for more than it needs.
func (c cluster) checkLie(t *rapid.T, honest []int) {
	liar := rapid.IntRange(0, len(c.needs)-1).Draw(t, "liar")
	n := c.needs[liar]
	lie := n.Add(amount(rapid.Int64Range(0, 8).Draw(t, "more cpus"), rapid.Int64Range(0, 8).Draw(t, "more mem")))
	claims := append([]resource.Vector(nil), c.needs...)
	claims[liar] = lie
	got := c.allocate(claims)
	// What is asked for is used for instances as large as the truth.
	useful := min(got[liar], holds(lie.Scale(int64(got[liar])), n))
	if useful > honest[liar]+c.slack(n) {
		t.Fatalf("lying pays: user %d of %v runs %d, by claiming %v %d", liar, c.needs, honest[liar], lie, useful)
	}
}
