package agent

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

func group(tasks ...mesos.TaskInfo) link.RunTaskGroup {
	return link.RunTaskGroup{
		Framework:      frameworkInfo(true),
		Executor:       mesos.ExecutorInfo{Type: mesos.ExecutorInfo_DEFAULT, ExecutorID: mesos.ExecutorID{Value: "g"}},
		Group:          mesos.TaskGroupInfo{Tasks: tasks},
		LaunchExecutor: true,
	}
}

// terminals collects the terminal statuses of tasks.
func (r *rig) terminals(n int) map[string]mesos.TaskStatus {
	r.t.Helper()
	got := make(map[string]mesos.TaskStatus)
	for len(got) < n {
		u := await(r.t, r.master, func(u link.StatusUpdate) bool { return u.Status.GetState() > mesos.TASK_RUNNING })
		got[u.Status.TaskID.Value] = u.Status
	}
	return got
}

func TestTaskGroupFinishes(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).registered()
	r.master.send(group(commandTask("a", "exit 0"), commandTask("b", "sleep 0.2")))
	for id, s := range r.terminals(2) {
		if s.GetState() != mesos.TASK_FINISHED || s.GetMessage() != "Command exited with status 0" {
			t.Errorf("%s: got %v: %s", id, s.GetState(), s.GetMessage())
		}
		if s.ContainerStatus.GetContainerID().GetParent() == nil {
			t.Errorf("%s: container has no parent", id)
		}
	}
	if got := await[link.ExitedExecutor](t, r.master, nil).Status; got != 0 {
		t.Errorf("got status %d, want 0", got)
	}
	r.idle()
}

func TestFailureKillsTheRestOfTheGroup(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).registered()
	r.master.send(group(commandTask("a", "sleep 0.1; exit 2"), commandTask("b", "sleep 1000")))
	got := r.terminals(2)
	a, b := got["a"], got["b"]
	if a.GetState() != mesos.TASK_FAILED || b.GetState() != mesos.TASK_KILLED {
		t.Errorf("got %v and %v, want FAILED and KILLED", a.GetState(), b.GetState())
	}
	r.idle()
}

func TestAGroupTaskFailsWhoseFilesCannotBeFetched(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).registered()
	task := commandTask("a", "sleep 1000")
	task.Command.URIs = []mesos.CommandInfo_URI{{Value: filepath.Join(t.TempDir(), "missing")}}
	r.master.send(group(task))
	if got := r.terminals(1)["a"]; got.GetState() != mesos.TASK_FAILED {
		t.Errorf("got %v: %s, want FAILED", got.GetState(), got.GetMessage())
	}
	r.idle()
}

func TestGroupTasksShareAVolumeOfTheExecutor(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).registered()
	shared := func(task mesos.TaskInfo) mesos.TaskInfo {
		task.Container = &mesos.ContainerInfo{Type: mesos.ContainerInfo_MESOS.Enum(), Volumes: []mesos.Volume{{
			ContainerPath: "shared", Mode: mesos.RW.Enum(), Source: &mesos.Volume_Source{
				Type:        mesos.Volume_Source_SANDBOX_PATH,
				SandboxPath: &mesos.Volume_Source_SandboxPath{Type: mesos.Volume_Source_SandboxPath_PARENT, Path: "common"},
			},
		}}}
		return task
	}
	r.master.send(group(
		shared(commandTask("a", "touch shared/here")),
		shared(commandTask("b", "while ! test -f shared/here; do sleep 0.05; done")),
	))
	for id, s := range r.terminals(2) {
		if s.GetState() != mesos.TASK_FINISHED {
			t.Errorf("%s: got %v: %s", id, s.GetState(), s.GetMessage())
		}
	}
}

func TestSandboxAndEnvironmentOfGroupTask(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).registered()
	r.master.send(group(commandTask("n", "env > env.txt; touch up; sleep 1000")))
	await(t, r.master, func(u link.StatusUpdate) bool { return u.Status.GetState() == mesos.TASK_RUNNING })
	sandbox := r.view().Frameworks[0].Executors[0].Directory
	task := filepath.Join(sandbox, "tasks", "n")
	if err := eventually(func() error { _, err := os.Stat(filepath.Join(task, "up")); return err }); err != nil {
		t.Fatal(err)
	}
	own, err := os.Readlink(task)
	if err != nil || filepath.Dir(own) != filepath.Join(sandbox, "containers") {
		t.Fatalf("got task link %q, %v", own, err)
	}
	data, err := os.ReadFile(filepath.Join(own, "env.txt"))
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSpace(string(data)), "\n")
	slices.Sort(got)
	want := []string{"MESOS_ALLOCATION_ROLE=test", "MESOS_CONTAINER_IP=127.0.0.1", "MESOS_SANDBOX=" + own, "PATH=" + defaultPath, "PWD=" + own}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("environment (-got +want):\n%s", diff)
	}
	list, err := r.agent.Containers(t.Context(), true, true)
	if err != nil || len(list) != 2 || list[1].ID.GetParent().GetValue() != list[0].ID.Value {
		t.Errorf("got containers %v, %v, want the executor's and the task's", list, err)
	}
	r.master.send(link.ShutdownFramework{FrameworkID: mesos.FrameworkID{Value: "F"}})
	r.idle()
	if left := processesOf(sandbox); len(left) > 0 {
		t.Errorf("processes %v survive", left)
	}
}
