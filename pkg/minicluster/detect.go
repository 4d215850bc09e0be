package minicluster

import (
	"context"
	"sync"
)

// leaderWatch is the agents' Detector: it holds the newest leader's address.
type leaderWatch struct {
	mu      sync.Mutex
	leader  string
	changed chan struct{} // closed at the next change
}

func newLeaderWatch() *leaderWatch { return &leaderWatch{changed: make(chan struct{})} }

func (w *leaderWatch) set(leader string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if leader != w.leader {
		w.leader = leader
		close(w.changed)
		w.changed = make(chan struct{})
	}
}

// Detect implements agent.Detector.
func (w *leaderWatch) Detect(ctx context.Context, previous string) (string, error) {
	for {
		w.mu.Lock()
		leader, changed := w.leader, w.changed
		w.mu.Unlock()
		if leader != previous {
			return leader, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}
