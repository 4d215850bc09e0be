package placement_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

func BenchmarkTmp(b *testing.B) {
	for _, agents := range []int{5000, 10000, 50000} {
		for _, con := range []string{"none", "constraints", "group"} {
			for p := placement.FirstFit; p <= placement.Spread; p++ {
				b.Run(fmt.Sprintf("%v/%v/agents=%d", p, con, agents), func(b *testing.B) {
					b.ReportAllocs()
					var offers []*mesos.Offer
					for i := range agents {
						o := offer(i, 16, 64*1024, resource.Range{Begin: 31000, End: 32000})
						o.Attributes = []mesos.Attribute{{Name: "rack", Type: mesos.Text, Text: fmt.Sprintf("r%d", i%100)}}
						o.Domain.Zone = fmt.Sprintf("z%d", i%3)
						offers = append(offers, o)
					}
					rnd := rand.New(rand.NewPCG(1, 2))
					var specs []*app.Spec
					for i := range 50 {
						s := spec(float64(1+rnd.IntN(20))/10, float64(64+rnd.IntN(2000)))
						if i%2 == 0 {
							s.Ports = []app.Port{{}}
						}
						if con == "constraints" {
							s.Constraints = []constraint.Constraint{[]constraint.Constraint{
								{Field: "hostname", Operator: constraint.Unique},
								{Field: "@zone", Operator: constraint.GroupBy, Value: "3"},
								{Field: "rack", Operator: constraint.MaxPer, Value: "20"},
								{Field: "rack", Operator: constraint.Like, Value: "r[0-4]."},
							}[i%4]}
						}
						if con == "group" {
							s.Constraints = []constraint.Constraint{{Field: "hostname", Operator: constraint.GroupBy}}
						}
						specs = append(specs, s)
					}
					n := 0
					for b.Loop() {
						n = 0
						c := placement.NewCluster(placement.Config{Policy: p, Rand: rnd})
						for _, o := range offers {
							c.Add(o)
						}
						var ds []*placement.Demand
						for _, s := range specs {
							ds = append(ds, c.Demand(s, nil))
						}
						for i := range agents * 10 {
							if _, ok := c.Place(ds[i%50]); ok {
								n++
							}
						}
					}
					b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "placements/s")
					b.ReportMetric(float64(n), "placed")
				})
			}
		}
	}
}
