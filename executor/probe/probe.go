// Package probe runs a task's checks: health checks, readiness checks and the
// general check, over HTTP, HTTPS and TCP or by a command, from beside the task and
// in its network where asked. It says what each probe found; what follows from that
// is core's matter.
package probe

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/gantry-mesos/gantry/executor/core"
	"github.com/gantry-mesos/gantry/pkg/checkup"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
)

// Execer runs a program where the task runs.
type Execer interface {
	// Exec returns the exit code and the beginning of the output. It ends with ctx.
	Exec(ctx context.Context, argv []string) (code int, output string, err error)
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
	health    []taskinfo.Check
	readiness []taskinfo.ReadinessCheck
	general   *taskinfo.Check
	target    Target
}

// New returns a Prober of the task's checks against the target.
func New(t taskinfo.Task, target Target) *Prober {
	if target.Dial == nil {
		target.Dial = (&net.Dialer{}).DialContext
	}
	return &Prober{health: t.Checks, readiness: t.Readiness, general: t.General, target: target}
}

// Run probes until ctx ends and reports each result.
func (p *Prober) Run(ctx context.Context, report func(core.Event)) {
	var all sync.WaitGroup
	for i, c := range p.health {
		all.Go(func() { repeat(ctx, c, func(ctx context.Context) bool { return p.examine(ctx, i, c, report) }) })
	}
	for i, r := range p.readiness {
		all.Go(func() { repeat(ctx, r.Check, func(ctx context.Context) bool { return p.ready(ctx, i, r, report) }) })
	}
	if c := p.general; c != nil {
		all.Go(func() { repeat(ctx, *c, func(ctx context.Context) bool { return p.check(ctx, *c, report) }) })
	}
	all.Wait()
}

// intervalMin keeps a check with interval 0 from spinning.
const intervalMin = 100 * time.Millisecond

// pause is the time from the end of a probe that took so long to the next one.
func pause(c taskinfo.Check, took time.Duration) time.Duration {
	interval := max(c.Interval, intervalMin)
	if c.Steady {
		return max(interval-took, 0)
	}
	return interval
}

// repeat probes until ctx ends or probe says that it was the last one.
func repeat(ctx context.Context, c taskinfo.Check, probe func(context.Context) (last bool)) {
	timer := time.NewTimer(c.Delay)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		began := time.Now()
		if probe(ctx) || ctx.Err() != nil {
			return
		}
		timer.Reset(pause(c, time.Since(began)))
	}
}

// timeoutDefault stands in for a check without timeout ("Mesos, health checks").
const timeoutDefault = 20 * time.Second

// ask probes once within the check's timeout. The error says why there is no
// answer; with it no answer of any kind came. The body is read if it is wanted.
func (p *Prober) ask(ctx context.Context, c taskinfo.Check, body bool) (answer, error) {
	timeout := c.Timeout
	if timeout <= 0 {
		timeout = timeoutDefault
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("no answer within %s", timeout))
	defer cancel()
	var a answer
	var err error
	switch c.Kind {
	case taskinfo.CheckHTTP:
		a, err = p.http(ctx, "http", c, body)
	case taskinfo.CheckHTTPS:
		a, err = p.http(ctx, "https", c, body)
	case taskinfo.CheckTCP:
		err = p.tcp(ctx, c)
	case taskinfo.CheckCommand:
		a, err = p.command(ctx, c)
	default:
		return answer{}, fmt.Errorf("unknown kind of check %d", c.Kind)
	}
	if err != nil && ctx.Err() != nil {
		return answer{}, context.Cause(ctx)
	}
	return a, err
}

// examine makes one probe of a health check.
func (p *Prober) examine(ctx context.Context, index int, c taskinfo.Check, report func(core.Event)) bool {
	began := time.Now()
	a, err := p.ask(ctx, c, false)
	took := time.Since(began)
	if ctx.Err() != nil || err == nil && a.informational() && c.Ignore1xx {
		return false
	}
	ev := core.Probed{Check: index, Pace: took + pause(c, took)}
	if err == nil {
		err = a.judge(c.Kind)
	}
	if ev.OK = err == nil; !ev.OK {
		ev.Message = err.Error()
	}
	report(ev)
	return false
}

// unreachable is the status that stands for no answer to a readiness check
// ("Marathon, readiness checks").
const unreachable = 504

// ready makes one probe of a readiness check, the last one if it passes.
func (p *Prober) ready(ctx context.Context, index int, r taskinfo.ReadinessCheck, report func(core.Event)) bool {
	a, err := p.ask(ctx, r.Check, r.Preserve)
	if ctx.Err() != nil {
		return true
	}
	if err != nil {
		a = answer{status: unreachable, contentType: "text/plain", body: "no answer to the readiness check: " + err.Error()}
	}
	ev := core.ReadinessProbed{Check: index, Ready: slices.Contains(r.Statuses, a.status), Status: a.status}
	if r.Preserve {
		ev.Response = &checkup.Response{Status: a.status, ContentType: a.contentType, Body: a.body}
	}
	report(ev)
	return ev.Ready
}

// check makes one probe of the general check.
func (p *Prober) check(ctx context.Context, c taskinfo.Check, report func(core.Event)) bool {
	a, err := p.ask(ctx, c, false)
	if ctx.Err() != nil {
		return true
	}
	st := mesos.CheckStatus{Type: c.Type()}
	result := int64(a.status)
	if c.Kind == taskinfo.CheckTCP {
		result = 1
		if err != nil {
			result, err = 0, nil
		}
	}
	if err == nil {
		st.Result = &result
	}
	report(core.Checked{Status: st})
	return false
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
