package api

import (
	"encoding/json"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
)

// element is text for a value that must be present, as in an array.
func (v value) element() (string, bool) {
	if !v.present() {
		v.wrongType("jsstring", "a string")
		return "", false
	}
	return v.text()
}

// texts returns an array of strings, nil when there is none.
func (v value) texts() []string {
	list, ok := v.elements()
	if !ok {
		return nil
	}
	out := make([]string, 0, len(list))
	for _, e := range list {
		if s, ok := e.element(); ok {
			out = append(out, s)
		}
	}
	return out
}

// textMap returns an object of strings, nil when there is none.
func (v value) textMap() map[string]string {
	if !v.object() {
		return nil
	}
	m := map[string]string{}
	for _, name := range v.names() {
		if s, ok := v.member(name).text(); ok {
			m[name] = s
		}
	}
	return m
}

// operand is an element of a constraint: a string, or a number taken as one.
func (v value) operand() string {
	if n, ok := v.v.(json.Number); ok {
		return n.String()
	}
	s, _ := v.element()
	return s
}

func (v value) seconds() (time.Duration, bool) {
	n, ok := v.integer(0, secondsMax)
	return time.Duration(n) * time.Second, ok
}

func (v value) port() (int, bool) { return v.integer(0, 65535) }

func readHealthChecks(v value, s *app.Spec) {
	list, _ := v.elements()
	for _, e := range list {
		if !e.object() {
			continue
		}
		c := app.HealthCheck{
			Protocol: app.HealthHTTP, GracePeriod: 300 * time.Second, Interval: 60 * time.Second,
			Timeout: 20 * time.Second, Delay: 15 * time.Second, MaxConsecutiveFailures: 3,
		}
		if i, ok := e.member("protocol").choice("HTTP", "HTTPS", "TCP", "COMMAND", "MESOS_HTTP", "MESOS_HTTPS", "MESOS_TCP"); ok {
			c.Protocol = app.HealthHTTP + app.HealthProtocol(i)
		}
		readText(&c.Path, e.member("path"))
		c.Command = readCommand(e.member("command"))
		c.PortIndex, c.Port = readTarget(e)
		readSeconds(&c.GracePeriod, e.member("gracePeriodSeconds"))
		readSeconds(&c.Interval, e.member("intervalSeconds"))
		readSeconds(&c.Timeout, e.member("timeoutSeconds"))
		readSeconds(&c.Delay, e.member("delaySeconds"))
		readInt(&c.MaxConsecutiveFailures, e.member("maxConsecutiveFailures"), 0, secondsMax)
		readBool(&c.IgnoreHTTP1xx, e.member("ignoreHttp1xx"))
		if i, ok := e.member("ipProtocol").choice("IPv4", "IPv6"); ok {
			c.IPv6 = i == 1
		}
		s.HealthChecks = append(s.HealthChecks, c)
	}
}

// readCommand reads {"value": "..."} and, as old clients send it, a bare string.
func readCommand(v value) string {
	if s, ok := v.v.(string); ok {
		return s
	}
	if !v.object() {
		return ""
	}
	s, _ := v.member("value").text()
	return s
}

// readTarget reads portIndex and port of a check; an empty path never matters
// as both are bounded by validation.
func readTarget(v value) (index, port *int) {
	if n, ok := v.member("portIndex").integer(0, 65535); ok {
		index = &n
	}
	if n, ok := v.member("port").port(); ok {
		port = &n
	}
	return index, port
}

func readReadiness(v value, s *app.Spec) {
	list, _ := v.elements()
	for _, e := range list {
		if !e.object() {
			continue
		}
		c := app.ReadinessCheck{
			Name: "readinessCheck", Path: "/", PortName: "http-api",
			Interval: 30 * time.Second, Timeout: 10 * time.Second, StatusCodes: []int{200},
		}
		readText(&c.Name, e.member("name"))
		if i, ok := e.member("protocol").choice("HTTP", "HTTPS"); ok {
			c.HTTPS = i == 1
		}
		readText(&c.Path, e.member("path"))
		readText(&c.PortName, e.member("portName"))
		readSeconds(&c.Interval, e.member("intervalSeconds"))
		readSeconds(&c.Timeout, e.member("timeoutSeconds"))
		if codes, ok := e.member("httpStatusCodesForReady").elements(); ok {
			c.StatusCodes = nil
			for _, code := range codes {
				if n, ok := code.integer(100, 599); ok {
					c.StatusCodes = append(c.StatusCodes, n)
				}
			}
		}
		readBool(&c.PreserveLastResponse, e.member("preserveLastResponse"))
		s.Readiness = append(s.Readiness, c)
	}
}

func readCheck(v value, s *app.Spec) {
	if !v.object() {
		return
	}
	c := &app.Check{Interval: 60 * time.Second, Timeout: 20 * time.Second, Delay: 15 * time.Second}
	if h := v.member("http"); h.object() {
		c.HTTP, c.Scheme, c.Path = true, "HTTP", "/"
		readText(&c.Path, h.member("path"))
		if i, ok := h.member("scheme").choice("HTTP", "HTTPS"); ok && i == 1 {
			c.Scheme = "HTTPS"
		}
		c.PortIndex, c.Port = readTarget(h)
	}
	if t := v.member("tcp"); t.object() {
		c.TCP = true
		c.PortIndex, c.Port = readTarget(t)
	}
	if x := v.member("exec"); x.object() {
		command := x.member("command")
		if command.object() {
			readExec(command, c)
		} else {
			command.required("an object with shell or argv")
		}
	}
	readSeconds(&c.Interval, v.member("intervalSeconds"))
	readSeconds(&c.Timeout, v.member("timeoutSeconds"))
	readSeconds(&c.Delay, v.member("delaySeconds"))
	s.Check = c
}

func readExec(command value, c *app.Check) {
	if shell, ok := command.member("shell").text(); ok && shell != "" {
		c.Shell, c.Command = true, []string{shell}
		return
	}
	c.Command = command.member("argv").texts()
	if len(c.Command) == 0 {
		command.fail("expected shell (a string) or argv (an array that is not empty)")
	}
}
