package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// An agent is drained, its tasks run elsewhere, it is taken back, and another one
// is given up for good, all by the command line.
func TestAgentsAreDrainedAndGivenUp(t *testing.T) {
	t.Parallel()
	a, _ := mini(t, "--runtime", "process", "--agents", "2")
	cli := func(want int, args ...string) string {
		t.Helper()
		cmd := exec.Command(filepath.Join(bin, "gantry"), append([]string{"--url", a.url}, args...)...)
		out, _ := cmd.CombinedOutput() // the exit code is checked below
		if got := cmd.ProcessState.ExitCode(); got != want {
			t.Fatalf("gantry %s: exit code %d, want %d\n%s", strings.Join(args, " "), got, want, out)
		}
		return string(out)
	}
	a.must(http.MethodPost, "/v2/apps", shell("/moves", "exec sleep 1000", 2, ""), nil)
	was := a.running("/moves", 2, time.Minute)[0]
	state := func(id string) string {
		var shown struct{ State string }
		if err := json.Unmarshal([]byte(cli(0, "agent", "show", id, "-o", "json")), &shown); err != nil {
			t.Fatal(err)
		}
		return shown.State
	}
	if out := cli(0, "agent", "list"); strings.Count(out, " active ") != 2 {
		t.Errorf("agent list:\n%s", out)
	}
	if out := cli(2, "agent", "drain", was.SlaveID); !strings.Contains(out, was.ID) || !strings.Contains(out, "--yes") {
		t.Errorf("drain without --yes does not say what would end:\n%s", out)
	}
	cli(0, "agent", "drain", "--yes", "--max-grace-period", "5s", was.SlaveID)
	eventually(t, time.Minute, func() error {
		if got := state(was.SlaveID); got != "drained" {
			return fmt.Errorf("the agent is %s", got)
		}
		for _, now := range a.app("/moves").Tasks {
			if now.State != "TASK_RUNNING" || now.SlaveID == was.SlaveID {
				return fmt.Errorf("task %s is %s on %s", now.ID, now.State, now.SlaveID)
			}
		}
		return nil
	})
	other := a.running("/moves", 2, time.Minute)[0].SlaveID
	if out := cli(0, "agent", "undrain", was.SlaveID); !strings.Contains(out, "active") {
		t.Errorf("undrain:\n%s", out)
	}
	if out := cli(1, "agent", "undrain", was.SlaveID); !strings.Contains(out, "the master refuses this") {
		t.Errorf("undrain of an active agent:\n%s", out)
	}
	cli(2, "agent", "gone", other)
	cli(0, "agent", "gone", "--yes", other)
	eventually(t, time.Minute, func() error {
		for _, now := range a.app("/moves").Tasks {
			if now.State != "TASK_RUNNING" || now.SlaveID != was.SlaveID {
				return fmt.Errorf("task %s is %s on %s", now.ID, now.State, now.SlaveID)
			}
		}
		return nil
	})
	cli(0, "agent", "drain", "--yes", "--mark-gone", was.SlaveID)
	eventually(t, time.Minute, func() error {
		if out := cli(0, "agent", "list"); strings.Contains(out, " active ") || strings.Contains(out, " drain") {
			return fmt.Errorf("agents are left:\n%s", out)
		}
		return nil
	})
	cli(1, "agent", "show", "nothing")
	cli(1, "agent", "drain", "--yes", "nothing")
	cli(1, "agent", "gone", "--yes", "nothing")
}
