package validation

import (
	"fmt"
	"strings"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// invalidCommand checks the environment of a command.
func invalidCommand(c *mesos.CommandInfo) string {
	for _, v := range c.GetEnvironment().GetVariables() {
		kind := mesos.Environment_Variable_VALUE
		if v.Type != nil {
			kind = *v.Type
		}
		switch kind {
		case mesos.Environment_Variable_VALUE:
			if v.Secret != nil {
				return fmt.Sprintf("Environment variable '%s' of type 'VALUE' must not have a secret set", v.Name)
			}
			if v.Value == nil {
				return fmt.Sprintf("Environment variable '%s' of type 'VALUE' must have a value set", v.Name)
			}
		case mesos.Environment_Variable_SECRET:
			if v.Secret == nil {
				return fmt.Sprintf("Environment variable '%s' of type 'SECRET' must have a secret set", v.Name)
			}
			if v.Value != nil {
				return fmt.Sprintf("Environment variable '%s' of type 'SECRET' must not have a value set", v.Name)
			}
		case mesos.Environment_Variable_UNKNOWN:
			return "Environment variable of type 'UNKNOWN' is not allowed"
		}
		if strings.ContainsRune(v.GetValue(), 0) {
			return fmt.Sprintf("Environment variable '%s' contains a NUL character", v.Name)
		}
	}
	return ""
}

// invalidContainer checks volumes and the docker part of a container.
func invalidContainer(c *mesos.ContainerInfo) string {
	if c == nil {
		return ""
	}
	for _, v := range c.Volumes {
		n := 0
		for _, set := range []bool{v.HostPath != nil, v.Image != nil, v.Source != nil} {
			if set {
				n++
			}
		}
		if n != 1 {
			return "Invalid volume: Only one of them should be set: 'host_path', 'image' and 'source'"
		}
	}
	if c.GetType() == mesos.ContainerInfo_DOCKER {
		if c.Docker == nil {
			return "DockerInfo 'docker' is not set for DOCKER typed ContainerInfo"
		}
		for _, p := range c.Docker.Parameters {
			if p.Key == "name" {
				return "Parameter in DockerInfo must not be 'name'"
			}
		}
	}
	return ""
}

// invalidCheck checks a general check.
func invalidCheck(c *mesos.CheckInfo) string {
	if c == nil {
		return ""
	}
	switch c.Type {
	case mesos.CheckInfo_COMMAND:
		if c.Command == nil {
			return "Expecting 'command' to be set for COMMAND check"
		}
		if c.Command.Command.Value == nil {
			return "Command check must contain 'shell command' or 'executable path'"
		}
		if text := invalidCommand(&c.Command.Command); text != "" {
			return "Check's `CommandInfo` is invalid: " + text
		}
	case mesos.CheckInfo_HTTP:
		if c.HTTP == nil {
			return "Expecting 'http' to be set for HTTP check"
		}
		if c.HTTP.Path != nil && !strings.HasPrefix(*c.HTTP.Path, "/") {
			return fmt.Sprintf("The path '%s' of HTTP check must start with '/'", *c.HTTP.Path)
		}
	case mesos.CheckInfo_TCP:
		if c.TCP == nil {
			return "Expecting 'tcp' to be set for TCP check"
		}
	case mesos.CheckInfo_UNKNOWN:
		return "CheckInfo must specify 'type'"
	}
	return negativeTimes("check", c.DelaySeconds, c.IntervalSeconds, c.TimeoutSeconds, nil)
}

// negativeTimes names the first negative of the durations of a check.
func negativeTimes(what string, delay, interval, timeout, grace *float64) string {
	for _, row := range []struct {
		name  string
		value *float64
	}{{"delay_seconds", delay}, {"grace_period_seconds", grace}, {"interval_seconds", interval}, {"timeout_seconds", timeout}} {
		if row.value != nil && *row.value < 0 {
			return fmt.Sprintf("Expecting '%s' of %s to be non-negative", row.name, what)
		}
	}
	return ""
}

// invalidHealthCheck checks a health check; its type may follow from what is set.
func invalidHealthCheck(c *mesos.HealthCheck) string {
	if c == nil {
		return ""
	}
	kind := c.Type
	if kind == mesos.HealthCheck_UNKNOWN {
		switch {
		case c.Command != nil && c.HTTP == nil:
			kind = mesos.HealthCheck_COMMAND
		case c.HTTP != nil && c.Command == nil:
			kind = mesos.HealthCheck_HTTP
		}
	}
	switch kind {
	case mesos.HealthCheck_COMMAND:
		if c.Command == nil {
			return "Expecting 'command' to be set for COMMAND health check"
		}
		if c.Command.Value == nil {
			return "Command health check must contain 'shell command' or 'executable path'"
		}
		if text := invalidCommand(c.Command); text != "" {
			return "Health check's `CommandInfo` is invalid: " + text
		}
	case mesos.HealthCheck_HTTP:
		if text := invalidHTTPHealthCheck(c.HTTP); text != "" {
			return text
		}
	case mesos.HealthCheck_TCP:
		if c.TCP == nil {
			return "Expecting 'tcp' to be set for TCP health check"
		}
	case mesos.HealthCheck_UNKNOWN:
		return "HealthCheck must specify 'type'"
	}
	return negativeTimes("health check", c.DelaySeconds, c.IntervalSeconds, c.TimeoutSeconds, c.GracePeriodSeconds)
}

func invalidHTTPHealthCheck(h *mesos.HealthCheck_HTTPCheckInfo) string {
	switch {
	case h == nil:
		return "Expecting 'http' to be set for HTTP health check"
	case h.Scheme != nil && *h.Scheme != "http" && *h.Scheme != "https":
		return fmt.Sprintf("Unsupported HTTP health check scheme: '%s'", *h.Scheme)
	case h.Path != nil && !strings.HasPrefix(*h.Path, "/"):
		return fmt.Sprintf("The path '%s' of HTTP health check must start with '/'", *h.Path)
	}
	return ""
}
