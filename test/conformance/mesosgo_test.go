package conformance

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/minicluster"
	"github.com/gantry-mesos/gantry/pkg/minicluster/minitest"
)

const (
	buildMax   = 10 * time.Minute
	exampleMax = 2 * time.Minute
)

// TestTheExampleFrameworkOfMesosGoRunsToCompletion builds the scheduler and the executor that the library brings as
// examples, as they are, and runs them on a mini cluster.
func TestTheExampleFrameworkOfMesosGoRunsToCompletion(t *testing.T) {
	t.Parallel()
	bin := buildMesosGoExamples(t)
	cluster := minitest.Start(t, minicluster.DefaultConfig(1))
	ctx, cancel := context.WithTimeout(t.Context(), exampleMax)
	defer cancel()
	const tasks = 5
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "example-scheduler"),
		"-url", "http://"+cluster.MasterAddr(1)+"/api/v1/scheduler", "-executor", filepath.Join(bin, "example-executor"),
		"-exec.image", "", "-tasks", strconv.Itoa(tasks), "-cpu", "0.5", "-memory", "32", "-server.address", "127.0.0.1",
		"-metrics.port", strconv.Itoa(freePort(t)), "-verbose")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	// The program ends with status 1 when it is done, because it cancels its own context and reports that.
	out, err := cmd.CombinedOutput()
	if !strings.Contains(string(out), "mission accomplished, terminating") {
		t.Fatalf("example-scheduler did not complete: %v\n%s", err, tail(string(out), 4000))
	}
	for n := 1; n <= tasks; n++ {
		if want := fmt.Sprintf("Task %d is in state TASK_FINISHED", n); !strings.Contains(string(out), want) {
			t.Errorf("output has no line %q:\n%s", want, tail(string(out), 4000))
		}
	}
}

// buildMesosGoExamples builds the examples in a module of their own: they need versions of libraries that this module
// does not use.
func buildMesosGoExamples(t *testing.T) (bin string) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum"} {
		b, err := os.ReadFile(filepath.Join("testdata/mesosgo", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), buildMax)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "build", "-o", dir+"/",
		"github.com/mesos/mesos-go/api/v1/cmd/example-scheduler", "github.com/mesos/mesos-go/api/v1/cmd/example-executor")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the examples of mesos-go (the Go module proxy must be reachable): %v\n%s", err, out)
	}
	return dir
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }
