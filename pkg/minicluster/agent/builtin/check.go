package builtin

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/containerizer"
)

// result is the outcome of one check of a task.
type result struct {
	exitCode   *int32  // COMMAND
	statusCode *uint32 // HTTP
	connected  *bool   // TCP
	err        error   // the check could not be made or timed out
}

// prober makes one check; the context carries the timeout.
type prober func(ctx context.Context) result

// commandRunner runs a check's command where the task runs and returns its exit code.
type commandRunner func(ctx context.Context, command *mesos.CommandInfo) (int32, error)

func probeCommand(run commandRunner, command *mesos.CommandInfo) prober {
	return func(ctx context.Context) result {
		code, err := run(ctx, command)
		if err != nil {
			return result{err: err}
		}
		return result{exitCode: &code}
	}
}

func probeTCP(host string, port uint32) prober {
	return func(ctx context.Context) result {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(int(port))))
		ok := err == nil
		if ok {
			_ = conn.Close()
		}
		return result{connected: &ok}
	}
}

func probeHTTP(scheme, host string, port uint32, path string) prober {
	if scheme == "" {
		scheme = "http"
	}
	url := fmt.Sprintf("%s://%s/%s", scheme, net.JoinHostPort(host, strconv.Itoa(int(port))), strings.TrimPrefix(path, "/"))
	return func(ctx context.Context) result {
		client := &http.Client{Transport: insecureTransport()}
		defer client.CloseIdleConnections()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return result{err: err}
		}
		resp, err := client.Do(req)
		if err != nil {
			return result{err: err}
		}
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
		_ = resp.Body.Close()
		code := uint32(resp.StatusCode) //nolint:gosec // three digits
		return result{statusCode: &code}
	}
}

// healthy tells whether the result of a health check means healthy.
func (r result) healthy() bool {
	switch {
	case r.err != nil:
		return false
	case r.exitCode != nil:
		return *r.exitCode == 0
	case r.statusCode != nil:
		return *r.statusCode >= 200 && *r.statusCode < 400
	case r.connected != nil:
		return *r.connected
	}
	return false
}

// loop makes checks until the context ends: the first after delay, the next one interval after the end of the one
// before. first is closed when the first is over.
func loop(ctx context.Context, delay, interval, timeout time.Duration, probe prober, first chan<- struct{}, report func(result)) {
	wait := delay
	for {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
		probing, cancel := context.WithTimeout(ctx, timeout)
		if timeout <= 0 {
			cancel()
			probing, cancel = context.WithCancel(ctx)
		}
		r := probe(probing)
		cancel()
		if first != nil {
			close(first)
			first = nil
		}
		if ctx.Err() != nil {
			return
		}
		report(r)
		wait = interval
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// inContainer runs check commands as processes of the container, in dir.
func inContainer(c *containerizer.Container, dir string, env []string, cred *syscall.Credential) commandRunner {
	return func(ctx context.Context, command *mesos.CommandInfo) (int32, error) {
		args, path := Argv(command)
		p, err := c.Exec(containerizer.Command{Argv: args, Path: path, Env: withVariables(env, command), Dir: dir, Cred: cred})
		if err != nil {
			return 0, err
		}
		select {
		case <-p.Done():
			return exitCode(p.Status()), nil
		case <-ctx.Done():
			containerizer.Signal(p.Pid, syscall.SIGKILL)
			<-p.Done()
			return 0, ctx.Err()
		}
	}
}

// exitCode is the shell's view of a raw wait status: the exit code, or 128 plus the signal.
func exitCode(status int) int32 {
	ws := syscall.WaitStatus(status) //nolint:gosec // a wait status fits
	if ws.Signaled() {
		return int32(128 + ws.Signal()) //nolint:gosec // small
	}
	return int32(ws.ExitStatus()) //nolint:gosec // one byte
}

// checkStatus is the CheckStatusInfo of a result, or the one before the first result if r is empty.
func checkStatus(kind mesos.CheckInfo_Type, r result) *mesos.CheckStatusInfo {
	s := &mesos.CheckStatusInfo{Type: kind.Enum()}
	switch kind {
	case mesos.CheckInfo_COMMAND:
		s.Command = &mesos.CheckStatusInfo_Command{ExitCode: r.exitCode}
	case mesos.CheckInfo_HTTP:
		s.HTTP = &mesos.CheckStatusInfo_Http{StatusCode: r.statusCode}
	case mesos.CheckInfo_TCP:
		s.TCP = &mesos.CheckStatusInfo_Tcp{Succeeded: r.connected}
	case mesos.CheckInfo_UNKNOWN:
	}
	return s
}

// Argv turns a CommandInfo into arguments and program: with shell the value is a shell command, else the program, and
// the arguments are its argv with the program's name first.
func Argv(c *mesos.CommandInfo) (args []string, path string) {
	if c.GetShell() {
		return []string{"sh", "-c", c.GetValue()}, "/bin/sh"
	}
	if len(c.GetArguments()) == 0 {
		return []string{c.GetValue()}, c.GetValue()
	}
	return c.GetArguments(), c.GetValue()
}

// withVariables adds the command's own variables to an environment, replacing those of the same name.
func withVariables(env []string, c *mesos.CommandInfo) []string {
	vars := c.GetEnvironment().GetVariables()
	if len(vars) == 0 {
		return env
	}
	own := make(map[string]bool, len(vars))
	var out []string
	for i := len(vars) - 1; i >= 0; i-- {
		if v := vars[i]; !own[v.Name] {
			own[v.Name] = true
			out = append(out, v.Name+"="+v.GetValue())
		}
	}
	for _, e := range env {
		if name, _, _ := strings.Cut(e, "="); !own[name] {
			out = append(out, e)
		}
	}
	return out
}
