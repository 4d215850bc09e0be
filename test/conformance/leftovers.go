package conformance

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// killExecutor signals the process that has the executor's id in its environment and works below the agent's directory.
func killExecutor(c *Ctl, workDir string) error {
	want := []byte("MESOS_EXECUTOR_ID=" + c.Executor + "\x00")
	deadline := time.Now().Add(startMax)
	for time.Now().Before(deadline) {
		found := false
		for pid, env := range processes(workDir) {
			if bytes.Contains(append(env, 0), want) {
				found = true
				if err := syscall.Kill(pid, syscall.Signal(c.Signal)); err != nil {
					return fmt.Errorf("signal executor %s: %w", c.Executor, err)
				}
			}
		}
		if found {
			return nil
		}
		_ = pause(context.Background(), probeEvery)
	}
	return fmt.Errorf("no process of executor %s below %s", c.Executor, workDir)
}

// killLeftovers ends what tasks have left running.
func killLeftovers(workDir string) {
	for pid := range processes(workDir) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// processes are the processes whose working directory is below dir, with their environment. That also leaves out
// wrappers which run elsewhere.
func processes(dir string) map[int][]byte {
	found := map[int][]byte{}
	if dir == "" {
		return found
	}
	entries, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return found
	}
	for _, entry := range entries {
		cwd, err := os.Readlink(entry + "/cwd")
		if err != nil || !strings.HasPrefix(cwd, dir+"/") {
			continue
		}
		env, err := os.ReadFile(entry + "/environ")
		pid, err2 := strconv.Atoi(filepath.Base(entry))
		if err == nil && err2 == nil {
			found[pid] = env
		}
	}
	return found
}
