package placement_test

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// TestConstraintsHoldAtEveryMoment places and ends instances of one App and
// looks at all that run after each step: what the constraints promise about the
// whole holds, whichever policy chose the agents.
func TestConstraintsHoldAtEveryMoment(t *testing.T) {
	t.Parallel()
	for p := placement.FirstFit; p <= placement.Spread; p++ {
		t.Run(p.String(), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) { holdConstraints(t, p) })
		})
	}
}

func holdConstraints(t *rapid.T, policy placement.Policy) {
	w := newWorld(t, policy)
	for range rapid.IntRange(1, 20).Draw(t, "offers") {
		w.offer()
	}
	s := &app.Spec{ID: "/held", Run: runspec.Run{Role: role, Resources: resource.Vector{CPUs: 10}}}
	for range rapid.IntRange(1, 3).Draw(t, "constraints") {
		s.Constraints = append(s.Constraints, drawConstraint(t))
	}
	d := w.twins[0].Demand(&s.Run, nil)
	var sites []mesos.Site
	ended := false
	for range rapid.IntRange(1, 30).Draw(t, "steps") {
		if len(sites) > 0 && rapid.IntRange(0, 3).Draw(t, "end") == 0 {
			k := rapid.IntRange(0, len(sites)-1).Draw(t, "instance")
			d.Uncount(sites[k])
			sites = slices.Delete(sites, k, k+1)
			ended = true
			continue
		}
		a, ok := w.twins[0].Place(d)
		if !ok {
			continue
		}
		sites = append(sites, *a.Site)
		for _, c := range s.Constraints {
			if problem := broken(c, sites, ended); problem != "" {
				t.Fatalf("%v: %s, values %v", c.Strings(), problem, tally(sites, c.Field))
			}
		}
	}
}

// broken says what a constraint promised of a set of instances and does not
// hold. GROUP_BY promises an even spread only while no instance ends.
func broken(c constraint.Constraint, sites []mesos.Site, ended bool) string {
	counts := tally(sites, c.Field)
	most, least, sum := 0, len(sites), 0
	for _, n := range counts {
		most, least, sum = max(most, n), min(least, n), sum+n
	}
	n, _ := strconv.Atoi(c.Value)
	if c.Operator != constraint.Unlike && sum != len(sites) {
		return "an instance is on an agent without the field"
	}
	only := func(good func(v string) bool, says string) string {
		for v := range maps.Keys(counts) {
			if !good(v) {
				return v + " " + says
			}
		}
		return ""
	}
	switch c.Operator {
	case constraint.Unique:
		n = 1
		fallthrough
	case constraint.MaxPer:
		if most > n {
			return "too many have one value"
		}
	case constraint.Cluster:
		if len(counts) > 1 || c.Value != "" && counts[c.Value] != len(sites) {
			return "several values"
		}
	case constraint.GroupBy:
		if !ended && len(counts) < n && most > 1 {
			return "a second instance before there are enough groups"
		}
	case constraint.Like:
		return only(regexp.MustCompile("^(?:"+c.Value+")$").MatchString, "does not match")
	case constraint.Unlike:
		re := regexp.MustCompile("^(?:" + c.Value + ")$")
		return only(func(v string) bool { return !re.MatchString(v) }, "matches")
	case constraint.Is:
		return only(func(v string) bool { return same(v, c.Value) }, "is not equal")
	}
	return ""
}
