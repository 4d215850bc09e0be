package minicluster

import (
	"context"
	"sync"
	"time"
)

// hurryGrace bounds the end of agents from [Cluster.Hurry] on: time for executors to clean up, not for tasks.
const hurryGrace = 5 * time.Second

// departure is the end of a cluster's agents.
type departure struct {
	hurried chan struct{} // closed by hurry
	once    sync.Once
}

func newDeparture() *departure { return &departure{hurried: make(chan struct{})} }

func (d *departure) hurry() { d.once.Do(func() { close(d.hurried) }) }

// shutdown lets agents end their tasks in an orderly way.
func (d *departure) shutdown(agents []*agentNode) {
	ctx, cancel := context.WithTimeout(context.Background(), StopGrace)
	defer cancel()
	var hurrying, ending sync.WaitGroup
	hurrying.Go(func() { d.press(ctx, agents, cancel) })
	for _, n := range agents {
		ending.Go(func() {
			n.thaw()
			n.shutdown(ctx)
		})
	}
	ending.Wait()
	cancel()
	hurrying.Wait()
}

// press waits for hurry, has all tasks killed, and calls cancel when that does not end them.
func (d *departure) press(ctx context.Context, agents []*agentNode, cancel context.CancelFunc) {
	select {
	case <-d.hurried:
	case <-ctx.Done():
		return
	}
	defer time.AfterFunc(hurryGrace, cancel).Stop()
	for _, n := range agents {
		if a := n.current.Load(); a != nil {
			a.Hurry(ctx)
		}
	}
	<-ctx.Done()
}
