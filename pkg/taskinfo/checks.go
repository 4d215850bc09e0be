package taskinfo

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/runspec"
)

// CheckKind is how a health check asks.
type CheckKind uint8

// The kinds of health checks.
const (
	CheckHTTP CheckKind = iota + 1
	CheckHTTPS
	CheckTCP
	CheckCommand
)

// String returns the kind's name, such as "HTTP".
func (k CheckKind) String() string {
	switch k {
	case CheckHTTP:
		return "HTTP"
	case CheckHTTPS:
		return "HTTPS"
	case CheckTCP:
		return "TCP"
	case CheckCommand:
		return "COMMAND"
	default:
		return ""
	}
}

// Check is one health check of a task.
type Check struct {
	Kind CheckKind
	// Path begins with a slash; HTTP kinds only.
	Path string
	// Command is a line for /bin/sh, unless Arguments is the argument vector of a
	// program; CheckCommand only.
	Command   string
	Arguments []string
	// Port is one of the task's own network when InTask is set, else one of the agent.
	Port   uint32
	InTask bool
	// Delay is the time from the start to the first probe.
	Delay time.Duration
	// Grace is the time from the start in which failures before the first success do not count.
	Grace time.Duration
	// Interval is the time from the start of a probe to the next when Steady is set,
	// as Marathon counts, else from its end, as Mesos does.
	Interval time.Duration
	Steady   bool
	Timeout  time.Duration
	// MaxFailures is how many failures in a row end the task; 0 means never.
	MaxFailures int
	// Ignore1xx says that an informational answer is no result at all.
	Ignore1xx bool
	IPv6      bool
}

// Type is the kind as Mesos knows it, 0 for no check.
func (c *Check) Type() mesos.CheckType {
	if c == nil {
		return 0
	}
	switch c.Kind {
	case CheckHTTP, CheckHTTPS:
		return mesos.CheckHTTP
	case CheckTCP:
		return mesos.CheckTCP
	case CheckCommand:
		return mesos.CheckCommand
	default:
		return 0
	}
}

// marathonFirstProbeMax bounds the time to the first probe of checks that
// Marathon runs in its scheduler, which have no delay of their own.
const marathonFirstProbeMax = 5 * time.Second

func resolveChecks(l Launch, ports []Port) ([]Check, error) {
	var out []Check
	for i, h := range l.Run.HealthChecks {
		c, err := resolveCheck(h, ports)
		if err != nil {
			return nil, fmt.Errorf("health check %d of %s: %w", i, l.Owner.ID, err)
		}
		out = append(out, c)
	}
	return out, nil
}

func resolveCheck(h runspec.HealthCheck, ports []Port) (Check, error) {
	c := Check{
		Delay: h.Delay, Grace: h.GracePeriod, Interval: h.Interval, Timeout: h.Timeout,
		MaxFailures: h.MaxConsecutiveFailures, Ignore1xx: h.IgnoreHTTP1xx, IPv6: h.IPv6,
	}
	mesosLevel := true
	switch h.Protocol {
	case runspec.HealthHTTP:
		c.Kind, mesosLevel = CheckHTTP, false
	case runspec.HealthHTTPS:
		c.Kind, mesosLevel = CheckHTTPS, false
	case runspec.HealthTCP:
		c.Kind, mesosLevel = CheckTCP, false
	case runspec.HealthMesosHTTP:
		c.Kind = CheckHTTP
	case runspec.HealthMesosHTTPS:
		c.Kind = CheckHTTPS
	case runspec.HealthMesosTCP:
		c.Kind = CheckTCP
	case runspec.HealthCommand:
		c.Kind, c.Command, c.InTask = CheckCommand, h.Command, true
		return c, nil
	}
	if !mesosLevel {
		c.Delay, c.Steady = min(h.Interval, marathonFirstProbeMax), true
	}
	if c.Kind != CheckTCP {
		c.Path = "/" + strings.TrimPrefix(h.Path, "/")
	}
	return c, c.target(h, ports, mesosLevel)
}

// target finds the port. A number of the user's is meant where the kind is
// run: on the agent for Marathon's kinds, in the task for Mesos'. A port by
// index is always asked in the task's network, which needs no detour.
func (c *Check) target(h runspec.HealthCheck, ports []Port, mesosLevel bool) error {
	if h.Port != nil {
		c.Port, c.InTask = uint32(*h.Port), mesosLevel
		return nil
	}
	return c.byIndex(h.PortIndex, ports)
}

// byIndex asks the port with this index, nil for the first, in the task's network.
func (c *Check) byIndex(index *int, ports []Port) error {
	n := 0
	if index != nil {
		n = *index
	}
	if n < 0 || n >= len(ports) {
		return fmt.Errorf("port index %d: the app has %d ports", n, len(ports))
	}
	c.Port, c.InTask = ports[n].Container, true
	return nil
}

// ReadinessCheck asks over HTTP until the first answer that means ready.
type ReadinessCheck struct {
	Name  string
	Check Check
	// Statuses are those that mean ready.
	Statuses []int
	// Preserve says that the last answer is to be reported.
	Preserve bool
}

func resolveReadiness(l Launch, ports []Port) ([]ReadinessCheck, error) {
	var out []ReadinessCheck
	for i, r := range l.Readiness {
		c := Check{
			Kind: CheckHTTP, Path: "/" + strings.TrimPrefix(r.Path, "/"), Interval: r.Interval, Timeout: r.Timeout, Steady: true,
		}
		if r.HTTPS {
			c.Kind = CheckHTTPS
		}
		n := slices.IndexFunc(ports, func(p Port) bool { return p.Name == r.PortName })
		if n < 0 {
			return nil, fmt.Errorf("readiness check %d of %s: no port is named %q", i, l.Owner.ID, r.PortName)
		}
		c.Port, c.InTask = ports[n].Container, true
		out = append(out, ReadinessCheck{Name: r.Name, Check: c, Statuses: r.StatusCodes, Preserve: r.PreserveLastResponse})
	}
	return out, nil
}

func resolveGeneral(l Launch, ports []Port) (*Check, error) {
	g := l.Check
	if g == nil {
		return nil, nil //nolint:nilnil // most have none
	}
	c := &Check{Delay: g.Delay, Interval: g.Interval, Timeout: g.Timeout, InTask: true}
	switch {
	case len(g.Command) > 0:
		c.Kind = CheckCommand
		if c.Arguments = g.Command; g.Shell {
			c.Command, c.Arguments = g.Command[0], nil
		}
		return c, nil
	case g.TCP:
		c.Kind = CheckTCP
	default:
		c.Kind, c.Path = CheckHTTP, "/"+strings.TrimPrefix(g.Path, "/")
		if strings.EqualFold(g.Scheme, "https") {
			c.Kind = CheckHTTPS
		}
	}
	if g.Port != nil {
		c.Port = uint32(*g.Port)
		return c, nil
	}
	if err := c.byIndex(g.PortIndex, ports); err != nil {
		return nil, fmt.Errorf("check of %s: %w", l.Owner.ID, err)
	}
	return c, nil
}

// nativeGeneral returns the general check for Mesos' own executors, which ask over plain HTTP only.
func nativeGeneral(t Task) (*mesos.CheckInfo, error) {
	c := t.General
	if c == nil {
		return nil, nil //nolint:nilnil // most have none
	}
	out := &mesos.CheckInfo{Path: c.Path, Port: c.Port, Delay: c.Delay, Interval: c.Interval, Timeout: c.Timeout}
	switch c.Kind {
	case CheckHTTP:
		out.Type = mesos.CheckHTTP
	case CheckTCP:
		out.Type = mesos.CheckTCP
	case CheckCommand:
		out.Type, out.Command = mesos.CheckCommand, &mesos.CommandInfo{Shell: true, Value: c.Command}
		if len(c.Arguments) > 0 {
			out.Command = &mesos.CommandInfo{Value: c.Arguments[0], Arguments: c.Arguments}
		}
	case CheckHTTPS:
		return nil, unlaunchable("/check/http/scheme", "a check over https needs Gantry's executor; use http")
	}
	return out, nil
}

// nativeCheck returns the one health check that Mesos' own executors can run:
// the first of Mesos' kinds, else the first of all.
func nativeCheck(s *runspec.Run, t Task) *mesos.HealthCheck {
	if len(t.Checks) == 0 {
		return nil
	}
	chosen := 0
	for i, h := range s.HealthChecks {
		if h.Protocol >= runspec.HealthCommand {
			chosen = i
			break
		}
	}
	c := t.Checks[chosen]
	out := &mesos.HealthCheck{
		Port: c.Port, Path: c.Path, Delay: c.Delay, Interval: c.Interval, Timeout: c.Timeout,
		Grace: c.Grace, ConsecutiveFailures: uint32(c.MaxFailures),
	}
	if c.MaxFailures == 0 { // which Mesos takes for the first one
		out.ConsecutiveFailures = math.MaxUint32
	}
	switch c.Kind {
	case CheckHTTP:
		out.Type, out.Scheme = mesos.CheckHTTP, "http"
	case CheckHTTPS:
		out.Type, out.Scheme = mesos.CheckHTTP, "https"
	case CheckTCP:
		out.Type = mesos.CheckTCP
	case CheckCommand:
		out.Type, out.Command = mesos.CheckCommand, &mesos.CommandInfo{Shell: true, Value: c.Command}
	}
	return out
}
