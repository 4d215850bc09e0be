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

	t.Run("a limit is never exceeded and frees the way for others", func(t *testing.T) {
		t.Parallel()
		tree := fairshare.New(fairshare.Config{Queues: map[string]fairshare.Quota{"/b": {Limit: amount(5, 0)}}})
		backlog(tree, "/a", amount(1, 1))
		backlog(tree, "/b/x", amount(2, 1))
		if diff := cmp.Diff(fill(tree, amount(40, 100), nil), map[string]int{"/a": 36, "/b/x": 2}); diff != "" {
			t.Errorf("instances (-got +want):\n%s", diff)
		}
		tree.Wake()
		tree.Release("/b/x", amount(2, 1), 1)
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

	t.Run("what fits nowhere lets those behind it go and is found starving", func(t *testing.T) {
		t.Parallel()
		tree := fairshare.New(fairshare.Config{})
		tree.Set(request("/a/big", "/a", 0, 1), start)
		tree.Set(request("/a/small", "/a", 0, 1), start.Add(time.Minute))
		it, _ := tree.Next()
		tree.Skip(it)
		if it, ok := tree.Next(); !ok || it.App != "/a/small" {
			t.Fatalf("behind the skipped: got %v", it)
		}
		starving := tree.Starving(start.Add(30*time.Second), 10)
		if len(starving) != 1 || starving[0].App != "/a/big" {
			t.Errorf("starving: got %v, want /a/big", starving)
		}
		if len(tree.Starving(start, 10)) != 0 {
			t.Error("nothing starves at the start")
		}
		tree.Wake()
		if it, _ := tree.Next(); it.App != "/a/big" {
			t.Errorf("after Wake: got %v, want /a/big", it.App)
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
			"end": func(t *rapid.T) {
				if q := queue.Draw(t, "queue"); used[q].CPUs > 0 {
					used[q] = used[q].Sub(need[q])
					tree.Release(q, need[q], 1)
				}
			},
		})
	})
}
