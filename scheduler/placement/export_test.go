package placement

import "github.com/gantry-mesos/gantry/pkg/resource"

// Rank tells the tests' reference how much a demand's policy likes what is free.
func (d *Demand) Rank(v resource.Vector) int64 {
	r := ranking{policy: d.policy}
	return int64(r.rank(d.pool.scale.room(v)))
}
