package e2e

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// demo is the demo on free addresses, with its files in dir.
func demo(t *testing.T, dir string, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("../../scripts/demo.sh")
	cmd.Env = append(os.Environ(), "DEMO_HTTP="+freeAddress(t), "DEMO_MESOS="+freeAddress(t), "TMPDIR="+dir)
	cmd.Env = append(cmd.Env, env...)
	return cmd
}

func TestTheDemoShowsThreeAnswersAndLeavesNothing(t *testing.T) {
	t.Parallel()
	out, err := demo(t, workDir(t), "DEMO_ONCE=1").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if n := strings.Count(string(out), `"greeting":"hello"`); n != 3 {
		t.Errorf("%d answers, want 3:\n%s", n, out)
	}
}

func TestTheDemoLeavesASchedulerAloneThatHasItsAddress(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	foreign := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, _ *http.Request) { requests.Add(1) }))
	defer foreign.Close()
	address := strings.TrimPrefix(foreign.URL, "http://")
	out, err := demo(t, workDir(t), "DEMO_ONCE=1", "DEMO_HTTP="+address).CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 {
		t.Errorf("got %v, want exit code 1", err)
	}
	if text := "something listens on " + address + " already"; !strings.Contains(string(out), text) {
		t.Errorf("got %s, want it to hold %q", out, text)
	}
	if n := requests.Load(); n != 0 {
		t.Errorf("the foreign scheduler got %d requests", n)
	}
}

func TestASecondCtrlCDoesNotKeepTheDemoFromCleaning(t *testing.T) {
	t.Parallel()
	dir := workDir(t)
	p := run(t, demo(t, dir))
	said := func(text string) {
		t.Helper()
		eventually(t, 3*time.Minute, func() error {
			select {
			case <-p.done:
				t.Fatalf("it ended before it said %q", text)
			default:
			}
			if !strings.Contains(p.out.String(), text) {
				return errors.New("it has not said " + text)
			}
			return nil
		})
	}
	interrupt := func() {
		if err := syscall.Kill(-p.cmd.Process.Pid, syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
	}
	said("Ctrl-C stops everything.")
	interrupt()
	said("stopping; the tasks get their grace period")
	interrupt()
	if code := p.interrupt(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range left {
		if strings.HasPrefix(f.Name(), "gantry-demo") {
			t.Errorf("%s is left", f.Name())
		}
	}
	for _, name := range []string{"DEMO_HTTP=", "DEMO_MESOS="} {
		for _, v := range p.cmd.Env {
			if address, ok := strings.CutPrefix(v, name); ok {
				if c, err := net.Dial("tcp", address); err == nil {
					_ = c.Close() // the test has failed
					t.Errorf("somebody still listens on %s", address)
				}
			}
		}
	}
}
