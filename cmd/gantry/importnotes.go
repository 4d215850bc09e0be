package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/api"
)

// behaviours are the notes on what works in another way than with Marathon, of one
// app; docs/migrating-from-marathon.md has them all.
func behaviours(a api.App) []string {
	var out []string
	for i := range a.HealthChecks {
		out = append(out, checkNotes(i, &a.HealthChecks[i])...)
	}
	for _, c := range a.Constraints {
		if len(c) > 1 && c[1] == "GROUP_BY" {
			out = append(out, "GROUP_BY "+c[0]+" spreads evenly over all values there are; Marathon stops at the number given, and fails without one")
		}
	}
	if ports := fixedPorts(a); len(ports) > 0 {
		out = append(out, "needs host port "+strings.Join(ports, ", ")+" on an agent: its instances wait where Marathon's hold it")
	}
	if a.Labels["MARATHON_SINGLE_INSTANCE_APP"] == "true" {
		out = append(out, "is to run only once: stop it in Marathon before it starts here (--suspended)")
	}
	if c := a.Container; c != nil && slices.ContainsFunc(c.Volumes, func(v api.Volume) bool { return v.Persistent != nil }) {
		out = append(out, "its persistent volumes are new and empty: those of Marathon are reserved for Marathon; move the data yourself")
	}
	if c := a.Container; c != nil && slices.ContainsFunc(c.Volumes, func(v api.Volume) bool { return v.External != nil }) {
		out = append(out, "its external volume can be attached once: stop it in Marathon before it starts here (--suspended)")
	}
	return slices.Compact(out)
}

func checkNotes(i int, c *api.HealthCheck) []string {
	at := "health check " + strconv.Itoa(i) + ": "
	switch c.Protocol {
	case "HTTP", "HTTPS", "TCP":
		out := []string{at + "asked by the task's executor on its agent, not by the scheduler"}
		if c.MaxConsecutiveFailures > 0 {
			out = append(out, fmt.Sprintf("%sends a task at failure %d in a row, Marathon at failure %d", at, c.MaxConsecutiveFailures, c.MaxConsecutiveFailures+1))
		}
		return out
	default:
		if c.MaxConsecutiveFailures == 0 {
			return []string{at + "with maxConsecutiveFailures 0 never ends a task, Marathon's does at the first failure"}
		}
		return nil
	}
}

// fixedPorts are the host ports that an app insists on.
func fixedPorts(a api.App) []string {
	var out []string
	if a.RequirePorts {
		for _, p := range a.PortDefinitions {
			if p.Port != 0 {
				out = append(out, strconv.Itoa(p.Port))
			}
		}
	}
	if a.Container != nil {
		for _, p := range a.Container.PortMappings {
			if p.HostPort != nil && *p.HostPort != 0 {
				out = append(out, strconv.Itoa(*p.HostPort))
			}
		}
	}
	return out
}
