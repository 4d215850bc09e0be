package placement

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// filter is the set of agents that meet what does not depend on other
// instances: LIKE, UNLIKE, IS, CLUSTER with a value, the presence of the other
// constraints' fields, regions and scarce GPUs. Apps with the same conditions
// share one.
type filter struct {
	conditions []*condition
	// homeRegion, if any, excludes agents that say another one.
	homeRegion string
	// sparesGPUs excludes agents with GPUs.
	sparesGPUs bool
	bits       bitset
	// upTo is how many agents are in bits, changes the cluster's count of changed agents then.
	upTo    int
	changes int
}

// condition is one constraint's static part, asked once for each value.
type condition struct {
	constraint constraint.Constraint
	field      *field
	// answers holds 0 for a value not asked yet, 1 for no, 2 for yes.
	answers []uint8
	matches func(text string) bool
	// lacking is the answer for an agent without the field.
	lacking bool
}

// newCondition returns the static part of a constraint, which is never nil.
func newCondition(c constraint.Constraint, f *field) *condition {
	n := &condition{constraint: c, field: f, matches: func(string) bool { return true }}
	switch c.Operator {
	case constraint.Like, constraint.Unlike:
		like := c.Operator == constraint.Like
		n.lacking = !like
		re, err := regexp.Compile(`^(?:` + c.Value + `)$`)
		n.matches = func(text string) bool { return err == nil && re.MatchString(text) == like }
	case constraint.Is:
		want := plainNumber(c.Value)
		n.matches = func(text string) bool { return plainNumber(text) == want }
	case constraint.Cluster:
		if c.Value != "" {
			n.matches = func(text string) bool { return text == c.Value }
		}
	case constraint.Unique, constraint.GroupBy, constraint.MaxPer:
	}
	return n
}

// plainNumber writes a number as scalar attributes are written, so that "4.0"
// is "4"; other text stays as it is.
func plainNumber(text string) string {
	if text == "" || strings.Trim(text, "+-.0123456789") != "" {
		return text
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text
	}
	return resource.FromFloat(n).String()
}

// holds answers for one agent.
func (n *condition) holds(i int32) bool {
	v := n.field.of[i]
	if v == none {
		return n.lacking
	}
	for int(v) >= len(n.answers) {
		n.answers = append(n.answers, 0)
	}
	if n.answers[v] == 0 {
		n.answers[v] = 1
		if n.matches(n.field.values[v]) {
			n.answers[v] = 2
		}
	}
	return n.answers[v] == 2
}

// sync brings the filter up to date with the cluster's agents.
func (f *filter) sync(c *Cluster) {
	if f.changes != c.changes {
		f.changes, f.upTo = c.changes, 0
		clear(f.bits)
	}
	f.bits.grow(len(c.agents))
	for ; f.upTo < len(c.agents); f.upTo++ {
		if f.admits(&c.agents[f.upTo], int32(f.upTo)) {
			f.bits.set(int32(f.upTo))
		}
	}
}

// inRegion reports whether the agent may be used as far as regions go; one
// without a fault domain may.
func (f *filter) inRegion(a *agent) bool {
	return f.homeRegion == "" || a.Domain.Region == "" || a.Domain.Region == f.homeRegion
}

func (f *filter) admits(a *agent, i int32) bool {
	if !f.inRegion(a) || f.sparesGPUs && a.gpus {
		return false
	}
	for _, n := range f.conditions {
		if !n.holds(i) {
			return false
		}
	}
	return true
}

// filterKey is what makes two filters the same.
type filterKey struct {
	first, second *condition
	// more writes all further constraints out.
	more       string
	homeRegion string
	sparesGPUs bool
}

// filter returns the shared filter for the conditions, nil if it excludes nobody.
func (c *Cluster) filter(constraints []constraint.Constraint, homeRegion string, sparesGPUs bool) *filter {
	if len(constraints) == 0 && homeRegion == "" && !sparesGPUs {
		return nil
	}
	key := filterKey{homeRegion: homeRegion, sparesGPUs: sparesGPUs}
	for n, k := range constraints {
		switch n {
		case 0:
			key.first = c.condition(k)
		case 1:
			key.second = c.condition(k)
		default:
			key.more += strings.Join(k.Strings(), "\x01") + "\x00"
		}
	}
	f := c.filters[key]
	if f == nil {
		f = &filter{homeRegion: homeRegion, sparesGPUs: sparesGPUs}
		for _, k := range constraints {
			f.conditions = append(f.conditions, c.condition(k))
		}
		if len(c.filters) >= filtersMax {
			clear(c.filters)
		}
		c.filters[key] = f
	}
	return f
}

// condition returns the shared condition of a constraint.
func (c *Cluster) condition(k constraint.Constraint) *condition {
	n := c.conditions[k]
	if n == nil {
		n = newCondition(k, c.field(k.Field))
		if len(c.conditions) >= filtersMax {
			clear(c.conditions)
		}
		c.conditions[k] = n
	}
	return n
}

// filtersMax bounds how many filters, and conditions, are kept for sharing;
// demands that use one keep it alive beyond that.
const filtersMax = 4096
