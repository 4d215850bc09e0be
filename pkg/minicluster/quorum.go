package minicluster

import (
	"sync"

	"github.com/gantry-mesos/gantry/pkg/minicluster/master"
)

// quorum is the masters' registry, with as many replicas as masters run.
type quorum struct {
	registry *master.MemoryRegistry // shared; nil with a single master without ZooKeeper
	size     int

	mu          sync.Mutex
	initialized bool // the registry's log has been set up by enough masters
}

// update lets masters read the registry while enough of them run: all that an empty replicated log needs to be set up
// (2 * quorum - 1) at first, a quorum later.
func (q *quorum) update(masters []*masterNode) {
	if q.registry == nil || q.size < 1 {
		return
	}
	running := 0
	for _, n := range masters {
		if n.healthy() {
			running++
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if running >= 2*q.size-1 {
		q.initialized = true
	}
	q.registry.SetQuorum(q.initialized && running >= q.size)
}
