package app

import (
	"slices"
	"time"
)

func validateHealthChecks(s *Spec, f *findings) {
	perTask := 0
	for i := range s.HealthChecks {
		c := &s.HealthChecks[i]
		path := element("/healthChecks", i)
		validateHealthCheck(s, c, path, f)
		if c.Protocol.PerTask() && c.Protocol != HealthCommand {
			if perTask++; perTask == 2 {
				f.add(path+"/protocol", "got %v, but an app can have only one check of kind MESOS_HTTP, MESOS_HTTPS or MESOS_TCP", c.Protocol)
			}
		}
	}
}

func validateHealthCheck(s *Spec, c *HealthCheck, path string, f *findings) {
	if c.Protocol == HealthCommand {
		if c.Command == "" {
			f.add(path+"/command", "a COMMAND check needs a command: {\"value\": \"...\"}")
		}
		if c.Port != nil || c.PortIndex != nil {
			f.add(path+"/portIndex", "a COMMAND check has no port")
		}
	} else {
		if c.Command != "" {
			f.add(path+"/command", "a check of kind %v runs no command", c.Protocol)
		}
		checkPort(s, c.PortIndex, c.Port, path, f)
	}
	if c.IgnoreHTTP1xx && c.Protocol != HealthHTTP && c.Protocol != HealthHTTPS {
		f.add(path+"/ignoreHttp1xx", "only checks of kind HTTP and HTTPS can ignore 1xx answers")
	}
	if c.IPv6 && (s.Container == nil || s.Container.Kind != Docker || c.Protocol < HealthMesosHTTP) {
		f.add(path+"/ipProtocol", "got IPv6, which needs a DOCKER container and a check of kind MESOS_HTTP, MESOS_HTTPS or MESOS_TCP")
	}
	notNegative(c.GracePeriod, path+"/gracePeriodSeconds", f)
	notNegative(c.Interval, path+"/intervalSeconds", f)
	notNegative(c.Timeout, path+"/timeoutSeconds", f)
	notNegative(c.Delay, path+"/delaySeconds", f)
	if c.MaxConsecutiveFailures < 0 {
		f.add(path+"/maxConsecutiveFailures", "got %d, expected at least 0", c.MaxConsecutiveFailures)
	}
}

// checkPort checks the port that a check asks: a number, or an index into the App's ports.
func checkPort(s *Spec, index, port *int, path string, f *findings) {
	switch {
	case port != nil:
		portRange(*port, path+"/port", f)
	case index == nil:
		f.add(path+"/portIndex", "the app has no port to check; give it one, or give the check a port")
	case *index < 0 || *index >= len(s.Ports):
		f.add(path+"/portIndex", "got %d, but the app has %d port(s), counted from 0", *index, len(s.Ports))
	}
}

func validateReadiness(s *Spec, f *findings) {
	if len(s.Readiness) > 1 {
		f.add("/readinessChecks", "got %d, expected at most one", len(s.Readiness))
	}
	for i, c := range s.Readiness {
		path := element("/readinessChecks", i)
		if !slices.ContainsFunc(s.Ports, func(p Port) bool { return p.Name == c.PortName }) {
			f.add(path+"/portName", "got %q, expected the name of one of the app's ports", c.PortName)
		}
		if c.Timeout >= c.Interval {
			f.add(path+"/timeoutSeconds", "got %v, expected less than intervalSeconds, which is %v", c.Timeout.Seconds(), c.Interval.Seconds())
		}
		notNegative(c.Timeout, path+"/timeoutSeconds", f)
		if len(c.StatusCodes) == 0 {
			f.add(path+"/httpStatusCodesForReady", "must not be empty")
		}
		for j, code := range c.StatusCodes {
			if code < 100 || code > 599 {
				f.add(element(path+"/httpStatusCodesForReady", j), "got %d, expected a status from 100 to 599", code)
			}
		}
	}
}

func validateCheck(s *Spec, f *findings) {
	c := s.Check
	if c == nil {
		return
	}
	if s.Container != nil && s.Container.Kind == Docker {
		f.add("/check", "a DOCKER container cannot have a check; use healthChecks")
	}
	kinds := 0
	for _, given := range []bool{c.HTTP, c.TCP, len(c.Command) > 0} {
		if given {
			kinds++
		}
	}
	if kinds != 1 {
		f.add("/check", "expected exactly one of http, tcp and exec, got %d", kinds)
	}
	if c.HTTP {
		checkPort(s, c.PortIndex, c.Port, "/check/http", f)
	}
	if c.TCP {
		checkPort(s, c.PortIndex, c.Port, "/check/tcp", f)
	}
	notNegative(c.Interval, "/check/intervalSeconds", f)
	notNegative(c.Timeout, "/check/timeoutSeconds", f)
	notNegative(c.Delay, "/check/delaySeconds", f)
}

func notNegative(d time.Duration, path string, f *findings) {
	if d < 0 {
		f.add(path, "got %v, expected at least 0", d.Seconds())
	}
}
