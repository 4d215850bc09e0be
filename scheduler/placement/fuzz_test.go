package placement_test

import (
	"testing"

	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// FuzzConstraint checks that any constraint that is accepted can be placed by
// and, when it refuses, explained.
func FuzzConstraint(f *testing.F) {
	f.Add("hostname", "UNIQUE", "")
	f.Add("rack", "like", "k[0-9]+|x")
	f.Add("@zone", "GROUP_BY", "3")
	f.Add("gen", "IS", "4.0")
	f.Add("rack", "MAX_PER", "2")
	f.Fuzz(func(t *testing.T, field, operator, value string) {
		parts := []string{field, operator}
		if value != "" {
			parts = append(parts, value)
		}
		k, err := constraint.Parse(parts)
		if err != nil {
			return
		}
		c := placement.NewCluster(placement.Config{})
		for i := range 4 {
			o := offer(i, 8, 1024)
			o.Attributes = []mesos.Attribute{
				{Name: "rack", Type: mesos.Text, Text: "k1"},
				{Name: "gen", Type: mesos.Scalar, Scalar: resource.Scalar(1000 * i)},
				{Name: field, Type: mesos.Text, Text: value},
			}
			c.Add(o)
		}
		s := spec(1, 1)
		s.Constraints = []constraint.Constraint{k}
		d := c.Demand(s, nil)
		for range 40 {
			if _, ok := c.Place(d); !ok {
				if placement.Explain(s, d.Rejections()) == "" {
					t.Errorf("%v refuses every agent and nothing says so", k)
				}
				return
			}
		}
	})
}
