// Package process runs a task without an image: a command in a session of its
// own in the sandbox, with all its descendants that stay in it. Limits are the
// agent's matter; the executor's cgroup holds the task, too.
package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/executor/core"
	"github.com/gantry-mesos/gantry/executor/sandbox"
	"github.com/gantry-mesos/gantry/pkg/fault"
	"github.com/gantry-mesos/gantry/pkg/logfield"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/ownership"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
)

// Config says where a task runs.
type Config struct {
	// Sandbox is the working directory.
	Sandbox string
	// DrainWait is how long output may follow after the command's end, from
	// descendants that left the session; default 2 s.
	DrainWait time.Duration
}

// Runtime runs one task as a process group.
type Runtime struct {
	cfg            Config
	stdout, stderr io.Writer
	log            *zap.Logger
	running        atomic.Pointer[identity]
}

// identity is what a health check shares with the running task.
type identity struct {
	env  []string
	user *syscall.Credential // nil for the executor's own
}

// New returns a Runtime; what the task writes goes to stdout and stderr.
func New(cfg Config, stdout, stderr io.Writer, log *zap.Logger) *Runtime {
	return &Runtime{cfg: cfg, stdout: stdout, stderr: stderr, log: log.Named("process")}
}

// Run runs the task to its end and reports what happens; the last report is
// Exited or Failed. When it returns no process of the task's session is left.
// A cancelled ctx ends the task at once.
func (r *Runtime) Run(ctx context.Context, t taskinfo.Task, stops <-chan core.Stop, report func(core.Event)) {
	cmd, output, err := r.command(t)
	if err != nil {
		report(core.Failed{Invalid: true, Message: err.Error()})
		return
	}
	if taken := sandbox.Taken(ctx, t.Ports); len(taken) > 0 {
		output.abandon()
		report(core.Failed{Fault: fault.Port, Reason: mesos.ReasonContainerLaunchFailed, Message: fmt.Sprintf(
			"host port %s is taken on this agent by something else than Mesos knows of", strings.Join(taken, ", "))})
		return
	}
	ended := make(chan error, 1)
	started := make(chan error, 1)
	go func() {
		// The kernel ends the task with the thread that started it, so that a
		// killed executor leaves nothing behind; the thread must last as long.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			output.abandon()
			return
		}
		output.carry()
		ended <- output.drain(cmd.Wait(), r.cfg.DrainWait)
	}()
	if err := <-started; err != nil {
		report(core.Failed{Fault: faultOf(err), Reason: mesos.ReasonContainerLaunchFailed, Message: fmt.Sprintf("start command: %v", err)})
		return
	}
	r.running.Store(&identity{env: cmd.Env, user: cmd.SysProcAttr.Credential})
	r.log.Info("command started", logfield.Task(t.ID), zap.Int("pid", cmd.Process.Pid))
	report(core.Running{})
	report(r.watch(ctx, cmd, ended, stops))
}

// faultOf tells what the host lacks from what the command does wrong.
func faultOf(err error) fault.Fault {
	for _, lack := range []error{syscall.EAGAIN, syscall.ENOMEM, syscall.ENFILE, syscall.EMFILE, syscall.ENOSPC, syscall.EROFS} {
		if errors.Is(err, lack) {
			return fault.Agent
		}
	}
	return ""
}

func (r *Runtime) watch(ctx context.Context, cmd *exec.Cmd, ended <-chan error, stops <-chan core.Stop) core.Event {
	pid := cmd.Process.Pid
	for {
		select {
		case err := <-ended:
			signalGroup(pid, syscall.SIGKILL)
			return exited(cmd, err)
		case stop := <-stops:
			sig := syscall.SIGTERM
			if stop.Force {
				sig = syscall.SIGKILL
			}
			signalGroup(pid, sig)
		case <-ctx.Done():
			signalGroup(pid, syscall.SIGKILL)
			return exited(cmd, <-ended)
		}
	}
}

// signalGroup signals the whole group; one that has ended is no error.
func signalGroup(pid int, sig syscall.Signal) { _ = syscall.Kill(-pid, sig) }

func exited(cmd *exec.Cmd, err error) core.Event {
	state := cmd.ProcessState
	if state == nil {
		return core.Failed{Message: fmt.Sprintf("wait for command: %v", err)}
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		code := 128 + int(status.Signal())
		return core.Exited{Code: code, Message: "Command terminated with signal " + status.Signal().String()}
	}
	return core.Exited{Code: state.ExitCode(), Message: fmt.Sprintf("Command exited with status %d", state.ExitCode())}
}

// command prepares the process. An error means that no agent could run it.
func (r *Runtime) command(t taskinfo.Task) (*exec.Cmd, streams, error) {
	if err := r.volumes(t.Volumes); err != nil {
		return nil, nil, err
	}
	cmd, err := r.program(t)
	if err != nil {
		return nil, nil, err
	}
	cmd.Dir = r.cfg.Sandbox
	cmd.Stdout, cmd.Stderr = r.stdout, r.stderr
	cmd.WaitDelay = r.cfg.DrainWait
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	if t.User == "" {
		return cmd, nil, nil
	}
	output, err := r.become(cmd, t.User, t.Volumes)
	return cmd, output, err
}

func (r *Runtime) program(t taskinfo.Task) (*exec.Cmd, error) {
	env := environment(t, r.cfg.Sandbox)
	if t.Command.Shell {
		cmd := exec.Command("/bin/sh", "-c", t.Command.Line)
		cmd.Env = env
		return cmd, nil
	}
	if len(t.Command.Arguments) == 0 {
		return nil, errors.New("the task has no command and no image")
	}
	program := t.Command.Arguments[0]
	if !filepath.IsAbs(program) && filepath.Base(program) != program {
		program = filepath.Join(r.cfg.Sandbox, program)
	}
	cmd := exec.Command(program, t.Command.Arguments[1:]...)
	cmd.Args[0] = t.Command.Arguments[0]
	cmd.Env = env
	return cmd, nil
}

// environment is the task's own on top of what every task of Mesos sees.
func environment(t taskinfo.Task, sandbox string) []string {
	path := os.Getenv("PATH")
	if path == "" {
		path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	}
	env := []string{"PATH=" + path, "MESOS_SANDBOX=" + sandbox, "MESOS_DIRECTORY=" + sandbox, "MESOS_ALLOCATION_ROLE=" + t.Role}
	for _, v := range t.Environment {
		env = append(env, v.Name+"="+v.Value)
	}
	return env
}

// volumes makes host directories visible in the sandbox. The agent has put
// persistent volumes there already.
func (r *Runtime) volumes(vs []taskinfo.Volume) error {
	for _, v := range vs {
		if _, err := os.Stat(filepath.Join(r.cfg.Sandbox, v.ContainerPath)); v.Persistent && err != nil {
			return fmt.Errorf("persistent volume %s: the agent did not put it into the sandbox: %w", v.ContainerPath, err)
		}
		if v.HostPath == "" || v.HostPath == v.ContainerPath {
			continue
		}
		if filepath.IsAbs(v.ContainerPath) {
			return fmt.Errorf("volume %s: a task without an image sees the agent's files; use a path relative to the sandbox", v.ContainerPath)
		}
		link := filepath.Join(r.cfg.Sandbox, v.ContainerPath)
		if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil { // the task's user must enter it
			return fmt.Errorf("volume %s: %w", v.ContainerPath, err)
		}
		if err := os.Symlink(v.HostPath, link); err != nil && !errors.Is(err, os.ErrExist) {
			return fmt.Errorf("volume %s: %w", v.ContainerPath, err)
		}
	}
	return nil
}

// become runs the command as another user, who must own the sandbox with all
// that was put there, the persistent volumes and the output.
func (r *Runtime) become(cmd *exec.Cmd, name string, vs []taskinfo.Volume) (streams, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("user %s: %w", name, err)
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("user %s: %w", name, err)
	}
	if os.Geteuid() == int(uid) {
		return nil, nil
	}
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("user %s: the executor does not run as root and cannot become another user", name)
	}
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	cmd.Env = append(cmd.Env, "USER="+name, "HOME="+u.HomeDir)
	if err := ownership.Give(r.cfg.Sandbox, int(uid), int(gid)); err != nil {
		return nil, fmt.Errorf("user %s: hand over the sandbox: %w", name, err)
	}
	for _, v := range vs {
		if !v.Persistent {
			continue
		}
		if err := os.Chown(filepath.Join(r.cfg.Sandbox, v.ContainerPath), int(uid), int(gid)); err != nil {
			return nil, fmt.Errorf("user %s: hand over volume %s: %w", name, v.ContainerPath, err)
		}
	}
	return r.divert(cmd, int(uid), int(gid))
}

// outputMax is how much of a health check's output is worth a message.
const outputMax = 1024

// head keeps the first outputMax bytes written to it.
type head struct{ kept []byte }

func (h *head) Write(p []byte) (int, error) {
	room := outputMax - len(h.kept)
	h.kept = append(h.kept, p[:min(room, len(p))]...)
	return len(p), nil
}

// Exec runs a program in the sandbox with the task's environment, as a
// health check does, and as the task's user.
func (r *Runtime) Exec(ctx context.Context, argv []string) (code int, output string, err error) {
	task := r.running.Load()
	if task == nil {
		return 0, "", errors.New("the command does not run")
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = r.cfg.Sandbox, task.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: task.user}
	cmd.Cancel = func() error { signalGroup(cmd.Process.Pid, syscall.SIGKILL); return nil }
	cmd.WaitDelay = r.cfg.DrainWait
	out := &head{}
	cmd.Stdout, cmd.Stderr = out, out
	err = cmd.Run()
	text := strings.TrimSpace(string(out.kept))
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && ctx.Err() == nil {
		return exit.ExitCode(), text, nil
	}
	return 0, text, err
}
