package storetest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/gantry-mesos/gantry/scheduler/store"
)

// Sizes are the numbers of changes per transaction, or of records, that the
// benchmarks use; the small ones also run as tests of the benchmarks.
var Sizes = []int{1, 100, 10_000}

// Changes returns n changes like those of instances: keys of about 60 bytes
// and values of about 300, partly random as ids and times are. Equal arguments
// give equal changes; round tells transactions on the same keys apart.
func Changes(n, round int) []store.Change {
	r := rand.New(rand.NewPCG(uint64(n), uint64(round)))
	text := bytes.Repeat([]byte("docker.io/library/web TASK_RUNNING role=prod host-"), 5)
	changes := make([]store.Change, n)
	for i := range changes {
		v := make([]byte, 0, 300)
		v = fmt.Appendf(v, "%016x%016x%04d", r.Uint64(), r.Uint64(), round)
		changes[i] = store.Change{Key: fmt.Sprintf("instance/prod_web_app-%03d.instance-%08d-0f3c-11ee", i%500, i), Value: append(v, text...)}
	}
	return changes
}

// BenchmarkAppend measures transactions of each of Sizes on the store that
// open returns, in changes per second.
func BenchmarkAppend(b *testing.B, open func(b *testing.B) store.Store) {
	for _, size := range Sizes {
		b.Run(fmt.Sprintf("changes=%d", size), func(b *testing.B) {
			s := open(b)
			rounds := [][]store.Change{Changes(size, 0), Changes(size, 1)}
			done := 0
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Append(b.Context(), rounds[done%2]); err != nil {
					b.Fatalf("Append: %v", err)
				}
				done++
			}
			b.ReportMetric(float64(done*size)/b.Elapsed().Seconds(), "changes/s")
			if got := count(b, s); got != size {
				b.Fatalf("the store holds %d records, want %d", got, size)
			}
		})
	}
}

// BenchmarkLoad measures reading all of n records from stores that open
// returns, each time a new one on the same state, in seconds per load.
func BenchmarkLoad(b *testing.B, n int, open func(b *testing.B) store.Store) {
	s := open(b)
	all := Changes(n, 0)
	for len(all) > 0 {
		part := all[:min(5_000, len(all))]
		all = all[len(part):]
		if err := s.Append(b.Context(), part); err != nil {
			b.Fatalf("Append: %v", err)
		}
	}
	if err := s.Close(); err != nil {
		b.Fatalf("Close: %v", err)
	}
	loads := 0
	b.ReportAllocs()
	for b.Loop() {
		s := open(b)
		if got := count(b, s); got != n {
			b.Fatalf("Load gave %d records, want %d", got, n)
		}
		if err := s.Close(); err != nil {
			b.Fatalf("Close: %v", err)
		}
		loads++
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(loads), "s/load")
	b.ReportMetric(float64(loads*n)/b.Elapsed().Seconds(), "records/s")
}

func count(b *testing.B, s store.Store) int {
	b.Helper()
	n := 0
	err := s.Load(b.Context(), func(string, []byte) error {
		n++
		return nil
	})
	if err != nil {
		b.Fatalf("Load: %v", err)
	}
	return n
}
