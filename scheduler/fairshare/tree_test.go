package fairshare_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
)

func request(id, queue string, priority, count int) fairshare.Request {
	return fairshare.Request{App: app.ID(id), Queue: queue, Need: amount(1, 1), Priority: priority, Count: count}
}

// order places everything and returns the Apps in their turn.
func order(t *fairshare.Tree) []app.ID {
	var got []app.ID
	for {
		it, ok := t.Next()
		if !ok {
			return got
		}
		got = append(got, it.App)
		t.Placed(it, start)
	}
}

func TestTree(t *testing.T) {
	t.Parallel()
	total := amount(100, 100)

	t.Run("children share what their group has", func(t *testing.T) {
		t.Parallel()
		tree := fairshare.New(fairshare.Config{})
		for _, q := range []string{"/a", "/b/x", "/b/y"} {
			backlog(tree, q, amount(1, 1))
		}
		if diff := cmp.Diff(fill(tree, amount(40, 40), nil), map[string]int{"/a": 20, "/b/x": 10, "/b/y": 10}); diff != "" {
			t.Errorf("instances (-got +want):\n%s", diff)
		}
	})

	t.Run("a group's own Apps are one of its children", func(t *testing.T) {
		t.Parallel()
		tree := fairshare.New(fairshare.Config{})
		for _, q := range []string{"/b", "/b/x"} {
			backlog(tree, q, amount(1, 1))
		}
		if diff := cmp.Diff(fill(tree, amount(40, 40), nil), map[string]int{"/b": 20, "/b/x": 20}); diff != "" {
			t.Errorf("instances (-got +want):\n%s", diff)
		}
	})

	t.Run("a guarantee comes before shares", func(t *testing.T) {
		t.Parallel()
		tree := fairshare.New(fairshare.Config{Queues: map[string]fairshare.Quota{"/b": {Guarantee: amount(30, 0)}}})
		for _, q := range []string{"/a", "/b", "/c"} {
			backlog(tree, q, amount(1, 1))
		}
		if diff := cmp.Diff(fill(tree, amount(42, 42), nil), map[string]int{"/a": 6, "/b": 30, "/c": 6}); diff != "" {
			t.Errorf("instances (-got +want):\n%s", diff)
		}
	})

	t.Run("a guarantee within a group counts for the group", func(t *testing.T) {
		t.Parallel()
		tree := fairshare.New(fairshare.Config{Queues: map[string]fairshare.Quota{"/b/x": {Guarantee: amount(30, 0)}}})
		for _, q := range []string{"/a", "/b/x", "/b/y"} {
			backlog(tree, q, amount(1, 1))
		}
		if diff := cmp.Diff(fill(tree, amount(40, 40), nil), map[string]int{"/a": 10, "/b/x": 30}); diff != "" {
			t.Errorf("instances (-got +want):\n%s", diff)
		}
	})

	t.Run("a guarantee of what nobody needs gives no advantage", func(t *testing.T) {
		t.Parallel()
		tree := fairshare.New(fairshare.Config{Queues: map[string]fairshare.Quota{"/b": {Guarantee: gpus(4)}}})
		for _, q := range []string{"/a", "/b"} {
			backlog(tree, q, amount(1, 1))
		}
		if diff := cmp.Diff(fill(tree, amount(40, 40), nil), map[string]int{"/a": 20, "/b": 20}); diff != "" {
			t.Errorf("instances (-got +want):\n%s", diff)
		}
	})

	t.Run("a limit is never exceeded and frees the way for others", func(t *testing.T) {
		t.Parallel()
		tree := fairshare.New(fairshare.Config{Queues: map[string]fairshare.Quota{"/b": {Limit: amount(5, 0)}}})
		backlog(tree, "/a", amount(1, 1))
		backlog(tree, "/b/x", amount(2, 1))
		if diff := cmp.Diff(fill(tree, amount(40, 100), nil), map[string]int{"/a": 36, "/b/x": 2}); diff != "" {
			t.Errorf("instances (-got +want):\n%s", diff)
		}
		tree.Wake()
		tree.Refund("/b/x", amount(2, 1), 1)
		if it, ok := tree.Next(); !ok || it.Queue != "/b/x" {
			t.Errorf("after a release under the limit: got %v, want an item of /b/x", it)
		}
	})

	t.Run("priority and then arrival order a queue", func(t *testing.T) {
		t.Parallel()
		tree := fairshare.New(fairshare.Config{})
		tree.Set(request("/a/1", "/a", 0, 2), start)
		tree.Set(request("/a/2", "/a", 5, 1), start)
		tree.Set(request("/a/3", "/a", 0, 1), start)
		tree.Set(request("/a/1", "/a", 0, 1), start)
		if diff := cmp.Diff(order(tree), []app.ID{"/a/2", "/a/1", "/a/3"}); diff != "" {
			t.Errorf("order (-got +want):\n%s", diff)
		}
	})

	t.Run("fifo goes by arrival whatever the queue", func(t *testing.T) {
		t.Parallel()
		tree := fairshare.New(fairshare.Config{Mode: fairshare.FIFO})
		tree.SetTotal(total)
		tree.Set(request("/a/1", "/a", 0, 2), start)
		tree.Set(request("/b/1", "/b", 0, 1), start)
		tree.Set(request("/a/2", "/a", 1, 1), start)
		if diff := cmp.Diff(order(tree), []app.ID{"/a/2", "/a/1", "/a/1", "/b/1"}); diff != "" {
			t.Errorf("order (-got +want):\n%s", diff)
		}
	})

	t.Run("what fits nowhere lets those behind it go", func(t *testing.T) {
		t.Parallel()
		tree := fairshare.New(fairshare.Config{})
		tree.Set(request("/a/big", "/a", 0, 1), start)
		tree.Set(request("/a/small", "/a", 0, 1), start.Add(time.Minute))
		it, _ := tree.Next()
		tree.Skip(it)
		if it, ok := tree.Next(); !ok || it.App != "/a/small" {
			t.Fatalf("behind the skipped: got %v", it)
		}
		tree.Set(request("/a/big", "/a", 0, 2), start.Add(time.Minute))
		tree.Wake()
		if it, _ := tree.Next(); it.App != "/a/big" || !it.Since.Equal(start) {
			t.Errorf("after Wake: got %v waiting since %v, want /a/big since %v", it.App, it.Since, start)
		}
	})

	t.Run("a million instances are a count", func(t *testing.T) {
		t.Parallel()
		tree := fairshare.New(fairshare.Config{})
		tree.SetTotal(amount(1e6, 1e6))
		for i := range 50 {
			tree.Set(request(fmt.Sprintf("/t%d/app", i), fmt.Sprintf("/t%d", i), 0, 20_000), start)
		}
		if got := len(order(tree)); got != 1_000_000 {
			t.Errorf("placed: got %d, want 1000000", got)
		}
		if tree.Len() != 0 {
			t.Errorf("waiting Apps: got %d, want 0", tree.Len())
		}
	})
}

// TestNextIsTheLeast compares Next with a plain search through all queues
// while instances come, go, are skipped and end.
func TestNextIsTheLeast(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		weights := map[string]fairshare.Quota{}
		for i := range 4 {
			weights["/q"+strconv.Itoa(i)] = fairshare.Quota{Weight: float64(rapid.IntRange(1, 3).Draw(t, "weight"))}
		}
		tree := fairshare.New(fairshare.Config{Queues: weights})
		total := amount(50, 80)
		tree.SetTotal(total)
		used, waiting := map[string]resource.Vector{}, map[string]int{}
		skipped := map[string]bool{}
		need := map[string]resource.Vector{"/q0": amount(1, 2), "/q1": amount(2, 1), "/q2": amount(1, 1), "/q3": amount(3, 3)}
		least := func() string {
			best, low := "", 0.0
			for i := range 4 {
				q := "/q" + strconv.Itoa(i)
				share := max(float64(used[q].CPUs)/float64(total.CPUs), float64(used[q].Mem)/float64(total.Mem)) / weights[q].Weight
				if waiting[q] > 0 && !skipped[q] && (best == "" || share < low) {
					best, low = q, share
				}
			}
			return best
		}
		queue := rapid.Custom(func(t *rapid.T) string { return "/q" + strconv.Itoa(rapid.IntRange(0, 3).Draw(t, "queue")) })
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {
				got := ""
				if it, ok := tree.Next(); ok {
					got = it.Queue
				}
				if want := least(); got != want {
					t.Fatalf("next: got %q, want %q", got, want)
				}
			},
			"set": func(t *rapid.T) {
				q := queue.Draw(t, "queue")
				waiting[q] = rapid.IntRange(0, 5).Draw(t, "count")
				if waiting[q] == 0 {
					skipped[q] = false
				}
				tree.Set(fairshare.Request{App: app.ID(q), Queue: q, Need: need[q], Count: waiting[q]}, start)
			},
			"place": func(*rapid.T) {
				if it, ok := tree.Next(); ok {
					q := it.Queue
					used[q] = used[q].Add(need[q])
					waiting[q]--
					tree.Placed(it, start)
				}
			},
			"skip": func(*rapid.T) {
				if it, ok := tree.Next(); ok {
					skipped[it.Queue] = true
					tree.Skip(it)
				}
			},
			"wake": func(*rapid.T) {
				clear(skipped)
				tree.Wake()
			},
			"resize": func(t *rapid.T) {
				total = amount(rapid.Int64Range(1, 80).Draw(t, "cpus"), rapid.Int64Range(1, 80).Draw(t, "mem"))
				tree.SetTotal(total)
			},
			"weigh": func(t *rapid.T) {
				q := queue.Draw(t, "queue")
				weights[q] = fairshare.Quota{Weight: float64(rapid.IntRange(1, 4).Draw(t, "weight"))}
				tree.SetQuota(q, weights[q])
			},
			"end": func(t *rapid.T) {
				if q := queue.Draw(t, "queue"); used[q].CPUs > 0 {
					used[q] = used[q].Sub(need[q])
					tree.Refund(q, need[q], 1)
				}
			},
		})
	})
}

// TestShares checks what is shown of the queues.
func TestShares(t *testing.T) {
	t.Parallel()
	tree := fairshare.New(fairshare.Config{Queues: map[string]fairshare.Quota{"/a": {Weight: 2, Limit: amount(4, 0)}}})
	tree.SetTotal(amount(10, 20))
	tree.Set(fairshare.Request{App: "/a/x", Queue: "/a", Need: amount(1, 8), Count: 5}, start)
	tree.Set(fairshare.Request{App: "/b/y", Queue: "/b/c", Need: amount(3, 1), Count: 1}, start)
	for range 3 {
		it, _ := tree.Next()
		tree.Placed(it, start)
	}
	tree.Charge("/a", amount(2, 0), 2)
	if _, ok := tree.Next(); ok {
		t.Error("the limit of /a is reached and nothing else waits")
	}
	want := []fairshare.Share{
		{Queue: "/", Quota: fairshare.Quota{Weight: 1}, Used: amount(7, 17), Instances: 5, Waiting: 3, Dominant: 0.85, Weighted: 0.85, Resource: "mem"},
		{
			Queue: "/a", Quota: fairshare.Quota{Weight: 2, Limit: amount(4, 0)}, Used: amount(4, 16), Instances: 4, Waiting: 3,
			Dominant: 0.8, Weighted: 0.4, Resource: "mem", Limited: 1,
		},
		{Queue: "/b", Quota: fairshare.Quota{Weight: 1}, Used: amount(3, 1), Instances: 1, Dominant: 0.3, Weighted: 0.3, Resource: "cpus"},
		{Queue: "/b/c", Quota: fairshare.Quota{Weight: 1}, Used: amount(3, 1), Instances: 1, Dominant: 0.3, Weighted: 0.3, Resource: "cpus"},
	}
	if diff := cmp.Diff(tree.Shares(), want); diff != "" {
		t.Errorf("shares (-got +want):\n%s", diff)
	}
	if got := fairshare.Jain([]float64{1, 1, 0, 0}); got != 0.5 {
		t.Errorf("Jain's index of half of all: got %v, want 0.5", got)
	}
}
