package docker_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/executor/core"
	"github.com/gantry-mesos/gantry/executor/docker"
)

// TestRun_puts_the_container_below_the_executor_s_cgroup needs an engine that
// places containers by path under version 1 controllers; elsewhere the
// container must stay where the engine puts it.
func TestRun_puts_the_container_below_the_executor_s_cgroup(t *testing.T) {
	t.Parallel()
	engine := realEngine(t)
	driver, version, err := engine.Cgroups(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := newRun(t, engine, "cat /proc/self/cgroup")
	top := "/gantry-test-" + r.task.InstanceID
	r.cfg.Cgroup = top + "/c1"
	t.Cleanup(func() {
		dirs, _ := filepath.Glob("/sys/fs/cgroup/*" + top)
		for _, dir := range dirs {
			_ = os.Remove(dir)
		}
	})
	r.runtime = docker.New(r.cfg, engine, docker.Output{Stdout: &r.stdout, Stderr: &r.stderr}, zap.NewNop())
	r.start()
	if got := await[core.Exited](r); got.Code != 0 {
		t.Fatalf("got %+v", got)
	}
	below := strings.Contains(r.stdout.String(), r.cfg.Cgroup+"/")
	if want := driver == "cgroupfs" && version == "1"; below != want {
		t.Errorf("with cgroup driver %s, version %s: below the executor's cgroup %t, want %t:\n%s", driver, version, below, want, r.stdout.String())
	}
	<-r.done
	if left, _ := filepath.Glob("/sys/fs/cgroup/*" + r.cfg.Cgroup); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}
