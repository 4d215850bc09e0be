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
