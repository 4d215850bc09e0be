package placement

import "github.com/gantry-mesos/gantry/pkg/resource"

// Room tells the tests' reference how a demand's policy measures what is free.
func (d *Demand) Room(v resource.Vector) int64 { return int64(d.pool.scale.room(v)) }
