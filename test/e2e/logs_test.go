package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What tasks write is read through the scheduler, which finds their agents: of a
// plain process and of a container, of a running task and of one that failed.
func TestLogsAndFilesOfTasks(t *testing.T) {
	t.Parallel()
	a, _ := mini(t, "--runtime", "docker")
	cli := func(want int, args ...string) string {
		t.Helper()
		cmd := exec.Command(filepath.Join(bin, "gantry"), append([]string{"--url", a.url}, args...)...)
		cmd.Dir = t.TempDir()
		out, _ := cmd.CombinedOutput() // the exit code is checked below
		if got := cmd.ProcessState.ExitCode(); got != want {
			t.Fatalf("gantry %s: exit code %d, want %d\n%s", strings.Join(args, " "), got, want, out)
		}
		return string(out)
	}
	a.must(http.MethodPost, "/v2/apps", shell("/talk", "echo one; echo two; echo bad >&2; mkdir sub; echo kept > sub/file; exec sleep 1000", 2, ""), nil)
	a.must(http.MethodPost, "/v2/apps", hello("/imaged", 1, ""), nil)
	a.must(http.MethodPost, "/v2/apps", shell("/dies", "echo dying words; exit 3", 1, `, "backoffSeconds": 600`), nil)
	tasks := a.running("/talk", 2, time.Minute)
	a.running("/imaged", 1, time.Minute)
	task := tasks[0].ID
	eventually(t, 15*time.Second, func() error {
		if got := cli(0, "task", "logs", task); got != "one\ntwo\n" {
			return fmt.Errorf("logs: got %q", got)
		}
		return nil
	})
	short := strings.Replace(task[:len("talk.instance-")+18], ".instance-", ".", 1)
	if got := cli(0, "task", "logs", short, "--tail", "1"); got != "two\n" {
		t.Errorf("logs of %s: got %q", short, got)
	}
	if got := cli(0, "task", "files", short, "sub"); !strings.Contains(got, "sub/file") {
		t.Errorf("files of %s: got %q", short, got)
	}
	cli(1, "task", "files", "talk.nothing")
	cli(2, "task", "download", "talk.", "sub/file")
	if got := cli(0, "task", "logs", task, "--tail", "1"); got != "two\n" {
		t.Errorf("--tail 1: got %q", got)
	}
	if got := cli(0, "task", "logs", task, "--stderr"); got != "bad\n" {
		t.Errorf("--stderr: got %q", got)
	}
	eventually(t, 15*time.Second, func() error {
		if got := cli(0, "task", "logs", "/talk"); strings.Count(got, " | two\n") != 2 {
			return fmt.Errorf("logs of an app with two tasks: got %q", got)
		}
		return nil
	})
	if got := cli(0, "task", "files", task, "sub"); !strings.Contains(got, "sub/file") {
		t.Errorf("files: got %q", got)
	}
	if got := cli(0, "task", "download", task, "sub/file", "--to", "-"); got != "kept\n" {
		t.Errorf("download to -: got %q", got)
	}
	to := filepath.Join(t.TempDir(), "copy")
	cli(0, "task", "download", task, "sub/file", "--to", to)
	if data, err := os.ReadFile(to); err != nil || string(data) != "kept\n" {
		t.Errorf("download: got %q, %v", data, err)
	}
	cli(1, "task", "download", task, "sub/file", "--to", to) // it exists
	cli(1, "task", "download", task, "../../secret")
	cli(1, "task", "logs", "/nothing")
	cli(2, "task", "logs", task, "--tail", "some")
	cli(2, "task", "logs", task, "--previous")
	eventually(t, 30*time.Second, func() error {
		if a.app("/dies").LastTaskFailure == nil {
			return errors.New("/dies has not failed yet")
		}
		return nil
	})
	if got := cli(0, "task", "logs", "--previous", "/dies"); got != "dying words\n" {
		t.Errorf("--previous: got %q", got)
	}
	if got := cli(0, "task", "logs", "/imaged"); strings.Contains(got, "gantry:") {
		t.Errorf("logs of a container: got %q", got)
	}
	follow := start(t, nil, "gantry", "--url", a.url, "task", "logs", "-f", task)
	eventually(t, 15*time.Second, func() error {
		if !strings.Contains(follow.out.String(), "two") {
			return fmt.Errorf("follow: got %q", follow.out.String())
		}
		return nil
	})
	a.must(http.MethodDelete, "/v2/apps/talk", "", nil)
	select {
	case <-follow.done:
	case <-time.After(time.Minute):
		t.Errorf("follow does not end with its task")
	}
	if code := follow.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("follow ends with %d: %s", code, follow.out.String())
	}
}
