package placement_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// value is a field's text as Marathon compares it.
func value(s mesos.Site, field string) (string, bool) {
	switch field {
	case "hostname", "@hostname":
		return s.Hostname, s.Hostname != ""
	case "@region":
		return s.Domain.Region, s.Domain.Region != ""
	case "@zone":
		return s.Domain.Zone, s.Domain.Zone != ""
	}
	for _, a := range s.Attributes {
		if a.Name != field {
			continue
		}
		switch a.Type {
		case mesos.Scalar:
			return strconv.FormatFloat(a.Scalar.Float(), 'f', -1, 64), true
		case mesos.Set:
			items := slices.Sorted(slices.Values(a.Set))
			return "{" + strings.Join(items, ",") + "}", true
		case mesos.RangeSet:
			var parts []string
			for _, r := range a.Ranges {
				parts = append(parts, fmt.Sprintf("%d-%d", r.Begin, r.End))
			}
			return "[" + strings.Join(parts, ",") + "]", true
		case mesos.Text:
			return a.Text, true
		}
	}
	return "", false
}

func tally(instances []mesos.Site, field string) map[string]int {
	counts := map[string]int{}
	for _, s := range instances {
		if v, has := value(s, field); has {
			counts[v]++
		}
	}
	return counts
}

// groupSize is how many instances share the site's value of the first GROUP_BY.
func groupSize(d *naiveDemand, s mesos.Site) int64 {
	for _, c := range d.spec.Constraints {
		if c.Operator == constraint.GroupBy {
			v, _ := value(s, c.Field)
			return int64(tally(d.instances, c.Field)[v])
		}
	}
	return 0
}

// admits is what constraints and regions say of an agent.
func (n *naive) admits(d *naiveDemand, s mesos.Site) bool {
	aware := false
	for _, c := range d.spec.Constraints {
		aware = aware || c.Field == "@region" || c.Field == "@zone"
		if !admitsOne(c, d.instances, s) {
			return false
		}
	}
	return aware || n.cfg.HomeRegion == "" || s.Domain.Region == "" || s.Domain.Region == n.cfg.HomeRegion
}

func admitsOne(c constraint.Constraint, instances []mesos.Site, s mesos.Site) bool {
	v, has := value(s, c.Field)
	if !has {
		return c.Operator == constraint.Unlike
	}
	counts := tally(instances, c.Field)
	limit, _ := strconv.Atoi(c.Value)
	switch c.Operator {
	case constraint.Unique:
		return counts[v] == 0
	case constraint.MaxPer:
		return counts[v] < limit
	case constraint.Like:
		return regexp.MustCompile("^(?:" + c.Value + ")$").MatchString(v)
	case constraint.Unlike:
		return !regexp.MustCompile("^(?:" + c.Value + ")$").MatchString(v)
	case constraint.Is:
		return same(v, c.Value)
	case constraint.Cluster:
		if c.Value != "" {
			return v == c.Value
		}
		return len(counts) == 0 || counts[v] > 0
	case constraint.GroupBy:
		low := 0
		for _, have := range counts {
			if low == 0 || have < low {
				low = have
			}
		}
		return counts[v] == 0 || len(counts) >= limit && counts[v] == low
	default:
		return false
	}
}

// same compares as numbers what are numbers.
func same(a, b string) bool {
	x, errA := strconv.ParseFloat(a, 64)
	y, errB := strconv.ParseFloat(b, 64)
	return a == b || errA == nil && errB == nil && x == y
}
