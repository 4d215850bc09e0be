package boltstore_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gantry-mesos/gantry/scheduler/store"
	"github.com/gantry-mesos/gantry/scheduler/store/boltstore"
	"github.com/gantry-mesos/gantry/scheduler/store/storetest"
)

// block is what a disk writes at once.
const block = 512

// metaBlocks is how many blocks the two header pages have, of which a commit
// writes one at its end, after a sync.
func metaBlocks() int { return 2 * os.Getpagesize() / block }

// Interrupt takes the last blocks of a commit back. The file library syncs before
// it writes a header, so that all other blocks come first; in which order does not
// matter, because nothing refers to them until then.
func (b backend) Interrupt(tb testing.TB, s store.Store, act func(), choose func(int) int) {
	tb.Helper()
	path := filepath.Join(b.dir, boltstore.FileName)
	before := readFile(tb, path)
	act()
	b.Crash(s)
	after := readFile(tb, path)
	if grown := len(after) - len(before); grown > 0 {
		before = append(before, make([]byte, grown)...)
	}
	var body, header []int
	for n := range len(after) / block {
		switch at := n * block; {
		case bytes.Equal(before[at:at+block], after[at:at+block]):
		case n < metaBlocks():
			header = append(header, n)
		default:
			body = append(body, n)
		}
	}
	if len(header) != 1 {
		tb.Fatalf("a commit has changed the header blocks %v, want one", header)
	}
	written := slices.Concat(body, header)
	for _, n := range written[:choose(len(written))] {
		copy(before[n*block:(n+1)*block], after[n*block:])
	}
	if err := os.WriteFile(path, before, 0o600); err != nil {
		tb.Fatal(err)
	}
}

// Sizes are some around that of a page, and of a value.
func (b backend) Sizes() []int {
	page := os.Getpagesize()
	return []int{0, 1, page/4 - 50, page / 4, page - 100, page, 3 * page, store.ValueMax - 1, store.ValueMax}
}

func readFile(tb testing.TB, path string) []byte {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func TestACrashBetweenAnyTwoWritesLeavesTheStateBeforeOrAfter(t *testing.T) {
	t.Parallel()
	storetest.RunInterrupted(t, func(tb testing.TB) storetest.Interruptible {
		tb.Helper()
		return backend{dir: tb.TempDir()}
	})
}
