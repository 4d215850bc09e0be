package placement

import (
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// slab hands out short slices of one long one, so that assignments do not
// allocate each of theirs. What was handed out is never reused.
type slab[T any] struct {
	rest []T
}

// slabLen is how many values are allocated at a time.
const slabLen = 256

// reserve returns an empty slice with room for n values; keep tells how many it got.
func (s *slab[T]) reserve(n int) []T {
	if len(s.rest) < n {
		s.rest = make([]T, max(n, slabLen))
	}
	return s.rest[:0:n]
}

// keep hands out what was written to the reserved slice.
func (s *slab[T]) keep(got []T) []T {
	n := len(got)
	s.rest = s.rest[n:]
	return got[:n:n]
}

// slabs are what assignments are made of.
type slabs struct {
	resources slab[mesos.Resource]
	takes     slab[take]
	hostPorts slab[uint32]
	ranges    slab[resource.Range]
}
