package fairshare

import (
	"slices"
	"strings"
)

// own is the name of the node that holds a queue's own items.
const own = "."

// child returns the child of a name, making it if need be.
func (t *Tree) child(n *node, name string) *node {
	c := n.children[name]
	if c != nil {
		return c
	}
	c = &node{path: strings.TrimSuffix(n.path, "/") + "/" + name, parent: n, pos: -1, name: prefix(name)}
	if n.children == nil {
		n.children = map[string]*node{}
	}
	n.children[name] = c
	if name != own {
		at, _ := slices.BinarySearchFunc(t.listed, c.path, func(n *node, path string) int { return strings.Compare(n.path, path) })
		t.listed = slices.Insert(t.listed, at, c)
	}
	return c
}

// idle reports whether the node can be forgotten: made again, it would be the same.
func (n *node) idle() bool {
	return n.count == 0 && n.waiting == 0 && len(n.children) == 0 && n.used.IsZero() && n.quota == Quota{} && !n.rested
}

// prune forgets the queues that nobody uses, waits in or has bounded.
func (t *Tree) prune() {
	// Those below a queue come after it in the list.
	found := false
	for _, n := range slices.Backward(t.listed) {
		if o := n.children[own]; o != nil && o.idle() {
			o.gone, found = true, true
			delete(n.children, own)
		}
		if n.parent != nil && n.idle() {
			n.gone, found = true, true
			delete(n.parent.children, n.path[strings.LastIndexByte(n.path, '/')+1:])
		}
	}
	if !found {
		return
	}
	t.listed = slices.DeleteFunc(t.listed, func(n *node) bool { return n.gone })
	for path, n := range t.leaves {
		if n.gone {
			delete(t.leaves, path)
		}
	}
}
