package fairshare

import (
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// node is a queue, or the own items of a queue that may have others below it.
type node struct {
	path   string
	parent *node
	// children are by name; "." holds the queue's own items.
	children map[string]*node
	quota    Quota
	used     resource.Vector
	// count is how many instances are charged, waiting how many wait, limited how
	// many items were passed over since the last Wake because of the limit here.
	count, waiting, limited int

	// active are the children with something ready; pos is the place among the
	// parent's active ones, -1 outside.
	active heap
	pos    int
	// items are those of a leaf; rested says that some of them were skipped.
	items  line
	rested bool
	// gone says that the node was forgotten.
	gone bool
	// recent is the item of the line that an instance was last taken of.
	recent *Item
	// head is the item below the node that is next, nil when nothing is ready.
	head *Item
	// order is the place among the siblings, the least first, and name decides
	// between equals. Where head is owed by a guarantee order is below 0: the part
	// of the guarantee that is used, less one. Else it is the weighted share.
	order float64
	name  uint64
}

// weigh finds the node's head and computes its order among its siblings. Those
// below it are in order already. Of a node that is alone, with nobody to compare
// its share with, order only says whether head is owed by a guarantee.
func (n *node) weigh(total resource.Vector, alone bool) {
	n.head, n.order = n.items.next(), 0
	if len(n.active) > 0 {
		n.head = n.active[0].node.head
		n.order = min(0, n.active[0].order)
	}
	if n.head == nil {
		return
	}
	if part, owed := owes(n.quota.Guarantee, n.used, n.head.Need); owed {
		n.order = min(n.order, part-1)
	}
	if n.order >= 0 && !alone {
		n.order = n.standing(total) / n.weight()
	}
}

// owes reports whether a guarantee covers one more instance: there is less used
// of it in every resource that it names and the instance needs, and there is
// one at least. part is how much of it is used.
func owes(guarantee, used, need resource.Vector) (part float64, owed bool) {
	if guarantee == (resource.Vector{}) {
		return 0, false
	}
	look := func(g, u, n resource.Scalar) {
		if g > 0 && n > 0 {
			part, owed = max(part, float64(u)/float64(g)), true
		}
	}
	look(guarantee.CPUs, used.CPUs, need.CPUs)
	look(guarantee.Mem, used.Mem, need.Mem)
	look(guarantee.Disk, used.Disk, need.Disk)
	look(guarantee.GPUs, used.GPUs, need.GPUs)
	return part, owed && part < 1
}

// standing is the share that the node is compared by. Of a queue without others
// below it that is the dominant share. A group with several is compared by what
// its head needs: each resource counts in proportion to that, the head's dominant
// one in full. So a child that has all of a resource does not keep its siblings,
// who need little or nothing of it, from what else there is (the starvation that
// summing up the children's dominant shares leads to; Bhattacharya and others,
// "Hierarchical Scheduling for Diverse Datacenter Workloads", SoCC 2013).
func (n *node) standing(total resource.Vector) float64 {
	if len(n.children) <= 1 {
		return dominant(n.used, total)
	}
	need := n.head.Need
	most := dominant(need, total)
	if most == 0 {
		return dominant(n.used, total)
	}
	return max(
		part(n.used.CPUs, total.CPUs)*part(need.CPUs, total.CPUs), part(n.used.Mem, total.Mem)*part(need.Mem, total.Mem),
		part(n.used.Disk, total.Disk)*part(need.Disk, total.Disk), part(n.used.GPUs, total.GPUs)*part(need.GPUs, total.GPUs),
	) / most
}

func (n *node) weight() float64 {
	if n.quota.Weight > 0 {
		return n.quota.Weight
	}
	return 1
}

// dominant is the largest share that used has of any resource of total.
func dominant(used, total resource.Vector) float64 {
	return max(part(used.CPUs, total.CPUs), part(used.Mem, total.Mem), part(used.Disk, total.Disk), part(used.GPUs, total.GPUs))
}

func part(used, total resource.Scalar) float64 {
	if total <= 0 || used <= 0 {
		return 0
	}
	return float64(used) / float64(total)
}
