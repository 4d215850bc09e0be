package fairshare_test

import (
	"fmt"
	"testing"

	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
)

// crowd is a tree with so many Apps, spread over so many queues at a depth, that
// all want more than there is.
func crowd(mode fairshare.Mode, apps, queues, depth int) *fairshare.Tree {
	t := fairshare.New(fairshare.Config{Mode: mode})
	t.SetTotal(amount(1_000_000, 4_000_000))
	for i := range apps {
		path := fmt.Sprintf("/q%d", i%queues)
		if depth > 1 {
			path = fmt.Sprintf("/g%d%s", i%queues%(queues/20+1), path)
		}
		t.Set(request(fmt.Sprintf("%s/app%d", path, i), path, 0, 1<<30), start)
	}
	return t
}

// BenchmarkPlaced is what a placement costs the tree: whose turn it is, one instance fewer
// that waits, and what it uses charged.
func BenchmarkPlaced(b *testing.B) {
	for _, c := range []struct {
		apps, queues, depth int
	}{{50, 10, 1}, {10_000, 100, 1}, {10_000, 5_000, 1}, {10_000, 5_000, 2}, {100_000, 10_000, 2}} {
		b.Run(fmt.Sprintf("apps=%d/queues=%d/depth=%d", c.apps, c.queues, c.depth), func(b *testing.B) {
			t := crowd(fairshare.DRF, c.apps, c.queues, c.depth)
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				it, ok := t.Next()
				if !ok {
					b.Fatal("nothing waits")
				}
				t.Placed(it, start)
				n++
			}
			if got := t.Used().CPUs; got != resource.Units(int64(n)) {
				b.Fatalf("used: got %v cpus, want %d", got, n)
			}
		})
	}
}

// BenchmarkRound is a round in which nothing fits anywhere: every App is looked at once.
func BenchmarkRound(b *testing.B) {
	for _, mode := range []fairshare.Mode{fairshare.DRF, fairshare.FIFO} {
		b.Run(mode.String()+"/apps=10000/queues=5000", func(b *testing.B) {
			t := crowd(mode, 10_000, 5_000, 1)
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				t.Wake()
				for it, ok := t.Next(); ok; it, ok = t.Next() {
					t.Skip(it)
					n++
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/app")
			if n%10_000 != 0 {
				b.Fatalf("looked at %d Apps, not all of them each time", n)
			}
		})
	}
}

// BenchmarkShares is what the picture of 5,000 queues costs.
func BenchmarkShares(b *testing.B) {
	t := crowd(fairshare.DRF, 10_000, 5_000, 2)
	for b.Loop() {
		if got := len(t.Shares()); got < 5_000 {
			b.Fatalf("got %d queues", got)
		}
	}
}
