package executor_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// residentMax is what the program may hold in memory beside a running container.
const residentMax = 15 << 20

func TestProgram_runs_a_container_within_its_memory_budget(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "gantry-executor")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "github.com/gantry-mesos/gantry/cmd/gantry-executor")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	a := newTestAgent(t)
	cfg := config(t, a)
	cmd := exec.Command(program)
	cmd.Dir = cfg.Agent.Sandbox
	cmd.Env = []string{
		"MESOS_FRAMEWORK_ID=f1", "MESOS_EXECUTOR_ID=" + string(cfg.Agent.ExecutorID), "MESOS_SLAVE_ID=a1", "MESOS_AGENT_ENDPOINT=" + a.address,
		"MESOS_DIRECTORY=" + cfg.Agent.Sandbox, "MESOS_SANDBOX=" + cfg.Agent.Sandbox, "MESOS_CHECKPOINT=1", "PATH=" + os.Getenv("PATH"),
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	info := task(t, inDocker("trap 'exit 0' TERM; echo ready; while :; do sleep 0.1; done"))
	a.send(mesos.LaunchTask{Task: info})
	a.awaitState(mesos.TaskRunning)
	awaitFile(t, filepath.Join(cfg.Agent.Sandbox, "stdout"), "ready")
	resident := residentOf(t, cmd.Process.Pid)
	t.Logf("resident beside a running container: %d KiB", resident>>10)
	if resident > residentMax {
		t.Errorf("got %d bytes resident, want at most %d", resident, residentMax)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	a.awaitState(mesos.TaskKilled)
	if err := cmd.Wait(); err != nil {
		log, _ := os.ReadFile(filepath.Join(cfg.Agent.Sandbox, "gantry-executor.log"))
		t.Errorf("the program ended with %v; its log:\n%s", err, log)
	}
}

func residentOf(t *testing.T, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(status) {
		if rest, ok := bytes.CutPrefix(line, []byte("VmRSS:")); ok {
			kib, err := strconv.ParseInt(strings.Fields(string(rest))[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kib << 10
		}
	}
	t.Fatal("no VmRSS")
	return 0
}
