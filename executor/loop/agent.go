package loop

import (
	"context"
	"fmt"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/executor/core"
	"github.com/gantry-mesos/gantry/executor/probe"
	"github.com/gantry-mesos/gantry/pkg/logfield"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
)

// serveAgent keeps the subscription until the agent is gone for good or ctx ends.
func (l *Loop) serveAgent(ctx context.Context) {
	subscribed := false
	err := l.agent.Run(ctx, func() mesos.Unacknowledged {
		if subscribed { // asked again: the subscription before is over
			subscribed = false
			l.report(ctx, core.Disconnected{})
		}
		return *l.unacked.Load()
	}, func(ctx context.Context, ev mesos.ExecutorEvent) error {
		if _, ok := ev.(mesos.ExecutorSubscribed); ok {
			subscribed = true
		}
		l.handle(ctx, ev)
		return nil
	})
	if ctx.Err() == nil {
		l.report(ctx, core.Forgotten{Message: fmt.Sprint(err)})
	}
}

// handle turns an event of the agent into one of core's.
func (l *Loop) handle(ctx context.Context, ev mesos.ExecutorEvent) {
	switch ev := ev.(type) {
	case mesos.ExecutorSubscribed:
		l.subscribed.Store(&ev)
		l.log.Info("subscribed to the agent", logfield.Agent(ev.Agent.ID), logfield.Framework(ev.Framework.ID))
		l.report(ctx, core.Subscribed{KillingState: ev.Framework.Has(mesos.TaskKillingState), ContainerID: ev.ContainerID})
	case mesos.LaunchTask:
		l.report(ctx, core.Launch{Task: l.parse(ev.Task)})
	case mesos.KillTask:
		kill := core.Kill{TaskID: ev.TaskID}
		if ev.Policy != nil {
			kill.Grace = &ev.Policy.GracePeriod
		}
		l.report(ctx, kill)
	case mesos.Acknowledged:
		ack := core.Acknowledged{TaskID: ev.TaskID}
		copy(ack.UUID[:], ev.UUID)
		l.report(ctx, ack)
	case mesos.ShutdownExecutor:
		l.report(ctx, core.Shutdown{})
	case mesos.ExecutorError:
		l.report(ctx, core.Forgotten{Message: ev.Message})
	case mesos.ExecutorMessage, mesos.ExecutorHeartbeat:
	}
}

// parse reads a task's payload; one that cannot be read is core's to refuse.
func (l *Loop) parse(info mesos.TaskInfo) core.Task {
	t, err := taskinfo.Parse(info)
	if err != nil {
		return core.Task{Info: info, Problem: err.Error()}
	}
	l.tasks.LoadOrStore(info.TaskID, t)
	task := core.Task{Info: info, Grace: t.KillGrace, General: t.General.Type()}
	for i, name := range probe.Names(t.Checks) {
		task.Checks = append(task.Checks, core.Check{Name: name, Grace: t.Checks[i].Grace, MaxFailures: t.Checks[i].MaxFailures})
	}
	for _, r := range t.Readiness {
		task.Readiness = append(task.Readiness, r.Name)
	}
	return task
}

// pump sends the oldest update that is not acknowledged yet. One is under way
// at a time, so that they arrive in order; one that the agent has taken but
// lost is told again with the next subscription.
func (l *Loop) pump(ctx context.Context) {
	for len(l.queue) > 0 && !l.state.Awaits(l.queue[0].UUID) {
		l.queue = l.queue[1:]
	}
	if l.sending || len(l.queue) == 0 {
		return
	}
	st := l.queue[0]
	l.queue = l.queue[1:]
	l.sending = true
	l.parts.Go(func() { l.sent <- l.agent.Send(ctx, mesos.StatusUpdate{Status: st}) })
}

// finishSend notes the end of a call. What the agent refused stays
// unacknowledged, which bounds how long it is waited for.
func (l *Loop) finishSend(err error) {
	l.sending = false
	if err != nil {
		l.log.Error("status update not taken", zap.Error(err))
	}
}
