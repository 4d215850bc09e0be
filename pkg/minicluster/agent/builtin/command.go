package builtin

import (
	"context"
	"slices"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/executor"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/containerizer"
)

// RunCommand is the command executor: it runs the one task it gets in c and returns when that has ended and its updates
// are acknowledged, or the agent is lost. The result is the wait status to report.
func RunCommand(ctx context.Context, c *containerizer.Container, p Params) int {
	x := &commandExecutor{base: newBase(c, p)}
	return x.loop(ctx, x.handle)
}

type commandExecutor struct {
	*base
	task    *task
	ended   bool
	leaving bool
}

func (x *commandExecutor) handle(e *executor.Event) {
	switch e.Type {
	case executor.Event_LAUNCH:
		x.launch(e.Launch.Task)
	case executor.Event_KILL:
		x.kill(e.Kill)
	case executor.Event_ACKNOWLEDGED:
		x.leave()
	case executor.Event_SHUTDOWN:
		x.shutdown()
	case executor.Event_SUBSCRIBED, executor.Event_LAUNCH_GROUP, executor.Event_MESSAGE, executor.Event_ERROR,
		executor.Event_HEARTBEAT, executor.Event_UNKNOWN:
	}
}

func (x *commandExecutor) launch(info mesos.TaskInfo) {
	if x.task != nil {
		return
	}
	env := withVariables(withRole(x.p.Env, info.Resources), info.Command)
	if err := linkVolumes(info.Container, x.p.Sandbox, ""); err != nil {
		x.p.Log.Warn("prepare volumes", zap.Error(err))
	}
	args, path := Argv(info.Command)
	x.task = &task{
		info: info, driver: x.driver, box: x.box, onEnd: func(*task) { x.end() },
		target: &process{
			in:     x.container,
			spec:   containerizer.Command{Argv: args, Path: path, Env: env, Dir: x.p.Sandbox, Cred: x.p.Cred, Output: x.p.Sandbox},
			checks: containerizer.Command{Env: env, Dir: x.p.Sandbox, Cred: x.p.Cred},
		},
	}
	x.task.launch()
}

// kill honours the policy of the call only if the agent is configured so (Mesos, flag http_command_executor).
func (x *commandExecutor) kill(k *executor.Event_Kill) {
	if x.task == nil || x.task.info.TaskID != k.TaskID {
		return
	}
	grace := x.task.grace()
	if p := k.KillPolicy.GetGracePeriod(); p != nil && x.p.KillPolicyOverride {
		grace = time.Duration(p.Nanoseconds)
	}
	x.task.kill(grace)
}

func (x *commandExecutor) shutdown() {
	if x.task == nil || x.task.ended {
		if x.task == nil || x.driver.pending() == 0 {
			x.box.Stop()
		}
		return
	}
	x.task.kill(min(x.task.grace(), max(0, x.p.ShutdownGrace-exitDelay)))
}

// end gives the terminal update a bounded time to be acknowledged.
func (x *commandExecutor) end() {
	x.ended = true
	x.box.After(ackTimeout, x.box.Stop)
}

// leave ends the executor some time after everything is acknowledged.
func (x *commandExecutor) leave() {
	if x.ended && !x.leaving && x.driver.pending() == 0 {
		x.leaving = true
		x.box.After(exitDelay, x.box.Stop)
	}
}

// withRole adds the variable that names the role whose resources the task uses.
func withRole(env []string, resources []mesos.Resource) []string {
	i := slices.IndexFunc(resources, func(r mesos.Resource) bool { return r.AllocationInfo != nil })
	if i < 0 {
		return env
	}
	return append(slices.Clone(env), "MESOS_ALLOCATION_ROLE="+resources[i].AllocationInfo.GetRole())
}
