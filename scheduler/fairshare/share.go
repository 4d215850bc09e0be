package fairshare

import (
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// Share is what a queue has, with the queues below it.
type Share struct {
	// Queue is the path; "/" is the whole tree.
	Queue string
	Quota Quota
	Used  resource.Vector
	// Instances is how many are charged, Waiting how many wait.
	Instances, Waiting int
	// Dominant is the largest part of the cluster that it has of any resource,
	// Resource that resource ("" when nothing is used), Weighted the part by weight.
	Dominant, Weighted float64
	Resource           string
	// Limited is how many of the waiting Apps are kept out by this queue's limit.
	Limited int
}

// Shares returns the queues in which something is used or waits or that have a
// quota, and those above them, by path. Queues of which nothing is left are forgotten.
func (t *Tree) Shares() []Share {
	t.prune()
	out := make([]Share, len(t.listed))
	for i, n := range t.listed {
		s := &out[i]
		*s = Share{
			Queue: n.path, Quota: n.quota, Used: n.used, Instances: n.count, Waiting: n.waiting,
			Dominant: dominant(n.used, t.total), Limited: n.limited,
		}
		s.Quota.Weight = n.weight()
		s.Weighted = s.Dominant / s.Quota.Weight
		s.Resource = dominantResource(n.used, t.total)
	}
	return out
}

// Total returns the size of the cluster that shares are parts of.
func (t *Tree) Total() resource.Vector { return t.total }

// Mode returns how the queues take turns.
func (t *Tree) Mode() Mode { return t.mode }

// dominantResource names the resource of the dominant share.
func dominantResource(used, total resource.Vector) string {
	share := dominant(used, total)
	switch {
	case share == 0:
		return ""
	case part(used.CPUs, total.CPUs) == share:
		return "cpus"
	case part(used.Mem, total.Mem) == share:
		return "mem"
	case part(used.Disk, total.Disk) == share:
		return "disk"
	default:
		return "gpus"
	}
}

// Jain returns Jain's fairness index of values: 1 when all are equal, 1/n when
// one has everything (Jain, Chiu and Hawe, 1984). It is 1 for no values.
func Jain(values []float64) float64 {
	var sum, squares float64
	for _, v := range values {
		sum += v
		squares += v * v
	}
	if squares == 0 {
		return 1
	}
	return sum * sum / (float64(len(values)) * squares)
}
