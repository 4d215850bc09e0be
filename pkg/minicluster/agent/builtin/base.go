package builtin

import (
	"context"
	"sync"

	"github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/containerizer"
)

// base is what all built-in executors have in common: a connection to the agent and a goroutine of their own.
type base struct {
	p         Params
	container *containerizer.Container
	driver    *driver
	box       box
	cancel    context.CancelFunc
	over      bool // set by the executor to end
}

func newBase(ctx context.Context, c *containerizer.Container, p Params) *base {
	ctx, cancel := context.WithCancel(ctx)
	return &base{p: p, container: c, driver: newDriver(p), box: box{ctx: ctx, c: make(chan func())}, cancel: cancel}
}

// loop handles events and results until the executor is over, its container is destroyed or the agent is lost; then
// what runs in the container goes with it. It returns the wait status to report.
func (b *base) loop(handle func(*executor.Event)) int {
	var connection sync.WaitGroup
	connection.Go(func() { b.driver.run(b.box.ctx) })
	for !b.over {
		select {
		case e, ok := <-b.driver.events:
			if !ok {
				b.over = true
				break
			}
			handle(e)
		case f := <-b.box.c:
			f()
		case <-b.box.ctx.Done():
			b.over = true
		}
	}
	b.cancel()
	for range b.driver.events {
	}
	connection.Wait()
	return 0
}
