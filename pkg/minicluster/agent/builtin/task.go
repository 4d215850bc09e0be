package builtin

import (
	"context"
	"fmt"
	"syscall"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/containerizer"
	"github.com/gantry-mesos/gantry/pkg/minicluster/mailbox"
)

// target is where a task runs: how to start its process and run commands beside it.
type target interface {
	// start runs the task; ended is posted with its raw wait status.
	start(ended func(status int)) error
	// signal sends a signal to everything the task has started.
	signal(sig syscall.Signal)
	// command runs a check's command.
	command(ctx context.Context, c *mesos.CommandInfo) (int32, error)
}

// task is one task of the command or default executor.
type task struct {
	info      mesos.TaskInfo
	driver    *driver
	box       *mailbox.Box
	target    target
	container *mesos.ContainerID // of a nested container; nil = the agent fills in the executor's
	onEnd     func(t *task)      // called after the terminal update

	ended      bool
	killed     bool
	reported   bool // TASK_KILLING was sent
	unhealthy  bool // killed by its health check
	expired    bool // ran into max_completion_time
	succeeded  bool
	lastCheck  *mesos.CheckStatusInfo
	stopChecks context.CancelFunc
	escalate   *mailbox.Timer
	killAt     time.Time
	expiry     *mailbox.Timer
}

// killPause lets a SIGTERM with grace period 0 take effect before the SIGKILL.
const killPause = 50 * time.Millisecond

// launch reports STARTING and RUNNING and starts the task. The outcome comes through the box.
func (t *task) launch() {
	if t.info.Check != nil {
		t.lastCheck = checkStatus(t.info.Check.Type, result{})
	}
	t.send(newStatus(t.info.TaskID, mesos.TASK_STARTING))
	first := t.startChecks()
	t.send(newStatus(t.info.TaskID, mesos.TASK_RUNNING))
	begin := func() {
		if t.ended || t.killed {
			t.end(int(syscall.SIGTERM))
			return
		}
		err := t.target.start(func(status int) { t.box.Post(func() { t.end(status) }) })
		if err != nil {
			// Mesos' launch helper exits with 1 when it can not execute the command.
			t.end(1 << 8)
			return
		}
		if limit := t.info.MaxCompletionTime; limit != nil {
			t.expiry = t.box.After(time.Duration(limit.Nanoseconds), t.expire)
		}
	}
	if first == nil {
		begin()
		return
	}
	// A check without delay sees the sandbox before the command has run: Mesos' launch helper always loses that race.
	t.box.Go(func(ctx context.Context) {
		select {
		case <-first:
		case <-time.After(firstCheckWait):
		case <-ctx.Done():
		}
		t.box.Post(begin)
	})
}

// firstCheckWait bounds the wait of a command for its first check.
const firstCheckWait = 100 * time.Millisecond

func (t *task) send(status mesos.TaskStatus) {
	if status.CheckStatus == nil {
		status.CheckStatus = t.lastCheck
	}
	if t.container != nil {
		status.ContainerStatus = &mesos.ContainerStatus{ContainerID: t.container}
	}
	t.driver.update(status)
}

// startChecks begins the task's checks. It returns what is closed after the first round if that comes at once.
func (t *task) startChecks() (first chan struct{}) {
	var stops []context.CancelFunc
	t.stopChecks = func() {
		for _, stop := range stops {
			stop()
		}
	}
	if h := t.info.HealthCheck; h != nil {
		if probe := healthProber(h, t.target.command, loopback); probe != nil {
			if h.GetDelaySeconds() == 0 {
				first = make(chan struct{})
			}
			m := &healthMonitor{check: h, began: time.Now()}
			stops = append(stops, t.box.Go(func(ctx context.Context) {
				loop(ctx, seconds(h.GetDelaySeconds()), seconds(h.GetIntervalSeconds()), seconds(h.GetTimeoutSeconds()),
					probe, first, func(r result) { t.box.Post(func() { t.health(m, r) }) })
			}))
		}
	}
	if c := t.info.Check; c != nil {
		if probe := checkProber(c, t.target.command); probe != nil {
			stops = append(stops, t.box.Go(func(ctx context.Context) {
				loop(ctx, seconds(c.GetDelaySeconds()), seconds(c.GetIntervalSeconds()), seconds(c.GetTimeoutSeconds()),
					probe, nil, func(r result) { t.box.Post(func() { t.check(c.Type, r) }) })
			}))
		}
	}
	return first
}

const loopback = "127.0.0.1"

func healthProber(h *mesos.HealthCheck, run commandRunner, host string) prober {
	switch h.Type {
	case mesos.HealthCheck_COMMAND:
		return probeCommand(run, h.Command)
	case mesos.HealthCheck_HTTP:
		return probeHTTP(h.HTTP.GetScheme(), host, h.HTTP.GetPort(), h.HTTP.GetPath())
	case mesos.HealthCheck_TCP:
		return probeTCP(host, h.TCP.GetPort())
	case mesos.HealthCheck_UNKNOWN:
	}
	return nil
}

func checkProber(c *mesos.CheckInfo, run commandRunner) prober {
	switch c.Type {
	case mesos.CheckInfo_COMMAND:
		command := c.Command.GetCommand()
		return probeCommand(run, &command)
	case mesos.CheckInfo_HTTP:
		return probeHTTP("http", loopback, c.HTTP.GetPort(), c.HTTP.GetPath())
	case mesos.CheckInfo_TCP:
		return probeTCP(loopback, c.TCP.GetPort())
	case mesos.CheckInfo_UNKNOWN:
	}
	return nil
}

// healthMonitor turns results of a health check into changes of health (Mesos, health checks).
type healthMonitor struct {
	check    *mesos.HealthCheck
	began    time.Time
	settled  bool // it was healthy once, or the grace period is over
	known    bool
	healthy  bool
	failures uint32
}

// take returns whether the result is to be reported and whether the task is to be killed.
func (m *healthMonitor) take(now time.Time, ok bool) (report, kill bool) {
	if ok {
		report = !m.known || !m.healthy
		m.settled, m.known, m.healthy, m.failures = true, true, true, 0
		return report, false
	}
	if !m.settled && now.Sub(m.began) <= seconds(m.check.GetGracePeriodSeconds()) {
		return false, false
	}
	m.settled, m.known, m.healthy = true, true, false
	m.failures++
	return true, m.failures >= m.check.GetConsecutiveFailures()
}

func (t *task) health(m *healthMonitor, r result) {
	if t.ended || t.killed {
		return
	}
	report, kill := m.take(time.Now(), r.healthy())
	if !report {
		return
	}
	healthy := m.healthy
	status := newStatus(t.info.TaskID, mesos.TASK_RUNNING)
	status.Healthy, status.Reason = &healthy, mesos.REASON_TASK_HEALTH_CHECK_STATUS_UPDATED.Enum()
	t.send(status)
	if kill {
		t.unhealthy = true
		t.kill(t.grace())
	}
}

func (t *task) check(kind mesos.CheckInfo_Type, r result) {
	if t.ended || t.killed {
		return
	}
	s := checkStatus(kind, r)
	if s.Equal(t.lastCheck) {
		return
	}
	t.lastCheck = s
	status := newStatus(t.info.TaskID, mesos.TASK_RUNNING)
	status.CheckStatus, status.Reason = s, mesos.REASON_TASK_CHECK_STATUS_UPDATED.Enum()
	t.send(status)
}

// grace is the task's own grace period.
func (t *task) grace() time.Duration {
	if p := t.info.KillPolicy.GetGracePeriod(); p != nil {
		return time.Duration(p.Nanoseconds)
	}
	return killGraceDefault
}

// kill sends SIGTERM and, after the grace period, SIGKILL. A repetition can only bring the SIGKILL forward.
func (t *task) kill(grace time.Duration) {
	if t.ended {
		return
	}
	at := time.Now().Add(grace)
	if t.killed && !at.Before(t.killAt) {
		return
	}
	if !t.killed && !t.expired && !t.reported && t.driver.reportsKilling() {
		t.reported = true
		t.send(newStatus(t.info.TaskID, mesos.TASK_KILLING))
	}
	if !t.killed {
		t.killed = true
		t.stopChecks()
		t.target.signal(syscall.SIGTERM)
	}
	t.escalate.Stop()
	t.killAt = at
	t.escalate = t.box.After(max(grace, killPause), func() {
		if !t.ended {
			t.target.signal(syscall.SIGKILL)
		}
	})
}

func (t *task) expire() {
	if t.ended || t.killed {
		return
	}
	t.expired = true
	t.kill(0)
}

// end reports the terminal state.
func (t *task) end(status int) {
	if t.ended {
		return
	}
	t.ended = true
	t.succeeded = succeeded(status)
	t.stopChecks()
	t.escalate.Stop()
	t.expiry.Stop()
	state := mesos.TASK_FAILED
	switch {
	case t.expired:
	case t.killed:
		state = mesos.TASK_KILLED
	case t.succeeded:
		state = mesos.TASK_FINISHED
	}
	message := describeExit("Command", status)
	update := newStatus(t.info.TaskID, state)
	update.Message = &message
	if t.expired {
		update.Reason = mesos.REASON_MAX_COMPLETION_TIME_REACHED.Enum()
	}
	if t.unhealthy {
		no := false
		update.Healthy = &no
	}
	t.send(update)
	t.onEnd(t)
}

// process is the target of a task that runs as a process of the executor's container.
type process struct {
	in      *containerizer.Container
	spec    containerizer.Command
	checks  containerizer.Command // environment and directory of check commands
	running *containerizer.Process
}

func (p *process) start(ended func(status int)) error {
	proc, err := p.in.Exec(p.spec)
	if err != nil {
		if f, e := containerizer.OpenOutput(p.spec.Dir, "stderr", p.spec.Cred); e == nil {
			// The reason belongs where the user looks for it.
			_, _ = fmt.Fprintf(f, "Failed to execute command: %v\n", err)
			_ = f.Close()
		}
		return err
	}
	p.running = proc
	go func() {
		<-proc.Done()
		ended(proc.Status())
	}()
	return nil
}

func (p *process) signal(sig syscall.Signal) {
	if p.running != nil {
		containerizer.Signal(p.running.Pid, sig)
	}
}

func (p *process) command(ctx context.Context, c *mesos.CommandInfo) (int32, error) {
	return inContainer(p.in, p.checks.Dir, p.checks.Env, p.checks.Cred)(ctx, c)
}
