package conformance

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// daemon is one master or agent process. It can be started again with the same flags.
type daemon struct {
	path  string
	port  int
	dir   string
	flags map[string]any
	cmd   *exec.Cmd
	end   chan struct{}
	// leaves says that it was told to unregister, after which it begins anew.
	leaves bool
}

func (d *daemon) addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(d.port)) }

func (d *daemon) name() string { return filepath.Base(d.path) + " on port " + strconv.Itoa(d.port) }

// ended returns an error with the last lines of the log once the process has exited.
func (d *daemon) ended() error {
	if d.cmd == nil {
		return nil
	}
	select {
	case <-d.end:
		return fmt.Errorf("%s ended (%v); the end of its log:\n%s", d.name(), d.cmd.ProcessState, d.lastLines(logLines))
	default:
		return nil
	}
}

// logLines is how much of a log explains an end: Mesos' stack traces have some twenty lines.
const logLines = 40

func (d *daemon) lastLines(n int) string {
	raw, err := os.ReadFile(filepath.Join(d.dir, "process.log"))
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(raw), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

func (d *daemon) start() error {
	args := make([]string, 0, len(d.flags))
	for name, v := range d.flags {
		switch v := v.(type) {
		case bool:
			if !v {
				name = "no-" + name
			}
			args = append(args, "--"+name)
		default:
			args = append(args, fmt.Sprintf("--%s=%v", name, v))
		}
	}
	log, err := os.OpenFile(filepath.Join(d.dir, "process.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("start %s: %w", d.path, err)
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(d.path, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", d.path, err)
	}
	end := make(chan struct{})
	d.cmd, d.end = cmd, end
	go func() {
		_ = cmd.Wait()
		close(end)
	}()
	return nil
}

func (d *daemon) signal(s syscall.Signal) error {
	if d.cmd == nil {
		return fmt.Errorf("signal %v to %s: not running", s, filepath.Base(d.path))
	}
	if err := d.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal %v to %s: %w", s, filepath.Base(d.path), err)
	}
	return nil
}

func (d *daemon) kill() error {
	if d.cmd == nil {
		return nil
	}
	err := d.signal(syscall.SIGKILL)
	<-d.end
	d.cmd = nil
	return err
}
