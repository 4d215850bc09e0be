package agent

import (
	"errors"
	"syscall"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

func TestHealthCheckKillsCommandTask(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).registered()
	task := commandTask("t1", "touch ok; sleep 1000")
	zero, interval, failures := 0.0, 0.1, uint32(2)
	task.HealthCheck = &mesos.HealthCheck{
		Type: mesos.HealthCheck_COMMAND, Command: command("test -f ok && ! rm ok"), DelaySeconds: &zero, IntervalSeconds: &interval,
		GracePeriodSeconds: &zero, ConsecutiveFailures: &failures,
	}
	r.master.send(link.RunTask{Framework: frameworkInfo(true), Task: task, LaunchExecutor: true})
	awaitState(t, r.master, "t1", mesos.TASK_STARTING)
	awaitState(t, r.master, "t1", mesos.TASK_RUNNING)
	if s := awaitState(t, r.master, "t1", mesos.TASK_RUNNING); s.Healthy == nil || *s.Healthy || s.GetReason() != mesos.REASON_TASK_HEALTH_CHECK_STATUS_UPDATED {
		t.Errorf("got healthy %v, reason %v", s.Healthy, s.GetReason())
	}
	u := await(t, r.master, func(u link.StatusUpdate) bool { return u.Status.GetState() == mesos.TASK_KILLED })
	if u.Status.Healthy == nil || *u.Status.Healthy {
		t.Errorf("got healthy %v, want false", u.Status.Healthy)
	}
	r.idle()
}

func TestCheckReportsChangesOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).registered()
	task := commandTask("t1", "sleep 0.3; touch bad; sleep 1000")
	zero, interval := 0.0, 0.02
	task.Check = &mesos.CheckInfo{
		Type: mesos.CheckInfo_COMMAND, Command: &mesos.CheckInfo_Command{Command: *command("if test -f bad; then exit 7; fi")},
		DelaySeconds: &zero, IntervalSeconds: &interval,
	}
	r.master.send(link.RunTask{Framework: frameworkInfo(true), Task: task, LaunchExecutor: true})
	s := awaitState(t, r.master, "t1", mesos.TASK_STARTING)
	if s.CheckStatus == nil || s.CheckStatus.Command == nil || s.CheckStatus.Command.ExitCode != nil {
		t.Errorf("got check status %v, want one without a result", s.CheckStatus)
	}
	awaitState(t, r.master, "t1", mesos.TASK_RUNNING)
	for _, want := range []int32{0, 7} {
		s := awaitState(t, r.master, "t1", mesos.TASK_RUNNING)
		if got := s.CheckStatus.GetCommand().GetExitCode(); got != want || s.GetReason() != mesos.REASON_TASK_CHECK_STATUS_UPDATED {
			t.Errorf("got exit code %d, reason %v, want %d", got, s.GetReason(), want)
		}
	}
}

func TestMaxCompletionTime(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).registered()
	task := commandTask("t1", "sleep 1000")
	task.MaxCompletionTime = &mesos.DurationInfo{Nanoseconds: int64(100 * time.Millisecond)}
	f := frameworkInfo(true, mesos.FrameworkInfo_Capability_TASK_KILLING_STATE)
	r.master.send(link.RunTask{Framework: f, Task: task, LaunchExecutor: true})
	awaitState(t, r.master, "t1", mesos.TASK_STARTING)
	awaitState(t, r.master, "t1", mesos.TASK_RUNNING)
	s := awaitState(t, r.master, "t1", mesos.TASK_FAILED)
	if s.GetReason() != mesos.REASON_MAX_COMPLETION_TIME_REACHED || s.GetMessage() != "Command terminated with signal Terminated" {
		t.Errorf("got %v: %s", s.GetReason(), s.GetMessage())
	}
}

func TestDrainKillsTasksAndRefusesNewOnes(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).registered()
	r.master.send(link.RunTask{Framework: frameworkInfo(true), Task: commandTask("t1", "sleep 1000"), LaunchExecutor: true})
	awaitState(t, r.master, "t1", mesos.TASK_STARTING)
	awaitState(t, r.master, "t1", mesos.TASK_RUNNING)
	gone := true
	r.master.send(link.Drain{Config: mesos.DrainConfig{MarkGone: &gone}})
	if s := awaitState(t, r.master, "t1", mesos.TASK_GONE_BY_OPERATOR); s.GetReason() != mesos.REASON_AGENT_DRAINING {
		t.Errorf("got reason %v", s.GetReason())
	}
	r.master.send(link.RunTask{Framework: frameworkInfo(true), Task: commandTask("t2", "sleep 1000"), LaunchExecutor: true})
	if s := awaitState(t, r.master, "t2", mesos.TASK_DROPPED); s.GetReason() != mesos.REASON_AGENT_DRAINING {
		t.Errorf("got reason %v", s.GetReason())
	}
	r.idle()
}

func TestNestedContainers(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).registered()
	r.master.send(link.RunTask{Framework: frameworkInfo(true), Task: commandTask("t1", "sleep 1000"), LaunchExecutor: true})
	awaitState(t, r.master, "t1", mesos.TASK_STARTING)
	awaitState(t, r.master, "t1", mesos.TASK_RUNNING)
	parent := mesos.ContainerID{Value: r.view().Frameworks[0].Executors[0].ContainerID}
	id := mesos.ContainerID{Value: "n1", Parent: &parent}
	for _, want := range []bool{true, false} {
		if started, err := r.agent.LaunchContainer(t.Context(), id, command("exit 3")); err != nil || started != want {
			t.Fatalf("got %t, %v, want %t", started, err, want)
		}
	}
	if status, err := r.agent.WaitContainer(t.Context(), id); err != nil || status != 768 {
		t.Errorf("got %d, %v, want 768", status, err)
	}
	if err := r.agent.RemoveContainer(t.Context(), id); err != nil {
		t.Error(err)
	}
	if _, err := r.agent.WaitContainer(t.Context(), id); !errors.Is(err, ErrNoContainer) {
		t.Errorf("got %v, want ErrNoContainer", err)
	}
	alone := mesos.ContainerID{Value: "s1"}
	if _, err := r.agent.LaunchContainer(t.Context(), alone, command("sleep 1000")); err != nil {
		t.Fatal(err)
	}
	if err := r.agent.RemoveContainer(t.Context(), alone); !errors.Is(err, ErrContainerRuns) {
		t.Errorf("got %v, want ErrContainerRuns", err)
	}
	if err := r.agent.KillContainer(t.Context(), alone, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
	if status, err := r.agent.WaitContainer(t.Context(), alone); err != nil || status != 9 {
		t.Errorf("got %d, %v, want 9", status, err)
	}
}

func TestUnacknowledgedUpdateIsSentAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.StatusUpdateRetryMin = 50 * time.Millisecond }).registered()
	r.master.acknowledge(false)
	f := frameworkInfo(true)
	r.master.send(link.RunTask{Framework: f, Task: commandTask("t1", "exit 0"), LaunchExecutor: true})
	first := awaitState(t, r.master, "t1", mesos.TASK_STARTING)
	u := await(t, r.master, func(u link.StatusUpdate) bool { return u.LatestState == mesos.TASK_FINISHED })
	if string(u.Status.UUID) != string(first.UUID) {
		t.Errorf("got update %x, want %x again", u.Status.UUID, first.UUID)
	}
	r.master.acknowledge(true)
	await(t, r.master, func(u link.StatusUpdate) bool { return u.Status.GetState() == mesos.TASK_FINISHED })
	r.idle()
}
