package deployment

import (
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/constraint"
)

// balanced reorders victims so that an App spread by GROUP_BY stays even: the
// next one always comes from the group that has the most copies left, and
// within a group the given order holds. Copies without a place keep the front.
func balanced(target *app.Spec, order []Copy) []Copy {
	field, ok := groupField(target)
	if !ok {
		return order
	}
	var out []Copy
	groups := map[string][]Copy{}
	var names []string
	for _, c := range order {
		if c.AgentID == "" {
			out = append(out, c)
			continue
		}
		v := "" // of those that lack the field
		if text, has := c.Field(field); has {
			v = "=" + text
		}
		if _, seen := groups[v]; !seen {
			names = append(names, v)
		}
		groups[v] = append(groups[v], c)
	}
	for len(out) < len(order) {
		best := ""
		for _, name := range names {
			if best == "" && len(groups[name]) > 0 || len(groups[name]) > len(groups[best]) {
				best = name
			}
		}
		out = append(out, groups[best][0])
		groups[best] = groups[best][1:]
	}
	return out
}

func groupField(target *app.Spec) (string, bool) {
	for _, c := range target.Constraints {
		if c.Operator == constraint.GroupBy {
			return c.Field, true
		}
	}
	return "", false
}
