package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// says waits until the program has written a text.
func (p *program) says(text string) {
	p.t.Helper()
	eventually(p.t, time.Minute, func() error {
		if !strings.Contains(p.out.String(), text) {
			return fmt.Errorf("it has not said %q", text)
		}
		return nil
	})
}

// ends waits for the program's end and returns its exit code.
func (p *program) ends(within time.Duration) int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(within):
		p.t.Fatalf("it has not ended after %v", within)
	}
	return p.cmd.ProcessState.ExitCode()
}

func (p *program) signal(s syscall.Signal) {
	p.t.Helper()
	if err := syscall.Kill(p.cmd.Process.Pid, s); err != nil {
		p.t.Fatal(err)
	}
}

// stubborn ignores that it is to end, for longer than the test lasts.
const stubborn = "trap '' TERM; while :; do sleep 1; done"

const longGrace = `, "taskKillGracePeriodSeconds": 25`

func TestMiniShowsItsGracePeriodAndASecondCtrlCEndsIt(t *testing.T) {
	t.Parallel()
	dir := workDir(t)
	a, p := mini(t, "--runtime", "docker", "--work-dir", dir)
	a.must(http.MethodPost, "/v2/apps", shell("/stubborn", stubborn, 1, longGrace), nil)
	a.must(http.MethodPost, "/v2/apps", shell("/boxed", stubborn, 1, longGrace+fmt.Sprintf(
		`, "container": {"type": "DOCKER", "docker": {"image": %q}}`, shellImage(t))), nil)
	a.must(http.MethodPost, "/v2/apps", shell("/obedient", "exec sleep 1000", 1, longGrace), nil)
	a.running("/stubborn", 1, time.Minute)
	a.running("/obedient", 1, time.Minute)
	inDocker := a.running("/boxed", 1, time.Minute)[0]
	p.signal(syscall.SIGINT)
	p.says("stopping; 3 tasks get their grace period, at most 30s (Ctrl-C again: kill at once)")
	p.says("2 of 3 tasks are left, for at most ")
	asked := time.Now()
	eventually(t, 5*time.Second, func() error {
		// Right after the first one it would be taken for the same Ctrl-C.
		if !strings.Contains(p.out.String(), "killing 2 tasks at once") {
			p.signal(syscall.SIGINT)
			return errors.New("the second Ctrl-C is not answered")
		}
		return nil
	})
	if code := p.ends(time.Minute); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	if took := time.Since(asked); took > 15*time.Second {
		t.Errorf("it took %v after the second Ctrl-C; the tasks kept their grace period", took)
	}
	if left := containers(t, inDocker.ID); len(left) > 0 {
		t.Errorf("containers are left: %v", left)
	}
	if left := processesIn(t, dir); left != "" {
		t.Errorf("processes are left:\n%s", left)
	}
}

func TestMiniStopsInOrderWithItsTerminal(t *testing.T) {
	t.Parallel()
	dir := workDir(t)
	a, p := mini(t, "--runtime", "docker", "--work-dir", dir)
	a.must(http.MethodPost, "/v2/apps", hello("/web", 1, ""), nil)
	a.must(http.MethodPost, "/v2/apps", shell("/plain", "exec sleep 1000", 1, ""), nil)
	inDocker := a.running("/web", 1, time.Minute)[0]
	a.running("/plain", 1, time.Minute)
	p.signal(syscall.SIGHUP)
	if code := p.ends(time.Minute); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	if !strings.Contains(p.out.String(), "stopping; 2 tasks get their grace period") {
		t.Errorf("it does not say that it stops:\n%s", p.out.String())
	}
	if _, end, _ := strings.Cut(p.out.String(), "stopping; "); strings.Contains(end, "WARN\tmesos") || strings.Contains(end, "WARN\tsubscription") {
		t.Errorf("it warns of what was wanted:\n%s", end)
	}
	if left := containers(t, inDocker.ID); len(left) > 0 {
		t.Errorf("containers are left: %v", left)
	}
	if left := processesIn(t, dir); left != "" {
		t.Errorf("processes are left:\n%s", left)
	}
}
