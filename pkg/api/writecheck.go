package api

import "github.com/gantry-mesos/gantry/pkg/app"

func fromHealthCheck(c *app.HealthCheck) HealthCheck {
	out := HealthCheck{
		Protocol: c.Protocol.String(), Path: c.Path, PortIndex: c.PortIndex, Port: c.Port,
		GracePeriodSeconds: seconds(c.GracePeriod), IntervalSeconds: seconds(c.Interval),
		TimeoutSeconds: seconds(c.Timeout), DelaySeconds: seconds(c.Delay),
		MaxConsecutiveFailures: c.MaxConsecutiveFailures, IPProtocol: "IPv4",
	}
	if c.IPv6 {
		out.IPProtocol = "IPv6"
	}
	if c.Protocol == app.HealthCommand {
		out.Command = &Command{Value: c.Command}
	}
	if c.Protocol == app.HealthHTTP || c.Protocol == app.HealthHTTPS {
		out.IgnoreHTTP1xx = &c.IgnoreHTTP1xx
	}
	return out
}

func fromReadiness(c *app.ReadinessCheck) ReadinessCheck {
	out := ReadinessCheck{
		Name: c.Name, Protocol: "HTTP", Path: c.Path, PortName: c.PortName,
		IntervalSeconds: seconds(c.Interval), TimeoutSeconds: seconds(c.Timeout),
		HTTPStatusCodesForReady: c.StatusCodes, PreserveLastResponse: c.PreserveLastResponse,
	}
	if c.HTTPS {
		out.Protocol = "HTTPS"
	}
	return out
}

func fromCheck(c *app.Check) *Check {
	if c == nil {
		return nil
	}
	out := &Check{IntervalSeconds: seconds(c.Interval), TimeoutSeconds: seconds(c.Timeout), DelaySeconds: seconds(c.Delay)}
	switch {
	case c.HTTP:
		out.HTTP = &CheckHTTP{PortIndex: c.PortIndex, Port: c.Port, Path: c.Path, Scheme: c.Scheme}
	case c.TCP:
		out.TCP = &CheckTCP{PortIndex: c.PortIndex, Port: c.Port}
	case c.Shell:
		out.Exec = &CheckExec{Command: CheckCommand{Shell: c.Command[0]}}
	default:
		out.Exec = &CheckExec{Command: CheckCommand{Argv: c.Command}}
	}
	return out
}
