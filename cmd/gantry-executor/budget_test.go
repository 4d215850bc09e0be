package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/wire"
)

// The budget of an executor: one runs beside every task.
const (
	sizeMax     = 15_000_000
	residentMax = 15 << 20
	// connectMax finds a pause on the way, on a busy machine too; the 50 ms of the
	// budget are what the benchmark shows.
	connectMax = time.Second
	tries      = 10
)

// build makes the program as a release does.
func build(tb testing.TB) string {
	tb.Helper()
	program := filepath.Join(tb.TempDir(), "gantry-executor")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("build: %v\n%s", err, out)
	}
	return program
}

// agent answers SUBSCRIBE and says when it came.
func agent(tb testing.TB) (address string, subscribed <-chan time.Time) {
	tb.Helper()
	times := make(chan time.Time, 1)
	event, err := wire.ToExecutorEvent(mesos.ExecutorSubscribed{
		Executor: mesos.ExecutorInfo{ExecutorID: "e1"}, Framework: mesos.FrameworkInfo{ID: "f1"}, Agent: mesos.AgentInfo{ID: "a1"}, ContainerID: "c1",
	})
	if err != nil {
		tb.Fatal(err)
	}
	record, err := event.Marshal()
	if err != nil {
		tb.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		times <- time.Now()
		w.Header().Set("Content-Type", "application/x-protobuf")
		_, _ = fmt.Fprintf(w, "%d\n%s", len(record), record)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	tb.Cleanup(server.CloseClientConnections)
	return strings.TrimPrefix(server.URL, "http://"), times
}

// start runs the program under the agent; it is killed after the test.
func start(tb testing.TB, program, address string) *exec.Cmd {
	tb.Helper()
	dir := tb.TempDir()
	cmd := exec.Command(program)
	cmd.Dir = dir
	cmd.Env = []string{
		"MESOS_FRAMEWORK_ID=f1", "MESOS_EXECUTOR_ID=e1", "MESOS_SLAVE_ID=a1", "MESOS_AGENT_ENDPOINT=" + address,
		"MESOS_DIRECTORY=" + dir, "MESOS_SANDBOX=" + dir, "MESOS_CHECKPOINT=0", "PATH=" + os.Getenv("PATH"),
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	return cmd
}

func stop(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

func resident(tb testing.TB, pid int) int64 {
	tb.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		tb.Fatal(err)
	}
	for line := range bytes.Lines(status) {
		if rest, ok := bytes.CutPrefix(line, []byte("VmRSS:")); ok {
			kib, err := strconv.ParseInt(strings.Fields(string(rest))[0], 10, 64)
			if err != nil {
				tb.Fatal(err)
			}
			return kib << 10
		}
	}
	tb.Fatal("no VmRSS")
	return 0
}

// TestBudget takes the best of some tries, as the machine may have other things to do.
func TestBudget(t *testing.T) {
	program := build(t)
	info, err := os.Stat(program)
	if err != nil {
		t.Fatal(err)
	}
	address, subscribed := agent(t)
	connect, memory := time.Hour, int64(0)
	for range tries {
		began := time.Now()
		cmd := start(t, program, address)
		connect = min(connect, (<-subscribed).Sub(began))
		memory = max(memory, resident(t, cmd.Process.Pid))
		stop(cmd)
	}
	t.Logf("binary %d bytes, resident %d KiB, connected after %s", info.Size(), memory>>10, connect)
	if info.Size() > sizeMax {
		t.Errorf("binary has %d bytes, want at most %d", info.Size(), sizeMax)
	}
	if memory > residentMax {
		t.Errorf("idle executor has %d bytes resident, want at most %d", memory, residentMax)
	}
	if connect > connectMax {
		t.Errorf("connected after %s, want at most %s", connect, connectMax)
	}
}

func TestRun_explains_its_use(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		"version":          {[]string{"--version"}, exitOK, "gantry-executor " + version + "\n", ""},
		"help":             {[]string{"--help"}, exitOK, "", "GANTRY_EXECUTOR_ENGINE_WAIT"},
		"unknown flag":     {[]string{"--nope"}, exitMisused, "", "-nope"},
		"arguments":        {[]string{"run"}, exitMisused, "", "takes no arguments"},
		"without an agent": {nil, exitMisused, "", "MESOS_AGENT_ENDPOINT is not set"},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			if got := run(row.args, &stdout, &stderr); got != row.code {
				t.Errorf("got exit code %d, want %d", got, row.code)
			}
			if stdout.String() != row.stdout || !strings.Contains(stderr.String(), row.stderr) {
				t.Errorf("got %q and %q, want %q and something with %q", stdout.String(), stderr.String(), row.stdout, row.stderr)
			}
		})
	}
}
