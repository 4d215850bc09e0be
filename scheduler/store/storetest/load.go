package storetest

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gantry-mesos/gantry/scheduler/store"
)

// noise returns n bytes that do not compress.
func noise(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return string(b)
}

func testLargeTransactions(t *testing.T, b Backend) {
	t.Helper()
	s := open(t, b)
	r := rand.New(rand.NewPCG(1, 1))
	want := map[string]string{}
	for round := range 2 {
		changes := make([]store.Change, 0, 10_000)
		for i := range cap(changes) {
			// Incompressible, so that the transaction really exceeds every limit of a single message.
			c := put("instance/web."+strconv.Itoa(i), strconv.Itoa(round)+noise(r, 250))
			if round == 1 && i%3 == 0 {
				c = del(c.Key)
				delete(want, c.Key)
			} else {
				want[c.Key] = string(c.Value)
			}
			changes = append(changes, c)
		}
		mustAppend(t, s, changes...)
		wantContents(t, s, want)
	}
	b.Crash(s)
	wantContents(t, open(t, b), want)
}

func testLargestValues(t *testing.T, b Backend) {
	t.Helper()
	s := open(t, b)
	r := rand.New(rand.NewPCG(2, 2))
	want := map[string]string{}
	var changes []store.Change
	for i := range 3 {
		key := strings.Repeat("k", store.KeyMax-1) + strconv.Itoa(i)
		want[key] = noise(r, store.ValueMax)
		changes = append(changes, put(key, want[key]))
	}
	mustAppend(t, s, changes...)
	wantContents(t, s, want)
	b.Crash(s)
	wantContents(t, open(t, b), want)
}

func testConcurrentWriters(t *testing.T, b Backend) {
	t.Helper()
	const writers, rounds = 8, 12
	s := open(t, b)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for round := range rounds {
				err := s.Append(callContext(t), []store.Change{
					put(fmt.Sprintf("own/%d", w), strconv.Itoa(round)),
					put(fmt.Sprintf("all/%d/%d", w, round), "x"),
				})
				if err != nil {
					t.Errorf("writer %d, round %d: Append: %v", w, round, err)
				}
			}
		})
	}
	wg.Wait()
	want := map[string]string{}
	for w := range writers {
		want[fmt.Sprintf("own/%d", w)] = strconv.Itoa(rounds - 1)
		for round := range rounds {
			want[fmt.Sprintf("all/%d/%d", w, round)] = "x"
		}
	}
	wantContents(t, s, want)
	b.Crash(s)
	wantContents(t, open(t, b), want)
}

func testReadersSeeWholeTransactions(t *testing.T, b Backend) {
	t.Helper()
	const rounds, keys = 15, 40
	s := open(t, b)
	write := func(round int) error {
		changes := make([]store.Change, keys)
		for k := range changes {
			changes[k] = put(fmt.Sprintf("k/%d", k), strconv.Itoa(round))
		}
		return s.Append(callContext(t), changes)
	}
	if err := write(0); err != nil {
		t.Fatalf("Append: %v", err)
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(done)
		for round := 1; round <= rounds; round++ {
			if err := write(round); err != nil {
				t.Errorf("Append: %v", err)
				return
			}
		}
	})
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		got := Contents(t, s)
		for k := range keys {
			if v := got[fmt.Sprintf("k/%d", k)]; v != got["k/0"] {
				t.Fatalf("a reader saw k/0 of round %s beside k/%d of round %s", got["k/0"], k, v)
			}
		}
	}
	wg.Wait()
	if got, want := Contents(t, s)["k/0"], strconv.Itoa(rounds); got != want {
		t.Errorf("the last round read is %s, want %s", got, want)
	}
}
