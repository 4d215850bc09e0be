package fairshare_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
)

// shop is a cluster on which instances come and go: always as many wait as can be placed.
type shop struct {
	tree    *fairshare.Tree
	total   resource.Vector
	free    resource.Vector
	running []placed
	counts  map[string]int
}

type placed struct {
	queue string
	need  resource.Vector
}

func newShop(total resource.Vector, queues map[string]fairshare.Quota, needs map[string]resource.Vector) *shop {
	s := &shop{tree: fairshare.New(fairshare.Config{Queues: queues}), total: total, free: total, counts: map[string]int{}}
	s.tree.SetTotal(total)
	for q, n := range needs {
		backlog(s.tree, q, n)
	}
	return s
}

// place fills what is free.
func (s *shop) place() {
	s.tree.Wake()
	for {
		it, ok := s.tree.Next()
		if !ok {
			return
		}
		if !it.Need.Fits(s.free) {
			s.tree.Skip(it)
			continue
		}
		s.free = s.free.Sub(it.Need)
		s.running = append(s.running, placed{it.Queue, it.Need})
		s.counts[it.Queue]++
		s.tree.Placed(it, start)
	}
}

// churn ends random instances, one at a time, and fills up after each.
func (s *shop) churn(random *rand.Rand, steps int) {
	for range steps {
		s.end(random.IntN(len(s.running)))
		s.place()
	}
}

func (s *shop) end(i int) {
	p := s.running[i]
	s.running[i] = s.running[len(s.running)-1]
	s.running = s.running[:len(s.running)-1]
	s.free = s.free.Add(p.need)
	s.counts[p.queue]--
	s.tree.Refund(p.queue, p.need, 1)
}

func gpus(n int64) resource.Vector { return resource.Vector{GPUs: resource.Units(n)} }

func cpus(n int64) resource.Vector { return resource.Vector{CPUs: resource.Units(n)} }

// TestHierarchy has allocations of nested queues that follow from the rule by
// hand; all but the last are examples of the problems of simpler rules in
// "Hierarchical Scheduling for Diverse Datacenter Workloads" (SoCC 2013), section 3 and 4.
func TestHierarchy(t *testing.T) {
	t.Parallel()
	both := func(n int64) resource.Vector { return cpus(n).Add(gpus(n)) }
	for _, c := range []struct {
		name   string
		total  resource.Vector
		queues map[string]fairshare.Quota
		needs  map[string]resource.Vector
		want   map[string]int
	}{
		{
			"complementary children have half of each resource together", both(10), nil,
			map[string]resource.Vector{"/a": both(1), "/b/x": cpus(1), "/b/y": gpus(1)},
			map[string]int{"/a": 5, "/b/x": 5, "/b/y": 5},
		},
		{
			"nothing is left over that a child can use", both(10), nil,
			map[string]resource.Vector{"/a": cpus(1), "/b/x": cpus(1), "/b/y": gpus(1)},
			map[string]int{"/a": 5, "/b/x": 5, "/b/y": 10},
		},
		{
			"groups share first, whatever their number of children", cpus(12), nil,
			map[string]resource.Vector{"/a/1": cpus(1), "/a/2": cpus(1), "/a/3": cpus(1), "/b": cpus(1)},
			map[string]int{"/a/1": 2, "/a/2": 2, "/a/3": 2, "/b": 6},
		},
		{
			"three levels deep", cpus(48), nil,
			map[string]resource.Vector{"/a/x/1": cpus(1), "/a/x/2": cpus(1), "/a/y": cpus(1), "/b/z": cpus(1)},
			map[string]int{"/a/x/1": 6, "/a/x/2": 6, "/a/y": 12, "/b/z": 24},
		},
		{
			"weights at every level", cpus(48),
			map[string]fairshare.Quota{"/a": {Weight: 3}, "/a/x": {Weight: 2}},
			map[string]resource.Vector{"/a/x": cpus(1), "/a/y": cpus(1), "/b": cpus(1)},
			map[string]int{"/a/x": 24, "/a/y": 12, "/b": 12},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(c.total, c.queues, c.needs)
			s.place()
			if diff := cmp.Diff(s.counts, c.want); diff != "" {
				t.Errorf("instances (-got +want):\n%s", diff)
			}
		})
	}
}

// TestNoChildStarves ends and fills up for long: a child keeps its part even
// though its sibling has all of another resource.
func TestNoChildStarves(t *testing.T) {
	t.Parallel()
	s := newShop(cpus(10).Add(gpus(10)), nil, map[string]resource.Vector{"/a": cpus(1), "/b/x": cpus(1), "/b/y": gpus(1)})
	s.place()
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		s.churn(random, 1)
		if s.counts["/b/x"] < 4 || s.counts["/a"] < 4 || s.counts["/b/y"] != 10 {
			t.Fatalf("instances: got %v, want 5 of /a and /b/x, give or take one, and 10 of /b/y", s.counts)
		}
	}
}

// TestSiblingsShareByWeight fills generated trees of queues that all want more
// of one resource: siblings end up within one instance of their weights' parts.
func TestSiblingsShareByWeight(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		queues, needs := map[string]fairshare.Quota{}, map[string]resource.Vector{}
		var grow func(path string, depth int)
		grow = func(path string, depth int) {
			children := 0
			if depth < 3 {
				children = rapid.IntRange(0, 3).Draw(t, "children")
			}
			if children == 0 {
				needs[path] = cpus(1)
			}
			for i := range children {
				child := fmt.Sprintf("%s/q%d", path, i)
				queues[child] = fairshare.Quota{Weight: float64(rapid.IntRange(1, 4).Draw(t, "weight"))}
				grow(child, depth+1)
			}
		}
		for _, top := range []string{"/a", "/b"} {
			grow(top, 1)
		}
		s := newShop(cpus(500), queues, needs)
		s.place()
		shares := map[string]fairshare.Share{}
		for _, q := range s.tree.Shares() {
			shares[q.Queue] = q
		}
		for path, a := range shares {
			for other, b := range shares {
				if path == "/" || other == "/" || parent(path) != parent(other) {
					continue
				}
				wa, wb := a.Quota.Weight, b.Quota.Weight
				if gap := float64(a.Instances)/wa - float64(b.Instances)/wb; gap > 1/wa+1/wb {
					t.Fatalf("%s has %d by weight %v, %s has %d by weight %v", path, a.Instances, wa, other, b.Instances, wb)
				}
			}
		}
	})
}

func parent(path string) string { return path[:strings.LastIndex(path, "/")] }
