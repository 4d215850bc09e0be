package placement

import "github.com/gantry-mesos/gantry/pkg/resource"

// Rank tells the tests' reference how much a demand's policy likes what is free.
func (d *Demand) Rank(v resource.Vector) int64 {
	room := d.pool.scale.room(v)
	if d.policy == BestFit {
		return -int64(room >> bestFitStep)
	}
	return int64(spreadRank(room))
}
