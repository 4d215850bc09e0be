package builtin

import (
	"context"

	"github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/containerizer"
	"github.com/gantry-mesos/gantry/pkg/minicluster/mailbox"
)

// base is what all built-in executors have in common: a connection to the agent and a goroutine of their own.
type base struct {
	p         Params
	container *containerizer.Container
	driver    *driver
	box       *mailbox.Box
}

func newBase(c *containerizer.Container, p Params) *base {
	return &base{p: p, container: c, driver: newDriver(p), box: mailbox.New()}
}

// loop handles events and results until the executor stops its box, its container is destroyed or the agent is lost;
// then what runs in the container goes with it. It returns the wait status to report.
func (b *base) loop(ctx context.Context, handle func(*executor.Event)) int {
	b.box.Go(func(ctx context.Context) {
		b.driver.run(ctx, func(e *executor.Event) error { return b.box.Do(ctx, func() { handle(e) }) })
		b.box.Post(b.box.Stop)
	})
	b.box.Run(ctx, nil)
	b.box.Wait()
	return 0
}
