package wire

import (
	mesosgo "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

func toHealthCheck(h *mesos.HealthCheck) *mesosgo.HealthCheck {
	if h == nil {
		return nil
	}
	failures := h.ConsecutiveFailures
	out := &mesosgo.HealthCheck{
		DelaySeconds:        toSeconds(h.Delay),
		IntervalSeconds:     toSeconds(h.Interval),
		TimeoutSeconds:      toSeconds(h.Timeout),
		GracePeriodSeconds:  toSeconds(h.Grace),
		ConsecutiveFailures: &failures,
	}
	switch h.Type {
	case mesos.CheckCommand:
		out.Type = mesosgo.HealthCheck_COMMAND
		out.Command = toCommand(h.Command)
	case mesos.CheckHTTP:
		out.Type = mesosgo.HealthCheck_HTTP
		out.HTTP = &mesosgo.HealthCheck_HTTPCheckInfo{
			Scheme: optional(h.Scheme), Port: h.Port, Path: optional(h.Path),
		}
	case mesos.CheckTCP:
		out.Type = mesosgo.HealthCheck_TCP
		out.TCP = &mesosgo.HealthCheck_TCPCheckInfo{Port: h.Port}
	}
	return out
}

// fromHealthCheck takes the type from the part that is set when it is missing,
// as the master does. Times that are not set take the protocol's defaults.
func fromHealthCheck(h *mesosgo.HealthCheck) *mesos.HealthCheck {
	if h == nil {
		return nil
	}
	out := &mesos.HealthCheck{
		Type:                checkType(h),
		Command:             fromCommand(h.Command),
		Delay:               fromSeconds(h.GetDelaySeconds()),
		Interval:            fromSeconds(h.GetIntervalSeconds()),
		Timeout:             fromSeconds(h.GetTimeoutSeconds()),
		Grace:               fromSeconds(h.GetGracePeriodSeconds()),
		ConsecutiveFailures: h.GetConsecutiveFailures(),
	}
	switch {
	case h.HTTP != nil:
		out.Scheme, out.Path, out.Port = value(h.HTTP.Scheme), value(h.HTTP.Path), h.HTTP.Port
	case h.TCP != nil:
		out.Port = h.TCP.Port
	}
	return out
}

func checkType(h *mesosgo.HealthCheck) mesos.CheckType {
	switch h.Type {
	case mesosgo.HealthCheck_COMMAND:
		return mesos.CheckCommand
	case mesosgo.HealthCheck_HTTP:
		return mesos.CheckHTTP
	case mesosgo.HealthCheck_TCP:
		return mesos.CheckTCP
	case mesosgo.HealthCheck_UNKNOWN:
	}
	switch {
	case h.Command != nil:
		return mesos.CheckCommand
	case h.HTTP != nil:
		return mesos.CheckHTTP
	default:
		return 0
	}
}

func toCheck(c *mesos.CheckInfo) *mesosgo.CheckInfo {
	if c == nil {
		return nil
	}
	out := &mesosgo.CheckInfo{
		DelaySeconds: toSeconds(c.Delay), IntervalSeconds: toSeconds(c.Interval), TimeoutSeconds: toSeconds(c.Timeout),
	}
	switch c.Type {
	case mesos.CheckCommand:
		out.Type, out.Command = mesosgo.CheckInfo_COMMAND, &mesosgo.CheckInfo_Command{}
		if command := toCommand(c.Command); command != nil {
			out.Command.Command = *command
		}
	case mesos.CheckHTTP:
		out.Type, out.HTTP = mesosgo.CheckInfo_HTTP, &mesosgo.CheckInfo_Http{Port: c.Port, Path: optional(c.Path)}
	case mesos.CheckTCP:
		out.Type, out.TCP = mesosgo.CheckInfo_TCP, &mesosgo.CheckInfo_Tcp{Port: c.Port}
	}
	return out
}

func fromCheck(c *mesosgo.CheckInfo) *mesos.CheckInfo {
	if c == nil {
		return nil
	}
	out := &mesos.CheckInfo{
		Delay: fromSeconds(c.GetDelaySeconds()), Interval: fromSeconds(c.GetIntervalSeconds()), Timeout: fromSeconds(c.GetTimeoutSeconds()),
	}
	switch {
	case c.Command != nil:
		out.Type, out.Command = mesos.CheckCommand, fromCommand(&c.Command.Command)
	case c.HTTP != nil:
		out.Type, out.Path, out.Port = mesos.CheckHTTP, value(c.HTTP.Path), c.HTTP.Port
	case c.TCP != nil:
		out.Type, out.Port = mesos.CheckTCP, c.TCP.Port
	}
	return out
}
