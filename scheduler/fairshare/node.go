package fairshare

import (
	"strings"

	"github.com/gantry-mesos/gantry/pkg/resource"
)

// Quota bounds what a queue, with all queues below it, gets.
type Quota struct {
	// Weight is its part in relation to its siblings; 0 means 1.
	Weight float64
	// Guarantee comes before everybody's share: as long as the queue has less of
	// it, its instances are next. A zero amount guarantees nothing.
	Guarantee resource.Vector
	// Limit is never exceeded. A zero amount does not limit.
	Limit resource.Vector
}

// node is a queue, or the own items of a queue that may have others below it.
type node struct {
	path   string
	parent *node
	// children are by name; "." holds the queue's own items.
	children map[string]*node
	quota    Quota
	used     resource.Vector
	// count is how many instances are charged, waiting how many wait.
	count, waiting int

	// active are the children with something ready; pos is the place among the
	// parent's active ones, -1 outside.
	active heap
	pos    int
	// items are those of a leaf; rested says that some of them were skipped.
	items  line
	rested bool
	// short says that the guarantee is not reached; share is then the part of it
	// that is used, else the weighted dominant share.
	short bool
	share float64
	// limited are the items that wait for something to be released here.
	limited []*Item
}

// before orders siblings: who lacks a guarantee, then who has less, then by name.
func (n *node) before(other *node) bool {
	if n.short != other.short {
		return n.short
	}
	if n.share != other.share {
		return n.share < other.share
	}
	return n.path < other.path
}

// child returns the child of a name, making it if need be.
func (n *node) child(name string) *node {
	c := n.children[name]
	if c == nil {
		c = &node{path: strings.TrimSuffix(n.path, "/") + "/" + name, parent: n, pos: -1}
		if n.children == nil {
			n.children = map[string]*node{}
		}
		n.children[name] = c
	}
	return c
}

// weigh computes the node's order among its siblings.
func (n *node) weigh(total resource.Vector) {
	if g := n.quota.Guarantee; !g.IsZero() {
		if share := dominant(n.used, g); share < 1 {
			n.short, n.share = true, share
			return
		}
	}
	n.short, n.share = false, n.dominantShare(total)/n.weight()
}

func (n *node) weight() float64 {
	if n.quota.Weight > 0 {
		return n.quota.Weight
	}
	return 1
}

func (n *node) dominantShare(total resource.Vector) float64 { return dominant(n.used, total) }

// dominant is the largest share that used has of any resource of total.
func dominant(used, total resource.Vector) float64 {
	return max(part(used.CPUs, total.CPUs), part(used.Mem, total.Mem), part(used.Disk, total.Disk), part(used.GPUs, total.GPUs))
}

func part(used, total resource.Scalar) float64 {
	if total <= 0 {
		return 0
	}
	return float64(used) / float64(total)
}

// exceeds reports whether need more would be above the node's limit.
func (n *node) exceeds(need resource.Vector) bool {
	l := n.quota.Limit
	return over(n.used.CPUs, need.CPUs, l.CPUs) || over(n.used.Mem, need.Mem, l.Mem) ||
		over(n.used.Disk, need.Disk, l.Disk) || over(n.used.GPUs, need.GPUs, l.GPUs)
}

func over(used, need, limit resource.Scalar) bool {
	return limit > 0 && need > 0 && used+need > limit
}

// activate puts the node and those above it among the active ones.
func (n *node) activate() {
	for ; n.parent != nil && n.pos < 0; n = n.parent {
		n.parent.active.push(n)
	}
}

// retire takes the node, and those above it, away when nothing is ready in them.
func (n *node) retire() {
	for ; n.parent != nil && n.pos >= 0 && len(n.active) == 0 && n.items.next() == nil; n = n.parent {
		n.parent.active.remove(n)
	}
}
