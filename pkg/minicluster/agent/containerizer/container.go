package containerizer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// StatusUnknown is the wait status of a container whose end nobody saw.
const StatusUnknown = -1

// Spec says how to run a container.
type Spec struct {
	ID     string              // unique on the host; by convention the Mesos container id, nested ones as parent.child
	Argv   []string            // program (looked up in the PATH of Env when it has no slash) and arguments, the name first
	Path   string              // program to run if it differs from Argv[0]
	Env    []string            // complete environment, NAME=value
	Dir    string              // sandbox: working directory, place of stdout and stderr, and the marker of the processes
	Marker string              // sandbox directory that marks the processes when it is not Dir
	Cred   *syscall.Credential // user to run as; nil = the user of this process
	Mem    *MemoryCgroup       // memory control group to run in; nil = none
}

// Container is one running or ended container.
type Container struct {
	host      *Host
	spec      Spec
	ctx       context.Context // ends with the container; handed to built-in executors
	cancel    context.CancelFunc
	done      chan struct{}
	abandoned chan struct{}

	mu     sync.Mutex
	pid    int
	roots  map[int]uint64
	status int
	forced bool
	since  uint64
}

// Start runs a process as a container. Its stdout and stderr go to files of these names in the sandbox.
func (h *Host) Start(spec Spec) (*Container, error) {
	c, err := h.add(spec)
	if err != nil {
		return nil, err
	}
	proc, err := c.Exec(Command{Argv: spec.Argv, Path: spec.Path, Env: spec.Env, Dir: spec.Dir, Cred: spec.Cred, Output: spec.Dir})
	if err != nil {
		h.remove(spec.ID)
		c.cancel()
		return nil, err
	}
	h.wg.Go(func() {
		select {
		case <-proc.Done():
			c.finish(proc.Status())
		case <-c.abandoned:
		}
	})
	return c, nil
}

// StartFunc runs a built-in executor as a container. run gets the container for starting processes in it and returns
// the wait status to report; its context ends when the container is destroyed. When run has returned, what is left of
// the container's processes is killed.
func (h *Host) StartFunc(spec Spec, run func(ctx context.Context, c *Container) int) (*Container, error) {
	c, err := h.add(spec)
	if err != nil {
		return nil, err
	}
	h.wg.Go(func() { c.finish(run(c.ctx, c)) })
	return c, nil
}

// Adopt takes over a process that an earlier program started as the container's first one. start is its start time as
// [StartTicks] told then. It reports false when that process is gone.
func (h *Host) Adopt(spec Spec, pid int, start uint64) (*Container, bool) {
	if pid <= 0 || start == 0 || StartTicks(pid) != start {
		return nil, false
	}
	c, err := h.add(spec)
	if err != nil {
		return nil, false
	}
	c.pid, c.roots[pid], c.since = pid, start, start
	h.wg.Go(func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for StartTicks(pid) == start {
			select {
			case <-tick.C:
			case <-c.abandoned:
				return
			}
		}
		c.finish(StatusUnknown)
	})
	return c, true
}

// DestroyOrphans kills what an earlier program left of a container that can not be adopted: the session of the given
// leader (0 = unknown) and all processes marked with the sandbox.
func (h *Host) DestroyOrphans(sandbox string, pid int, start uint64) error {
	f := family{roots: map[int]uint64{}, marker: sandbox}
	if pid > 0 && start != 0 {
		f.roots[pid] = start
	}
	return f.kill()
}

// finish records the end of the first process, kills what it left behind and wakes the waiters.
func (c *Container) finish(status int) {
	c.mu.Lock()
	if c.forced && status == StatusUnknown {
		status = int(syscall.SIGKILL)
	}
	c.status = status
	c.mu.Unlock()
	c.cancel()
	select {
	case <-c.abandoned:
	default:
		// An error means a process that can not be killed; the container has ended all the same.
		_ = c.family().kill()
	}
	close(c.done)
}

func (c *Container) family() family {
	c.mu.Lock()
	defer c.mu.Unlock()
	marker := c.spec.Marker
	if marker == "" {
		marker = c.spec.Dir
	}
	return family{roots: maps.Clone(c.roots), marker: marker, since: c.since}
}

// Destroy kills all processes of the container and waits for its end.
func (c *Container) Destroy() error {
	c.mu.Lock()
	c.forced = true
	c.mu.Unlock()
	c.cancel()
	err := c.family().kill()
	select {
	case <-c.done:
	case <-c.abandoned:
	}
	return err
}

// ID returns the id of the container.
func (c *Container) ID() string { return c.spec.ID }

// Sandbox returns the sandbox directory.
func (c *Container) Sandbox() string { return c.spec.Dir }

// Pid returns the pid of the container's first process. For a built-in executor that is the first process it started;
// 0 if it has started none.
func (c *Container) Pid() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pid
}

// Done is closed when the first process has ended and no process of the container is left.
func (c *Container) Done() <-chan struct{} { return c.done }

// Status returns the raw wait status (exit code in bits 8 to 15, signal in the low 7 bits) of the first process once
// the container is done, or StatusUnknown.
func (c *Container) Status() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status
}

// Usage returns how many processes the container has, their cpu times and their resident memory in bytes.
func (c *Container) Usage() Usage { return usageOf(c.family().members()) }

func (c *Container) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// Include makes a process that others started, for example a Docker engine, count as the container's, with all below
// it: it shows in the usage and ends with the container.
func (c *Container) Include(pid int) {
	start := StartTicks(pid)
	if pid <= 1 || start == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.roots[pid] = start
}

// Command is a process to start inside a container.
type Command struct {
	Argv   []string
	Path   string
	Env    []string
	Dir    string
	Cred   *syscall.Credential
	Output string // directory for the files stdout and stderr; empty = discard both
}

// Process is a child process in a session of its own.
type Process struct {
	Pid    int
	done   chan struct{}
	status int
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Status returns the raw wait status; valid once Done is closed.
func (p *Process) Status() int { return p.status }

// Exec starts a process that belongs to the container: destroying the container kills its whole session. A program that
// has just been written may be busy for a moment: whatever process was being started meanwhile holds a copy of the file
// that was open for writing until it is executed itself.
func (c *Container) Exec(command Command) (*Process, error) {
	for wait := time.Millisecond; ; wait *= 2 {
		p, err := c.exec(command)
		if !errors.Is(err, syscall.ETXTBSY) || wait > time.Second {
			return p, err
		}
		time.Sleep(wait)
	}
}

func (c *Container) exec(command Command) (*Process, error) {
	cmd, files, err := prepare(command)
	defer func() {
		for _, f := range files {
			// Only our copies; the child has its own.
			_ = f.Close()
		}
	}()
	if err != nil {
		return nil, err
	}
	if c.spec.Mem != nil {
		c.spec.Mem.wrap(cmd)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx.Err() != nil {
		return nil, fmt.Errorf("start %s in container %s: container is being destroyed", cmd.Path, c.spec.ID)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	p := &Process{Pid: cmd.Process.Pid, done: make(chan struct{})}
	c.roots[p.Pid] = StartTicks(p.Pid)
	if c.pid == 0 {
		c.pid = p.Pid
	}
	c.host.wg.Go(func() {
		p.status = waitStatus(cmd)
		close(p.done)
	})
	return p, nil
}

func prepare(command Command) (cmd *exec.Cmd, files []*os.File, err error) {
	path := command.Path
	if path == "" {
		path = command.Argv[0]
	}
	path, err = lookPath(path, command.Env)
	if err != nil {
		return nil, nil, err
	}
	cmd = &exec.Cmd{
		Path: path, Args: command.Argv, Env: command.Env, Dir: command.Dir,
		SysProcAttr: &syscall.SysProcAttr{Setsid: true, Credential: command.Cred},
	}
	if command.Output != "" {
		for _, name := range []string{"stdout", "stderr"} {
			f, err := OpenOutput(command.Output, name, command.Cred)
			if err != nil {
				return nil, files, err
			}
			files = append(files, f)
		}
		cmd.Stdout, cmd.Stderr = files[0], files[1]
	}
	return cmd, files, nil
}

func waitStatus(cmd *exec.Cmd) int {
	// The error repeats what the wait status says.
	_ = cmd.Wait()
	if cmd.ProcessState == nil {
		return StatusUnknown
	}
	ws, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok {
		return StatusUnknown
	}
	return int(ws)
}

// Host returns the host that runs the container.
func (c *Container) Host() *Host { return c.host }
