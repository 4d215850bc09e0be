package builtin

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/google/uuid"
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/executor"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/checkpoint"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/containerizer"
)

// RunDefault is the default executor: it runs task groups, each task in a nested container of c, and returns when all
// tasks have ended and their updates are acknowledged, or the agent is lost. When a task of a group ends with another
// status than 0 the rest of the group is killed.
func RunDefault(ctx context.Context, c *containerizer.Container, p Params) int {
	x := &groupExecutor{base: newBase(c, p)}
	return x.loop(ctx, x.handle)
}

type groupExecutor struct {
	*base
	groups  [][]*task
	leaving bool
}

// groupExitDelay is the time between the last acknowledgement and the end of the default executor.
const groupExitDelay = 100 * time.Millisecond

func (x *groupExecutor) handle(e *executor.Event) {
	switch e.Type {
	case executor.Event_LAUNCH_GROUP:
		x.launch(e.LaunchGroup.TaskGroup.Tasks)
	case executor.Event_LAUNCH:
		x.launch([]mesos.TaskInfo{e.Launch.Task})
	case executor.Event_KILL:
		x.kill(e.Kill)
	case executor.Event_ACKNOWLEDGED:
		x.leave()
	case executor.Event_SHUTDOWN:
		x.shutdown()
	case executor.Event_SUBSCRIBED, executor.Event_MESSAGE, executor.Event_ERROR, executor.Event_HEARTBEAT,
		executor.Event_UNKNOWN:
	}
}

func (x *groupExecutor) launch(infos []mesos.TaskInfo) {
	var group []*task
	for _, info := range infos {
		t, err := x.newTask(info)
		if err != nil {
			x.p.Log.Warn("prepare task", zap.Error(err))
		}
		group = append(group, t)
	}
	x.groups = append(x.groups, group)
	for _, t := range group {
		t.onEnd = func(t *task) { x.taskEnded(group, t) }
		t.launch()
	}
}

// newTask makes the sandbox of a task; after an error the task fails when it is launched.
func (x *groupExecutor) newTask(info mesos.TaskInfo) (*task, error) {
	id := uuid.NewString()
	sandbox := checkpoint.Nested(x.p.Sandbox, id)
	err := os.MkdirAll(sandbox, 0o755)
	if err == nil && x.p.Cred != nil {
		err = os.Chown(sandbox, int(x.p.Cred.Uid), int(x.p.Cred.Gid))
	}
	if err == nil {
		tasks := filepath.Join(x.p.Sandbox, "tasks")
		if err = os.MkdirAll(tasks, 0o755); err == nil {
			err = os.Symlink(sandbox, filepath.Join(tasks, info.TaskID.Value))
		}
	}
	if err == nil {
		err = linkVolumes(info.Container, sandbox, x.p.Sandbox)
	}
	path := "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	env := withRole([]string{path, "MESOS_CONTAINER_IP=" + x.p.IP, "MESOS_SANDBOX=" + sandbox}, info.Resources)
	env = withVariables(env, info.Command)
	return &task{
		info: info, driver: x.driver, box: x.box,
		container: &mesos.ContainerID{Value: id, Parent: &mesos.ContainerID{Value: x.p.ContainerID}},
		target: &nested{
			x: x, id: x.p.ContainerID + "." + id, sandbox: sandbox, env: env, info: info.Command,
		},
	}, err
}

func (x *groupExecutor) taskEnded(group []*task, t *task) {
	if !t.succeeded {
		for _, other := range group {
			if other != t && !other.ended && !other.killed {
				other.kill(other.grace())
			}
		}
	}
	x.leave()
}

func (x *groupExecutor) kill(k *executor.Event_Kill) {
	for _, t := range slices.Concat(x.groups...) {
		if t.info.TaskID != k.TaskID {
			continue
		}
		grace := t.grace()
		if p := k.KillPolicy.GetGracePeriod(); p != nil {
			grace = time.Duration(p.Nanoseconds)
		}
		t.kill(grace)
	}
}

func (x *groupExecutor) shutdown() {
	live := false
	for _, t := range slices.Concat(x.groups...) {
		if !t.ended {
			live = true
			t.kill(min(t.grace(), max(0, x.p.ShutdownGrace-exitDelay)))
		}
	}
	if !live && x.driver.pending() == 0 {
		x.box.Stop()
	}
}

func (x *groupExecutor) leave() {
	for _, t := range slices.Concat(x.groups...) {
		if !t.ended {
			return
		}
	}
	if x.leaving || x.driver.pending() > 0 {
		return
	}
	x.leaving = true
	x.box.After(groupExitDelay, func() {
		if x.leaving = false; x.idle() {
			x.box.Stop()
		}
	})
}

// idle tells whether nothing has come up since the executor decided to leave.
func (x *groupExecutor) idle() bool {
	for _, t := range slices.Concat(x.groups...) {
		if !t.ended {
			return false
		}
	}
	return x.driver.pending() == 0
}

// nested is the target of a task that runs in a container of its own inside the executor's.
type nested struct {
	x       *groupExecutor
	id      string
	sandbox string
	env     []string
	info    *mesos.CommandInfo
	running *containerizer.Container
}

func (n *nested) start(ended func(status int)) error {
	args, path := Argv(n.info)
	spec := containerizer.Spec{ID: n.id, Argv: args, Path: path, Env: n.env, Dir: n.sandbox, Cred: n.x.p.Cred}
	host := n.x.container.Host()
	launch := func() error {
		c, err := host.Start(spec)
		if err != nil {
			return err
		}
		n.running = c
		go func() {
			<-c.Done()
			ended(c.Status())
			host.Forget(n.id)
		}()
		return nil
	}
	if len(n.info.GetURIs()) == 0 || n.x.p.Fetch == nil {
		return launch()
	}
	n.x.box.Go(func(ctx context.Context) {
		err := n.fetch(ctx)
		n.x.box.Post(func() {
			if err != nil || launch() != nil {
				ended(1 << 8)
			}
		})
	})
	return nil
}

func (n *nested) fetch(ctx context.Context) error {
	log, err := containerizer.OpenOutput(n.sandbox, "stderr", n.x.p.Cred)
	if err != nil {
		return err
	}
	defer log.Close()
	return n.x.p.Fetch(ctx, n.info.GetURIs(), n.sandbox, log)
}

func (n *nested) signal(sig syscall.Signal) {
	if n.running != nil {
		containerizer.Signal(n.running.Pid(), sig)
	}
}

func (n *nested) command(ctx context.Context, c *mesos.CommandInfo) (int32, error) {
	return inContainer(n.x.container, n.sandbox, n.env, n.x.p.Cred)(ctx, c)
}
