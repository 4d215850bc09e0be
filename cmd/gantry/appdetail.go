package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/api"
)

// detail shows what else an App is made of, a line for each variable, volume,
// check and constraint.
func detail(t *table, a api.App) {
	for _, c := range a.Constraints {
		t.row("constraint", strings.Join(c, " "))
	}
	for _, name := range slices.Sorted(maps.Keys(a.Env)) {
		if v := a.Env[name]; v.Secret != "" {
			t.row("env", name+" from secret "+v.Secret)
		} else {
			t.row("env", name+"="+v.Value)
		}
	}
	if a.Container != nil {
		for _, v := range a.Container.Volumes {
			t.row("volume", volume(v))
		}
	}
	for _, h := range a.HealthChecks {
		t.row("health check", healthCheck(h))
	}
	for _, r := range a.ReadinessChecks {
		t.row("readiness", fmt.Sprintf("%s %s on port %s, every %d s", r.Protocol, r.Path, r.PortName, r.IntervalSeconds))
	}
	if c := a.Check; c != nil {
		t.row("check", check(c))
	}
}

// volume describes a volume: where it is in the container, what is there, and how.
func volume(v api.Volume) string {
	text := v.ContainerPath
	switch {
	case v.Persistent != nil:
		text += fmt.Sprintf(", %s MiB that stay", decimal(v.Persistent.Size))
	case v.External != nil:
		text += ", " + v.External.Name + " of " + v.External.Provider
	case v.Secret != "":
		text += ", secret " + v.Secret
	default:
		text += ", " + v.HostPath + " of the agent"
	}
	if v.Mode != "" {
		text += ", " + v.Mode
	}
	return text
}

func healthCheck(h api.HealthCheck) string {
	text := h.Protocol
	switch {
	case h.Command != nil:
		text += " " + h.Command.Value
	case h.Port != nil:
		text += fmt.Sprintf(" %s on port %d", h.Path, *h.Port)
	case h.PortIndex != nil:
		text += fmt.Sprintf(" %s on port index %d", h.Path, *h.PortIndex)
	default:
		text += " " + h.Path
	}
	return fmt.Sprintf("%s, every %d s, at most %d failures", strings.Join(strings.Fields(text), " "), h.IntervalSeconds, h.MaxConsecutiveFailures)
}

func check(c *api.Check) string {
	text := "command"
	switch {
	case c.HTTP != nil:
		text = "HTTP " + c.HTTP.Path
	case c.TCP != nil:
		text = "TCP"
	}
	return fmt.Sprintf("%s, every %d s", text, c.IntervalSeconds)
}

// findings shows what checks of running tasks have found, unless it is that all is well.
func findings(t *table, a api.App) {
	for _, task := range a.Tasks {
		if task.State != "TASK_RUNNING" {
			continue
		}
		for _, r := range task.HealthCheckResults {
			if !r.Alive {
				t.row("unhealthy", fmt.Sprintf("%s: %d failure(s) in a row: %s", task.ID, r.ConsecutiveFailures, r.LastFailureCause))
			}
		}
		if task.CheckResult != nil {
			t.row("check result", task.ID+": "+checkResult(task.CheckResult))
		}
	}
	for _, r := range a.ReadinessCheckResults {
		if r.Ready {
			continue
		}
		text := r.TaskID + ": " + r.Name
		if l := r.LastResponse; l != nil {
			text += fmt.Sprintf(", status %d: %s", l.Status, strings.TrimSpace(l.Body))
		}
		t.row("not ready", text)
	}
}

// checkResult puts the result of a general check into words.
func checkResult(c *api.CheckResult) string {
	switch {
	case c.HTTP != nil && c.HTTP.StatusCode != nil:
		return fmt.Sprintf("status %d", *c.HTTP.StatusCode)
	case c.Command != nil && c.Command.ExitCode != nil:
		return fmt.Sprintf("exit code %d", *c.Command.ExitCode)
	case c.TCP != nil && c.TCP.Succeeded != nil && *c.TCP.Succeeded:
		return "connected"
	case c.TCP != nil && c.TCP.Succeeded != nil:
		return "no connection"
	default:
		return "none"
	}
}
