package agent

import (
	"context"
	"slices"
	"syscall"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/logfield"
	ids "github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/checkpoint"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/containerizer"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

// containers are those of executors, from their start to their end.
type containers struct {
	*base
	ledger   *ledger
	limits   *limits
	nested   *nested
	statuses *statuses
	starting *starting
}

const (
	containerUnknown = containerizer.StatusUnknown
	// launchFailed is the wait status that Mesos reports for a container whose launch failed: exit 1.
	launchFailed = 1 << 8
	defaultPath  = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
)

// start fetches what an executor needs and starts its container, in the background.
func (s *containers) start(e *executorRun) {
	e.registration = s.box.After(s.cfg.ExecutorRegistrationTimeout, func() {
		e.pending = &termination{
			state: mesos.TASK_FAILED, reason: mesos.REASON_EXECUTOR_REGISTRATION_TIMEOUT,
			message: "Executor did not register within " + ids.FormatDuration(s.cfg.ExecutorRegistrationTimeout),
		}
		e.state = shuttingDown
		s.destroy(e)
	})
	start, err := s.starting.starter(e)
	if err != nil {
		e.pending = &termination{
			state: mesos.TASK_FAILED, reason: mesos.REASON_EXECUTOR_TERMINATED, message: "Abnormal executor termination: unknown container",
		}
		s.log.Warn("no containerizer takes the executor", logfield.Executor(ids.ExecutorID(e.id())), zap.Error(err))
		s.box.Post(func() { s.ended(e, containerUnknown) })
		return
	}
	e.cancelStart = s.box.Go(func(ctx context.Context) {
		c, err := start(ctx)
		s.box.Post(func() { s.started(e, c, err) })
	})
}

// started goes on when the container runs, or could not be started.
func (s *containers) started(e *executorRun, c *containerizer.Container, err error) {
	e.cancelStart = nil
	if err != nil {
		if e.state < shuttingDown || e.pending == nil {
			e.pending = &termination{
				state: mesos.TASK_FAILED, reason: mesos.REASON_CONTAINER_LAUNCH_FAILED,
				message: "Failed to launch container: " + err.Error(),
			}
		}
		s.metrics.launchErrors++
		status := launchFailed
		if e.destroying {
			status = int(syscall.SIGKILL)
		}
		s.ended(e, status)
		return
	}
	s.attach(e, c)
	if e.destroying {
		s.destroyContainer(e)
	}
}

// attach watches a container that runs.
func (s *containers) attach(e *executorRun, c *containerizer.Container) {
	e.container = c
	pid := c.Pid()
	s.warn("checkpoint container", s.store.SaveProcess(checkpoint.Process{
		Container: c.ID(), Pid: pid, Start: containerizer.StartTicks(pid), Sandbox: e.sandbox, Docker: e.dockerName,
	}))
	s.box.Go(func(ctx context.Context) {
		select {
		case <-c.Done():
			s.box.Post(func() { s.ended(e, c.Status()) })
		case <-ctx.Done():
		}
	})
	s.limits.watch(e)
}

// destroy kills an executor's container, also one that is still being started.
func (s *containers) destroy(e *executorRun) {
	if e.destroying {
		return
	}
	e.destroying = true
	switch {
	case e.container != nil:
		s.destroyContainer(e)
	case e.cancelStart != nil:
		e.cancelStart()
	default:
		s.box.Post(func() { s.ended(e, int(syscall.SIGKILL)) })
	}
}

func (s *containers) destroyContainer(e *executorRun) {
	c := e.container
	s.box.Go(func(context.Context) { s.warn("destroy container", c.Destroy()) })
}

// ended reports what the end of an executor means for its tasks (Mesos, executor exit).
func (s *containers) ended(e *executorRun, status int) {
	if e.state == terminated {
		return
	}
	s.log.Info("executor ended", logfield.Framework(ids.FrameworkID(e.framework.id())),
		logfield.Executor(ids.ExecutorID(e.id())), zap.Int("status", status))
	e.registration.Stop()
	e.grace.Stop()
	e.diskWatch.Stop()
	e.state, e.status = terminated, status
	s.warn("forget container", s.store.RemoveProcess(e.containerID))
	s.host.Forget(e.containerID)
	s.nested.endIn(e)
	s.limits.checkMemory(e)
	if !e.kind.generated() && !e.framework.terminating {
		s.send(link.ExitedExecutor{
			AgentID: s.agentID(), FrameworkID: *e.framework.info.ID, ExecutorID: e.info.ExecutorID, Status: int32(status), //nolint:gosec // wait status
		})
	}
	end := termination{state: mesos.TASK_FAILED, reason: mesos.REASON_EXECUTOR_TERMINATED, message: "Executor terminated"}
	if e.pending != nil {
		end = *e.pending
	}
	for _, t := range slices.Clone(e.live()) {
		s.statuses.end(e, t, end)
	}
	if e.framework.terminating || len(e.all()) == 0 {
		s.ledger.dropExecutor(e)
	}
}
