package taskinfo

import (
	"fmt"
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
	// Command is a line for /bin/sh; CheckCommand only.
	Command string
	// Port is one of the task's own network when InTask is set, else one of the agent.
	Port   uint32
	InTask bool
	// Delay is the time from the start to the first probe.
	Delay time.Duration
	// Grace is the time from the start in which failures before the first success do not count.
	Grace    time.Duration
	Interval time.Duration
	Timeout  time.Duration
	// MaxFailures is how many failures in a row end the task; 0 means never.
	MaxFailures int
	// Ignore1xx says that an informational answer is no result at all.
	Ignore1xx bool
	IPv6      bool
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
		c.Delay = min(h.Interval, marathonFirstProbeMax)
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
	index := 0
	if h.PortIndex != nil {
		index = *h.PortIndex
	}
	if index < 0 || index >= len(ports) {
		return fmt.Errorf("port index %d: the app has %d ports", index, len(ports))
	}
	c.Port, c.InTask = ports[index].Container, true
	return nil
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
