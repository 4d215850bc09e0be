package fairshare_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
)

// quotaWorld is a tree with quotas at two levels under random events, beside the plain
// sums of what runs in each queue.
type quotaWorld struct {
	tree    *fairshare.Tree
	quotas  map[string]fairshare.Quota
	leaves  []string
	used    map[string]resource.Vector
	running []placed
}

func drawQuotas(t *rapid.T) *quotaWorld {
	w := &quotaWorld{quotas: map[string]fairshare.Quota{}, used: map[string]resource.Vector{}}
	bound := func(name string) resource.Vector {
		return amount(rapid.Int64Range(0, 12).Draw(t, name+" cpus"), rapid.Int64Range(0, 12).Draw(t, name+" mem"))
	}
	for _, group := range []string{"/a", "/b", "/c"} {
		for _, path := range []string{group, group + "/x", group + "/y"} {
			q := fairshare.Quota{Weight: float64(rapid.IntRange(1, 3).Draw(t, "weight")), Guarantee: bound("guarantee"), Limit: bound("limit")}
			if rapid.Bool().Draw(t, "no gpus") {
				q.Limit.GPUs = fairshare.None
			}
			w.quotas[path] = q
		}
		w.leaves = append(w.leaves, group+"/x", group+"/y")
	}
	w.tree = fairshare.New(fairshare.Config{Queues: w.quotas})
	w.tree.SetTotal(amount(100, 100).Add(gpus(10)))
	return w
}

// above lists a queue and those above it.
func above(queue string) []string { return []string{queue, parent(queue)} }

func (w *quotaWorld) charge(p placed, sign int64) {
	for _, q := range above(p.queue) {
		w.used[q] = w.used[q].Add(p.need.Scale(sign))
	}
}

// owed reports whether a guarantee covers one more instance, as the documentation
// says: less is used in all that is both guaranteed and needed.
func (w *quotaWorld) owed(queue string, need resource.Vector) bool {
	for _, q := range above(queue) {
		g, u, covered, room := w.quotas[q].Guarantee, w.used[q], false, true
		for _, r := range [][3]resource.Scalar{{g.CPUs, need.CPUs, u.CPUs}, {g.Mem, need.Mem, u.Mem}, {g.GPUs, need.GPUs, u.GPUs}} {
			if r[0] > 0 && r[1] > 0 {
				covered, room = true, room && r[2] < r[0]
			}
		}
		if covered && room {
			return true
		}
	}
	return false
}

// TestQuotasHoldUnderAnything lets instances wait, start, end and quotas change
// at random: no limit of a queue or one above it is exceeded by a placement, who
// is owed a guarantee comes before all who are not, and sums are right.
func TestQuotasHoldUnderAnything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawQuotas(t)
		need := map[string]resource.Vector{}
		for _, q := range w.leaves {
			need[q] = amount(rapid.Int64Range(0, 3).Draw(t, "cpus"), rapid.Int64Range(1, 3).Draw(t, "mem")).Add(gpus(rapid.Int64Range(0, 1).Draw(t, "gpus")))
		}
		waiting := map[string]int{}
		for _, q := range w.leaves {
			waiting[q] = rapid.IntRange(0, 20).Draw(t, "count")
			w.tree.Set(fairshare.Request{App: app.ID(q), Queue: q, Need: need[q], Count: waiting[q]}, start)
		}
		leaf := rapid.Custom(func(t *rapid.T) string { return rapid.SampledFrom(w.leaves).Draw(t, "queue") })
		allowed := func(q string) bool {
			return !slices.ContainsFunc(above(q), func(p string) bool {
				l, u, n := w.quotas[p].Limit, w.used[p], need[q]
				return l.CPUs > 0 && n.CPUs > 0 && u.CPUs+n.CPUs > l.CPUs || l.Mem > 0 && u.Mem+n.Mem > l.Mem || l.GPUs == fairshare.None && n.GPUs > 0
			})
		}
		t.Repeat(map[string]func(*rapid.T){
			"wait": func(t *rapid.T) {
				q := leaf.Draw(t, "queue")
				waiting[q] = rapid.IntRange(0, 6).Draw(t, "count")
				w.tree.Set(fairshare.Request{App: app.ID(q), Queue: q, Need: need[q], Count: waiting[q]}, start)
			},
			"place": func(t *rapid.T) {
				w.tree.Wake()
				it, ok := w.tree.Next()
				for _, q := range w.leaves {
					switch {
					case waiting[q] == 0 || !allowed(q):
					case !ok:
						t.Fatalf("%s may place and nothing is next", q)
					case w.owed(q, need[q]) && !w.owed(it.Queue, it.Need):
						t.Fatalf("%s is owed a guarantee, next is %s", q, it.Queue)
					}
				}
				if !ok {
					return
				}
				if !allowed(it.Queue) {
					t.Fatalf("%s is next, above a limit", it.Queue)
				}
				p := placed{it.Queue, it.Need}
				w.tree.Placed(it, start)
				w.charge(p, 1)
				w.running, waiting[p.queue] = append(w.running, p), waiting[p.queue]-1
			},
			"end": func(t *rapid.T) {
				if len(w.running) == 0 {
					return
				}
				i := rapid.IntRange(0, len(w.running)-1).Draw(t, "instance")
				p := w.running[i]
				w.running = slices.Delete(w.running, i, i+1)
				w.charge(p, -1)
				w.tree.Refund(p.queue, p.need, 1)
			},
			"change": func(t *rapid.T) {
				q := rapid.SampledFrom([]string{"/a", "/b", "/c/x"}).Draw(t, "queue")
				quota := w.quotas[q]
				quota.Limit.CPUs = resource.Units(rapid.Int64Range(0, 12).Draw(t, "limit"))
				w.quotas[q] = quota
				w.tree.SetQuota(q, quota)
			},
			"": func(t *rapid.T) {
				for _, s := range w.tree.Shares() {
					if s.Queue != "/" && s.Used != w.used[s.Queue] {
						t.Fatalf("used by %s: got %v, want %v", s.Queue, s.Used, w.used[s.Queue])
					}
				}
			},
		})
	})
}

// TestEqualStatesGoOnEqually builds one tree by a random history and another
// from what that came to, in another order, as after a restart: both place the
// same from there.
func TestEqualStatesGoOnEqually(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		queues := map[string]fairshare.Quota{"/a": {Weight: 2}, "/b/x": {Guarantee: amount(9, 0)}, "/b": {Limit: amount(60, 0)}}
		needs := map[string]resource.Vector{"/a": amount(1, 2), "/b/x": amount(3, 1), "/b/y": amount(1, 1), "/c/x": amount(2, 2), "/c": amount(1, 4)}
		seed := rapid.Uint64().Draw(t, "seed")
		s := newShop(amount(100, 120), queues, needs)
		s.place()
		s.churn(rand.New(rand.NewPCG(seed, 1)), rapid.IntRange(0, 60).Draw(t, "steps"))
		for range 20 {
			s.end(0)
		}
		again := newShop(s.total, queues, needs)
		again.tree.SetTotal(amount(7, 1000))
		for _, i := range rand.New(rand.NewPCG(seed, 2)).Perm(len(s.running)) {
			p := s.running[i]
			again.tree.Charge(p.queue, p.need, 1)
			again.free = again.free.Sub(p.need)
		}
		again.tree.SetTotal(s.total)
		first, second := rest(s), rest(again)
		if diff := cmp.Diff(second, first); diff != "" {
			t.Fatalf("placed after the restart (-got +want):\n%s", diff)
		}
	})
}

// rest places what fits and returns the queues in their turns.
func rest(s *shop) []string {
	s.running = nil
	s.place()
	out := make([]string, len(s.running))
	for i, p := range s.running {
		out[i] = p.queue
	}
	return out
}

// TestNobodyGainsFromACrowd checks that a user who leaves takes nothing from the
// others (the DRF paper calls it population monotonicity), up to one instance
// of the largest.
func TestNobodyGainsFromACrowd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := drawCluster(t)
		before := c.allocate(c.needs)
		after := c.allocate(c.needs[1:])
		for i, n := range c.needs[1:] {
			if after[i] < before[i+1]-c.slack(n) {
				t.Fatalf("user %d of %v has %d, and %d after user 0 left", i+1, c.needs, before[i+1], after[i])
			}
		}
	})
}

// TestForgottenQueuesLeaveNothing lets queues come and go by the thousand, as
// labels make them.
func TestForgottenQueuesLeaveNothing(t *testing.T) {
	t.Parallel()
	tree := fairshare.New(fairshare.Config{Queues: map[string]fairshare.Quota{"/kept/x": {Weight: 2}}})
	tree.SetTotal(amount(100, 100))
	for i := range 2000 {
		q := fmt.Sprintf("/batch/%d", i)
		tree.Set(request(q+"/app", q, 0, 1), start)
		it, ok := tree.Next()
		if !ok || it.Queue != q {
			t.Fatalf("next: got %v, want an item of %s", it, q)
		}
		tree.Placed(it, start)
		tree.Refund(q, amount(1, 1), 1)
	}
	var got []string
	for _, s := range tree.Shares() {
		got = append(got, s.Queue)
	}
	if diff := cmp.Diff(got, []string{"/", "/kept", "/kept/x"}); diff != "" {
		t.Errorf("queues (-got +want):\n%s", diff)
	}
	tree.SetQuota("/kept/x", fairshare.Quota{})
	if got := tree.Shares(); len(got) != 1 {
		t.Errorf("without the quota: got %v, want the whole alone", got)
	}
	// A queue that was forgotten is there again when it is used again.
	tree.Charge("/batch/7", amount(2, 2), 1)
	if got := tree.Shares(); len(got) != 3 || got[2].Queue != "/batch/7" || got[1].Used != amount(2, 2) {
		t.Errorf("used again: got %v", got)
	}
}

// TestLimitedAppsDoNotBlock has thousands of Apps wait at a limit: they are
// counted, and the others go on.
func TestLimitedAppsDoNotBlock(t *testing.T) {
	t.Parallel()
	tree := fairshare.New(fairshare.Config{Queues: map[string]fairshare.Quota{"/a": {Limit: amount(1, 0)}}})
	tree.SetTotal(amount(1000, 1000))
	for i := range 3000 {
		tree.Set(request(fmt.Sprintf("/a/%d", i), "/a", 0, 1), start)
	}
	tree.Set(request("/b/1", "/b", 0, 2), start.Add(time.Hour))
	if got := order(tree); len(got) != 3 {
		t.Fatalf("placed: got %d, want one of /a and two of /b", len(got))
	}
	if s := tree.Shares()[1]; s.Limited != 2999 || s.Waiting != 2999 {
		t.Errorf("/a: got %d limited, %d waiting, want 2999", s.Limited, s.Waiting)
	}
	tree.Refund("/a", amount(1, 1), 1)
	tree.Wake()
	if got := order(tree); len(got) != 1 {
		t.Errorf("after a release: got %v, want one more of /a", got)
	}
}
