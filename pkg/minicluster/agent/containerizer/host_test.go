package containerizer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newHost(t *testing.T) *Host {
	t.Helper()
	h := NewHost(zap.NewNop())
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func shell(t *testing.T, id, script string) Spec {
	t.Helper()
	dir := t.TempDir()
	return Spec{
		ID: id, Argv: []string{"sh", "-c", script}, Dir: dir,
		Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "MESOS_DIRECTORY=" + dir},
	}
}

// marks returns the pids of the live processes that name dir in their environment.
func marks(dir string) []string {
	var pids []string
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, d := range dirs {
		env, err := os.ReadFile(filepath.Join(d, "environ"))
		if err == nil && bytes.Contains(env, []byte(dir)) {
			pids = append(pids, filepath.Base(d))
		}
	}
	return pids
}

func waitFile(t *testing.T, path string) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := os.Stat(path); err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not appear", path)
		}
		<-tick.C
	}
}

func TestStatusIsTheRawWaitStatus(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	for script, want := range map[string]int{"exit 0": 0, "exit 3": 768, "kill -9 $$": 9, "echo x; echo y >&2": 0} {
		c, err := h.Start(shell(t, script, script))
		if err != nil {
			t.Fatal(err)
		}
		<-c.Done()
		if got := c.Status(); got != want {
			t.Errorf("%s: got %d, want %d", script, got, want)
		}
		if want == 0 {
			for _, name := range []string{"stdout", "stderr"} {
				if _, err := os.Stat(filepath.Join(c.Sandbox(), name)); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

func TestDestroyFindsEveryDescendant(t *testing.T) {
	t.Parallel()
	setsid, err := exec.LookPath("setsid")
	if err != nil {
		t.Fatalf("%v: apt-get install -y util-linux", err)
	}
	for name, script := range map[string]string{
		"child":           "sleep 1000 & touch up; wait",
		"other session":   setsid + " sleep 1000 & touch up; wait",
		"orphan":          "(" + setsid + " sleep 1000 &) ; touch up; sleep 1000",
		"no environment":  "env -i sleep 1000 & touch up; wait",
		"ignores signals": "trap '' TERM INT HUP; touch up; while true; do sleep 1; done",
		"leader is gone":  setsid + " sh -c 'touch up; sleep 1000' & exit 0",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t)
			spec := shell(t, name, script)
			c, err := h.Start(spec)
			if err != nil {
				t.Fatal(err)
			}
			if name != "leader is gone" {
				waitFile(t, filepath.Join(spec.Dir, "up"))
			}
			if err := c.Destroy(); err != nil {
				t.Error(err)
			}
			if left := marks(spec.Dir); len(left) > 0 {
				t.Errorf("processes %v survive", left)
			}
		})
	}
}

func TestEndOfTheFirstProcessEndsTheRest(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	spec := shell(t, "c", "sleep 1000 & touch up; exit 7")
	c, err := h.Start(spec)
	if err != nil {
		t.Fatal(err)
	}
	<-c.Done()
	if left := marks(spec.Dir); len(left) > 0 || c.Status() != 7<<8 {
		t.Errorf("got status %d and processes %v", c.Status(), left)
	}
}

func TestContainerIDIsUsedOnceAtATime(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	spec := shell(t, "c", "sleep 1000")
	c, err := h.Start(spec)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Start(spec); !errors.Is(err, ErrExists) {
		t.Errorf("got %v, want ErrExists", err)
	}
	if got, ok := h.Lookup("c"); !ok || got != c {
		t.Error("container is not found")
	}
	h.Forget("c")
	if _, ok := h.Lookup("c"); !ok {
		t.Error("a running container was forgotten")
	}
	if err := c.Destroy(); err != nil {
		t.Fatal(err)
	}
	h.Forget("c")
	if _, ok := h.Lookup("c"); ok {
		t.Error("an ended container is still known")
	}
}

func TestBuiltInExecutorEndsWithItsContainer(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	spec := shell(t, "c", "")
	up := make(chan *Process, 1)
	c, err := h.StartFunc(spec, func(ctx context.Context, c *Container) int {
		p, err := c.Exec(Command{Argv: []string{"sleep", "1000"}, Env: spec.Env, Dir: spec.Dir})
		if err != nil {
			t.Error(err)
			return 1
		}
		up <- p
		<-ctx.Done()
		return StatusUnknown
	})
	if err != nil {
		t.Fatal(err)
	}
	p := <-up
	if got := c.Usage().Processes; got != 1 || c.Pid() != p.Pid {
		t.Errorf("got %d processes and pid %d, want 1 and %d", got, c.Pid(), p.Pid)
	}
	if err := c.Destroy(); err != nil {
		t.Error(err)
	}
	<-p.Done()
	if got := c.Status(); got != int(syscall.SIGKILL) {
		t.Errorf("got status %d, want 9", got)
	}
	if _, err := c.Exec(Command{Argv: []string{"true"}, Env: spec.Env, Dir: spec.Dir}); err == nil {
		t.Error("a destroyed container starts processes")
	}
}

func TestAdoptionNeedsTheSameProcess(t *testing.T) {
	t.Parallel()
	first := NewHost(zap.NewNop())
	spec := shell(t, "c", "touch up; sleep 1000")
	c, err := first.Start(spec)
	if err != nil {
		t.Fatal(err)
	}
	waitFile(t, filepath.Join(spec.Dir, "up"))
	pid, start := c.Pid(), StartTicks(c.Pid())
	first.Abandon()
	h := newHost(t)
	if _, ok := h.Adopt(spec, pid, start+1); ok {
		t.Error("another process was adopted")
	}
	adopted, ok := h.Adopt(spec, pid, start)
	if !ok {
		t.Fatal("process was not adopted")
	}
	if err := adopted.Destroy(); err != nil {
		t.Error(err)
	}
	if got := adopted.Status(); got != int(syscall.SIGKILL) {
		t.Errorf("got status %d, want 9", got)
	}
}

func TestOrphansAreFoundByTheirEnvironment(t *testing.T) {
	t.Parallel()
	first := NewHost(zap.NewNop())
	spec := shell(t, "c", "sleep 1000 & touch up; wait")
	if _, err := first.Start(spec); err != nil {
		t.Fatal(err)
	}
	waitFile(t, filepath.Join(spec.Dir, "up"))
	first.Abandon()
	if err := newHost(t).DestroyOrphans(spec.Dir, 0, 0); err != nil {
		t.Error(err)
	}
	if left := marks(spec.Dir); len(left) > 0 {
		t.Errorf("processes %v survive", left)
	}
}

func TestProgramIsLookedUpInTheContainersPath(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	for _, name := range []string{"no-such-program", "/no/such/program"} {
		if _, err := h.Start(Spec{ID: name, Argv: []string{name}, Dir: t.TempDir(), Env: []string{"PATH=/bin:/usr/bin"}}); err == nil {
			t.Errorf("%s: got no error", name)
		}
		if _, ok := h.Lookup(name); ok {
			t.Errorf("%s: container is left", name)
		}
	}
}

func TestMemoryCgroupKills(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("control groups can be made by root only")
	}
	if _, err := os.Stat(memoryRoot); err != nil {
		t.Skipf("no version 1 memory controller at %s", memoryRoot)
	}
	h := newHost(t)
	g, err := NewMemoryCgroup("gantry-test", fmt.Sprintf("c%d", os.Getpid()), 32<<20)
	if err != nil {
		t.Fatal(err)
	}
	spec := shell(t, "c", "head -c 100m /dev/zero | tail | sleep 100")
	spec.Mem = g
	c, err := h.Start(spec)
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(10 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !g.Exceeded() && time.Now().Before(deadline) {
		<-tick.C
	}
	if !g.Exceeded() || g.MaxUsage() == 0 {
		t.Error("the limit had no effect")
	}
	if err := c.Destroy(); err != nil {
		t.Error(err)
	}
	g.Remove()
	if _, err := os.Stat(g.Path()); !os.IsNotExist(err) {
		t.Errorf("control group is left: %v", err)
	}
}

func TestAProgramThatIsBusyForAMomentStarts(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	for name, release := range map[string]bool{"for a moment": true, "for good": false} {
		spec := shell(t, name, "")
		program := filepath.Join(spec.Dir, "program")
		spec.Argv = []string{program}
		if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(program, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if release {
			time.AfterFunc(20*time.Millisecond, func() { _ = f.Close() })
		}
		c, err := h.Start(spec)
		switch {
		case release && err != nil:
			t.Errorf("%s: got %v, want it started", name, err)
		case release:
			<-c.Done()
		case !errors.Is(err, syscall.ETXTBSY):
			t.Errorf("%s: got %v, want ETXTBSY", name, err)
		}
		_ = f.Close() // it may be closed already
	}
}
