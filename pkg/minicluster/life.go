package minicluster

import (
	"context"
	"sync"
)

// life is how long the processes of a cluster may live.
type life struct {
	mu    sync.Mutex
	ctx   context.Context
	begun chan struct{} // closed once processes may be started
}

func newLife() *life { return &life{begun: make(chan struct{})} }

// begin lets processes live until ctx is over.
func (l *life) begin(ctx context.Context) {
	l.mu.Lock()
	l.ctx = ctx
	l.mu.Unlock()
	close(l.begun)
}

// context is that of the processes; it blocks until the life has begun.
func (l *life) context() context.Context {
	<-l.begun
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ctx
}
