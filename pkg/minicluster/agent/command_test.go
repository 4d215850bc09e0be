package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

func TestCommandTask(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, command string
		state         mesos.TaskState
		message       string
	}{
		{"exit 0 finishes", "exit 0", mesos.TASK_FINISHED, "Command exited with status 0"},
		{"exit 3 fails", "exit 3", mesos.TASK_FAILED, "Command exited with status 3"},
		{"a signal fails", "kill -TERM $$; sleep 5", mesos.TASK_FAILED, "Command terminated with signal Terminated"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nil).registered()
			r.master.send(link.RunTask{Framework: frameworkInfo(true), Task: commandTask("t1", tt.command), LaunchExecutor: true})
			awaitState(t, r.master, "t1", mesos.TASK_STARTING)
			s := awaitState(t, r.master, "t1", mesos.TASK_RUNNING)
			if s.ContainerStatus.GetContainerID().GetValue() == "" || s.GetSource() != mesos.SOURCE_EXECUTOR {
				t.Errorf("got %+v, want a container id and source EXECUTOR", s)
			}
			s = awaitState(t, r.master, "t1", tt.state)
			if s.GetMessage() != tt.message {
				t.Errorf("got message %q, want %q", s.GetMessage(), tt.message)
			}
			r.idle()
		})
	}
}

func TestCommandTaskOfUnknownUserIsDropped(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can run tasks as other users")
	}
	r := newRig(t, nil).registered()
	task := commandTask("t1", "exit 0")
	user := "no-such-user"
	task.Command.User = &user
	r.master.send(link.RunTask{Framework: frameworkInfo(true), Task: task, LaunchExecutor: true})
	s := awaitState(t, r.master, "t1", mesos.TASK_DROPPED)
	if !strings.HasSuffix(s.GetMessage(), "Failed to chown directory to 'no-such-user': No such user 'no-such-user'") {
		t.Errorf("got message %q", s.GetMessage())
	}
}

func TestKillOfCommandTask(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).registered()
	task := commandTask("t1", "trap '' TERM; touch up; while true; do sleep 1; done")
	task.KillPolicy = &mesos.KillPolicy{GracePeriod: &mesos.DurationInfo{Nanoseconds: int64(300 * time.Millisecond)}}
	f := frameworkInfo(true, mesos.FrameworkInfo_Capability_TASK_KILLING_STATE)
	r.master.send(link.RunTask{Framework: f, Task: task, LaunchExecutor: true})
	awaitState(t, r.master, "t1", mesos.TASK_STARTING)
	awaitState(t, r.master, "t1", mesos.TASK_RUNNING)
	dir := r.view().Frameworks[0].Executors[0].Directory
	if err := eventually(func() error { _, err := os.Stat(filepath.Join(dir, "up")); return err }); err != nil {
		t.Fatal(err)
	}
	r.master.send(link.KillTask{FrameworkID: *f.ID, TaskID: task.TaskID})
	awaitState(t, r.master, "t1", mesos.TASK_KILLING)
	s := awaitState(t, r.master, "t1", mesos.TASK_KILLED)
	if want := "Command terminated with signal Killed"; s.GetMessage() != want {
		t.Errorf("got message %q, want %q", s.GetMessage(), want)
	}
	r.idle()
}

func TestCommandTaskSurvivesAgentRestart(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.ExecutorReregistrationTimeout = 2 * time.Second }).registered()
	f := frameworkInfo(true)
	r.master.send(link.RunTask{Framework: f, Task: commandTask("t1", "sleep 1000"), LaunchExecutor: true})
	awaitState(t, r.master, "t1", mesos.TASK_STARTING)
	awaitState(t, r.master, "t1", mesos.TASK_RUNNING)
	r.kill()
	r.start()
	again := await[link.Reregister](t, r.master, nil)
	if len(again.Tasks) != 1 || *again.Tasks[0].State != mesos.TASK_RUNNING || len(again.Executors) != 0 {
		t.Fatalf("got tasks %v and executors %v, want t1 running and no executor", again.Tasks, again.Executors)
	}
	r.master.send(link.KillTask{FrameworkID: *f.ID, TaskID: mesos.TaskID{Value: "t1"}})
	// RUNNING may come once more, if the agent died before its acknowledgement.
	await(t, r.master, func(u link.StatusUpdate) bool { return u.Status.GetState() == mesos.TASK_KILLED })
	r.idle()
}
