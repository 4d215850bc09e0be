package allocator

import (
	"slices"
	"strings"
)

// tree sorts roles by dominant share, level by level. The frameworks of a role that also has roles below it compete
// with those as if they were a role "role/.".
type tree struct {
	share func(q Quantities, weight float64) float64
	root  *node
	nodes map[string]*node // by role
	order []string         // nil: to be sorted again
}

type node struct {
	role      string
	label     string // last component, orders ties
	parent    *node
	children  []*node
	weight    float64
	allocated Quantities // with all below
	count     int        // allocations made, with all below
	// own is what the role itself has, without those below.
	own      Quantities
	ownCount int
	// frameworks are the subscribed frameworks of the role itself.
	frameworks []*framework
}

func newTree(share func(Quantities, float64) float64) *tree {
	return &tree{
		share: share, root: &node{weight: 1, allocated: make(Quantities), own: make(Quantities)},
		nodes: make(map[string]*node),
	}
}

func (t *tree) touch() { t.order = nil }

func (t *tree) node(role string) *node {
	if n := t.nodes[role]; n != nil {
		return n
	}
	parent, label := t.root, role
	if i := strings.LastIndexByte(role, '/'); i > 0 {
		parent, label = t.node(role[:i]), role[i+1:]
	}
	n := &node{role: role, label: label, parent: parent, weight: 1, allocated: make(Quantities), own: make(Quantities)}
	parent.children = append(parent.children, n)
	t.nodes[role] = n
	return n
}

func (t *tree) subscribe(role string, f *framework) {
	n := t.node(role)
	n.frameworks = append(n.frameworks, f)
	t.touch()
}

func (t *tree) unsubscribe(role string, f *framework) {
	n := t.node(role)
	n.frameworks = slices.DeleteFunc(n.frameworks, func(x *framework) bool { return x == f })
	t.touch()
}

func (t *tree) setWeight(role string, weight float64) {
	t.node(role).weight = weight
	t.touch()
}

func (t *tree) add(role string, q Quantities) {
	n := t.node(role)
	for name, v := range q {
		n.own[name] += v
	}
	for ; n != nil; n = n.parent {
		for name, v := range q {
			n.allocated[name] += v
		}
	}
	t.touch()
}

func (t *tree) count(role string) {
	n := t.node(role)
	n.ownCount++
	for ; n != nil; n = n.parent {
		n.count++
	}
}

// sorted returns the roles that have frameworks, the neediest first. The slice is valid until the next change.
func (t *tree) sorted() []string {
	if t.order == nil {
		t.order = t.list(t.root, make([]string, 0, len(t.nodes)))
	}
	return t.order
}

type rank struct {
	node  *node
	own   bool // the virtual leaf
	share float64
	count int
	label string
}

func (t *tree) list(n *node, out []string) []string {
	if len(n.children) == 0 {
		if len(n.frameworks) > 0 {
			out = append(out, n.role)
		}
		return out
	}
	ranks := make([]rank, 0, len(n.children)+1)
	for _, c := range n.children {
		ranks = append(ranks, rank{c, false, t.share(c.allocated, c.weight), c.count, c.label})
	}
	if len(n.frameworks) > 0 {
		ranks = append(ranks, rank{n, true, t.share(n.own, 1), n.ownCount, "."})
	}
	slices.SortFunc(ranks, func(x, y rank) int {
		return compare(x.share, y.share, x.count, y.count, x.label, y.label)
	})
	for _, r := range ranks {
		if r.own {
			out = append(out, n.role)
		} else {
			out = t.list(r.node, out)
		}
	}
	return out
}

// compare orders by share, then by the number of allocations made, then by name.
func compare(share1, share2 float64, count1, count2 int, name1, name2 string) int {
	switch {
	case share1 < share2:
		return -1
	case share1 > share2:
		return 1
	case count1 != count2:
		return count1 - count2
	}
	return strings.Compare(name1, name2)
}
