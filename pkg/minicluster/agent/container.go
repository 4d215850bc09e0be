package agent

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/user"
	"slices"
	"strconv"
	"syscall"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/logfield"
	ids "github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/checkpoint"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/containerizer"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

const (
	containerUnknown = containerizer.StatusUnknown
	// launchFailed is the wait status that Mesos reports for a container whose launch failed: exit 1.
	launchFailed = 1 << 8
	defaultPath  = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
)

func mkdirAll(dir string) error { return os.MkdirAll(dir, 0o755) }

// credential returns whom a user name stands for; nil for the user of this process.
func (a *Agent) credential(name string) (*syscall.Credential, error) {
	if !a.cfg.SwitchUser || os.Getuid() != 0 || name == "" || name == "root" {
		return nil, nil //nolint:nilnil // documented
	}
	u, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// makeSandbox makes the sandbox directory of a new executor. The error has Mesos' words, which the framework gets.
func (a *Agent) makeSandbox(e *executorRun) error {
	cred, err := a.credential(e.user)
	if err != nil {
		return fmt.Errorf("Failed to create executor directory '%s': Failed to chown directory to '%s': No such user '%s'",
			e.sandbox, e.user, e.user)
	}
	if err := mkdirAll(e.sandbox); err != nil {
		return fmt.Errorf("Failed to create executor directory '%s': %w", e.sandbox, err)
	}
	if cred != nil {
		if err := os.Chown(e.sandbox, int(cred.Uid), int(cred.Gid)); err != nil {
			return fmt.Errorf("Failed to create executor directory '%s': Failed to chown directory to '%s': %w",
				e.sandbox, e.user, err)
		}
	}
	return checkpoint.LinkLatest(e.sandbox)
}

// startExecutor fetches what an executor needs and starts its container, in the background.
func (a *Agent) startExecutor(e *executorRun) {
	e.registration = a.box.After(a.cfg.ExecutorRegistrationTimeout, func() {
		e.pending = &termination{
			state: mesos.TASK_FAILED, reason: mesos.REASON_EXECUTOR_REGISTRATION_TIMEOUT,
			message: "Executor did not register within " + ids.FormatDuration(a.cfg.ExecutorRegistrationTimeout),
		}
		e.state = shuttingDown
		a.destroy(e)
	})
	start, err := a.starter(e)
	if err != nil {
		e.pending = &termination{
			state: mesos.TASK_FAILED, reason: mesos.REASON_EXECUTOR_TERMINATED, message: "Abnormal executor termination: unknown container",
		}
		a.log.Warn("no containerizer takes the executor", logfield.Executor(ids.ExecutorID(e.id())), zap.Error(err))
		a.box.Post(func() { a.executorEnded(e, containerUnknown) })
		return
	}
	e.cancelStart = a.box.Go(func(ctx context.Context) {
		c, err := start(ctx)
		a.box.Post(func() { a.executorStarted(e, c, err) })
	})
}

// executorStarted goes on when the container runs, or could not be started.
func (a *Agent) executorStarted(e *executorRun, c *containerizer.Container, err error) {
	e.cancelStart = nil
	if err != nil {
		if e.state < shuttingDown || e.pending == nil {
			e.pending = &termination{
				state: mesos.TASK_FAILED, reason: mesos.REASON_CONTAINER_LAUNCH_FAILED,
				message: "Failed to launch container: " + err.Error(),
			}
		}
		a.metrics.launchErrors++
		status := launchFailed
		if e.destroying {
			status = int(syscall.SIGKILL)
		}
		a.executorEnded(e, status)
		return
	}
	a.attach(e, c)
	if e.destroying {
		a.destroyContainer(e)
	}
}

// attach watches a container that runs.
func (a *Agent) attach(e *executorRun, c *containerizer.Container) {
	e.container = c
	pid := c.Pid()
	a.warn("checkpoint container", a.store.SaveProcess(checkpoint.Process{
		Container: c.ID(), Pid: pid, Start: containerizer.StartTicks(pid), Sandbox: e.sandbox, Docker: e.dockerName,
	}))
	a.box.Go(func(ctx context.Context) {
		select {
		case <-c.Done():
			a.box.Post(func() { a.executorEnded(e, c.Status()) })
		case <-ctx.Done():
		}
	})
	a.watchDisk(e)
}

// destroy kills an executor's container, also one that is still being started.
func (a *Agent) destroy(e *executorRun) {
	if e.destroying {
		return
	}
	e.destroying = true
	switch {
	case e.container != nil:
		a.destroyContainer(e)
	case e.cancelStart != nil:
		e.cancelStart()
	default:
		a.box.Post(func() { a.executorEnded(e, int(syscall.SIGKILL)) })
	}
}

func (a *Agent) destroyContainer(e *executorRun) {
	c := e.container
	a.box.Go(func(context.Context) { a.warn("destroy container", c.Destroy()) })
}

// executorEnded reports what the end of an executor means for its tasks (Mesos, executor exit).
func (a *Agent) executorEnded(e *executorRun, status int) {
	if e.state == terminated {
		return
	}
	a.log.Info("executor ended", logfield.Framework(ids.FrameworkID(e.framework.id())),
		logfield.Executor(ids.ExecutorID(e.id())), zap.Int("status", status))
	e.registration.Stop()
	e.grace.Stop()
	e.diskWatch.Stop()
	e.state, e.status = terminated, status
	a.warn("forget container", a.store.RemoveProcess(e.containerID))
	a.host.Forget(e.containerID)
	a.endNested(e)
	a.checkMemory(e)
	if !e.kind.generated() && !e.framework.terminating {
		a.send(link.ExitedExecutor{
			AgentID: a.agentID(), FrameworkID: *e.framework.info.ID, ExecutorID: e.info.ExecutorID, Status: int32(status), //nolint:gosec // wait status
		})
	}
	end := termination{state: mesos.TASK_FAILED, reason: mesos.REASON_EXECUTOR_TERMINATED, message: "Executor terminated"}
	if e.pending != nil {
		end = *e.pending
	}
	for _, t := range slices.Clone(e.live()) {
		a.endTask(e, t, end)
	}
	if e.framework.terminating || len(e.all()) == 0 {
		a.dropExecutor(e)
	}
}

// environment is what an executor finds in its environment (Mesos, executor environment variables).
func (a *Agent) environment(e *executorRun) []string {
	vars := map[string]string{"PATH": defaultPath}
	maps.Copy(vars, a.cfg.ExecutorEnvironment)
	grace := a.graceOf(e)
	set := map[string]string{
		"LIBPROCESS_IP": a.ip, "LIBPROCESS_PORT": "0", "MESOS_AGENT_ENDPOINT": a.Address(), "MESOS_CHECKPOINT": "0",
		"MESOS_DIRECTORY": e.sandbox, "MESOS_EXECUTOR_ID": e.id(), "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD": ids.FormatDuration(grace),
		"MESOS_FRAMEWORK_ID": e.framework.id(), "MESOS_HTTP_COMMAND_EXECUTOR": "0", "MESOS_SANDBOX": e.sandbox,
		"MESOS_SLAVE_ID": a.id(), "MESOS_SLAVE_PID": a.PID(),
	}
	if a.cfg.HTTPCommandExecutor {
		set["MESOS_HTTP_COMMAND_EXECUTOR"] = "1"
	}
	if e.framework.checkpoints() {
		set["MESOS_CHECKPOINT"] = "1"
		set["MESOS_RECOVERY_TIMEOUT"] = ids.FormatDuration(a.cfg.RecoveryTimeout)
		set["MESOS_SUBSCRIPTION_BACKOFF_MAX"] = ids.FormatDuration(a.cfg.ExecutorReregistrationTimeout)
	}
	maps.Copy(vars, set)
	for _, v := range e.info.Command.GetEnvironment().GetVariables() {
		vars[v.Name] = v.GetValue()
	}
	return environ(vars)
}

func environ(vars map[string]string) []string {
	env := make([]string, 0, len(vars))
	for name, value := range vars {
		env = append(env, name+"="+value)
	}
	slices.Sort(env)
	return env
}
