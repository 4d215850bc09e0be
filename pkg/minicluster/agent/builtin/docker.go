package builtin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/executor"
	"github.com/moby/moby/client"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/containerizer"
	"github.com/gantry-mesos/gantry/pkg/minicluster/mailbox"
)

// DockerParams is what the docker executor needs on top of [Params].
type DockerParams struct {
	Params
	Client       *client.Client
	Name         string // of the Docker container: mesos-<container id>
	SandboxMount string // where the container sees the sandbox
}

// dockerGrace is the docker executor's own default grace period, the agent's default shutdown grace period.
const dockerGrace = 5 * time.Second

// RunDocker is the docker executor: it runs the one task it gets as a Docker container and returns when that has ended
// and its updates are acknowledged, or the agent is lost. The container is left to the caller, stopped.
func RunDocker(ctx context.Context, c *containerizer.Container, p DockerParams) int {
	x := &dockerExecutor{base: newBase(c, p.Params), d: p}
	status := x.loop(ctx, x.handle)
	if x.engine != nil {
		x.engine.close()
	}
	return status
}

type dockerExecutor struct {
	*base
	d       DockerParams
	info    *mesos.TaskInfo
	engine  *dockerContainer
	ended   bool
	leaving bool

	running     bool // RUNNING was reported
	killed      bool
	unhealthy   bool
	expired     bool
	pendingKill *time.Duration // a kill before the container was seen running
	escalate    *mailbox.Timer
	expiry      *mailbox.Timer
	stopChecks  context.CancelFunc
	networks    []mesos.NetworkInfo
	exit        *int // exit status that came before RUNNING was reported
}

func (x *dockerExecutor) handle(e *executor.Event) {
	switch e.Type {
	case executor.Event_LAUNCH:
		x.launch(e.Launch.Task)
	case executor.Event_KILL:
		x.killCall(e.Kill)
	case executor.Event_ACKNOWLEDGED:
		x.leave()
	case executor.Event_SHUTDOWN:
		x.shutdown()
	case executor.Event_SUBSCRIBED, executor.Event_LAUNCH_GROUP, executor.Event_MESSAGE, executor.Event_ERROR,
		executor.Event_HEARTBEAT, executor.Event_UNKNOWN:
	}
}

func (x *dockerExecutor) launch(info mesos.TaskInfo) {
	if x.info != nil {
		status := newStatus(info.TaskID, mesos.TASK_FAILED)
		message := "Attempted to run multiple tasks using a \"docker\" executor"
		status.Message = &message
		x.driver.update(status)
		return
	}
	x.info = &info
	x.stopChecks = func() {}
	x.send(newStatus(info.TaskID, mesos.TASK_STARTING))
	options, err := runOptions(x.d, info)
	if err != nil {
		x.fail("Failed to create docker run options: " + err.Error())
		return
	}
	x.engine = &dockerContainer{d: x.d, box: x.box, in: x.container}
	if limit := info.MaxCompletionTime; limit != nil {
		x.expiry = x.box.After(time.Duration(limit.Nanoseconds), x.expire)
	}
	x.engine.run(options, x.started, x.exited)
}

func (x *dockerExecutor) send(status mesos.TaskStatus) {
	if len(x.networks) > 0 {
		status.ContainerStatus = &mesos.ContainerStatus{NetworkInfos: x.networks}
	}
	x.driver.update(status)
}

// started is called when the container runs, with what docker inspect prints.
func (x *dockerExecutor) started(inspect json.RawMessage, ips []string) {
	if x.ended {
		return
	}
	for _, ip := range ips {
		x.networks = append(x.networks, mesos.NetworkInfo{IPAddresses: []mesos.NetworkInfo_IPAddress{{
			Protocol: mesos.IPv4.Enum(), IPAddress: &ip,
		}}})
	}
	x.running = true
	var pretty bytes.Buffer
	status := newStatus(x.info.TaskID, mesos.TASK_RUNNING)
	if json.Indent(&pretty, []byte("["+string(inspect)+"]"), "", "    ") == nil {
		status.Data = pretty.Bytes()
	}
	x.send(status)
	x.check(ips)
	if x.pendingKill != nil {
		x.kill(*x.pendingKill)
	}
	if x.exit != nil {
		x.exited(*x.exit, nil)
	}
}

// check begins the health check of the task.
func (x *dockerExecutor) check(ips []string) {
	h := x.info.HealthCheck
	if h == nil {
		return
	}
	host := loopback
	if len(ips) > 0 && ips[0] != x.d.IP {
		host = ips[0]
	}
	probe := healthProber(h, x.engine.exec, host)
	if probe == nil {
		return
	}
	m := &healthMonitor{check: h, began: time.Now()}
	x.stopChecks = x.box.Go(func(ctx context.Context) {
		loop(ctx, seconds(h.GetDelaySeconds()), seconds(h.GetIntervalSeconds()), seconds(h.GetTimeoutSeconds()), probe, nil,
			func(r result) { x.box.Post(func() { x.health(m, r) }) })
	})
}

func (x *dockerExecutor) health(m *healthMonitor, r result) {
	if x.ended || x.killed {
		return
	}
	report, kill := m.take(time.Now(), r.healthy())
	if !report {
		return
	}
	healthy := m.healthy
	status := newStatus(x.info.TaskID, mesos.TASK_RUNNING)
	status.Healthy, status.Reason = &healthy, mesos.REASON_TASK_HEALTH_CHECK_STATUS_UPDATED.Enum()
	x.send(status)
	if kill {
		x.unhealthy = true
		x.kill(x.grace())
	}
}

func (x *dockerExecutor) grace() time.Duration {
	if p := x.info.KillPolicy.GetGracePeriod(); p != nil {
		return time.Duration(p.Nanoseconds)
	}
	return dockerGrace
}

func (x *dockerExecutor) killCall(k *executor.Event_Kill) {
	if x.info == nil || x.info.TaskID != k.TaskID {
		return
	}
	grace := x.grace()
	if p := k.KillPolicy.GetGracePeriod(); p != nil {
		grace = time.Duration(p.Nanoseconds)
	}
	x.kill(grace)
}

// kill stops the container; a repetition starts over with the new grace period. A kill that comes before the container
// was seen running waits for that.
func (x *dockerExecutor) kill(grace time.Duration) {
	if x.ended {
		return
	}
	if !x.running {
		x.pendingKill = &grace
		return
	}
	if !x.killed && !x.expired && x.driver.reportsKilling() {
		x.send(newStatus(x.info.TaskID, mesos.TASK_KILLING))
	}
	x.escalate.Stop()
	x.killed = true
	x.stopChecks()
	x.engine.signal("")
	x.escalate = x.box.After(grace, func() { x.engine.signal("KILL") })
}

func (x *dockerExecutor) expire() {
	if x.ended || x.killed {
		return
	}
	x.expired = true
	x.kill(0)
}

func (x *dockerExecutor) shutdown() {
	if x.info == nil || x.ended {
		if x.info == nil || x.driver.pending() == 0 {
			x.box.Stop()
		}
		return
	}
	x.kill(max(0, x.p.ShutdownGrace-dockerShutdownReserve))
}

// dockerShutdownReserve is what the docker executor keeps of its shutdown grace period for its own end.
const dockerShutdownReserve = 2 * time.Second

// exited reports the end of the container; err says that it never ran.
func (x *dockerExecutor) exited(code int, err error) {
	if err != nil {
		x.fail("Failed to run docker container: " + err.Error())
		return
	}
	state := mesos.TASK_FAILED
	switch {
	case x.expired:
	case x.killed:
		state = mesos.TASK_KILLED
	case code == 0:
		state = mesos.TASK_FINISHED
	}
	message := fmt.Sprintf("Container exited with status %d", code)
	x.terminal(state, message)
}

func (x *dockerExecutor) fail(message string) { x.terminal(mesos.TASK_FAILED, message) }

func (x *dockerExecutor) terminal(state mesos.TaskState, message string) {
	if x.ended {
		return
	}
	x.ended = true
	x.stopChecks()
	x.escalate.Stop()
	x.expiry.Stop()
	status := newStatus(x.info.TaskID, state)
	status.Message = &message
	if x.expired {
		status.Reason = mesos.REASON_MAX_COMPLETION_TIME_REACHED.Enum()
	}
	if x.unhealthy {
		no := false
		status.Healthy = &no
	}
	x.send(status)
	x.box.After(ackTimeout, x.box.Stop)
}

// leave ends the executor some time after everything is acknowledged.
func (x *dockerExecutor) leave() {
	if x.ended && !x.leaving && x.driver.pending() == 0 {
		x.leaving = true
		x.box.After(exitDelay, x.box.Stop)
	}
}
