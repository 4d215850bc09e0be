package agent

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

func withScalar(task mesos.TaskInfo, name string, v float64) mesos.TaskInfo {
	task.Resources = append(task.Resources, mesos.Resource{
		Name: name, Type: mesos.SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: v}, AllocationInfo: task.Resources[0].AllocationInfo,
	})
	return task
}

func TestDiskQuota(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) {
		c.Isolation, c.EnforceContainerDiskQuota, c.ContainerDiskWatchInterval = []string{"disk/du"}, true, 50*time.Millisecond
	}).registered()
	task := withScalar(commandTask("t1", "head -c 3000000 /dev/zero > big; sleep 1000"), "disk", 2)
	r.master.send(link.RunTask{Framework: frameworkInfo(true), Task: task, LaunchExecutor: true})
	u := await(t, r.master, func(u link.StatusUpdate) bool { return u.Status.GetState() == mesos.TASK_FAILED })
	s := u.Status
	if s.GetReason() != mesos.REASON_CONTAINER_LIMITATION_DISK || !strings.HasSuffix(s.GetMessage(), "KB) exceeds quota (2MB)") {
		t.Errorf("got %v: %s", s.GetReason(), s.GetMessage())
	}
	if got := s.GetLimitation().GetResources(); len(got) != 1 || got[0].Name != "disk" || got[0].Scalar.Value != 2 {
		t.Errorf("got limitation %v, want disk 2", got)
	}
}

func TestSandboxesAreCollected(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.GCDelay, c.DiskWatchInterval = 0, 300*time.Millisecond }).registered()
	r.master.send(link.RunTask{Framework: frameworkInfo(true), Task: commandTask("t1", "sleep 0.1"), LaunchExecutor: true})
	await(t, r.master, func(u link.StatusUpdate) bool { return u.Status.GetState() == mesos.TASK_RUNNING })
	dir := r.view().Frameworks[0].Executors[0].Directory
	old := filepath.Join(r.agent.WorkDir(), "slaves", "OLD", "frameworks", "F", "executors", "e", "runs", "c")
	if err := os.MkdirAll(old, 0o755); err != nil {
		t.Fatal(err)
	}
	r.idle()
	gone := func(dir string) error {
		if _, err := os.Stat(dir); err == nil {
			return errTimeout
		}
		return nil
	}
	if err := eventually(func() error { return gone(dir) }); err != nil {
		t.Errorf("sandbox %s stays", dir)
	}
	if _, err := os.Stat(old); err != nil {
		t.Error(err)
	}
	r.kill()
	r.start()
	if err := eventually(func() error { return gone(filepath.Join(r.agent.WorkDir(), "slaves")) }); err != nil {
		t.Errorf("old sandboxes stay")
	}
}

func TestReconfigurationPolicy(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		policy, resources string
		ok                bool
	}{
		{"equal", "cpus:4;mem:1024;disk:1024", true},
		{"equal", "cpus:8;mem:1024;disk:1024", false},
		{"additive", "cpus:8;mem:1024;disk:1024", true},
		{"additive", "cpus:2;mem:1024;disk:1024", false},
	} {
		t.Run(tt.policy+" "+tt.resources, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nil).registered()
			r.kill()
			r.cfg.ReconfigurationPolicy, r.cfg.Resources = tt.policy, tt.resources
			if tt.ok {
				r.start()
				await[link.Reregister](t, r.master, nil)
				return
			}
			r.stop = nil
			_, err := New(r.cfg)
			differs, ok := errors.AsType[*ReconfiguredError](err)
			if !ok || !errors.Is(err, ErrReconfigured) {
				t.Fatalf("New = %v, want a ReconfiguredError", err)
			}
			want := ReconfiguredError{What: "cpus", Was: "4", Now: tt.resources[5:6], Checkpoint: differs.Checkpoint}
			if *differs != want {
				t.Errorf("New = %+v, want %+v", *differs, want)
			}
		})
	}
}
