// Package probe runs a task's health checks: HTTP, HTTPS, TCP and COMMAND,
// from beside the task and in its network where asked. It says what each probe
// found; what follows from that is core's matter.
package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gantry-mesos/gantry/executor/core"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
)

// Execer runs a command line where the task runs.
type Execer interface {
	// Exec returns the exit code and the beginning of the output. It ends with ctx.
	Exec(ctx context.Context, line string) (code int, output string, err error)
}

// Dial opens a connection, as net.Dialer does.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Target says where a task can be reached.
type Target struct {
	// Task are addresses in the task's network, Agent those of the agent; the
	// first that accepts a connection is asked.
	Task, Agent []string
	// Task6 and Agent6 are the same for checks that ask for IPv6.
	Task6, Agent6 []string
	Exec          Execer
	// Dial is nil for the network.
	Dial Dial
}

// Prober runs the checks of one task.
type Prober struct {
	checks []taskinfo.Check
	target Target
}

// New returns a Prober of the checks against the target.
func New(checks []taskinfo.Check, target Target) *Prober {
	if target.Dial == nil {
		target.Dial = (&net.Dialer{}).DialContext
	}
	return &Prober{checks: checks, target: target}
}

// minInterval keeps a check with interval 0 from spinning.
const minInterval = 100 * time.Millisecond

// Run probes until ctx ends and reports each result. A probe begins when the
// interval has passed since the one before it ended ("Mesos, health checks").
func (p *Prober) Run(ctx context.Context, report func(core.Event)) {
	var all sync.WaitGroup
	for i, c := range p.checks {
		all.Go(func() { p.loop(ctx, i, c, report) })
	}
	all.Wait()
}

func (p *Prober) loop(ctx context.Context, index int, c taskinfo.Check, report func(core.Event)) {
	timer := time.NewTimer(c.Delay)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		err := p.probe(ctx, c)
		if ctx.Err() != nil {
			return
		}
		if !errors.Is(err, errNoResult) {
			ev := core.Probed{Check: index, OK: err == nil}
			if err != nil {
				ev.Message = err.Error()
			}
			report(ev)
		}
		timer.Reset(max(c.Interval, minInterval))
	}
}

// errNoResult is an answer that counts neither way.
var errNoResult = errors.New("informational answer")

// timeoutDefault stands in for a check without timeout ("Mesos, health checks").
const timeoutDefault = 20 * time.Second

func (p *Prober) probe(ctx context.Context, c taskinfo.Check) error {
	timeout := c.Timeout
	if timeout <= 0 {
		timeout = timeoutDefault
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("no answer within %s", timeout))
	defer cancel()
	var err error
	switch c.Kind {
	case taskinfo.CheckHTTP:
		err = p.http(ctx, "http", c)
	case taskinfo.CheckHTTPS:
		err = p.http(ctx, "https", c)
	case taskinfo.CheckTCP:
		err = p.tcp(ctx, c)
	case taskinfo.CheckCommand:
		err = p.command(ctx, c)
	default:
		return fmt.Errorf("unknown kind of check %d", c.Kind)
	}
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// dial tries the addresses in turn.
func (p *Prober) dial(ctx context.Context, c taskinfo.Check) (net.Conn, error) {
	hosts := p.hosts(c)
	if len(hosts) == 0 {
		return nil, errors.New("the task has no address in its network yet")
	}
	var first error
	for _, host := range hosts {
		conn, err := p.target.Dial(ctx, "tcp", net.JoinHostPort(host, strconv.FormatUint(uint64(c.Port), 10)))
		if err == nil {
			return conn, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

func (p *Prober) hosts(c taskinfo.Check) []string {
	switch {
	case c.InTask && c.IPv6:
		return p.target.Task6
	case c.InTask:
		return p.target.Task
	case c.IPv6:
		return p.target.Agent6
	default:
		return p.target.Agent
	}
}

func (p *Prober) tcp(ctx context.Context, c taskinfo.Check) error {
	conn, err := p.dial(ctx, c)
	if err != nil {
		return err
	}
	return conn.Close()
}

// http asks with GET; redirects are not followed, certificates not verified.
func (p *Prober) http(ctx context.Context, scheme string, c taskinfo.Check) error {
	transport := &http.Transport{
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return p.dial(ctx, c) },
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // health, not trust ("Marathon, health checks")
		DisableKeepAlives: true,
	}
	defer transport.CloseIdleConnections()
	host := "127.0.0.1"
	if hosts := p.hosts(c); len(hosts) > 0 {
		host = hosts[0]
	}
	path, query, _ := strings.Cut(c.Path, "?")
	u := url.URL{Scheme: scheme, Host: net.JoinHostPort(host, strconv.FormatUint(uint64(c.Port), 10)), Path: path, RawQuery: query}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return fmt.Errorf("path %q: %w", c.Path, err)
	}
	req.Header.Set("User-Agent", "gantry-executor")
	res, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, 4096)
	switch {
	case res.StatusCode < 200 && c.Ignore1xx:
		return errNoResult
	case res.StatusCode < 200 || res.StatusCode >= 400:
		return fmt.Errorf("status %s", res.Status)
	}
	return nil
}

func (p *Prober) command(ctx context.Context, c taskinfo.Check) error {
	if p.target.Exec == nil {
		return errors.New("no way to run a command in the task")
	}
	code, output, err := p.target.Exec.Exec(ctx, c.Command)
	switch {
	case err != nil:
		return err
	case code == 0:
		return nil
	case output == "":
		return fmt.Errorf("exit code %d", code)
	default:
		return fmt.Errorf("exit code %d: %s", code, output)
	}
}

// Names returns what messages call the checks.
func Names(checks []taskinfo.Check) []string {
	names := make([]string, len(checks))
	for i, c := range checks {
		switch c.Kind {
		case taskinfo.CheckCommand:
			names[i] = "COMMAND"
		case taskinfo.CheckTCP:
			names[i] = fmt.Sprintf("TCP port %d", c.Port)
		case taskinfo.CheckHTTP, taskinfo.CheckHTTPS:
			names[i] = fmt.Sprintf("%s port %d %s", c.Kind, c.Port, c.Path)
		}
	}
	return names
}
