package docker_test

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"syscall"

	"github.com/gantry-mesos/gantry/executor/docker"
)

// fake is an Engine whose containers are processes of the test's own machine.
// It can be stopped, and told to fail.
type fake struct {
	mu         sync.Mutex
	images     map[string]bool
	containers map[string]*fakeContainer
	next       int
	down       bool
	// fail holds errors by call, such as "start"; pulls blocks Pull while it is not nil.
	fail  map[string]error
	pulls chan struct{}
	// creations are all that were asked for, removals all that went.
	creations []docker.Creation
	removals  []string
}

type fakeContainer struct {
	id       string
	creation docker.Creation
	cmd      *exec.Cmd
	out, err io.Writer
	copied   chan struct{}
	ended    chan struct{}
	code     int
	running  bool
	waiters  []chan docker.Waited
}

func newFake(images ...string) *fake {
	f := &fake{images: map[string]bool{}, containers: map[string]*fakeContainer{}, fail: map[string]error{}}
	for _, image := range images {
		f.images[image] = true
	}
	return f
}

func (f *fake) check(call string) error {
	if f.down {
		return fmt.Errorf("%s: %w: connection refused", call, docker.ErrUnreachable)
	}
	return f.fail[call]
}

// stop makes every call fail and breaks all waits and streams, as the end of
// an engine does; the containers live on.
func (f *fake) stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = true
	for _, c := range f.containers {
		for _, w := range c.waiters {
			w <- docker.Waited{Err: fmt.Errorf("wait: %w: EOF", docker.ErrUnreachable)}
		}
		c.waiters = nil
	}
}

func (f *fake) start() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = false
}

func (f *fake) get(call, id string) (*fakeContainer, error) {
	if err := f.check(call); err != nil {
		return nil, err
	}
	for _, c := range f.containers {
		if c.id == id || c.creation.Name == id {
			return c, nil
		}
	}
	return nil, fmt.Errorf("%s %s: %w", call, id, docker.ErrNotFound)
}

func (f *fake) Host() string { return "fake://engine" }

func (f *fake) Cgroups(context.Context) (string, string, error) { return "cgroupfs", "1", nil }

func (f *fake) Connect(context.Context, string, string, []string) error { return nil }

func (f *fake) HasImage(_ context.Context, ref string) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.images[ref], f.check("image")
}

func (f *fake) Pull(ctx context.Context, ref, _ string, progress func(string)) error {
	progress("half of " + ref)
	if f.pulls != nil {
		select {
		case <-f.pulls:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.check("pull"); err != nil {
		return err
	}
	if strings.Contains(ref, "missing") {
		return fmt.Errorf("pull image %s: %w: manifest unknown", ref, docker.ErrNotFound)
	}
	f.images[ref] = true
	return nil
}

func (f *fake) Create(_ context.Context, c docker.Creation) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.check("create"); err != nil {
		return "", err
	}
	for _, have := range f.containers {
		if have.creation.Name == c.Name {
			return "", fmt.Errorf("create %s: %w: name in use", c.Name, docker.ErrConflict)
		}
	}
	f.next++
	f.creations = append(f.creations, c)
	id := fmt.Sprintf("container%d", f.next)
	f.containers[id] = &fakeContainer{id: id, creation: c, ended: make(chan struct{}), copied: make(chan struct{}), out: io.Discard, err: io.Discard}
	return id, nil
}

func (f *fake) Start(_ context.Context, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.get("start", id)
	if err != nil {
		return err
	}
	argv := append(append([]string{}, c.creation.Config.Entrypoint...), c.creation.Config.Cmd...)
	c.cmd = exec.Command(argv[0], argv[1:]...)
	c.cmd.Env, c.cmd.Stdout, c.cmd.Stderr = c.creation.Config.Env, c.out, c.err
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.cmd.Start(); err != nil {
		return err
	}
	c.running = true
	go f.wait(c)
	return nil
}

func (f *fake) wait(c *fakeContainer) {
	_ = c.cmd.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	c.running = false
	c.code = c.cmd.ProcessState.ExitCode()
	if status, ok := c.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		c.code = 128 + int(status.Signal())
	}
	for _, w := range c.waiters {
		w <- docker.Waited{Code: c.code}
	}
	c.waiters = nil
	close(c.ended)
	close(c.copied)
}

func (f *fake) Kill(_ context.Context, id, signal string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.get("kill", id)
	if err != nil {
		return err
	}
	if !c.running {
		return fmt.Errorf("kill %s: %w: not running", id, docker.ErrConflict)
	}
	sig := map[string]syscall.Signal{"SIGTERM": syscall.SIGTERM, "SIGKILL": syscall.SIGKILL, "SIGINT": syscall.SIGINT}[signal]
	return syscall.Kill(-c.cmd.Process.Pid, sig)
}

func (f *fake) Remove(_ context.Context, id string) error {
	f.mu.Lock()
	c, err := f.get("remove", id)
	if err != nil {
		defer f.mu.Unlock()
		if f.down {
			return err
		}
		return nil
	}
	delete(f.containers, c.id)
	f.removals = append(f.removals, c.id)
	running := c.running
	if running {
		_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL)
	}
	f.mu.Unlock()
	if running {
		<-c.ended
	}
	return nil
}

func (f *fake) Inspect(_ context.Context, id string) (docker.Inspection, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.get("inspect", id)
	if err != nil {
		return docker.Inspection{}, err
	}
	i := docker.Inspection{Running: c.running, ExitCode: c.code, Ended: c.cmd != nil && !c.running, StopSignal: c.creation.Config.StopSignal}
	if c.running {
		i.PID = c.cmd.Process.Pid
	}
	return i, nil
}

func (f *fake) List(_ context.Context, label string) ([]docker.Listed, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.check("list"); err != nil {
		return nil, err
	}
	key, value, exact := strings.Cut(label, "=")
	var out []docker.Listed
	for _, c := range f.containers {
		if got, ok := c.creation.Config.Labels[key]; ok && (!exact || got == value) {
			out = append(out, docker.Listed{ID: c.id, Running: c.running, Labels: c.creation.Config.Labels})
		}
	}
	return out, nil
}

func (f *fake) Attach(_ context.Context, id string, _ bool, stdout, stderr io.Writer) (docker.Stream, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.get("attach", id)
	if err != nil {
		return docker.Stream{}, err
	}
	if c.cmd == nil {
		c.out, c.err = stdout, stderr
	}
	return docker.Stream{Done: c.copied, Close: func() {}}, nil
}

func (f *fake) Wait(_ context.Context, id string, created bool) <-chan docker.Waited {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := make(chan docker.Waited, 1)
	c, err := f.get("wait", id)
	switch {
	case err != nil:
		w <- docker.Waited{Err: err}
	case !created && !c.running:
		w <- docker.Waited{Code: c.code}
	default:
		c.waiters = append(c.waiters, w)
	}
	return w
}

func (f *fake) Exec(ctx context.Context, id string, argv []string) (int, string, error) {
	f.mu.Lock()
	c, err := f.get("exec", id)
	f.mu.Unlock()
	if err != nil {
		return 0, "", err
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = c.creation.Config.Env
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return 0, "", ctx.Err()
	}
	if cmd.ProcessState == nil {
		return 0, "", err
	}
	return cmd.ProcessState.ExitCode(), strings.TrimSpace(string(out)), nil
}
