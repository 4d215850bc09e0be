package main

import (
	"errors"
	"fmt"
	"slices"
)

// goal is a figure that must be there and what it must reach.
type goal struct {
	name, unit string
	// least or most is the bound; the other is 0.
	least, most float64
}

// goals are the figures that the project promises, on one processor. A renamed
// or missing one is an error, since others read them by name; a missed one is
// only told, since the machine may be to blame.
var goals = []goal{
	{name: "placement/first-fit/agents=10000/instances=100000", unit: "placements/s", least: 500_000},
	{name: "placement/constraints/agents=10000/instances=100000", unit: "placements/s", least: 100_000},
	{name: "placement/scaling", unit: "ratio", most: 2},
	{name: "placement/nearly-full/agents=10000", unit: "placements/s", least: 100_000},
	{name: "placement/spread/agents=5000/instances=12000", unit: "ratio", most: 2},
	{name: "fit-check", unit: "ns/op", most: 50},
	{name: "fit-check", unit: "allocs/op"},
	{name: "fairness/jain", unit: "index", least: 0.99},
	{name: "utilisation/trace", unit: "percent", least: 95},
	{name: "utilisation/trace/naive-first-fit", unit: "percent", least: 0.001},
	{name: "heap/instances=100000", unit: "bytes/instance", most: 2048},
	{name: "path/instances=20000", unit: "instances/s", least: 5000},
	{name: "api/apps=10000", unit: "ms", most: 150},
	{name: "api/groups=10000", unit: "milliseconds", most: 250},
	{name: "api/put-into-10000", unit: "milliseconds", most: 20},
	{name: "ui/apps=10000/first-picture", unit: "milliseconds", most: 1000},
	{name: "ui/bytes", unit: "bytes", most: 400_000},
	{name: "events/subscribers=1000", unit: "events/s", least: 100_000},
	{name: "restart/instances=100000", unit: "seconds", most: 3},
	{name: "failover/instances=10000", unit: "seconds", most: 6},
	{name: "failover/orderly", unit: "seconds", most: 1},
	{name: "failover/master", unit: "seconds", most: 1},
}

// missed says how the value falls short of the goal, "" if it does not.
func (g goal) missed(value float64) string {
	switch {
	case g.least > 0 && value < g.least:
		return fmt.Sprintf("%s: %s %s, the goal is at least %s", g.name, format(value), g.unit, format(g.least))
	case g.least == 0 && value > g.most:
		return fmt.Sprintf("%s: %s %s, the goal is at most %s", g.name, format(value), g.unit, format(g.most))
	default:
		return ""
	}
}

// judge compares the figures with the goals and returns an error for those that lack.
func (s *session) judge() error {
	var lacking []error
	for _, g := range goals {
		at := slices.IndexFunc(s.figures, func(f figure) bool { return f.Name == g.name && f.Unit == g.unit })
		if at < 0 {
			lacking = append(lacking, fmt.Errorf("no figure %q in %q", g.name, g.unit))
			continue
		}
		if text := g.missed(s.figures[at].Value); text != "" {
			s.progress("goal missed: %s", text)
		}
	}
	return errors.Join(lacking...)
}
