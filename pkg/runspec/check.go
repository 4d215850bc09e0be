package runspec

import "time"

// HealthProtocol is how a health check asks.
type HealthProtocol uint8

// The protocols of health checks; the Mesos kinds run beside the task.
const (
	HealthHTTP HealthProtocol = iota + 1
	HealthHTTPS
	HealthTCP
	HealthCommand
	HealthMesosHTTP
	HealthMesosHTTPS
	HealthMesosTCP
)

// HealthCheck asks whether an instance does its work.
type HealthCheck struct {
	Protocol               HealthProtocol
	Path                   string
	Command                string
	PortIndex              *int
	Port                   *int
	GracePeriod            time.Duration
	Interval               time.Duration
	Timeout                time.Duration
	Delay                  time.Duration
	MaxConsecutiveFailures int
	IgnoreHTTP1xx          bool
	IPv6                   bool
}

// PerTask reports whether checks of this protocol run beside the task and not
// in the scheduler.
func (p HealthProtocol) PerTask() bool { return p >= HealthCommand }

// String returns Marathon's name of the protocol, such as "MESOS_HTTP".
func (p HealthProtocol) String() string {
	switch p {
	case HealthHTTP:
		return "HTTP"
	case HealthHTTPS:
		return "HTTPS"
	case HealthTCP:
		return "TCP"
	case HealthCommand:
		return "COMMAND"
	case HealthMesosHTTP:
		return "MESOS_HTTP"
	case HealthMesosHTTPS:
		return "MESOS_HTTPS"
	case HealthMesosTCP:
		return "MESOS_TCP"
	default:
		return ""
	}
}
